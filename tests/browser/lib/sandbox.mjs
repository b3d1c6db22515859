// The sandbox that Rust's tests started, as its ready file tells of it; named by RSIGN_READY.
import dns from "node:dns";
import { createServer } from "node:http";
import { constants, verify, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";

export const ready = JSON.parse(readFileSync(process.env.RSIGN_READY, "utf8"));

// As the browser is told: every name below .test is this computer. Whoever connects without a resolver of its own, and
// so `fetch`, asks here.
const { lookup } = dns;
dns.lookup = (name, options, done = options) => {
    if (!name.endsWith(".test")) return lookup(name, options, done);
    const found = { address: "127.0.0.1", family: 4 };
    setImmediate(() => (options?.all ? done(null, [found]) : done(null, found.address, found.family)));
};

/** The registered client of this profile and PIN transport. */
export function clientOf(profile, transport) {
    return ready.clients.find((client) => client.profile === profile && client.pin_transport === transport);
}

/** A seeded user's credential of this kind. */
export function credentialOf(user, key) {
    return user.credentials.find((credential) => credential.key === key);
}

/** A signing app's side of the redirect: a loopback port that catches the browser (RFC 8252, 7.3). */
export async function callback() {
    let arrived = () => {};
    const server = createServer((request, response) => {
        response.setHeader("content-type", "text/plain");
        response.end("back in the app");
        const url = new URL(request.url, `http://127.0.0.1:${server.address().port}`);
        if (url.pathname === "/callback") arrived(url);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    return {
        uri: `http://127.0.0.1:${server.address().port}/callback`,
        /** The next address the browser comes back to. */
        next: () => new Promise((resolve) => (arrived = resolve)),
        close: () => {
            server.close();
            server.closeAllConnections();
        },
    };
}

/** A CSC method; `[status, body]`. */
export async function call(base, method, token, body) {
    const response = await fetch(`${base}/${method}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
        body: JSON.stringify(body),
    });
    return [response.status, await response.json().catch(() => undefined)];
}

/** Whether a signature over a digest of `data` is this certificate's. */
export function verifies(certificate, data, signature, algorithm = "sha256") {
    const { publicKey } = new X509Certificate(Buffer.from(certificate, "base64"));
    const key = publicKey.asymmetricKeyType === "rsa" ? { key: publicKey, padding: constants.RSA_PKCS1_PADDING } : publicKey;
    return verify(algorithm, data, key, Buffer.from(signature, "base64"));
}
