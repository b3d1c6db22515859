// The hardened profile with an unmodified OAuth library: pushed request, private_key_jwt, DPoP with nonces, a token that
// is of no use to whoever steals it.
import assert from "node:assert/strict";
import { createHash, createPrivateKey, randomBytes, webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import * as oauth from "openid-client";

import { launch, newPage } from "./lib/browser.mjs";
import { call, callback, clientOf, credentialOf, ready, verifies } from "./lib/sandbox.mjs";

const [, rui] = ready.users;
const app = clientOf("hardened", "sealed");
const credential = credentialOf(rui, "P-256");
const SHA256 = "2.16.840.1.101.3.4.2.1";
const document = randomBytes(20);
const hash = createHash("sha256").update(document).digest("base64");

let browser, page, back, server, DPoP;

before(async () => {
    browser = await launch();
    page = await newPage(browser);
    back = await callback();
    const pkcs8 = createPrivateKey(readFileSync(app.client_key)).export({ type: "pkcs8", format: "der" });
    const key = await webcrypto.subtle.importKey("pkcs8", pkcs8, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
    const auth = oauth.PrivateKeyJwt(key);
    server = await oauth.discovery(new URL(ready.oauth2), app.client_id, {}, auth, { algorithm: "oauth2" });
    DPoP = oauth.getDPoPHandle(server, await oauth.randomDPoPKeyPair("ES256"));
});
after(async () => {
    await browser?.close();
    back?.close();
});

/** A CSC method with the token and a proof of its key. */
async function proved(method, token, body) {
    const [url, headers] = [new URL(`${ready.csc_v2}/${method}`), new Headers({ "content-type": "application/json" })];
    const sent = JSON.stringify(body);
    const response = await oauth.fetchProtectedResource(server, token, url, "POST", sent, headers, { DPoP });
    return [response.status, await response.json()];
}

async function approve() {
    await page.fill("[name=username]", rui.username);
    await page.fill("[name=password]", rui.password);
    await page.click("main button[type=submit]");
    await page.click("button[name=decision][value=continue]");
    await page.waitForURL((url) => url.href.startsWith(ready.sign));
    await page.fill("#pin", credential.pin);
    await page.press("#pin", "Enter");
}

test("a pushed request, a key instead of a secret, a token bound to its holder", async () => {
    const [pkceCodeVerifier, expectedState] = [oauth.randomPKCECodeVerifier(), oauth.randomState()];
    const details = {
        type: "https://cloudsignatureconsortium.org/2025/credential",
        credentialID: credential.credentialID,
        numSignatures: 1,
        documentDigests: [{ hash, label: "Deed" }],
        hashAlgorithmOID: SHA256,
    };
    const asked = {
        redirect_uri: back.uri,
        state: expectedState,
        code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: "S256",
        scope: "credential",
        authorization_details: JSON.stringify([details]),
    };
    const url = await oauth.buildAuthorizationUrlWithPAR(server, asked, { DPoP });
    const returned = back.next();
    await page.goto(url.href);
    await approve();
    const checks = { pkceCodeVerifier, expectedState };
    const tokens = await oauth.authorizationCodeGrant(server, await returned, checks, undefined, { DPoP });
    assert.equal(tokens.token_type, "dpop");

    const asking = { credentialID: credential.credentialID, hashes: [hash], hashAlgorithmOID: SHA256, signAlgo: "1.2.840.10045.4.3.2" };
    const [status, signed] = await proved("signatures/signHash", tokens.access_token, asking);
    assert.equal(status, 200, JSON.stringify(signed));
    const [, info] = await proved("credentials/info", tokens.access_token, { credentialID: credential.credentialID });
    assert.ok(verifies(info.cert.certificates[0], document, signed.signatures[0]));

    const [refused, why] = await call(ready.csc_v2, "signatures/signHash", tokens.access_token, asking);
    assert.deepEqual([refused, why.error], [401, "invalid_token"], "the token alone is enough");
});

test("without PAR a hardened client gets no page", async () => {
    const url = oauth.buildAuthorizationUrl(server, { redirect_uri: back.uri, scope: "service", state: "s", response_type: "code" });
    const response = await fetch(url, { redirect: "manual" });
    const location = response.headers.get("location") ?? "";
    assert.ok(response.status === 400 || location.includes("error="), `${response.status} ${location}`);
});

test("its own service token is bound as well", async () => {
    const tokens = await oauth.clientCredentialsGrant(server, { scope: "service" }, { DPoP });
    assert.equal(tokens.token_type, "dpop");
    const [status] = await call(ready.csc_v2, "credentials/list", tokens.access_token, {});
    assert.equal(status, 401);
});
