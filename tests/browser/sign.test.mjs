// `rsign sign FILE...`: the terminal asks, the browser approves, OpenSSL, pdfsig and xmlsec1 verify.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { verify, X509Certificate } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

import { launch, newPage } from "./lib/browser.mjs";
import { CA, folderWith, PDF, SANDBOX } from "./lib/program.mjs";
import { call, credentialOf, ready } from "./lib/sandbox.mjs";

const [, rui] = ready.users;
let browser, page;

before(async () => {
    browser = await launch();
    page = await newPage(browser);
});
after(() => browser?.close());

// Runs the program and approves whatever it asks for, or does what else is said; how it ended, and what it printed.
async function asked(files, words, credential, decide = approve) {
    const named = credential === undefined ? [] : ["--credential", credential.credentialID];
    const all = ["sign", ...files, ...words, ...named, "--no-browser"];
    const program = spawn(process.env.RSIGN_PROGRAM, all, { stdio: ["ignore", "pipe", "pipe"] });
    let complaint = "";
    program.stderr.on("data", (data) => (complaint += data));
    const ended = new Promise((resolve) => program.on("close", resolve));
    const lines = [];
    let visits = 0;
    let short;
    try {
        for await (const line of createInterface({ input: program.stdout })) {
            lines.push(line);
            short ??= line.match(/([0-9A-Z]{4}-){3}[0-9A-Z]{4}/)?.[0];
            // The key that it takes where none is named.
            const taken = line.match(/^ {2}key (\d) is taken/)?.[1];
            const known = lines.find((line) => line.startsWith(`  key ${taken}: `));
            credential ??= known && rui.credentials.find(({ credentialID }) => known.includes(credentialID));
            const url = line.trim();
            if (!url.startsWith("http")) continue;
            visits += 1;
            // Only what is signed has a code, and the terminal has said it by now.
            assert.equal(short !== undefined, visits === 2);
            await page.goto(url);
            await decide(credential, short, files.map((file) => path.basename(file)));
        }
    } finally {
        // Where something else went wrong, it would wait for an answer for ten minutes.
        if (visits < 2) program.kill();
    }
    const code = await ended;
    assert.equal(visits, 2, complaint);
    return { code, said: lines.join("\n"), complaint };
}

// The same where it signs; what it printed.
async function sign(files, words, credential) {
    const { code, said, complaint } = await asked(files, words, credential);
    assert.equal(code, 0, complaint);
    return said;
}

// The document that openssl finds the signature beside it to be of.
function openssl(file) {
    const options = ["-binary", "-inform", "DER", "-in", `${file}.p7s`, "-content", file, "-CAfile", ready.signing_ca];
    execFileSync("openssl", ["cms", "-verify", ...options, "-purpose", "any", "-out", "/dev/null"], { stdio: "pipe" });
}

function pdfsig(file) {
    assert.match(execFileSync("pdfsig", [file], { encoding: "utf8" }), /Signature is Valid/);
}

const JWS = { "P-256": ["ES256", "sha256"], "P-384": ["ES384", "sha384"], "RSA-2048": ["RS256", "sha256"] };

