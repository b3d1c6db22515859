// `rsign sign` as a program, and files for it.
import { copyFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { ready } from "./sandbox.mjs";

/** A PDF of a page without anything on it. */
export const PDF = new URL("../../../fuzz/seeds/pdf/plain", import.meta.url);

/** Words that name the sandbox, and the CA of its TLS where it has one. */
export const SANDBOX = ["--sandbox", process.env.RSIGN_READY];
export const CA = ready.tls_ca ? ["--ca", ready.tls_ca] : [];

/** Writes files into a new folder; where they are. */
export function folderWith(files) {
    const folder = mkdtempSync(path.join(tmpdir(), "rsign-sign-"));
    return Object.entries(files).map(([name, content]) => {
        const file = path.join(folder, name);
        content instanceof URL ? copyFileSync(content, file) : writeFileSync(file, content);
        return file;
    });
}
