// What a person does alone: an account, a key with a PIN of their own, another PIN, and the end of the key.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, newPage, screenshots, violations } from "./lib/browser.mjs";
import { ready } from "./lib/sandbox.mjs";

const name = `ines-${process.pid}`;
const password = "a long enough secret";
const [first, second] = ["8204 1957", "7391 0462"];

let browser, page;

before(async () => {
    browser = await launch();
    page = await newPage(browser);
});
after(() => browser?.close());

/** Nothing keeps people out of this page, wide or narrow. */
async function look(picture) {
    await screenshots(page, picture);
    assert.deepEqual(await violations(page), []);
    const width = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(width, 0, `${picture} scrolls sideways`);
}

async function onSigningPage(fields) {
    await page.waitForURL((url) => url.href.startsWith(ready.sign));
    for (const [field, value] of Object.entries(fields)) await page.fill(field, value);
    await page.click("main button[type=submit]");
    await page.waitForURL((url) => url.href.startsWith(ready.account));
}

test("a person opens an account", async () => {
    await page.goto(ready.account);
    await page.click("text=Create an account");
    await look("sign-up");
    await page.click("button.main");
    assert.match(await page.textContent("[role=alert]"), /problems with 5 fields/);
    await look("sign-up-mistakes");
    await page.click("[role=alert] a >> nth=0");
    assert.equal(await page.evaluate(() => document.activeElement.id), "given_name");
    await page.fill("#given_name", "Inês");
    await page.fill("#surname", "Sá");
    await page.selectOption("#country", "PT");
    await page.fill("#username", name);
    await page.fill("#password", password);
    await page.fill("#repeated", password);
    await page.click("button.main");
    assert.match(await page.textContent("main"), /Your account is open/);
    await look("home-empty");
});

test("they make a key, and only the signing page sees its PIN", async () => {
    await page.click("text=New key");
    await look("new-key");
    await page.click("button.main");
    await onSigningPage({ "#fresh": first.replace(" ", ""), "#repeated": first.replace(" ", "") });
    assert.match(await page.textContent("[role=status]"), /Your key is ready/);
    assert.match(await page.textContent("h1"), /P-256 · Inês Sá/);
    await look("key");
});

test("they change the PIN", async () => {
    await page.click("text=Change PIN");
    const [pin, fresh] = [first, second].map((pin) => pin.replace(" ", ""));
    await onSigningPage({ "#pin": pin, "#fresh": fresh, "#repeated": fresh });
    assert.match(await page.textContent("[role=status]"), /The PIN was changed/);
});

test("they delete the key", async () => {
    await page.click("text=Delete key");
    await look("key-delete");
    await page.click("text=Delete for good");
    assert.match(await page.textContent("main"), /The key was deleted/);
    assert.match(await page.textContent("main"), /no signing key yet/);
});

test("they read it in Portuguese, and leave", async () => {
    await page.click("text=Português");
    assert.equal(await page.getAttribute("html", "lang"), "pt-PT");
    await page.click("text=Conta");
    await look("account-pt");
    await page.click("text=Sair");
    await page.goto(`${ready.account}/history`);
    assert.match(page.url(), /\/account\/sign-in\?next=history/);
    assert.match(await page.textContent("h1"), /Iniciar sessão/);
});