for (const kind of Object.keys(JWS)) {
    test(`rsign sign makes a detached CMS with a ${kind} key that OpenSSL verifies`, async () => {
        const [file] = folderWith({ "contract.txt": "We agree.\n" });
        await sign([file], SANDBOX, credentialOf(rui, kind));
        openssl(file);
        writeFileSync(file, "We do not agree.\n");
        assert.throws(() => openssl(file), /digest|verif/i);
    });

    test(`rsign sign has four formats signed with one approval of a ${kind} key`, async () => {
        const names = { "a.pdf": PDF, "b.xml": "<order>12</order>", "c.json": '{"order":12}', "d.bin": "\0\x01" };
        const [pdf, xml, json, bin] = folderWith(names);
        const said = await sign([pdf, xml, json, bin], [...SANDBOX, "--level", "t"], credentialOf(rui, kind));
        for (const name of ["a-signed.pdf", "b-signed.xml", "c.json.jws", "d.bin.p7s"]) assert.ok(said.includes(name), said);
        assert.equal(said.match(/ {2}signed: /g)?.length, 4, said);
        // Of each it is said what was verified, and with what else it can be.
        assert.equal(said.match(/verified: your file is in it as it was, and the signature is over it and by your key;/g)?.length, 2, said);
        assert.equal(said.match(/verified: the signature beside your file is over it, and by your key;/g)?.length, 1, said);
        assert.match(said, /verified: your file is in it as it was; not verified: the signature, the certificate, time-stamps/);
        for (const verifier of ["pdfsig", "openssl cms", "xmlsec1", "EU DSS"]) assert.ok(said.includes(`verify it: ${verifier}`), said);
        const signed = readFileSync(pdf.replace(".pdf", "-signed.pdf"));
        const original = readFileSync(pdf);
        assert.ok(signed.subarray(0, original.length).equals(original));
        pdfsig(pdf.replace(".pdf", "-signed.pdf"));
        openssl(bin);
        const jws = JSON.parse(readFileSync(`${json}.jws`, "utf8"));
        assert.equal(Buffer.from(jws.payload, "base64url").toString(), '{"order":12}');
        const { alg, x5c } = JSON.parse(Buffer.from(jws.protected, "base64url"));
        assert.equal(alg, JWS[kind][0]);
        const key = { key: new X509Certificate(Buffer.from(x5c[0], "base64")).publicKey, dsaEncoding: "ieee-p1363" };
        const signedPart = Buffer.from(`${jws.protected}.${jws.payload}`);
        assert.ok(verify(JWS[kind][1], signedPart, key, Buffer.from(jws.signature, "base64url")));
        const options = ["--verify", "--trusted-pem", ready.signing_ca, "--id-attr:Id", "SignedProperties"];
        const enveloped = xml.replace(".xml", "-signed.xml");
        execFileSync("xmlsec1", [...options, enveloped], { stdio: "pipe" });
        writeFileSync(enveloped, readFileSync(enveloped, "utf8").replace("<order>12", "<order>21"));
        assert.throws(() => execFileSync("xmlsec1", [...options, enveloped], { stdio: "pipe" }));
    });
}

test("rsign sign forms what a service that signs hashes only does not", async () => {
    const [pdf, xml, secret] = folderWith({ "a.pdf": PDF, "b.xml": "<order/>", secret: ready.clients[0].client_secret });
    const place = ["--service", ready.csc_v1, "--client-id", ready.clients[0].client_id, "--client-secret-file", secret];
    const words = [...place, ...CA];
    const said = await sign([pdf, xml], words, credentialOf(rui, "P-256"));
    assert.match(said, /signs hashes/);
    pdfsig(pdf.replace(".pdf", "-signed.pdf"));
    openssl(xml);
});

test("rsign sign shows why the service refuses what could not be judged before", async () => {
    // Longer than what a JWS is put around.
    const [good, long] = folderWith({ "good.json": "{}", "long.json": `"${" ".repeat(16 << 20)}"` });
    const { code, said, complaint } = await asked([good, long], SANDBOX, credentialOf(rui, "P-256"));
    assert.match(said, /long\.json could not be looked at: it is too long; the service may refuse it/);
    assert.equal(code, 1, complaint);
    const [why, which] = complaint.trim().split("\n");
    assert.equal(why, `rsign: ${long} was refused by the service: The document is longer than documents here may be, or than such a signature can be put into or around.`);
    assert.match(which, /signatures\/signDoc: Invalid array parameter documents/);
});

