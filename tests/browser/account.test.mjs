// What a person does with an account: opens it, makes keys and changes their PINs on the signing page, lets an app
// sign, reads what was signed, and takes everything back. One story: each test goes on where the one before it ended.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import { certificateOf, credentialsOf, details, sha256, signHash } from "./lib/app.mjs";
import { newPage, screenshots } from "./lib/browser.mjs";
import { ready, verifies } from "./lib/sandbox.mjs";
import { person, stage, step, tabTo } from "./lib/story.mjs";

const [ana] = ready.users;
const name = `ines-${process.pid}`;
const password = "a long enough secret";
const NAMES = { given: "Inês", family: "Sá e Melo" };

/** PINs until now, by the key's id. */
const pins = {};
let browser, page, heard, app, chosen, drawn, service;

// With the cache that people's browsers have for going back.
const set = stage((all) => ({ browser, page, heard, app } = all), { ignoreDefaultArgs: ["--disable-back-forward-cache"] });
const { fill, submit, seen, heading, goOn, onSigningPage, onAccount, fault } = person(set);

const text = (selector, which = page) => which.textContent(selector);
const home = () => page.goto(ready.account);
const openKey = (id) => page.goto(`${ready.account}/keys/${id}`);

async function signIn(which = page, secret = password) {
    await submit({ "[name=username]": name, "[name=password]": secret }, which);
}

/** Nothing that is or could be shown has this in it. */
async function isNowhere(secret, which = page) {
    const shown = await which.evaluate(() => {
        const typed = Array.from(document.querySelectorAll("input"), (input) => input.value);
        const kept = [JSON.stringify({ ...localStorage, ...sessionStorage }), JSON.stringify(history.state)];
        return [document.documentElement.outerHTML, document.body.innerText, location.href, ...typed, ...kept].join("\n");
    });
    assert.ok(!shown.replace(/\s/g, "").includes(secret), `${which.url()} shows the PIN`);
}

/** An approval of these documents; the token that the app gets, and the short code that the person saw. */
async function approve(credential, documents, pin = pins[credential]) {
    let code;
    const through = async () => {
        code = await text(".code");
        await goOn();
        await onSigningPage();
        await page.waitForSelector("#pin");
        await submit({ "#pin": pin });
    };
    const parameters = details(credential, documents.map(sha256), (at) => `Lease, part ${at + 1}`);
    const tokens = await app.redeem(await app.visit(page, parameters, { through }));
    return { token: tokens.access_token, code };
}

async function signs(token, credential, documents) {
    const [status, signed] = await signHash(token, credential, documents.map(sha256));
    assert.equal(status, 200, JSON.stringify(signed));
    const certificate = await certificateOf(service, credential);
    documents.forEach((document, at) => assert.ok(verifies(certificate, document, signed.signatures[at])));
}

async function letIn() {
    const tokens = await app.redeem(await app.visit(page, { scope: "service" }, { through: goOn }));
    service = tokens.access_token;
    return tokens;
}

step("whoever opens an account is told all that is wrong, and then it is open", async () => {
    await home();
    assert.equal(await heading(), "Sign in");
    await seen("sign-in");
    await page.click("text=Create an account");
    await seen("sign-up");
    await page.click("button.main");
    assert.match(await text("[role=alert]"), /problems with 5 fields/);
    await page.click("[role=alert] a >> nth=0");
    assert.equal(await page.evaluate(() => document.activeElement.id), "given_name");
    await fill({ "#given_name": NAMES.given, "#surname": NAMES.family, "#username": ana.username });
    await page.selectOption("#country", "PT");
    await submit({ "#password": "short", "#repeated": "short" });
    assert.match(await text("#password-fault"), /at least 12 characters/);
    assert.match(await page.title(), /^Error: /);
    assert.equal(await page.inputValue("#password"), "", "a password comes back");
    await seen("sign-up-mistakes");
    await submit({ "#password": "passwordpassword", "#repeated": "passwordpassword" });
    assert.match(await text("#password-fault"), /others would guess/);
    await submit({ "#password": password, "#repeated": password });
    assert.match(await text("#username-fault"), /taken/);
    await fill({ "#username": name });
    await submit({ "#password": password, "#repeated": `${password}!` });
    assert.match(await text("#repeated-fault"), /same password twice/);
    await submit({ "#password": password, "#repeated": password });
    assert.match(await text("[role=status]"), /Your account is open/);
    await seen("home-empty");
});

