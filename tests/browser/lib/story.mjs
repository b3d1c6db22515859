// Stories: tests of one file that go on where the one before ended, in one browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { openApp } from "./app.mjs";
import { launch, look, newPage, overhear } from "./browser.mjs";
import { clientOf, ready } from "./sandbox.mjs";

let isBroken = false;

/** A part of the story; where one failed, those after it make no sense. */
export function step(title, run, timeout = 120_000) {
    test(title, { timeout }, async (t) => {
        if (isBroken) return t.skip("a test before it failed");
        isBroken = true;
        await run();
        isBroken = false;
    });
}

/**
 * A browser with a page, what it asked and complained of, and the app that is registered as legacy with clear PINs; there
 * from the first step to the last. `once` is called with them when they are there; `more` are options of `launch`.
 */
export function stage(once, more = {}) {
    const stage = {};
    before(async () => {
        stage.browser = await launch(more);
        stage.page = await newPage(stage.browser);
        stage.page.setDefaultTimeout(20_000);
        stage.heard = overhear(stage.page.context());
        stage.app = await openApp(clientOf("legacy", "clear"));
        await once(stage);
    });
    after(async () => {
        await stage.browser?.close();
        stage.app?.close();
    });
    return stage;
}

/** What a person does on the pages of a stage. */
export function person(stage) {
    const fill = async (fields, page = stage.page) => {
        for (const [field, value] of Object.entries(fields)) await page.fill(field, value);
    };
    return {
        fill,
        /** Fills a form in and sends it. */
        async submit(fields, page = stage.page) {
            await fill(fields, page);
            await page.click("main button[type=submit]");
        },
        /** Nothing is wrong with the page as a picture of that name shows it. */
        seen: async (picture, page = stage.page) => assert.deepEqual(await look(page, picture), []),
        heading: (page = stage.page) => page.textContent("h1"),
        decide: (word, page = stage.page) => page.click(`button[name=decision][value=${word}]`),
        goOn: (page = stage.page) => page.click("button[name=decision][value=continue]"),
        onSigningPage: (page = stage.page) => page.waitForURL((url) => url.href.startsWith(ready.sign)),
        onAccount: (page = stage.page) => page.waitForURL((url) => url.href.startsWith(ready.account)),
        /** What the page says is wrong with a field, once it does. */
        fault: (field, words) => stage.page.waitForSelector(`#${field}-fault:text("${words}")`),
    };
}

/** What has the focus, by what a person would call it; whether that can be seen. */
async function focused(page) {
    return page.evaluate(() => {
        const here = document.activeElement;
        // A card around a radio button or a link bears its outline.
        const bearers = [here, here.closest(".choice")].filter(Boolean);
        const outlines = bearers.map((one) => getComputedStyle(one).outlineStyle);
        return { id: here.id, words: here.textContent.trim(), isSeen: outlines.some((style) => style !== "none") };
    });
}

/** Presses Tab until the element of this id or with these words has the focus. */
export async function tabTo(target, page) {
    for (let presses = 0; presses < 30; presses += 1) {
        await page.keyboard.press("Tab");
        const { id, words, isSeen } = await focused(page);
        assert.ok(isSeen, `the focus on ${id || words} cannot be seen`);
        if (id === target || words === target) return;
    }
    assert.fail(`Tab does not lead to ${target}`);
}