test("rsign sign ends with its own code, and says so everywhere, where the person cancels", async () => {
    const [file] = folderWith({ "contract.txt": "We do not agree.\n" });
    const credential = credentialOf(rui, "P-256");
    for (const [where, language, title] of [
        ["the first page", "en-GB", "Nothing was signed"],
        ["the approval page", "pt-PT", "Nada foi assinado"],
        ["the signing page", "en-GB", "Nothing was signed"],
    ]) {
        const person = await newPage(browser, { locale: language });
        const words = ["sign", file, ...SANDBOX, "--credential", credential.credentialID, "--no-browser"];
        const program = spawn(process.env.RSIGN_PROGRAM, words, { stdio: ["ignore", "pipe", "pipe"] });
        let complaint = "";
        program.stderr.on("data", (data) => (complaint += data));
        const ended = new Promise((resolve) => program.on("close", resolve));
        let visits = 0;
        try {
            for await (const line of createInterface({ input: program.stdout })) {
                if (!line.trim().startsWith("http")) continue;
                visits += 1;
                await person.goto(line.trim());
                await signIn(person);
                const isEnough = where === "the first page" || (where === "the approval page" && visits === 2);
                await person.click(`button[name=decision][value=${isEnough ? "cancel" : "continue"}]`);
                if (where === "the signing page" && visits === 2) {
                    await person.waitForURL((url) => url.href.startsWith(ready.sign));
                    await person.click("button >> text=Cancel");
                }
                await person.waitForURL((url) => url.pathname === "/callback");
            }
            assert.equal(await ended, 4, `${where}: ${complaint}`);
        } finally {
            program.kill();
        }
        assert.match(complaint, /nothing was signed, for it was not approved in the browser; the service says: The user, .* denied/);
        assert.equal(await person.textContent("h1"), title, where);
        assert.ok(!existsSync(`${file}.p7s`));
        await person.context().close();
    }
});

test("rsign sign tells the keys of a person apart, and which of them can sign", async () => {
    const [file, json] = folderWith({ "a.txt": "whose key", "b.json": "{}" });
    const said = await sign([file, json], SANDBOX, undefined);
    const lines = said.split("\n").filter((line) => /^ {2}key \d: /.test(line));
    assert.equal(lines.length, rui.credentials.length, said);
    for (const { key, credentialID } of rui.credentials) {
        const line = lines.find((line) => line.includes(credentialID));
        assert.match(line, new RegExp(`^  key \\d: ${key}, of CN=.*, issued by CN=rsign sandbox CA,.*, valid \\d{4}-\\d\\d-\\d\\d to .*; can sign this$`));
    }
    // As the account page has them: the newest first.
    await page.goto(ready.account);
    await signIn(page);
    const hrefs = await page.$$eval("ul.keys h2 a", (links) => links.map((link) => link.getAttribute("href")));
    const told = lines.map((line) => `/account/keys/${line.match(/, credential ([^;]+);/)[1]}`);
    assert.deepEqual(told, hrefs, said);
    assert.match(said, /key \d is taken; --credential takes another/);
});

test("rsign sign asks at a terminal which key signs", async () => {
    const [file] = folderWith({ "a.txt": "which of them" });
    const wanted = credentialOf(rui, "RSA-2048");
    const words = [process.env.RSIGN_PROGRAM, "sign", file, ...SANDBOX, "--no-browser"];
    // A terminal of its own.
    const program = spawn("script", ["-qec", words.map((word) => `'${word}'`).join(" "), "/dev/null"]);
    const ended = new Promise((resolve) => program.on("close", resolve));
    let [said, number, opened] = ["", undefined, 0];
    try {
        for await (const data of program.stdout) {
            said += data;
            if (number === undefined && /which key, by its number \[\d\]: $/.test(said)) {
                number = said.match(new RegExp(`key (\\d): RSA-2048.*${wanted.credentialID}`))[1];
                program.stdin.write(`${number}\n`);
            }
            const urls = said.split("\r\n").slice(0, -1).filter((line) => line.trim().startsWith("http"));
            if (urls.length === opened) continue;
            opened = urls.length;
            await page.goto(urls.at(-1).trim());
            await approve(wanted, said.match(/([0-9A-Z]{4}-){3}[0-9A-Z]{4}/)?.[0], ["a.txt"]);
        }
    } finally {
        program.kill();
    }
    assert.equal(await ended, 0, said);
    assert.match(said, new RegExp(`key ${number} is taken`));
    openssl(file);
});

test("rsign sign says before anybody approves that JSON is none, and signs what stands there", async () => {
    const [file] = folderWith({ "cut.json": '{"order": 12' });
    const said = await sign([file], SANDBOX, credentialOf(rui, "P-256"));
    const [warned, opened] = [/cut\.json is no JSON: EOF while parsing an object at line 1 column 12; what is signed/, /open this/];
    assert.ok(said.search(warned) >= 0 && said.search(warned) < said.search(opened), said);
    const payload = readFileSync(`${file}.jws`, "utf8").split(".")[1];
    assert.equal(Buffer.from(payload, "base64url").toString(), '{"order": 12');
});

