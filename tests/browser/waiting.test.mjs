// Apps that bring no PIN: a person sees what waits, as it comes and without reloading; approves it on the signing page,
// refuses it, blocks the app. In two languages, wide and on a small phone. One story.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";

import { ALGORITHMS, certificateOf, SHA256, sha256 } from "./lib/app.mjs";
import { call, clientOf, ready, verifies } from "./lib/sandbox.mjs";
import { person, stage, step } from "./lib/story.mjs";

const eva = ready.implicit_user;
const [credential] = eva.credentials;
const id = credential.credentialID;
let browser, page, heard, service;

const set = stage(async (all) => {
    ({ browser, page, heard } = all);
    service = await tokenOf(clientOf("legacy", "sealed"));
});
const { submit, seen, heading, decide, onSigningPage, onAccount } = person(set);

/** A token of the app for itself. */
async function tokenOf({ client_id, client_secret }) {
    const basic = Buffer.from(`${client_id}:${client_secret}`).toString("base64");
    const headers = { authorization: `Basic ${basic}`, "content-type": "application/x-www-form-urlencoded" };
    const answer = await fetch(`${ready.oauth2}/oauth2/token`, { method: "POST", headers, body: "grant_type=client_credentials" });
    return (await answer.json()).access_token;
}

/** What the app asks under v2: `[status, body]`. */
function ask(document, description, token = service) {
    const hashes = [sha256(document).toString("base64")];
    const asked = { credentialID: id, numSignatures: 1, hashes, hashAlgorithmOID: SHA256, authData: [], description };
    return call(ready.csc_v2, "credentials/authorize", token, asked);
}

/** What the app asks under v1: who did not decide while the call waited is waited for by the same request again. */
async function askAndWait(asked) {
    for (;;) {
        const [status, body] = await call(ready.csc_v1, "credentials/authorize", service, asked);
        const late = body.error === "access_denied" && / in time\. The same request, sent again,/.test(body.error_description);
        if (!late) return [status, body];
    }
}

const check = (handle, token = service) => call(ready.csc_v2, "credentials/authorizeCheck", token, { handle });

step("nothing waits, and the page says so", async () => {
    await page.goto(`${ready.account}/sign-in`);
    await submit({ "#username": eva.username, "#password": eva.password });
    await onAccount();
    await page.click("text=none waits for you");
    assert.equal(await heading(), "Waiting for your approval");
    assert.match(await page.textContent("#waiting"), /Nothing waits for you now/);
    await seen("waiting-none");
});

step("a request appears while somebody looks, is approved on the signing page, and the app signs", async () => {
    const document = randomBytes(40);
    const [status, { handle }] = await ask(document, "Lease of 42 Rua do Ouro");
    assert.equal(status, 202);
    // No reload: the script asks for the list, and says that it has changed.
    await page.waitForSelector("#waiting li");
    assert.match(await page.textContent("#said"), /has changed/);
    await seen("waiting");
    await page.click("#waiting a.button");
    assert.match(await heading(), /^Sign a document for /);
    assert.match(await page.textContent("main"), /Lease of 42 Rua do Ouro/);
    const code = await page.textContent(".code");
    assert.match(code, /^([0-9A-Z]{4}-){3}[0-9A-Z]{4}$/);
    await seen("waiting-one");
    await decide("continue");
    await onSigningPage();
    await page.waitForSelector("#pin");
    assert.ok((await page.innerText("main")).includes(code), "the signing page shows the same code");
    await seen("waiting-sign");
    await submit({ "#pin": "00000000" });
    await page.waitForSelector("#pin-fault");
    assert.deepEqual(await check(handle), [202, { handle }], "a wrong PIN is no refusal");
    await submit({ "#pin": credential.pin });
    await onAccount();
    await page.waitForSelector("h1:text('You approved it')");
    await seen("waiting-approved");
    const [granted, { SAD }] = await check(handle);
    assert.equal(granted, 200);
    const asked = { credentialID: id, SAD, hashes: [sha256(document).toString("base64")], signAlgo: ALGORITHMS["RSA-2048"] };
    const [made, { signatures }] = await call(ready.csc_v2, "signatures/signHash", service, asked);
    assert.equal(made, 200);
    assert.ok(verifies(await certificateOf(service, id), document, signatures[0]));
});

step("an app of version 1 waits for its answer meanwhile", async () => {
    const document = randomBytes(40);
    const hash = [sha256(document).toString("base64")];
    const answer = askAndWait({ credentialID: id, numSignatures: 1, hash });
    await page.goto(`${ready.account}/waiting`);
    await page.waitForSelector("#waiting li");
    await page.click("#waiting a.button");
    await decide("continue");
    await onSigningPage();
    await page.waitForSelector("#pin");
    await submit({ "#pin": credential.pin });
    const [status, { SAD }] = await answer;
    assert.equal(status, 200);
    assert.ok(SAD.startsWith("sad_"));
    await onAccount();
});

step("a request is refused, in Portuguese", async () => {
    const [, { handle }] = await ask(randomBytes(40));
    await page.goto(`${ready.account}/waiting?lang=pt`);
    assert.equal(await heading(), "À espera da sua aprovação");
    await seen("waiting-pt");
    await page.click("#waiting a.button");
    await seen("waiting-one-pt");
    await decide("refuse");
    await page.waitForSelector("h1:text('Recusou')");
    await seen("waiting-refused-pt");
    const [status, { error, error_description }] = await check(handle);
    assert.deepEqual([status, error, error_description], [400, "invalid_authentication_data", "The authentication data is invalid"]);
    await page.goto(`${ready.account}/waiting?lang=en`);
});

