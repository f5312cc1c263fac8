// What the scripts share: the stage they play on, a browser, people who sign in,
// and checks that every page has to pass.
import { after, before } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";

export const stage = JSON.parse(process.env.STAGE);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

// How many ms something may take that is to come. Only what never comes takes as long: a busy machine shows in the
// time that a script takes, and not in what it says.
const patience = 60_000;

let browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: stage.Chromium,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
    ],
  });
});
after(() => browser?.close());

/** What went wrong in any page, beside what a script expects: errors of scripts, violations of the policy. */
export class Trouble {
  list = [];
  watch(page) {
    page.on("pageerror", (error) => this.list.push(`${page.url()}: ${error.message}`));
    page.on("console", (message) => {
      // Pages that are not ours try more than they may.
      if (page.url().includes("/administration/jobs/console")) return;
      if (/Content Security Policy|Trusted/.test(message.text())) this.list.push(`${page.url()}: ${message.text()}`);
    });
    page.on("dialog", (dialog) => {
      this.list.push(`${page.url()}: a dialog says ${dialog.message()}`);
      void dialog.dismiss();
    });
  }
  none() {
    assert.deepEqual(this.list, []);
  }
}

/** Steps that build on each other: after one that failed the rest is left out. */
export function steps(t) {
  let broken = false;
  return (name, play) =>
    t.test(name, { skip: broken && "not reached" }, async () => {
      try {
        await play();
      } catch (error) {
        broken = true;
        const pages = browser.contexts().flatMap((context) => context.pages());
        const picture = (n) => path.join(stage.Pictures, `failed-${stage.Script}-${n}.png`);
        await Promise.all(pages.map((page, n) => page.screenshot({ path: picture(n) }).catch(() => {})));
        await Promise.all(pages.map((page) => tell(page).catch(() => {})));
        throw error;
      }
    });
}

/** Prints what a page shows, for whoever has the log and no pictures. */
async function tell(page) {
  const shown = await page.locator("body").ariaSnapshot({ timeout: 5000 });
  console.error(`${page.url()} shows\n${shown.slice(0, 4000)}`);
}

/** Somebody at a browser of their own. */
export async function somebody({ theme = "light", width = 1280, height = 900, ...more } = {}) {
  const context = await browser.newContext({
    viewport: { width, height }, colorScheme: theme, locale: "en-US", ...more,
  });
  context.setDefaultTimeout(patience);
  const trouble = new Trouble();
  context.on("page", (page) => trouble.watch(page));
  return { context, trouble, page: () => context.newPage(), close: () => context.close() };
}

/** Signs in to Nuxeo where its form is shown, and goes on to where one wanted to go. */
export async function signIn(page, login) {
  await page.locator("[name=user_name]").fill(login);
  await page.locator("[type=password]").fill(login);
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => !url.pathname.endsWith("/login.jsp"));
}

/** Opens a page of the connector as somebody who signs in on the way. */
export async function openOwn(page, login, where = "/") {
  await page.goto(stage.Connector + where);
  await page.getByRole("link", { name: "Sign in with Nuxeo" }).click();
  await signIn(page, login);
}

/** Chooses a person in the window in which one signs in to Frame.io. */
export async function choose(popup, name) {
  await popup.getByRole("button", { name: new RegExp(name) }).click();
}

/** Chooses an action of ours on a document of Web UI: it is in the bar, or in the menu of what does not fit there. */
export async function chooseAction(page, element) {
  const action = page.locator(`${element} button`).first();
  await action.waitFor({ state: "attached" });
  if (!(await action.isVisible())) await page.locator('nuxeo-actions-menu [icon="icons:more-vert"]').first().click();
  await action.click();
}

/** Signs somebody in to Nuxeo and to the connector without showing pages, where these are not what is looked at. */
export async function enter(who, login) {
  const asks = who.context.request;
  await asks.post(`${stage.Nuxeo}/login.jsp`, {
    form: { user_name: login, user_password: login, requestedUrl: "ui/" },
  });
  await asks.get(`${stage.Connector}/signin?return=/activity`);
  assert.equal((await api(who, "GET", "/me")).login, login);
}

/** Connects Frame.io as the person with that address there, likewise. */
export async function connectAs(who, email) {
  const asks = who.context.request;
  const begun = await asks.get(`${stage.Connector}/connect?return=/connected`, { maxRedirects: 0 });
  const ended = await asks.get(`${begun.headers()["location"]}&login_hint=${encodeURIComponent(email)}`);
  assert.ok(ended.ok(), await ended.text());
}

