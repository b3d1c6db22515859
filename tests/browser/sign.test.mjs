// `rsign sign FILE...`: the terminal asks, the browser approves, OpenSSL, pdfsig and xmlsec1 verify.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
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

// A page without anything on it.
const PDF = new URL("../../fuzz/seeds/pdf/plain", import.meta.url);

function folderWith(files) {
    const folder = mkdtempSync(path.join(tmpdir(), "rsign-sign-"));
    return Object.entries(files).map(([name, content]) => {
        const file = path.join(folder, name);
        content instanceof URL ? copyFileSync(content, file) : writeFileSync(file, content);
        return file;
    });
}

// Runs the program and approves whatever it asks for; what it printed.
async function sign(files, words, credential) {
    const all = ["sign", ...files, ...words, "--credential", credential.credentialID, "--no-browser"];
    const program = spawn(process.env.RSIGN_PROGRAM, all, { stdio: ["ignore", "pipe", "pipe"] });
    let complaint = "";
    program.stderr.on("data", (data) => (complaint += data));
    const ended = new Promise((resolve) => program.on("exit", resolve));
    const lines = [];
    let visits = 0;
    let code;
    try {
        for await (const line of createInterface({ input: program.stdout })) {
            lines.push(line);
            code ??= line.match(/([0-9A-Z]{4}-){3}[0-9A-Z]{4}/)?.[0];
            const url = line.trim();
            if (!url.startsWith("http")) continue;
            visits += 1;
            // Only what is signed has a code, and the terminal has said it by now.
            assert.equal(code !== undefined, visits === 2);
            await page.goto(url);
            await approve(credential, code, files.map((file) => path.basename(file)));
        }
    } finally {
        // Where something else went wrong, it would wait for an answer for ten minutes.
        if (visits < 2) program.kill();
    }
    assert.equal(await ended, 0, complaint);
    assert.equal(visits, 2);
    return lines.join("\n");
}

// The document that openssl finds the signature beside it to be of.
function openssl(file) {
    const options = ["-binary", "-inform", "DER", "-in", `${file}.p7s`, "-content", file, "-CAfile", ready.signing_ca];
    execFileSync("openssl", ["cms", "-verify", ...options, "-purpose", "any", "-out", "/dev/null"], { stdio: "pipe" });
}

function pdfsig(file) {
    assert.match(execFileSync("pdfsig", [file], { encoding: "utf8" }), /Signature is Valid/);
}

const SANDBOX = ["--sandbox", process.env.RSIGN_READY];

for (const kind of ["P-256", "RSA-2048"]) {
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
        assert.equal(said.match(/signed, and verified: /g)?.length, 3, said);
        const signed = readFileSync(pdf.replace(".pdf", "-signed.pdf"));
        const original = readFileSync(pdf);
        assert.ok(signed.subarray(0, original.length).equals(original));
        pdfsig(pdf.replace(".pdf", "-signed.pdf"));
        openssl(bin);
        const jws = JSON.parse(readFileSync(`${json}.jws`, "utf8"));
        assert.equal(Buffer.from(jws.payload, "base64url").toString(), '{"order":12}');
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
    const words = ready.tls_ca ? [...place, "--tls-ca", ready.tls_ca] : place;
    const said = await sign([pdf, xml], words, credentialOf(rui, "P-256"));
    assert.match(said, /signs hashes/);
    pdfsig(pdf.replace(".pdf", "-signed.pdf"));
    openssl(xml);
});

test("rsign sign says what it cannot do before anybody approves", async () => {
    const [a, same] = folderWith({ "a.txt": "the same", "b.txt": "the same" });
    const refused = (words) => {
        try {
            execFileSync(process.env.RSIGN_PROGRAM, ["sign", ...words], { stdio: "pipe", encoding: "utf8" });
        } catch (error) {
            return error.stderr;
        }
        return assert.fail("it was done");
    };
    assert.match(refused([a, same, ...SANDBOX]), /have the same content/);
    assert.match(refused([a, ...SANDBOX, "-o", a]), /two things would have this name/);
    assert.match(refused([path.join(path.dirname(a), "none"), ...SANDBOX]), /none/);
    writeFileSync(`${a}.p7s`, "of yesterday");
    assert.match(refused([a, ...SANDBOX]), /such a file already; --replace/);
    assert.equal(readFileSync(`${a}.p7s`, "utf8"), "of yesterday");
    assert.match(refused([a, "--service", "http://csc.example.test/csc/v2", "--client-id", "x"]), /over TLS/);
    const v1 = ["--service", ready.csc_v1, "--client-id", "x", ...(ready.tls_ca ? ["--tls-ca", ready.tls_ca] : [])];
    assert.match(refused([a, ...v1, "--level", "lta"]), /does not form signed documents of level lta/);
});

async function approve(credential, code, names) {
    if (page.url().includes("/account/sign-in")) {
        await page.fill("[name=username]", rui.username);
        await page.fill("[name=password]", rui.password);
        await page.click("main button[type=submit]");
    }
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