step("an app that asks too much is blocked, and heard again later", async () => {
    await ask(randomBytes(40));
    await ask(randomBytes(40));
    await page.goto(`${ready.account}/waiting`);
    assert.equal(await page.locator("#waiting li").count(), 2);
    await page.locator("#waiting a.button").first().click();
    await decide("block");
    await page.waitForSelector("h2:text('Blocked apps')");
    assert.match(await page.textContent("[role=status]"), /is blocked/);
    await seen("waiting-blocked");
    assert.equal((await ask(randomBytes(40)))[0], 400);
    await page.goto(`${ready.account}/waiting`);
    assert.match(await page.textContent("#waiting"), /Nothing waits for you now/, "the other request of it is gone too");
    await page.goto(`${ready.account}/apps`);
    await page.click("button:has-text('Unblock')");
    await page.waitForSelector("[role=status]:has-text('can ask you again')");
    assert.equal(await page.locator("h2:text('Blocked apps')").count(), 0);
});

step("without scripts it is the same, but for the waiting", async () => {
    const [, { handle }] = await ask(randomBytes(40), "No script");
    const plain = await browser.newContext({ javaScriptEnabled: false, locale: "en-GB" });
    await plain.addCookies(await page.context().cookies());
    const other = await plain.newPage();
    await other.goto(`${ready.account}/waiting`);
    await other.click("#waiting a.button");
    await other.click("button[name=decision][value=refuse]");
    await other.waitForSelector("h1:text('You refused it')");
    assert.equal((await check(handle))[0], 400);
    await plain.close();
});

step("they say where word of requests goes, and confirm it", async () => {
    await page.goto(`${ready.account}/me`);
    await seen("me-contact");
    await page.click("a[href='/account/contact']");
    await submit({ "#address": "nowhere", "#password": eva.password });
    await page.waitForSelector("#address-fault");
    await seen("contact-mistake");
    await submit({ "#address": "+1 202 555 0146", "#password": eva.password });
    await page.waitForSelector("#code");
    await seen("contact-code");
    const [sent] = await (await fetch(ready.codes)).json();
    assert.equal(sent.to, "+12025550146");
    await submit({ "#code": sent.code });
    await page.waitForSelector("[role=status]:has-text('Your codes go to the new address')");
});

step("word of a request had come to the telephone they had before, and led nowhere", async () => {
    const messages = await (await fetch(ready.codes)).json();
    const [word, ...more] = messages.filter(({ text }) => /asks for a signature/.test(text));
    assert.equal(word.to, "+12025550144");
    assert.doesNotMatch(word.text, /:\/\//);
    assert.ok(more.length < 3, "every two minutes at most");
});

step("the person makes a key of this kind", async () => {
    await page.goto(`${ready.account}/keys/new`);
    await page.check("input[name=kind][value='P-256']");
    await page.check("input[name=mode][value=implicit]");
    await page.check("input[name=factor][value=online]");
    await page.fill("#password", eva.password);
    await seen("waiting-new-key");
    await page.click("main button[type=submit]");
    await onSigningPage();
    await page.waitForSelector("#fresh");
    await submit({ "#fresh": "60718293", "#repeated": "60718293" });
    await onAccount();
    await page.waitForSelector("[role=status]:has-text('Your key is ready')");
    assert.match(await page.textContent("main"), /wait until you approve here/);
    const key = new URL(page.url()).pathname.split("/").at(-1);
    const [, info] = await call(ready.csc_v1, "credentials/info", service, { credentialID: key });
    assert.equal(info.authMode, "implicit");
});

step("the pages asked nobody else, and complained of nothing", async () => {
    assert.deepEqual([...heard.hosts].toSorted(), [new URL(ready.account).host, new URL(ready.sign).host].toSorted());
    assert.deepEqual(heard.complaints, []);
});

// The last: what they have open is answered by an error, of which browsers complain.
step("what a disabled app asked is withdrawn wherever the person has it open", async () => {
    const [status, { handle }] = await ask(randomBytes(40));
    assert.equal(status, 202);
    const [, { handle: other }] = await ask(randomBytes(40));
    await page.goto(`${ready.account}/waiting/${other}`);
    const approval = await page.context().newPage();
    await approval.goto(`${ready.account}/waiting/${handle}`);
    await decide("continue", approval);
    await onSigningPage(approval);
    await approval.waitForSelector("#pin");
    const { client_id } = clientOf("legacy", "sealed");
    execFileSync(process.env.RSIGN_GATEWAY, ["client", "disable", "--id", client_id]);
    await submit({ "#pin": credential.pin }, approval);
    await approval.waitForSelector("h1:text('This request was withdrawn')");
    assert.match(await approval.innerText("main"), /may not ask for anything any more.* Nothing was signed/);
    await seen("waiting-withdrawn-sign", approval);
    await decide("continue");
    await page.waitForSelector("h1:text('This request was withdrawn')");
    await seen("waiting-withdrawn");
    await page.goto(`${ready.account}/waiting?lang=pt`);
    assert.equal(await page.locator("#waiting li").count(), 0);
    await page.goto(`${ready.account}/waiting/${handle}`);
    assert.equal(await heading(), "Este pedido foi retirado");
    assert.equal((await check(handle))[0], 401);
});