step("they sign out and in again; a wrong password is told", async () => {
    await page.click("text=Sign out");
    await home();
    await signIn(page, "not the right password");
    assert.match(await text("[role=alert]"), /wrong/);
    assert.equal(await page.inputValue("#username"), name);
    await seen("sign-in-wrong");
    await submit({ "#password": password });
    assert.equal(await heading(), "Your keys");
});

step("they make a key and choose its PIN", async () => {
    await page.click("text=New key");
    await seen("new-key");
    await page.click("button.main");
    assert.match(await text("#password-fault"), /password is wrong/, "a session alone makes no key");
    await seen("new-key-password");
    await page.fill("#password", password);
    await page.click("button.main");
    await onSigningPage();
    assert.ok(!page.url().includes("#"), "the token stays in the address");
    await page.waitForSelector("#fresh");
    await seen("page-enrol");
    for (const [pin, repeated, field, sentence] of [
        ["12345", "12345", "fresh", "Choose a longer PIN"],
        ["123456", "123456", "fresh", "a sequence or a pattern"],
        ["24121985", "24121985", "fresh", "can be read as a date"],
        ["82041957", "82041958", "repeated", "the same PIN twice"],
    ]) {
        await submit({ "#fresh": pin, "#repeated": repeated });
        await fault(field, sentence);
    }
    await seen("page-enrol-mistake");
    await submit({ "#fresh": "82041957", "#repeated": "82041957" });
    await onAccount();
    assert.match(await text("[role=status]"), /Your key is ready/);
    assert.equal(await heading(), `P-256 · ${NAMES.given} ${NAMES.family}`);
    chosen = new URL(page.url()).pathname.split("/").at(-1);
    pins[chosen] = "82041957";
});

step("they make another and are given its PIN, once", async () => {
    await home();
    await page.click("text=New key");
    await page.fill("#password", password);
    await page.click("button.main");
    await onSigningPage();
    await page.click("text=Give me a PIN");
    await page.click("main button[type=submit]");
    const said = await text(".drawn .hidden");
    const pin = said.replace(/\D/g, "");
    assert.match(pin, /^\d{8}$/);
    assert.equal((await text(".drawn [aria-hidden]")).trim(), pin);
    await seen("page-note");
    await page.click("text=I have noted it");
    await onAccount();
    assert.match(await text("[role=status]"), /Your key is ready/);
    drawn = new URL(page.url()).pathname.split("/").at(-1);
    pins[drawn] = pin;
    for (const way of ["goBack", "goBack", "goForward", "goForward"]) {
        await page[way]({ waitUntil: "load" });
        await isNowhere(pin);
    }
    await home();
    assert.equal(await page.locator(".keys > li").count(), 2);
});

step("an app is let in and gets signatures", async () => {
    const through = async () => {
        await seen("approve-service");
        await goOn();
    };
    service = (await app.redeem(await app.visit(page, { scope: "service" }, { through }))).access_token;
    assert.deepEqual(await credentialsOf(service), [chosen, drawn].toSorted());
    const documents = [randomBytes(40), randomBytes(40)];
    await signs((await approve(chosen, documents)).token, chosen, documents);
});