// The last: it leaves a key that is locked.
test("rsign sign says that a key is locked, and of nobody that they cancelled", async () => {
    const [file] = folderWith({ "a.txt": "locked" });
    const locked = credentialOf(rui, "RSA-3072");
    const lock = async (credential, code, names) => {
        if (!code) return approve(credential, code, names);
        await page.click("button[name=decision][value=continue]");
        await page.waitForSelector("#pin");
        for (const left of ["2 tries", "one try", undefined]) {
            await page.fill("#pin", "90817263");
            await page.press("#pin", "Enter");
            if (left) await page.waitForSelector(`#pin-fault:text("${left}")`);
        }
        await page.click("main a >> text=Back to");
        await page.waitForURL((url) => url.pathname === "/callback");
    };
    const { code, complaint } = await asked([file], SANDBOX, locked, lock);
    assert.equal(code, 4, complaint);
    assert.match(complaint, /^rsign: nothing was signed: the service says that this key cannot be used now, for it is locked/);
    assert.doesNotMatch(complaint + (await page.innerText("body")), /cancel/i);
    assert.equal(await page.textContent("h1"), "Nothing was signed");
    assert.ok(!existsSync(`${file}.p7s`));
});

// And where it is locked for all apps, the service tells so before: nobody is sent to the browser for it again.
test("rsign sign says that no key can sign before anybody is asked for a PIN", async () => {
    const [file] = folderWith({ "a.txt": "locked" });
    const locked = credentialOf(rui, "RSA-3072");
    // One app alone has three tries of five.
    const authorization = `Basic ${Buffer.from(`${rui.username}:${rui.password}`).toString("base64")}`;
    const headers = { authorization, "content-type": "application/json" };
    const token = await (await fetch(`${ready.csc_v1}/auth/login`, { method: "POST", headers, body: "{}" })).json();
    const wrong = { credentialID: locked.credentialID, numSignatures: 1, hash: [Buffer.alloc(32).toString("base64")], PIN: "90817263" };
    for (let tries = 0; tries < 2; tries += 1) {
        const [status] = await call(ready.csc_v1, "credentials/authorize", token.access_token, wrong);
        assert.equal(status, 400);
    }
    const words = ["sign", file, ...SANDBOX, "--credential", locked.credentialID, "--no-browser"];
    const program = spawn(process.env.RSIGN_PROGRAM, words, { stdio: ["ignore", "pipe", "pipe"] });
    let complaint = "";
    program.stderr.on("data", (data) => (complaint += data));
    const ended = new Promise((resolve) => program.on("close", resolve));
    const lines = [];
    try {
        for await (const line of createInterface({ input: program.stdout })) {
            lines.push(line);
            if (!line.trim().startsWith("http")) continue;
            await page.goto(line.trim());
            await approve(locked, undefined, []);
        }
    } finally {
        program.kill();
    }
    assert.equal(await ended, 4, complaint);
    assert.equal(lines.filter((line) => line.trim().startsWith("http")).length, 1, lines.join("\n"));
    assert.ok(lines.some((line) => /key 1: .*; cannot sign this: it is locked, suspended or blocked/.test(line)), lines.join("\n"));
    assert.equal(complaint.trim(), "rsign: nothing was signed, and nobody was asked for a PIN: this key cannot sign it; your account at the service says more");
    assert.ok(!existsSync(`${file}.p7s`));
});

async function signIn(person) {
    if (!person.url().includes("/account/sign-in")) return;
    await person.fill("[name=username]", rui.username);
    await person.fill("[name=password]", rui.password);
    await person.click("main button[type=submit]");
}

async function approve(credential, code, names) {
    await signIn(page);
    if (code) {
        const shown = await page.innerText("main");
        for (const text of [code, ...names]) assert.ok(shown.includes(text), `${text} in ${shown}`);
    }
    await page.click("button[name=decision][value=continue]");
    await page.waitForURL((url) => url.pathname === "/callback" || url.href.startsWith(ready.sign));
    if (!page.url().startsWith(ready.sign)) return;
    await page.fill("#pin", credential.pin);
    await page.press("#pin", "Enter");
    await page.waitForURL((url) => url.pathname === "/callback");
}
