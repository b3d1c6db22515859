// What `rsign sign` says before anybody is asked: no browser takes part.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { test } from "node:test";

import { CA, folderWith, PDF, SANDBOX } from "./lib/program.mjs";
import { ready } from "./lib/sandbox.mjs";

// What it says of something it does not do, and its exit code.
function refused(words) {
    const options = { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" };
    const { status, stdout, stderr } = spawnSync(process.env.RSIGN_PROGRAM, ["sign", ...words], options);
    assert.ok(status > 0, "it was done");
    assert.doesNotMatch(stdout, /open this/, "somebody was asked");
    assert.doesNotMatch(stderr, /elapsed|os error/);
    return [status, stderr.trim()];
}

const fails = (words, said, code = 3) => {
    const [status, complaint] = refused(words);
    assert.match(complaint, said);
    assert.equal(status, code, complaint);
    return complaint;
};

test("rsign sign says what it cannot do before anybody approves", () => {
    const [a, same, pdf] = folderWith({ "a.txt": "the same", "b.txt": "the same", "field.pdf": PDF });
    fails([a, same, ...SANDBOX], /have the same content, which an approval covers once only; name one of them/);
    fails([a, a, ...SANDBOX], /a\.txt is named twice/);
    fails([a, ...SANDBOX, "-o", a], /two things would have this name/);
    fails([path.join(path.dirname(a), "none"), ...SANDBOX], /none: there is no such file$/m);
    fails([path.dirname(a), ...SANDBOX], /: this is no file$/m);
    writeFileSync(`${a}.p7s`, "of yesterday");
    fails([a, ...SANDBOX], /such a file already; --replace/);
    assert.equal(readFileSync(`${a}.p7s`, "utf8"), "of yesterday");
    fails([a, pdf, ...SANDBOX, "-o", "x"], /--output is for one file; without it each gets its own name/, 2);
    assert.equal(refused(["--sandbox", "x"])[0], 2);
    const v1 = ["--service", ready.csc_v1, "--client-id", "x", ...CA];
    fails([a, ...v1, "--level", "lta", "--replace"], /does not form signed documents of level lta/, 1);
    fails([pdf, "--sandbox", pdf], /field\.pdf is no ready file of rsign sandbox$/, 1);
    fails([pdf, "--sandbox", `${pdf}.json`], /field\.pdf\.json: there is no such file; is a sandbox running there\?$/, 1);
});

test("rsign sign takes no folder for the name of a file, even where it may replace one", () => {
    const [pdf] = folderWith({ "field.pdf": PDF });
    const folder = path.join(path.dirname(pdf), "signed");
    mkdirSync(folder);
    for (const more of [[], ["--replace"]]) {
        const said = fails([pdf, ...SANDBOX, "-o", folder, ...more], /signed is a folder; --output names a file, as in \S+\/signed\/field-signed\.pdf$/m);
        assert.doesNotMatch(said, /such a file already/);
    }
    fails([pdf, ...SANDBOX, "-o", path.join(folder, "none", "x.pdf")], /none: there is no such folder to put the signature into$/m);
    fails([pdf, ...SANDBOX, "-o", `${folder}/new/`], /new\/: there is no such folder/);
    // There nobody can put a file.
    fails([pdf, ...SANDBOX, "-o", "/proc/x.pdf"], /^rsign: \/proc: .* into this folder/);
    assert.deepEqual(readdirSync(folder), []);
});

test("rsign sign tells all that is wrong with the files at once", () => {
    const [good, text, txt] = folderWith({ "good.pdf": PDF, "text.pdf": "no PDF", "a.txt": "a" });
    writeFileSync(`${txt}.p7s`, "of yesterday");
    const none = path.join(path.dirname(good), "none.pdf");
    const lines = fails([none, good, text, txt, ...SANDBOX], /./).split("\n");
    assert.equal(lines.length, 4, lines.join("\n"));
    for (const [at, said] of [/none\.pdf: there is no such file$/, /a\.txt\.p7s: there is such a file/, /text\.pdf cannot be signed/, /nobody was asked/].entries()) {
        assert.match(lines[at], said);
    }
});

test("rsign sign says of each file that cannot be signed why, before anybody approves", () => {
    const pdf = readFileSync(PDF);
    const [encrypted, damaged, text, doctype, empty, good] = folderWith({
        "encrypted.pdf": pdf.toString("latin1").replace("/Root", "/Encrypt 9 0 R /Root"),
        "damaged.pdf": pdf.subarray(0, pdf.length - 40),
        "text.pdf": "no PDF",
        "doctype.xml": "<!DOCTYPE a><a/>",
        "empty.json": "",
        "good.pdf": PDF,
    });
    const [code, complaint] = refused([encrypted, damaged, text, doctype, empty, good, ...SANDBOX]);
    assert.equal(code, 3, complaint);
    const lines = complaint.split("\n");
    const says = (file, why) => lines.some((line) => line.startsWith(`rsign: ${file} cannot be signed: `) && why.test(line));
    for (const [file, why] of [
        [encrypted, /it is encrypted; save a copy without/],
        [damaged, /the PDF is damaged: .*save it anew/],
        [text, /it is no PDF/],
        [doctype, /\(DOCTYPE\)/],
        [empty, /it is empty/],
    ]) {
        assert.ok(says(file, why), `${why} of ${file} in ${complaint}`);
    }
    assert.equal(lines.length, 6, complaint);
    assert.match(lines[5], /nothing was signed, and nobody was asked; leave them out, or take --detached/);
    // Nor where the PDF is formed here.
    const secret = folderWith({ secret: ready.clients[0].client_secret })[0];
    const v1 = ["--service", ready.csc_v1, "--client-id", ready.clients[0].client_id, "--client-secret-file", secret, ...CA];
    assert.deepEqual(refused([text, ...v1])[0], 3);
});

test("rsign sign says what is wrong with the address of a service, and what to do", async () => {
    const [file] = folderWith({ "a.txt": "x" });
    const at = (address, ...more) => {
        const [code, said] = refused([file, "--service", address, "--client-id", "x", ...more]);
        assert.equal(code, 1, said);
        assert.equal(said.split("\n").length, 1, said);
        return said;
    };
    assert.match(at("csc.example.test/csc/v2"), /no address of a service; it looks like https:\/\/host\/csc\/v2/);
    assert.match(at("http://csc.example.test/csc/v2"), /over TLS/);
    assert.match(at("https://127.0.0.1:1/csc/v2"), /no program listens there; look at the address/);
    assert.match(at("https://nobody.invalid/csc/v2"), /look at the address/);
    if (CA.length > 0) {
        assert.match(at(ready.csc_v2), /a CA that this computer does not know; .* name a file with that CA's certificate: --ca FILE/);
    }
    assert.match(at(ready.oauth2, ...CA), new RegExp(`ends in its version: try ${ready.oauth2}/csc/v2`));
    assert.match(at(`${ready.oauth2}/csc/v7`, ...CA), /there is no CSC service at .*v7 .*look at the address/);
    assert.match(at(ready.csc_v2, "--ca", file), /holds no certificates in PEM/);
    // Services that lack something, and that say nothing.
    const server = createServer((request, response) => {
        if (request.url === "/silent/v2/info") return request.socket.destroy();
        response.end(JSON.stringify({ specs: "2.2.0.0", methods: ["info", "credentials/list"] }));
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const base = `http://127.0.0.1:${server.address().port}`;
    const said = async (address) => {
        const words = ["sign", file, "--service", address, "--client-id", "x"];
        const program = spawn(process.env.RSIGN_PROGRAM, words, { stdio: ["ignore", "ignore", "pipe"] });
        let complaint = "";
        program.stderr.on("data", (data) => (complaint += data));
        assert.equal(await new Promise((resolve) => program.on("close", resolve)), 1, complaint);
        return complaint;
    };
    assert.match(
        await said(`${base}/csc/v2`),
        /does not name the method credentials\/info, nor a method that signs .*, nor an authorization server/,
    );
    assert.match(await said(`${base}/silent/v2`), /silent\/v2 does not answer .*; look at the address/);
    server.close();
});
