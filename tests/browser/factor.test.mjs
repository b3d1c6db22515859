// A second factor, as a person has it: a key made with an authenticator app, approvals with its codes, an app added to
// a key that had none, another one in its place. The app is WebCrypto here, by RFC 6238. One story.
import assert from "node:assert/strict";
import { randomBytes, webcrypto } from "node:crypto";

import { details, sha256, signHash } from "./lib/app.mjs";
import { ready } from "./lib/sandbox.mjs";
import { person, stage, step } from "./lib/story.mjs";

const [ana, , carol] = ready.users;
const PIN = "60718293";
/** Milliseconds of one code. */
const STEP = 30_000;

let page, heard, app, key, phone;

const set = stage((all) => ({ page, heard, app } = all));
const { submit, seen, onSigningPage, fault } = person(set);
const onAccount = () => page.waitForURL((url) => url.href.startsWith(ready.account) && !url.search.includes("tx="));

async function signIn({ username, password }) {
    await page.context().clearCookies();
    await page.goto(`${ready.account}/sign-in`);
    await submit({ "#username": username, "#password": password });
    await onAccount();
}

/** An authenticator app: the codes of a secret, each once, waiting where the next one is not there yet. */
function authenticator(base32) {
    const digits = base32.replace(/\s/g, "");
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const bits = Array.from(digits, (digit) => alphabet.indexOf(digit).toString(2).padStart(5, "0"));
    const secret = Uint8Array.from(bits.join("").match(/.{8}/g), (octet) => parseInt(octet, 2));
    let last = 0;
    const code = async (step) => {
        const counter = new DataView(new ArrayBuffer(8));
        counter.setBigUint64(0, BigInt(step));
        const key = await webcrypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-1" }, false, ["sign"]);
        const mac = new DataView(await webcrypto.subtle.sign("HMAC", key, counter));
        const word = mac.getUint32(mac.getUint8(19) & 0xf) & 0x7fffffff;
        return String(word % 1_000_000).padStart(6, "0");
    };
    return {
        secret: digits,
        /** The signer takes that of the step after this one too. */
        async next() {
            while (Math.floor(Date.now() / STEP) + 1 <= last) await new Promise((resolve) => setTimeout(resolve, 500));
            last = Math.max(last + 1, Math.floor(Date.now() / STEP));
            return code(last);
        },
        old: () => code(Math.floor(Date.now() / STEP) - 9),
    };
}

/** Reads the secret off the screen, as whoever cannot scan does; link and picture say the same. */
async function setUp(picture) {
    await page.waitForSelector(".qr");
    await seen(picture);
    const secret = await page.textContent(".key");
    const link = new URL(await page.getAttribute(".told a", "href"));
    assert.equal(link.protocol, "otpauth:");
    assert.equal(link.searchParams.get("secret"), secret.replace(/\s/g, ""));
    assert.equal(link.searchParams.get("issuer"), "rsign");
    const path = await page.getAttribute(".qr path", "d");
    assert.ok(path.length > 1000 && path.startsWith("M4 4h1v1h-1z"), "dark from the first corner on");
    return authenticator(secret);
}

/** An app asks for a signature with this key; the person does `through` on the signing page. */
async function approve(credential, through) {
    const document = randomBytes(40);
    const visit = async () => {
        await page.click("button[name=decision][value=continue]");
        await onSigningPage();
        await page.waitForSelector("#pin");
        await through();
    };
    const tokens = await app.redeem(await app.visit(page, details(credential, [sha256(document)]), { through: visit }));
    const [status, { signatures }] = await signHash(tokens.access_token, credential, [sha256(document)]);
    assert.deepEqual([status, signatures.length], [200, 1]);
}

step("a key is made that needs PIN and code", async () => {
    await signIn(ana);
    await page.goto(`${ready.account}/keys/new`);
    await seen("factor-new-key");
    await page.check("input[name=kind][value='P-256']");
    await page.check("input[name=factor][value=totp]");
    await page.fill("#password", ana.password);
    await page.click("main button[type=submit]");
    await onSigningPage();
    await page.waitForSelector("#fresh");
    assert.match(await page.textContent("main"), /Next you set up your authenticator app/);
    await submit({ "#fresh": PIN, "#repeated": PIN });
    phone = await setUp("factor-set-up");
    await submit({ "#factor": "12345" });
    await fault("factor", "six digits");
    await submit({ "#factor": await phone.old() });
    await fault("factor", "not right");
    await seen("factor-set-up-wrong");
    await page.click("text=Português");
    await page.waitForSelector(".qr");
    await page.click("text=English");
    const code = await phone.next();
    await submit({ "#factor": `${code.slice(0, 3)} ${code.slice(3)}` });
    await onAccount();
    assert.match(await page.textContent("[role=status]"), /Your key is ready/);
    key = new URL(page.url()).pathname.split("/").at(-1);
    await seen("factor-key");
    await page.goto(ready.account);
    assert.match(await page.textContent(".keys"), /PIN and a code from an authenticator app/);
});

