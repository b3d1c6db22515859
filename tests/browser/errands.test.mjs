// A key that an app has made, and has ended (CSC 2.2): the person agrees, chooses the PIN on the signing page, and signs
// in once more before a key goes. One story, against real services; the revocation list says that the key is gone.
import assert from "node:assert/strict";
import { randomBytes, X509Certificate } from "node:crypto";

import { credentialsOf, details, sha256, signHash } from "./lib/app.mjs";
import { call, ready, verifies } from "./lib/sandbox.mjs";
import { person, stage, step } from "./lib/story.mjs";

const TYPES = "https://cloudsignatureconsortium.org/2025/credential";
const PIN = "60718293";
const [ana] = ready.users;
let page, heard, app, made, certificate;

const set = stage((all) => ({ page, heard, app } = all));
const { submit, seen, goOn } = person(set);

const asks = (detail) => ({ authorization_details: JSON.stringify([detail]) });
const v2 = (method, token, body) => call(ready.csc_v2, method, token, body);

/** Signs in where the service asks for it. */
async function signIn() {
    await page.waitForURL((url) => url.pathname.endsWith("/sign-in"));
    await submit({ "[name=username]": ana.username, "[name=password]": ana.password });
    await page.waitForURL((url) => url.pathname.endsWith("/approve"));
}

step("an app has a key made, and its owner chooses the PIN", async () => {
    const through = async () => {
        await signIn();
        assert.match(await page.textContent("h1"), /Make a signing key for/);
        await seen("errand-create");
        await goOn();
        await page.waitForURL((url) => url.href.startsWith(ready.sign));
        await page.waitForSelector("#fresh");
        await submit({ "#fresh": PIN, "#repeated": PIN });
    };
    const asked = asks({ type: `${TYPES}-creation`, credentialCreationRequest: {} });
    const tokens = await app.redeem(await app.visit(page, asked, { through }));
    [{ credentialID: made }] = tokens.authorization_details;
    const ask = { credentialCreationRequest: {}, credentialInfo: true };
    const [status, answer] = await v2("credentials/create", tokens.access_token, ask);
    assert.deepEqual([status, answer.credentialID, answer.key.status], [201, made, "enabled"]);
    [certificate] = answer.cert.certificates;
    assert.match(new X509Certificate(Buffer.from(certificate, "base64")).subject, /Ana/);
    assert.equal((await v2("credentials/list", tokens.access_token, {}))[0], 401);
});

step("the key signs with that PIN", async () => {
    const document = randomBytes(40);
    const through = async () => {
        await goOn();
        await page.waitForSelector("#pin");
        await submit({ "#pin": PIN });
    };
    const tokens = await app.redeem(await app.visit(page, details(made, [sha256(document)]), { through }));
    const [status, { signatures }] = await signHash(tokens.access_token, made, [sha256(document)]);
    assert.equal(status, 200);
    assert.ok(verifies(certificate, document, signatures[0]));
});

step("it ends when its owner has signed in once more and agreed", async () => {
    const through = async () => {
        await signIn();
        assert.match(await page.textContent("h1"), /delete a signing key/);
        await seen("errand-delete");
        await goOn();
    };
    const asked = asks({ type: `${TYPES}-deletion`, credentialID: made });
    const tokens = await app.redeem(await app.visit(page, asked, { through }));
    const other = { credentialDeletionRequest: { credentialID: ana.credentials[0].credentialID } };
    assert.equal((await v2("credentials/delete", tokens.access_token, other))[0], 400);
    const ask = { credentialDeletionRequest: { credentialID: made, revoke: true, revocationReason: 5 } };
    assert.equal((await v2("credentials/delete", tokens.access_token, ask))[0], 204);
    assert.equal((await v2("credentials/delete", tokens.access_token, ask))[0], 400);
});

step("nobody finds it any more, and its certificate is revoked", async () => {
    const basic = Buffer.from(`${ana.username}:${ana.password}`).toString("base64");
    const login = await fetch(`${ready.csc_v2}/auth/login`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Basic ${basic}` },
        body: "{}",
    });
    const { access_token: service } = await login.json();
    assert.ok(!(await credentialsOf(service)).includes(made));
    const text = new X509Certificate(Buffer.from(certificate, "base64"));
    const extension = text.raw.toString("latin1");
    const [address] = /http:\/\/127\.0\.0\.1:\d+\/ca\.crl/.exec(extension);
    const list = Buffer.from(await (await fetch(address)).arrayBuffer());
    assert.ok(list.includes(Buffer.from(text.serialNumber, "hex")), "the list has its serial number");
});

step("nothing that was asked left the two sites, and nothing complained", () => {
    const known = [ready.account, ready.sign, app.redirectUri].map((url) => new URL(url).host);
    assert.deepEqual([...heard.hosts].filter((host) => !known.includes(host)), []);
    assert.deepEqual(heard.complaints, []);
});
