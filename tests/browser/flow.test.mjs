// app → approval page → token → signHash → verified signature, in a real browser, with an independent OAuth client.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";

import { ALGORITHMS, SHA256, certificateOf, credentialsOf, details, openApp, sha256 } from "./lib/app.mjs";
import { launch, newPage, screenshots, violations } from "./lib/browser.mjs";
import { call, clientOf, credentialOf, ready, verifies } from "./lib/sandbox.mjs";

const [ana] = ready.users;
const credential = credentialOf(ana, "P-256");

let browser, page, app;

before(async () => {
    browser = await launch();
    page = await newPage(browser);
    app = await openApp(clientOf("legacy", "clear"));
});
after(async () => {
    await browser?.close();
    app?.close();
});

const visit = (parameters, options) => app.visit(page, parameters, options);

async function signIn() {
    if (!page.url().includes("/account/sign-in")) return;
    await page.fill("[name=username]", ana.username);
    await page.fill("[name=password]", ana.password);
    await page.click("main button[type=submit]");
}

const goOn = () => page.click("button[name=decision][value=continue]");

async function approveWithPin(pin = credential.pin) {
    await signIn();
    await goOn();
    await page.waitForURL((url) => url.href.startsWith(ready.sign));
    await page.fill("#pin", pin);
    await page.press("#pin", "Enter");
}

let service;

test("a person lets an app see their certificates: scope service", async () => {
    const through = async () => {
        await screenshots(page, "sign-in");
        assert.deepEqual(await violations(page), []);
        await signIn();
        await page.waitForSelector("button[name=decision]");
        await screenshots(page, "approve-service");
        assert.deepEqual(await violations(page), []);
        await goOn();
    };
    const tokens = await app.redeem(await visit({ scope: "service" }, { through }));
    service = tokens.access_token;
    assert.deepEqual(await credentialsOf(service), ana.credentials.map((one) => one.credentialID).toSorted());
});

/** The parameters of one approval in each way that apps have. */
const ways = {
    flat: (hashes, version) => ({
        scope: "credential",
        credentialID: credential.credentialID,
        numSignatures: String(hashes.length),
        [version === "v1" ? "hash" : "hashes"]: hashes.map((hash) => hash.toString("base64url")).join(","),
        ...(version === "v2" && { hashAlgorithmOID: SHA256 }),
        description: "Lease and annex",
    }),
    rar: (hashes) => details(credential.credentialID, hashes),
};

for (const [version, way, pushed] of [
    ["v1", "flat", false],
    ["v1", "flat", true],
    ["v2", "flat", false],
    ["v2", "flat", true],
    ["v2", "rar", false],
    ["v2", "rar", true],
]) {
    test(`app → page → token → signHash → verified signature: ${version}, ${way}, ${pushed ? "PAR" : "query"}`, async () => {
        const documents = [randomBytes(40), randomBytes(40)];
        const hashes = documents.map(sha256);
        const came = await visit(ways[way](hashes, version), { pushed, through: approveWithPin });
        assert.equal(came.url.searchParams.get("iss"), ready.oauth2);
        const token = version === "v1" ? await exchange(came) : await redeem(came);
        // v1 apps send the token as SAD beside a service token, v2 apps as the bearer alone.
        const [bearer, SAD] = version === "v1" ? [service, token] : [token, undefined];
        const base = version === "v1" ? ready.csc_v1 : ready.csc_v2;
        const list = hashes.map((hash) => hash.toString("base64"));
        const [status, signed] = await call(base, "signatures/signHash", bearer, {
            credentialID: credential.credentialID,
            SAD,
            ...(version === "v1" ? { hash: list, hashAlgo: SHA256 } : { hashes: list, hashAlgorithmOID: SHA256 }),
            signAlgo: ALGORITHMS["P-256"],
        });
        assert.equal(status, 200, JSON.stringify(signed));
        const asked = { credentialID: credential.credentialID, certificates: "single" };
        const [, info] = await call(base, "credentials/info", service, asked);
        const [certificate] = info.cert.certificates;
        documents.forEach((document, at) => assert.ok(verifies(certificate, document, signed.signatures[at])));
        // A hash that nobody approved.
        const other = sha256("other").toString("base64");
        const [refused, why] = await call(base, "signatures/signHash", bearer, {
            credentialID: credential.credentialID,
            SAD,
            ...(version === "v1" ? { hash: [other], hashAlgo: SHA256 } : { hashes: [other], hashAlgorithmOID: SHA256 }),
            signAlgo: ALGORITHMS["P-256"],
        });
        const sentence = `Hash is not authorized by the SAD${version === "v1" ? "." : ""}`;
        assert.deepEqual([refused, why.error_description], [400, sentence]);
    });
}

async function redeem(came) {
    const tokens = await app.redeem(came);
    assert.equal(tokens.token_type, "bearer");
    return tokens.access_token;
}

