// Signing in through an OpenID provider: npm's oidc-provider, a real one, in a process of this test, and a second
// gateway of the sandbox's that knows it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import Provider from "oidc-provider";

import { launch, newPage, screenshots, violations } from "./lib/browser.mjs";
import { ready } from "./lib/sandbox.mjs";

const PERSON = { given_name: "Inês", family_name: "Sá", email: "ines@example.org" };
const folder = mkdtempSync(path.join(tmpdir(), "rsign-provider-"));

let browser, page, provider, gateway, base;

before(async () => {
    const port = await freePort();
    const secure = ready.oauth2.startsWith("https:");
    base = `${secure ? "https" : "http"}://127.0.0.1:${port}`;
    const issuer = await startProvider(`${base}/account/oidc/local/return`);
    gateway = await startGateway(port, issuer);
    browser = await launch();
    page = await newPage(browser);
});
after(async () => {
    await browser?.close();
    provider?.close();
    if (gateway?.exitCode === null) {
        gateway.kill();
        await once(gateway, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
});

async function freePort() {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();
    server.close();
    await once(server, "close");
    return port;
}

/** An OpenID provider that believes any password; its issuer. */
async function startProvider(redirect) {
    const port = await freePort();
    const issuer = `http://127.0.0.1:${port}`;
    const oidc = new Provider(issuer, {
        clients: [{ client_id: "rsign", client_secret: "a secret of the test", redirect_uris: [redirect] }],
        claims: { openid: ["sub"], profile: ["given_name", "family_name"] },
        conformIdTokenClaims: false, // profile claims in the identity token, as many providers do
        findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...PERSON }) }),
        pkce: { required: () => true },
        cookies: { keys: ["only for this test"] },
    });
    provider = oidc.listen(port, "127.0.0.1");
    await once(provider, "listening");
    return issuer;
}

/** A replica of the sandbox's gateway, over its store, that has this provider. */
async function startGateway(port, issuer) {
    const running = `/proc/${ready.pids.gateway}`;
    const words = readFileSync(`${running}/cmdline`, "utf8").split("\0");
    const config = readFileSync(words[words.indexOf("--config") + 1], "utf8")
        .replace(/^address = .*$/m, `address = "127.0.0.1:${port}"`)
        .replace(/^\[pki\]\naddress = .*$/m, "");
    const [file, secret, served] = ["gateway.toml", "secret", "ready"].map((name) => path.join(folder, name));
    writeFileSync(secret, "a secret of the test\n", { mode: 0o600 });
    const providers =
        `\n[[account.providers]]\nname = "local"\ntitle = "Example ID"\nissuer = "${issuer}"\n` +
        `client_id = "rsign"\nclient_secret_file = "${secret}"\n`;
    writeFileSync(file, config + providers, { mode: 0o600 });
    const program = readlinkSync(`${running}/exe`);
    const child = spawn(program, ["--config", file, "serve", "--ready-file", served], { stdio: "inherit" });
    for (let tries = 0; tries < 600; tries += 1) {
        if (child.exitCode !== null) break;
        try {
            readFileSync(served);
            return child;
        } catch {
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
    }
    child.kill();
    throw new Error("the gateway does not serve");
}

/** The provider's own pages: who it is, and that they agree; nothing is asked of who is signed in there. */
async function signInThere(login) {
    await page.click("text=Sign in with Example ID");
    await page.waitForURL((url) => url.origin !== base || url.pathname !== "/account/sign-in");
    if (await page.$("[name=login]")) {
        await page.fill("[name=login]", login);
        await page.fill("[name=password]", "anything");
        await page.click("button[type=submit]");
    }
    while (new URL(page.url()).origin !== base) {
        const answered = page.waitForNavigation();
        await page.click("button[type=submit]");
        await answered;
    }
}

test("somebody known elsewhere opens an account without a password", async () => {
    await page.goto(`${base}/account`);
    assert.deepEqual(await violations(page), []);
    await screenshots(page, "sign-in-provider");
    await signInThere("ines-there");
    assert.equal(await page.inputValue("#given_name"), PERSON.given_name);
    assert.equal(await page.inputValue("#surname"), PERSON.family_name);
    assert.equal(await page.$("[type=password]"), null);
    await page.selectOption("#country", "PT");
    await screenshots(page, "sign-up-provider");
    assert.deepEqual(await violations(page), []);
    await page.click("button.main");
    assert.equal(page.url(), `${base}/account`);
    assert.match(await page.textContent("header"), /Inês Sá/);
});

test("they come back to the same account", async () => {
    await page.goto(`${base}/account/me`);
    assert.deepEqual(await violations(page), []);
    await screenshots(page, "account-provider");
    await page.click("form.person button");
    await signInThere("ines-there");
    assert.equal(page.url(), `${base}/account`);
    assert.match(await page.textContent("header"), /Inês Sá/);
});

test("an answer without its question is nobody's", async () => {
    const stranger = await newPage(browser);
    const answered = await stranger.goto(`${base}/account/oidc/local/return?state=x&code=y`);
    assert.equal(answered.status(), 400);
    assert.match(await stranger.textContent("[role=alert]"), /started elsewhere/);
});