step("an approval needs a code, the right one, and once", async () => {
    await approve(key, async () => {
        await seen("factor-approve");
        await submit({ "#pin": PIN });
        await fault("factor", "six digits");
        await submit({ "#pin": PIN, "#factor": await phone.old() });
        await fault("factor", "wrong or was used before");
        await seen("factor-approve-wrong");
        const code = await phone.next();
        await submit({ "#pin": "99887766", "#factor": code });
        await fault("pin", "PIN is wrong");
        // It was right, and is spent all the same.
        await submit({ "#pin": PIN, "#factor": code });
        await fault("factor", "wrong or was used before");
        await submit({ "#pin": PIN, "#factor": await phone.next() });
    });
});

step("another phone takes the place of the first, with a code of it", async () => {
    await signIn(ana);
    await page.goto(`${ready.account}/keys/${key}`);
    await page.click("text=Replace authenticator");
    await onSigningPage();
    await page.waitForSelector("#factor");
    await seen("factor-replace");
    await submit({ "#pin": PIN, "#factor": await phone.next() });
    const second = await setUp("factor-replace-set-up");
    assert.notEqual(second.secret, phone.secret);
    await submit({ "#factor": await second.next() });
    await onAccount();
    assert.match(await page.textContent("[role=status]"), /needs a code from your authenticator app/);
    await approve(key, async () => {
        await submit({ "#pin": PIN, "#factor": await second.next() });
    });
    phone = second;
});

step("an app is added to a key that had none, or not", async () => {
    const { credentialID, pin } = ana.credentials[2];
    await signIn(ana);
    const open = async () => {
        await page.goto(`${ready.account}/keys/${credentialID}`);
        await page.click("text=Add authenticator");
        await onSigningPage();
        await page.waitForSelector("#pin");
        assert.equal(await page.locator("#factor").count(), 0);
    };
    await open();
    await page.click("text=Cancel");
    await onAccount();
    assert.match(await page.textContent("[role=status]"), /Nothing was changed/);
    await open();
    await seen("factor-add");
    await submit({ "#pin": "99887766" });
    await fault("pin", "PIN is wrong");
    await submit({ "#pin": pin });
    const own = await setUp("factor-add-set-up");
    await submit({ "#factor": await own.next() });
    await onAccount();
    await page.click("text=Replace authenticator >> visible=true");
    await onSigningPage();
    await page.waitForSelector("#factor");
});

step("the PIN of such a key is changed with a code", async () => {
    await signIn(ana);
    await page.goto(`${ready.account}/keys/${key}`);
    await page.click("text=Change PIN");
    await onSigningPage();
    await page.waitForSelector("#factor");
    const fresh = "73910462";
    await submit({ "#pin": PIN, "#fresh": fresh, "#repeated": fresh, "#factor": await phone.next() });
    await onAccount();
    assert.match(await page.textContent("[role=status]"), /The PIN was changed/);
});

step("the sandbox's third user approves with the secret of the ready file", async () => {
    const { credentialID, pin } = carol.credentials[0];
    const own = authenticator(carol.totp_secret);
    await signIn(carol);
    await approve(credentialID, async () => submit({ "#pin": pin, "#factor": await own.next() }));
});

step("a code that is sent is asked for on the signing page", async () => {
    const { coded_user: dora, codes } = ready;
    const { credentialID, pin } = dora.credentials[0];
    const shown = async () => (await fetch(codes)).json();
    await signIn(dora);
    await approve(credentialID, async () => {
        await page.waitForSelector("#factor");
        assert.equal((await shown()).length, 0, "no telephone rings because a page was opened");
        await submit({ "#pin": pin, "#factor": "12345" });
        await fault("factor", "Enter the six digits that were sent to you");
        await submit({ "#pin": pin, "#factor": "123456" });
        await fault("factor", "Have another one sent");
        await page.click("text=Send me a code");
        await page.waitForSelector("main >> text=A code is on its way.");
        await seen("factor-sent");
        await page.click("#languages [lang^=pt]");
        await page.click("text=Enviar-me um código");
        await page.waitForSelector("main >> text=O código está a caminho.");
        const sent = await shown();
        assert.equal(sent.length, 2);
        assert.match(sent[0].text, /is your code/);
        await submit({ "#pin": pin, "#factor": sent[0].code });
    });
});

step("nothing that was asked left the two sites, and nothing complained", () => {
    const known = [ready.account, ready.sign, app.redirectUri].map((url) => new URL(url).host);
    assert.deepEqual([...heard.hosts].filter((host) => !known.includes(host)), []);
    assert.deepEqual(heard.complaints, []);
});