step("with a keyboard alone: sign in, approve, enter the PIN", async () => {
    const other = await newPage(browser);
    const { keyboard } = other;
    const document = randomBytes(40);
    const through = async () => {
        await other.waitForSelector("#username:focus");
        await keyboard.type(name);
        await tabTo("password", other);
        await keyboard.type(password);
        await keyboard.press("Enter");
        await other.waitForSelector("button[name=decision]");
        await tabTo("Skip to the content", other);
        await keyboard.press("Enter");
        await tabTo("Continue", other);
        await keyboard.press("Enter");
        await onSigningPage(other);
        await other.waitForSelector("#pin");
        await tabTo("pin", other);
        await keyboard.type("00998877");
        await keyboard.press("Enter");
        await other.waitForSelector("#pin-fault");
        await other.waitForSelector("#pin:focus");
        await keyboard.type(pins[drawn]);
        await tabTo("Sign", other);
        await keyboard.press("Enter");
    };
    const tokens = await app.redeem(await app.visit(other, details(drawn, [sha256(document)]), { through }));
    await signs(tokens.access_token, drawn, [document]);
    await other.context().close();
});

step("they change the PIN: the old one no longer signs, the new one does", async () => {
    await openKey(chosen);
    await page.click("text=Change PIN");
    await onSigningPage();
    await page.waitForSelector("#pin");
    await seen("page-change");
    const [old, fresh] = [pins[chosen], "73910462"];
    await submit({ "#pin": old, "#fresh": old, "#repeated": old });
    await fault("fresh", "not the one until now");
    await submit({ "#pin": "90817263", "#fresh": fresh, "#repeated": fresh });
    await fault("pin", "This PIN is wrong");
    await seen("page-change-wrong");
    await submit({ "#pin": old, "#fresh": fresh, "#repeated": fresh });
    await onAccount();
    assert.match(await text("[role=status]"), /The PIN was changed/);
    pins[chosen] = fresh;
    const document = randomBytes(40);
    const through = async () => {
        await goOn();
        await onSigningPage();
        await page.waitForSelector("#pin");
        await submit({ "#pin": old });
        await fault("pin", "This PIN is wrong");
        await submit({ "#pin": fresh });
    };
    const tokens = await app.redeem(await app.visit(page, details(chosen, [sha256(document)]), { through }));
    await signs(tokens.access_token, chosen, [document]);
});

step("the history tells which app, how many, of what, and the short code that was shown", async () => {
    const { code } = await approve(chosen, [randomBytes(40), randomBytes(40), randomBytes(40)]);
    await page.goto(`${ready.account}/history`);
    const newest = await text(".entry >> nth=0");
    for (const part of [app.client.client_id, "3 signatures", "Lease, part 1", "Lease, part 3", code, "P-256"]) {
        assert.ok(newest.includes(part), `${part} is not in ${newest}`);
    }
    assert.equal(await page.locator(".entry").count(), 4);
    await seen("history");
    await page.goto(`${ready.account}/history?key=${drawn}`);
    assert.equal(await page.locator(".entry").count(), 1);
    await home();
    await seen("home");
    await openKey(chosen);
    await seen("key");
});

step("two tabs: each approval is its own, whichever ends first", async () => {
    const tabs = [page, await page.context().newPage()];
    const documents = [randomBytes(40), randomBytes(40)];
    const asked = [];
    for (const [at, tab] of tabs.entries()) {
        asked[at] = await app.request(details(chosen, [sha256(documents[at])]));
        await tab.goto(asked[at].url.href);
        await goOn(tab);
        await onSigningPage(tab);
    }
    for (const at of [1, 0]) {
        await submit({ "#pin": pins[chosen] }, tabs[at]);
        await tabs[at].waitForURL((url) => url.href.startsWith(app.redirectUri));
        const url = new URL(tabs[at].url());
        const tokens = await app.redeem({ ...asked[at], url });
        await signs(tokens.access_token, chosen, [documents[at]]);
    }
    await tabs[1].close();
});

step("going back shows no PIN, and nothing that could be approved twice", async () => {
    const document = randomBytes(40);
    await approve(chosen, [document]);
    await page.goBack({ waitUntil: "load" });
    assert.equal(await heading(), "This request is over");
    await isNowhere(pins[chosen]);
    await seen("request-over");
    // Left with the PIN typed, and come back to.
    const { url } = await app.request(details(chosen, [sha256(document)]));
    await page.goto(url.href);
    await goOn();
    await onSigningPage();
    await page.fill("#pin", pins[chosen]);
    await home();
    await page.goBack({ waitUntil: "load" });
    await page.waitForSelector('h1:text("Nothing to sign right now")');
    await isNowhere(pins[chosen]);
    await seen("page-nothing");
});