/** A call of the connector's interface with the session of somebody's browser. */
export async function api(who, method, where, data) {
  const answer = await who.context.request.fetch(`${stage.Connector}/api/v1${where}`, { method, data });
  assert.ok(answer.ok(), `${method} ${where}: ${answer.status()} ${await answer.text()}`);
  return answer.status() === 204 ? undefined : answer.json();
}

/** A folder of Nuxeo, bound by the interface. */
export const bound = async (who, folder, name, more = {}) =>
  api(who, "POST", "/bindings", {
    folder: await uid(folder), action_name: name, workspaces: [stage.Names.WORKSPACE], ...more,
  });

/** Runs a custom action on assets as somebody at Frame.io. */
export const run = (name, email, ...resources) => frameio("POST", "run-action", {
  action_name: name, workspace: stage.Names.WORKSPACE, email, resources,
});

const project = async () => (await frameio("GET", "state")).accounts[0].workspaces[0].projects[0];

/** What there is in the project on Frame.io. */
export const assets = async () => (await project()).assets;

/** A new file on Frame.io, of bytes made up; beside the others unless a folder is named. */
export async function newFile(name, size, more = {}) {
  const root = (await project()).root_folder_id;
  return (await frameio("POST", "files", { folder_id: root, name, size, seed: size, ...more })).id;
}

/**
 * What is wrong with the looks of a page: what axe finds, and whether it is wider than its window. Leaves a picture of
 * it where pictures are wanted. What axe looks at depends on the theme and hardly on the width: it may be left out
 * where the same page is looked at in another window of the same theme.
 */
export async function check(page, name, { fullPage = true, leaveOut = [], withAxe = true } = {}) {
  const options = {
    runOnly: rules, resultTypes: ["violations"],
    rules: Object.fromEntries(leaveOut.map((rule) => [rule, { enabled: false }])),
  };
  let violations = [];
  if (withAxe || stage.Whole) {
    if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe);
    const run = (o) => window.axe.run(document, o).then(({ violations }) => ({ violations }));
    ({ violations } = await page.evaluate(run, options));
  }
  if (stage.Illustrated) {
    await page.screenshot({ path: path.join(stage.Pictures, `${name}.jpg`), fullPage, type: "jpeg", quality: 85 });
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  const problems = violations.map(
    (v) => `${name}: ${v.id}: ${v.help} (${v.nodes.slice(0, 3).map((n) => n.target.flat().join(" ")).join(", ")})`,
  );
  return wide > 0 ? [...problems, `${name}: ${wide} px wider than the window`] : problems;
}

/** What cannot be read for its colours, as the page is now. */
export async function contrast(page) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { runOnly: { type: "rule", values: ["color-contrast"] } });
    return violations.flatMap((v) => v.nodes.map((n) => `${n.target.flat().join(" ")}: ${n.any[0]?.message}`));
  });
}

/** A look at a page at which nothing is wrong. */
export async function look(page, name, options) {
  assert.deepEqual(await check(page, name, options), []);
}

/** The uid of a document of Nuxeo. */
export async function uid(at) {
  return (await nuxeo("GET", `/api/v1/path${at}`)).uid;
}

/** A call of Nuxeo as its administrator. */
export async function nuxeo(method, where, body) {
  const answer = await fetch(stage.Nuxeo + where, {
    method,
    headers: {
      Authorization: `Basic ${btoa("Administrator:Administrator")}`,
      "Content-Type": "application/json", properties: "*",
    },
    body: body ? JSON.stringify(body) : undefined,
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${where}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

/** Makes calls of the simulated Nuxeo fail, or none any more. */
export async function nuxeoFaults(method, rule) {
  const answer = await fetch(new URL("/_sim/faults", stage.Nuxeo), { method, body: rule });
  assert.ok(answer.ok, `${method} ${rule}: ${answer.status}`);
}

/** A hand in the simulated Frame.io. */
export async function frameio(method, where, body) {
  const answer = await fetch(`${stage.Frameio}/_sim/${where}`, {
    method, body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
  });
  const value = await answer.json();
  assert.ok(answer.ok, `${where}: ${JSON.stringify(value)}`);
  return value;
}

/** The guide's steps that are done. */
export async function ticked() {
  const tasks = await (await fetch(`${stage.Guide}/tasks`)).json();
  return tasks.filter((x) => x.done).map((x) => x.name);
}

/** Waits until a condition holds, looking again and again. */
export async function until(what, condition, ms = patience) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    assert.ok(Date.now() < end, `it never came to this: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}
