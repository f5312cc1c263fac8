// What everything looks like: each page and dialog, light and dark, wide and on a
// phone, full, empty, busy and broken. Nothing for axe to find, nothing wider
// than its window, and a picture of each to look at (of `make pictures`).
import test, { after, before } from "node:test";
import assert from "node:assert/strict";
import { bound, check, connectAs, contrast, enter, frameio, run, somebody, stage, uid, until, api } from "./stage.mjs";
import { serveStories } from "./stories.mjs";

const themes = ["light", "dark"];
const widths = [1280, 420];
const pages = [
  "folder", "document", "activity", "start", "item", "tree", "admin-health", "admin-provider", "admin-doctor",
  "admin-bindings", "admin-map", "sync-tab",
];
const more = [
  "item-running", "item-done", "bind", "sync", "bind-refused", "sync-refused", "sync-asks", "sync-checked", "connect",
  "connect-waiting", "edit", "edit-preview", "channel", "channel-log", "map", "unbind", "action",
];
const own = ["app&at=/", "app&at=/folders/u2", "app&at=/documents/d1", "app&at=/nowhere/else"];
const moving = ["folder", "activity", "start"];

/** Whether a window is one of the two that differ most: each theme has one. */
const opposite = (theme, width) => (theme === "light") === (width === 1280);

/** What is looked at in one window: everything full, the other states each in two windows that differ most. */
function scenes(theme, width) {
  const full = [...pages, ...more, ...own].map((s) => [s, ""]);
  const changed = [
    ...pages.concat("bind", "sync", "app&at=/").flatMap((s) => [[s, "empty"], [s, "broken"]]),
    ...moving.map((s) => [s, "busy"]),
  ];
  const whole = ["out", "loading", "unreachable"].map((state) => ["app&at=/", state]);
  return [...full, ...(opposite(theme, width) ? [...changed, ...whole] : [])];
}

let stories;
before(async () => { stories = await serveStories(); });
after(() => stories.close());

/** All scenes in one window, and what is wrong with them. */
async function inWindow(theme, width) {
  const who = await somebody({ theme, width, height: width === 420 ? 860 : 900 });
  const page = await who.page();
  const wrong = [];
  await page.goto(stories.url);
  for (const [story, state] of scenes(theme, width)) {
    const query = `?story=${story}&theme=${theme}&${state === "busy" ? "busy=20" : `state=${state}`}`;
    await page.evaluate((query) => window.show(query), query);
    const dialogs = [
      "bind-dialog", "edit-dialog", "channel-dialog", "channel-log", "map-dialog", "sync-dialog", "connect",
      "unbind-dialog",
    ].map((d) => `nxf-${d}`);
    await page.locator(`#stage > *, body > :is(${dialogs})`).first().waitFor({ state: "attached" });
    await page.evaluate(async () => {
      await document.fonts.ready;
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    });
    const [name, at = ""] = story.split("&at=");
    // A part of a page has no heading of its own.
    const leaveOut = name === "app" ? [] : ["page-has-heading-one"];
    const picture = ["look", name + at.replaceAll("/", "-"), state, theme, width].filter(Boolean).join("-");
    wrong.push(...(await check(page, picture, { leaveOut, withAxe: opposite(theme, width) })));
  }
  who.trouble.none();
  await who.close();
  return wrong;
}

test("every page and dialog", { concurrency: 2 }, async (t) => {
  const test = (theme, width) =>
    t.test(`${theme}, ${width} wide`, async () => assert.deepEqual(await inWindow(theme, width), []));
  // The theme changes no widths, and the width no colours: two windows show all that there is to see.
  const windows = themes.flatMap((theme) => widths.map((width) => [theme, width]));
  await Promise.all(windows
    .filter((window) => stage.Whole || stage.Illustrated || opposite(...window))
    .map((window) => test(...window)));
});

test("what the mouse is on can be read", async () => {
  for (const theme of themes) {
    const who = await somebody({ theme });
    const page = await who.page();
    await page.goto(stories.url);
    const wrong = [];
    for (const [story, target] of [
      ["activity", "[aria-pressed=true]"], ["unbind", ".danger"], ["connect", ".primary"], ["item-running", "button"],
      ["tree", "[aria-selected=true]"],
    ]) {
      await page.evaluate((query) => window.show(query), `?story=${story}&theme=${theme}`);
      await page.locator(target).first().hover();
      wrong.push(...(await contrast(page)));
    }
    assert.deepEqual(wrong, []);
    await who.close();
  }
});

test("the real pages on a phone in the dark, and Nuxeo's and Frame.io's", async () => {
  const films = "/default-domain/workspaces/films";
  const josh = await somebody({ theme: "dark", width: 420, height: 860 });
  await enter(josh, "josh");
  await connectAs(josh, "josh@example.org");
  await bound(josh, films, "Archive");
  const { TEASER, MAKING, EXTRAS } = stage.Names;
  await run("Archive", "josh@example.org", TEASER, MAKING, EXTRAS);
  const items = await until("all has arrived", async () => {
    const all = (await api(josh, "GET", "/items")).items;
    return all.length > 5 && all.every((i) => i.state === "done") && all;
  });
  const teaser = items.find((i) => i.title === "Teaser.mp4").document;
  const folder = await uid(films);
  const root = (await frameio("GET", "state")).accounts[0].workspaces[0].projects[0].root_folder_id;
  const page = await josh.page();
  const wrong = [];
  const scenes = {
    start: [`${stage.Connector}/`, "nxf-item-row"], folder: [`${stage.Connector}/folders/${folder}`, "nxf-item-row"],
    document: [`${stage.Connector}/documents/${teaser}`, "nxf-comments article"],
    item: [`${stage.Connector}/items/${items[0].id}`, "ol li"], connected: [`${stage.Connector}/connected`, "h1"],
    nowhere: [`${stage.Connector}/oauth/frameio/callback?error=access_denied`, "h1"],
    guide: [stage.Guide, "li.task"], mail: [stage.Mail, "article"],
    "nuxeo-folder": [`${stage.Nuxeo}/ui/#!/doc/${folder}?p=frameio`, "nxf-item-row"],
    "nuxeo-document": [`${stage.Nuxeo}/ui/#!/doc/${teaser}?p=frameio`, "nxf-comments article"],
    "frameio-projects": [`${stage.Frameio}/`, "section"],
    "frameio-folder": [`${stage.Frameio}/projects/${root}`, ".card"],
    "frameio-view": [`${stage.Frameio}/project/p/view/${TEASER}`, "article"],
  };
  for (const width of widths) {
    await page.setViewportSize({ width, height: 860 });
    for (const [name, [address, there]] of Object.entries(scenes)) {
      if (width > 420 && !/nuxeo|frameio|document/.test(name)) continue; // what stands in stories already
      await page.goto(address);
      await page.locator(there).first().waitFor();
      // The mailbox of the simulation looks again by itself.
      const leaveOut = name === "mail" ? ["meta-refresh"] : [];
      wrong.push(...(await check(page, `look-real-${name}-dark-${width}`, { leaveOut })));
    }
  }
  assert.deepEqual(wrong, []);
  await josh.close();
});