/** v1 calls the type of the token "SAD", which OAuth libraries do not know. */
async function exchange({ url, verifier }) {
    const form = {
        grant_type: "authorization_code",
        code: url.searchParams.get("code"),
        redirect_uri: app.redirectUri,
        client_id: app.client.client_id,
        client_secret: app.client.client_secret,
        code_verifier: verifier,
    };
    const response = await fetch(`${ready.oauth2}/oauth2/token`, { method: "POST", body: new URLSearchParams(form) });
    const tokens = await response.json();
    assert.equal(tokens.token_type, "SAD", JSON.stringify(tokens));
    return tokens.access_token;
}

test("the page says what is signed; a wrong PIN is told there, and the right one still signs", async () => {
    const hash = sha256("seen");
    const through = async () => {
        await signIn();
        await page.waitForSelector("button[name=decision]");
        await screenshots(page, "approve-sign");
        assert.deepEqual(await violations(page), []);
        const shown = await page.textContent(".code");
        await goOn();
        await page.waitForSelector("#pin");
        assert.ok(!page.url().includes("#"), "the token stays in the address");
        assert.equal(await page.textContent(".code"), shown, "gateway and page show another code");
        await screenshots(page, "page-authorise");
        assert.deepEqual(await violations(page), []);
        await page.fill("#pin", "90817263");
        await page.press("#pin", "Enter");
        await page.waitForSelector("#pin-fault");
        await screenshots(page, "page-wrong-pin");
        assert.deepEqual(await violations(page), []);
        await page.fill("#pin", credential.pin);
        await page.press("#pin", "Enter");
    };
    const { url } = await visit(ways.rar([hash]), { through });
    assert.ok(url.searchParams.get("code"));
});

test("whoever says no comes back with access_denied and no code", async () => {
    const hash = sha256("no");
    const through = async () => {
        await signIn();
        await page.click("button[name=decision][value=cancel]");
    };
    const { url, state } = await visit(ways.rar([hash]), { through });
    const { error, code, ...rest } = Object.fromEntries(url.searchParams);
    assert.deepEqual([error, code, rest.state, rest.iss], ["access_denied", undefined, state, ready.oauth2]);
});

const title = (words) => page.waitForSelector(`h1:text-is("${words}")`);

test("whoever cancels on the signing page comes back with access_denied too", async () => {
    for (const [lang, cancel] of [["en", "Cancel"], ["pt", "Cancelar"]]) {
        const through = async () => {
            await signIn();
            await goOn();
            await page.waitForSelector("#pin");
            await page.click(`button >> text=${cancel}`);
        };
        const { url, state } = await visit({ ...ways.rar([sha256("cancelled")]), lang }, { through });
        const { error, code, ...rest } = Object.fromEntries(url.searchParams);
        assert.deepEqual([error, code, rest.state, rest.iss], ["access_denied", undefined, state, ready.oauth2]);
        assert.match(rest.error_description, /denied the request/);
        // Going back asks nobody once more.
        await page.goBack({ waitUntil: "load" });
        assert.equal(await page.locator("button[name=decision][value=continue]").count(), 0, await page.innerText("main"));
    }
});

test("whose PIN is locked hears what to do, and comes back with an error instead of to the same page", async () => {
    const locked = credentialOf(ana, "P-384").credentialID;
    const ask = details(locked, [sha256("locked")]);
    const wrong = async () => {
        await page.fill("#pin", "90817263");
        await page.press("#pin", "Enter");
    };
    const stopped = async (lang, words, body, back) => {
        await title(words);
        assert.match(await page.innerText("main"), body);
        await screenshots(page, `page-locked-${lang}`);
        assert.deepEqual(await violations(page), []);
        await page.click(`main a >> text=${back}`);
    };
    const told = ({ url }) => [url.searchParams.get("error"), url.searchParams.get("error_description")];
    const through = async () => {
        await signIn();
        await goOn();
        await page.waitForSelector("#pin");
        for (const left of ["2 tries", "one try"]) {
            await wrong();
            await page.waitForSelector(`#pin-fault:text("${left}")`);
        }
        await wrong();
        await stopped("en", "Your PIN is locked", /Start again later/, "Back to");
    };
    const unusable = ["access_denied", "The signing key cannot be used now."];
    assert.deepEqual(told(await visit({ ...ask, lang: "en" }, { through })), unusable);
    // The right PIN is not taken either; in Portuguese.
    const again = async () => {
        await goOn();
        await page.waitForSelector("#pin");
        await page.fill("#pin", credentialOf(ana, "P-384").pin);
        await page.press("#pin", "Enter");
        await stopped("pt", "O seu PIN está trancado", /Até .* não é aceite nenhum/, "Voltar a");
    };
    assert.deepEqual(told(await visit({ ...ask, lang: "pt" }, { through: again })), unusable);
});

test("A-34 in the open: nothing the browser sends to the gateway has the PIN in it", async () => {
    const hash = sha256("pin");
    const sent = [];
    const listen = (request) => sent.push([request.url(), request.postData() ?? "", JSON.stringify(request.headers())].join("\n"));
    page.on("request", listen);
    await visit(ways.rar([hash]), { through: approveWithPin });
    page.off("request", listen);
    assert.ok(sent.some((one) => one.includes("/rch/")), "the relay was not used");
    for (const one of sent) assert.ok(!one.includes(credential.pin), "the PIN left the page in clear");
});
