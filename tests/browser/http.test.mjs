// A whole service without TLS, as `rsign sandbox --http` and the demo at a terminal start it: on this computer's own
// names browsers have WebCrypto and keep cookies all the same.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";

import { certificateOf, credentialsOf, details, openApp, sha256, signHash } from "./lib/app.mjs";
import { launch, newPage, overhear } from "./lib/browser.mjs";
import { clientOf, ready, verifies } from "./lib/sandbox.mjs";

const PIN = "82041957";
let browser, page, heard, app;

before(async () => {
    browser = await launch();
    page = await newPage(browser);
    heard = overhear(page.context());
    app = await openApp(clientOf("legacy", "clear"));
});
after(async () => {
    await browser?.close();
    app?.close();
});

async function submit(fields) {
    for (const [field, value] of Object.entries(fields)) await page.fill(field, value);
    await page.click("main button[type=submit]");
}

const goOn = () => page.click("button[name=decision][value=continue]");

test("from a new account to a verified signature over plain HTTP", async () => {
    for (const address of [ready.account, ready.sign, ready.oauth2]) assert.equal(new URL(address).protocol, "http:");
    await page.goto(ready.account);
    await page.click("text=Create an account");
    await page.selectOption("#country", "PT");
    const password = "a long enough secret";
    const username = `rui-${process.pid}`;
    const name = { "#given_name": "Rui", "#surname": "Reis" };
    await submit({ ...name, "#username": username, "#password": password, "#repeated": password });
    await page.click("text=New key");
    await page.fill("#password", password);
    await page.click("button.main");
    await submit({ "#fresh": PIN, "#repeated": PIN });
    await page.waitForSelector('[role=status]:text("Your key is ready")');
    const { access_token: service } = await app.redeem(await app.visit(page, { scope: "service" }, { through: goOn }));
    const [credential] = await credentialsOf(service);
    const document = randomBytes(40);
    const through = async () => {
        await goOn();
        await submit({ "#pin": PIN });
    };
    const asked = details(credential, [sha256(document)]);
    const { access_token: token } = await app.redeem(await app.visit(page, asked, { through }));
    const [status, signed] = await signHash(token, credential, [sha256(document)]);
    assert.equal(status, 200, JSON.stringify(signed));
    assert.ok(verifies(await certificateOf(service, credential), document, signed.signatures[0]));
    assert.deepEqual(heard.complaints, []);
});
