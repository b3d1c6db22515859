// Documenso's flow through the OAuth library it uses, `arctic`, as its source asks (clients.md 2g): service scope, what
// the credential is, its scope with the hashes, one signHash for the whole batch, a time-stamp. Its own parts, which are
// in no package, are written here by what it sends and by what it insists on.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";

import { CodeChallengeMethod, generateCodeVerifier, generateState, OAuth2Client, OAuth2RequestError } from "arctic";

import { sha256 } from "./lib/app.mjs";
import { launch, newPage } from "./lib/browser.mjs";
import { call, callback, clientOf, credentialOf, ready, verifies } from "./lib/sandbox.mjs";

const [, rui] = ready.users;
const SHA256 = "2.16.840.1.101.3.4.2.1";
let browser, page, back, oauth, base;

before(async () => {
    browser = await launch();
    page = await newPage(browser);
    page.setDefaultTimeout(20_000);
    back = await callback();
    const { client_id, client_secret } = clientOf("legacy", "clear");
    oauth = new OAuth2Client(client_id, client_secret, back.uri);
    // Once for each process; every one of these has to be there.
    const [status, info] = await call(ready.csc_v1, "info", undefined, {});
    assert.equal(status, 200);
    for (const name of ["specs", "name", "logo", "region", "lang", "description", "oauth2"]) {
        assert.equal(typeof info[name], "string", name);
    }
    for (const name of ["authType", "methods"]) assert.ok(info[name].every((one) => typeof one === "string"), name);
    assert.ok(info.methods.includes("signatures/timestamp"));
    base = info.oauth2;
});
after(async () => {
    await browser?.close();
    back?.close();
});

/** A token of this scope, by arctic; `more` are the parameters that are CSC's. */
async function tokenOf(scope, more, through) {
    const [state, verifier] = [generateState(), generateCodeVerifier()];
    const url = oauth.createAuthorizationURLWithPKCE(`${base}/oauth2/authorize`, state, CodeChallengeMethod.S256, verifier, [scope]);
    for (const [name, value] of Object.entries(more)) url.searchParams.set(name, value);
    const returned = back.next();
    await page.goto(url.href);
    await through();
    const came = await returned;
    await page.waitForURL(came.href);
    assert.equal(came.searchParams.get("state"), state);
    const tokens = await oauth.validateAuthorizationCode(`${base}/oauth2/token`, came.searchParams.get("code"), verifier);
    // It throws where they are missing, or of another type.
    assert.equal(typeof tokens.accessTokenExpiresInSeconds(), "number");
    return { token: tokens.accessToken(), type: tokens.tokenType(), verifier, code: came.searchParams.get("code") };
}

const proceed = () => page.click("button[name=decision][value=continue]");

const NAMES = { 32: "sha256", 48: "sha384", 64: "sha512" };
const digest = (data, length) => createHash(NAMES[length]).update(data).digest();

/** ECDSA before RSA, the strongest digest first; never parameters. */
const CHOICES = [
    ["1.2.840.10045.4.3.4", "2.16.840.1.101.3.4.2.3", 64],
    ["1.2.840.10045.4.3.3", "2.16.840.1.101.3.4.2.2", 48],
    ["1.2.840.10045.4.3.2", SHA256, 32],
    ["1.2.840.113549.1.1.13", "2.16.840.1.101.3.4.2.3", 64],
    ["1.2.840.113549.1.1.12", "2.16.840.1.101.3.4.2.2", 48],
    ["1.2.840.113549.1.1.11", SHA256, 32],
];

for (const kind of ["P-256", "RSA-2048"]) {
    test(`two documents are signed with a ${kind} key`, async () => {
        const credential = credentialOf(rui, kind);
        const service = await tokenOf("service", {}, async () => {
            if (page.url().includes("/account/sign-in")) {
                await page.fill("[name=username]", rui.username);
                await page.fill("[name=password]", rui.password);
                await page.click("main button[type=submit]");
            }
            await proceed();
        });
        assert.equal(service.type, "Bearer");
        const [, list] = await call(ready.csc_v1, "credentials/list", service.token, {});
        assert.ok(list.credentialIDs.includes(credential.credentialID));
        const asked = { credentialID: credential.credentialID, certificates: "chain", certInfo: true, authInfo: true };
        const [, info] = await call(ready.csc_v1, "credentials/info", service.token, asked);
        assert.match(info.cert.validFrom, /^\d{14}Z$/);
        assert.match(info.cert.validTo, /^\d{14}Z$/);
        assert.ok(["implicit", "explicit", "oauth2code"].includes(info.authMode));
        assert.deepEqual([info.key.status, info.cert.status, typeof info.multisign, info.SCAL], ["enabled", "valid", "number", "2"]);
        for (const name of ["PIN", "OTP"]) assert.ok(["true", "false", "optional"].includes(info[name].presence), name);
        const [signAlgo, hashAlgo, length] = CHOICES.find(([oid]) => info.key.algo.includes(oid));
        const documents = [randomBytes(40), randomBytes(40)];
        const hashes = documents.map((document) => digest(document, length));
        const granted = await tokenOf(
            "credential",
            {
                credentialID: credential.credentialID,
                numSignatures: "2",
                hash: hashes.map((hash) => hash.toString("base64url")).join(","),
                description: "Two contracts",
            },
            async () => {
                assert.match(await page.textContent("main"), /Two contracts/);
                await proceed();
                await page.waitForURL((url) => url.href.startsWith(ready.sign));
                await page.fill("#pin", credential.pin);
                await page.press("#pin", "Enter");
            },
        );
        assert.equal(granted.type, "SAD");
        const batch = { credentialID: credential.credentialID, SAD: granted.token, hash: hashes.map((hash) => hash.toString("base64")), signAlgo, hashAlgo };
        const [status, { signatures }] = await call(ready.csc_v1, "signatures/signHash", service.token, batch);
        assert.deepEqual([status, signatures.length], [200, 2]);
        // It tries again where an answer is late: the same signatures.
        const [, again] = await call(ready.csc_v1, "signatures/signHash", service.token, batch);
        assert.deepEqual(again.signatures, signatures);
        documents.forEach((document, at) => assert.ok(verifies(info.cert.certificates[0], document, signatures[at], NAMES[length])));
        const stamp = { hash: sha256(Buffer.from(signatures[0], "base64")).toString("base64"), hashAlgo: SHA256 };
        const [stamped, { timestamp }] = await call(ready.csc_v1, "signatures/timestamp", service.token, stamp);
        assert.equal(stamped, 200);
        assert.ok(Buffer.from(timestamp, "base64").length > 500);
        // What it throws on: a code that was used.
        const redeemed = oauth.validateAuthorizationCode(`${base}/oauth2/token`, service.code, service.verifier);
        await assert.rejects(redeemed, (error) => error instanceof OAuth2RequestError && error.code === "invalid_grant");
    });
}
