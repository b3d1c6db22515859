// A person's browser, for tests: Debian's Chromium, driven by Playwright. What the environment may say:
//
//   RSIGN_CHROMIUM       the browser; otherwise where Debian puts it
//   RSIGN_BROWSER_TRUST  PEM files, ':' between them: the certificates that servers show and the browser shall believe
//   RSIGN_SCREENSHOTS    the folder for pictures; otherwise none are taken
import { createHash, X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";

import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 375, height: 667 }; // a small phone

/**
 * Starts the browser. `https://a.gateway.test:PORT` and `https://b.signer.test:PORT` both reach this computer and are
 * two *sites* to the browser, whose cookies, storage and processes it keeps apart; two ports of one name are one site.
 *
 * Playwright's defaults make it laxer than a person's: popups are not blocked, nothing waits in a back/forward cache
 * (`ignoreDefaultArgs: ["--disable-back-forward-cache"]` brings it back), a third party's storage is not partitioned,
 * and there is no sandbox, which root could not have; the pages are our own.
 *
 * @param {object} [options]
 * @param {string[]} [options.trust] certificates (PEM text) to believe besides those of RSIGN_BROWSER_TRUST
 * @param {string[]} [options.names] names that are this computer
 * @param {string[]} [options.args] more flags of Chromium; what else is named goes to Playwright's `launch`
 * @returns {Promise<import("playwright-core").Browser>}
 */
export async function launch({ trust = [], names = ["*.test"], args = [], ...rest } = {}) {
    const files = (process.env.RSIGN_BROWSER_TRUST ?? "").split(":").filter(Boolean);
    const keys = [...trust, ...files.map((file) => readFileSync(file, "utf8"))].flatMap(keyHashes);
    return chromium.launch({
        executablePath: process.env.RSIGN_CHROMIUM || "/usr/bin/chromium",
        args: [
            // Every other name fails at once: nothing that a page or Chromium itself asks for leaves this computer.
            `--host-resolver-rules=${names.map((name) => `MAP ${name} 127.0.0.1`)}, MAP * ~NOTFOUND, ` +
                "EXCLUDE localhost, EXCLUDE 127.0.0.1",
            // Believes these keys, whatever names their certificates bear, and refuses others as a person's browser
            // would, which ignoreHTTPSErrors does not. It ends with this process: no trust store is changed.
            ...(keys.length ? [`--ignore-certificate-errors-spki-list=${keys}`] : []),
            ...args,
        ],
        ...rest,
    });
}

/** A page in a profile of its own: no cookies, nothing stored. Takes the options of Playwright's `newContext`. */
export async function newPage(browser, options = {}) {
    const context = await browser.newContext({ viewport: WIDE, locale: "en-GB", ...options });
    return context.newPage();
}

/** Takes the whole page as it is, and as it is on a small phone: NAME.png and NAME-narrow.png. Returns their paths. */
export async function screenshots(page, name) {
    const folder = process.env.RSIGN_SCREENSHOTS;
    if (!folder) return [];
    mkdirSync(folder, { recursive: true });
    const before = page.viewportSize();
    const taken = [];
    for (const [size, file] of [[WIDE, `${name}.png`], [NARROW, `${name}-narrow.png`]]) {
        await page.setViewportSize(size);
        taken.push(path.join(folder, file));
        await page.screenshot({ path: taken.at(-1), fullPage: true, animations: "disabled" });
    }
    await page.setViewportSize(before);
    return taken;
}

/**
 * What keeps people out of this page: axe's serious and critical findings; `[]` where there are none. With `rules`, only
 * what those say.
 */
export async function violations(page, rules) {
    // Its legacy mode leaves frames alone, of which no page has any, and needs no second page to work in.
    const axe = new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ["violations"] });
    const { violations: found } = await (rules === undefined ? axe : axe.withRules(rules)).analyze();
    return found
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, impact, help, nodes }) => {
            return { id, impact, help, where: nodes.map(({ target }) => target.join(" ")) };
        });
}

/**
 * Looks at a page as people have it: wide and on a small phone, light and dark. Takes pictures, and tells what keeps
 * people out of it; `[]` where nothing does.
 */
export async function look(page, name) {
    const found = [];
    // In the dark only colours are others.
    for (const [colorScheme, picture, rules] of [["light", name], ["dark", `${name}-dark`, ["color-contrast"]]]) {
        await page.emulateMedia({ colorScheme });
        await screenshots(page, picture);
        found.push(...(await violations(page, rules)).map((problem) => ({ picture, ...problem })));
    }
    await page.emulateMedia({ colorScheme: null });
    const before = page.viewportSize();
    await page.setViewportSize(NARROW);
    const { scrollWidth, clientWidth } = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return { scrollWidth, clientWidth };
    });
    if (scrollWidth > clientWidth) found.push({ picture: name, id: "scrolls sideways", scrollWidth, clientWidth });
    await page.setViewportSize(before);
    return found;
}

/** Every host that the pages of a context ask for something, and every complaint of theirs; both grow. */
export function overhear(context) {
    const [hosts, complaints] = [new Set(), []];
    context.on("request", (request) => {
        const { protocol, host } = new URL(request.url());
        if (protocol !== "data:") hosts.add(host);
    });
    context.on("weberror", (error) => complaints.push(String(error.error())));
    context.on("console", (message) => {
        // That an answer had a status of 400 or more is told as an error too.
        const isStatus = message.text().startsWith("Failed to load resource");
        if (message.type() === "error" && !isStatus) complaints.push(message.text());
    });
    return { hosts, complaints };
}

/** The SHA-256 of each certificate's public key, as Chromium wants to be told it. */
function keyHashes(pem) {
    const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----/g) ?? [];
    return certificates.map((certificate) => {
        const key = new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" });
        return createHash("sha256").update(key).digest("base64");
    });
}
