// A signing app, from its own side: an independent OAuth client, a loopback redirect, and the CSC API (v2).
import { createHash } from "node:crypto";

import * as oauth from "openid-client";

import { call, callback, ready } from "./sandbox.mjs";

export const SHA256 = "2.16.840.1.101.3.4.2.1";
export const ALGORITHMS = { "RSA-2048": "1.2.840.113549.1.1.11", "P-256": "1.2.840.10045.4.3.2" };

export const sha256 = (data) => createHash("sha256").update(data).digest();

/** Opens the app that is registered as `client`; whoever opens it closes it. */
export async function openApp(client) {
    const back = await callback();
    const auth = oauth.ClientSecretBasic(client.client_secret);
    const options = { algorithm: "oauth2", execute: ready.tls_ca === null ? [oauth.allowInsecureRequests] : [] };
    const server = await oauth.discovery(new URL(ready.oauth2), client.client_id, client.client_secret, auth, options);
    return {
        client,
        redirectUri: back.uri,
        close: back.close,

        /** Where it would send a browser; what else it has to remember goes to `redeem`. */
        async request(parameters, { pushed = false } = {}) {
            const verifier = oauth.randomPKCECodeVerifier();
            const asked = {
                redirect_uri: back.uri,
                state: oauth.randomState(),
                code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
                code_challenge_method: "S256",
                ...parameters,
            };
            const build = pushed ? oauth.buildAuthorizationUrlWithPAR : oauth.buildAuthorizationUrl;
            return { url: await build(server, asked), verifier, state: asked.state };
        },

        /** Sends the browser to its request and lets the person do `through`; gives where the browser came back to. */
        async visit(page, parameters, { pushed, through }) {
            const { url, ...kept } = await this.request(parameters, { pushed });
            const returned = back.next();
            await page.goto(url.href);
            await through();
            const came = await returned;
            await page.waitForURL(came.href);
            return { url: came, ...kept };
        },

        /** The tokens for a code. */
        redeem({ url, verifier, state }) {
            return oauth.authorizationCodeGrant(server, url, { pkceCodeVerifier: verifier, expectedState: state });
        },

        /** New tokens for a refresh token. */
        refresh: (token) => oauth.refreshTokenGrant(server, token),
    };
}

/** What asks for signatures of these hashes, with labels (RAR). */
export function details(credentialID, hashes, label = (at) => `Document ${at + 1}`) {
    return {
        scope: "credential",
        authorization_details: JSON.stringify([
            {
                type: "https://cloudsignatureconsortium.org/2025/credential",
                credentialID,
                numSignatures: hashes.length,
                documentDigests: hashes.map((hash, at) => ({ hash: hash.toString("base64"), label: label(at) })),
                hashAlgorithmOID: SHA256,
            },
        ]),
    };
}

/** signatures/signHash of CSC v2; `[status, body]`. */
export function signHash(token, credentialID, hashes, key = "P-256") {
    const list = hashes.map((hash) => hash.toString("base64"));
    const asked = { credentialID, hashes: list, hashAlgorithmOID: SHA256, signAlgo: ALGORITHMS[key] };
    return call(ready.csc_v2, "signatures/signHash", token, asked);
}

/** The certificate of a credential, DER in base64. */
export async function certificateOf(service, credentialID) {
    const asked = { credentialID, certificates: "single" };
    const [, info] = await call(ready.csc_v2, "credentials/info", service, asked);
    return info.cert.certificates[0];
}

/** The ids that credentials/list tells, sorted. */
export async function credentialsOf(service) {
    const [status, list] = await call(ready.csc_v2, "credentials/list", service, {});
    return status === 200 ? list.credentialIDs.toSorted() : status;
}