step("in Portuguese: the app's wish, the browser's, or one's own", async () => {
    const words = [];
    const through = async () => {
        words.push(await page.getAttribute("html", "lang"), await heading());
        await seen("approve-sign-pt");
        await goOn();
        await onSigningPage();
        await page.waitForSelector("#pin");
        words.push(await page.getAttribute("html", "lang"), await heading());
        await seen("page-authorise-pt");
        await page.click("#languages [lang=en]");
        words.push(await heading());
        await page.click("button >> text=Cancel");
    };
    const { url } = await app.visit(page, { ...details(chosen, [sha256("x")]), lang: "pt-PT" }, { through });
    assert.equal(url.searchParams.get("error"), "access_denied");
    assert.match(words.join("|"), /^pt-PT\|Assinar .*\|pt-PT\|Assinar .*\|Sign a document/);
    const portuguese = await newPage(browser, { locale: "pt-PT" });
    await portuguese.goto(ready.account);
    assert.equal(await heading(portuguese), "Iniciar sessão");
    await portuguese.context().close();
    await home();
    await page.click("text=Português");
    for (const [path, picture] of [
        ["", "home-pt"],
        ["/keys/new", "new-key-pt"],
        [`/keys/${chosen}`, "key-pt"],
        [`/keys/${chosen}/delete`, "key-delete-pt"],
        ["/apps", "apps-pt"],
        ["/history", "history-pt"],
        ["/me", "account-pt"],
    ]) {
        await page.goto(ready.account + path);
        assert.equal(await page.getAttribute("html", "lang"), "pt-PT");
        await screenshots(page, picture);
    }
    await page.click("footer >> text=English");
    assert.equal(await heading(), "Your account");
    await seen("account");
});

step("they take an app's access: its token is worth nothing any more", async () => {
    const { refresh_token: refresh } = await letIn();
    await page.goto(`${ready.account}/apps`);
    await seen("apps");
    await page.click("text=Remove access");
    assert.match(await heading(), new RegExp(app.client.client_id));
    await seen("app-revoke");
    await page.click("main button.danger");
    assert.match(await text("[role=status]"), /no access any more/);
    assert.equal(await credentialsOf(service), 401);
    if (refresh !== undefined) await assert.rejects(app.refresh(refresh), { error: "invalid_grant" });
});

step("they delete a key, in one of two tabs: it is gone here, for apps and in the other tab", async () => {
    await letIn();
    const tab = await page.context().newPage();
    for (const one of [page, tab]) await one.goto(`${ready.account}/keys/${drawn}/delete`);
    await seen("key-delete");
    await page.fill("#password", password);
    await page.click("text=Delete for good");
    assert.match(await text("[role=status]"), /The key was deleted/);
    assert.equal(await page.locator(".keys > li").count(), 1);
    assert.deepEqual(await credentialsOf(service), [chosen]);
    await tab.click("text=Delete for good");
    assert.equal(await heading(tab), "There is no such page");
    await seen("wrong", tab);
    await tab.close();
});

step("signed out in one tab, the other has to sign in, and nothing was done", async () => {
    const tab = await page.context().newPage();
    await tab.goto(`${ready.account}/keys/${chosen}/delete`);
    await page.click("text=Sign out");
    await tab.click("text=Delete for good");
    assert.equal(await heading(tab), "Sign in");
    await signIn(tab);
    assert.equal(new URL(tab.url()).pathname, `/account/keys/${chosen}`);
    assert.deepEqual(await credentialsOf(service), [chosen]);
    await tab.close();
});

step("no page asked anything of a third host, and none complained", () => {
    const own = [ready.account, ready.sign, app.redirectUri].map((address) => new URL(address).host);
    assert.deepEqual([...heard.hosts].toSorted(), own.toSorted());
    assert.deepEqual(heard.complaints, []);
});
