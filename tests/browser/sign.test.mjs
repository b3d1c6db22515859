// `rsign sign FILE`: the terminal asks, the browser approves, OpenSSL verifies.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

import { launch, newPage } from "./lib/browser.mjs";
import { credentialOf, ready } from "./lib/sandbox.mjs";

const [, rui] = ready.users;
let browser, page;

before(async () => {
    browser = await launch();
    page = await newPage(browser);
});
after(() => browser?.close());

for (const kind of ["P-256", "RSA-2048"]) {
    test(`rsign sign makes a detached CMS with a ${kind} key that OpenSSL verifies`, async () => {
        const credential = credentialOf(rui, kind);
        const folder = mkdtempSync(path.join(tmpdir(), "rsign-sign-"));
        const file = path.join(folder, "contract.txt");
        writeFileSync(file, "We agree.\n");
        const words = ["sign", file, "--sandbox", process.env.RSIGN_READY, "--credential", credential.credentialID];
        const program = spawn(process.env.RSIGN_PROGRAM, [...words, "--no-browser"], { stdio: ["ignore", "pipe", "pipe"] });
        let complaint = "";
        program.stderr.on("data", (data) => (complaint += data));
        const ended = new Promise((resolve) => program.on("exit", resolve));
        let visits = 0;
        let code;
        for await (const line of createInterface({ input: program.stdout })) {
            const url = line.trim();
            code ??= line.match(/([0-9A-Z]{4}-){3}[0-9A-Z]{4}/)?.[0];
            if (!url.startsWith("http")) continue;
            visits += 1;
            // Only what is signed has a code, and the terminal has said it by now.
            assert.equal(code !== undefined, visits === 2);
            await page.goto(url);
            await approve(credential, code);
        }
        assert.equal(await ended, 0, complaint);
        assert.equal(visits, 2);
        const options = ["-binary", "-inform", "DER", "-in", `${file}.p7s`, "-content", file, "-CAfile", ready.signing_ca];
        execFileSync("openssl", ["cms", "-verify", ...options, "-purpose", "any", "-out", "/dev/null"], { stdio: "pipe" });
        writeFileSync(file, "We do not agree.\n");
        const verify = () => execFileSync("openssl", ["cms", "-verify", ...options, "-purpose", "any"], { stdio: "pipe" });
        assert.throws(verify, /digest|verif/i);
    });
}

async function approve(credential, code) {
    if (page.url().includes("/account/sign-in")) {
        await page.fill("[name=username]", rui.username);
        await page.fill("[name=password]", rui.password);
        await page.click("main button[type=submit]");
    }
    if (code) assert.ok((await page.innerText("main")).includes(code), code);
    await page.click("button[name=decision][value=continue]");
    await page.waitForURL((url) => url.pathname === "/callback" || url.href.startsWith(ready.sign));
    if (!page.url().startsWith(ready.sign)) return;
    await page.fill("#pin", credential.pin);
    await page.press("#pin", "Enter");
    await page.waitForURL((url) => url.pathname === "/callback");
}
