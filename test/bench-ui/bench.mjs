// Drives Chromium for the figures of main.go. Lists and progress are measured
// with the canned data of the stories, the first page with the real connector.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";
import { serveStories } from "../browser/stories.mjs";

const stage = JSON.parse(process.env.STAGE);
let missed = 0;

function report(name, value, unit, target) {
  const ok = value <= target;
  if (!ok) missed++;
  console.log(`BENCH ${name} ${Number(value.toPrecision(4))} ${unit} target ${target} ${ok ? "ok" : "MISSED"}`);
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

function bundle() {
  const text = readFileSync(new URL("../../ui/dist/nuxeo-frameio.bundle.js", import.meta.url));
  report("ui-bundle", gzipSync(text, { level: 9 }).length / 1024, "KiB", 60);
}

/** The most rows in the document while a list of 10,000 items is scrolled from top to bottom. */
async function rows(browser, stories) {
  const page = await browser.newPage();
  await page.goto(`${stories}/?story=activity&items=10000`);
  await page.locator("nxf-item-row").first().waitFor();
  const { most, reached } = await page.evaluate(async () => {
    const deep = (root, tag) => [...root.querySelectorAll("*")].flatMap((e) => [
      ...(e.matches(tag) ? [e] : []), ...(e.shadowRoot ? deep(e.shadowRoot, tag) : []),
    ]);
    const list = deep(document, "nxf-item-list")[0];
    const view = list.shadowRoot.querySelector(".view");
    let [most, still] = [0, 0];
    while (still < 30) {
      const before = view.scrollTop;
      view.scrollTop += view.clientHeight * 3;
      await new Promise(requestAnimationFrame);
      most = Math.max(most, deep(document, "nxf-item-row").length);
      still = view.scrollTop === before ? still + 1 : 0;
    }
    const last = Math.max(...deep(document, "nxf-item-row").map((r) => Number(r.getAttribute("aria-posinset"))));
    return { most, reached: last };
  });
  if (reached !== 10_000) throw new Error(`the list ended at ${reached}`);
  report("ui-rows-10000", most, "rows", 200);
  await page.close();
}

/** The longest task of the page's main thread, in time of that thread, while 50 items report their progress. */
async function busy(browser, stories) {
  const page = await browser.newPage();
  await page.goto(`${stories}/?story=activity&items=60&busy=50`);
  await page.getByRole("progressbar").first().waitFor();
  const session = await page.context().newCDPSession(page);
  const events = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  await session.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { includedCategories: ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"] },
  });
  await page.evaluate(() => new Promise((done) => setTimeout(done, 10_000)));
  const ended = new Promise((done) => session.once("Tracing.tracingComplete", done));
  await session.send("Tracing.end");
  await ended;
  const pid = Number(
    events.find((e) => e.name === "TracingStartedInBrowser")?.args.data.frames.find(
      (f) => f.url.startsWith(stories),
    )?.processId,
  );
  const main = events.find(
    (e) => e.ph === "M" && e.name === "thread_name" && e.args.name === "CrRendererMain" && (!pid || e.pid === pid),
  );
  const tasks = events.filter(
    (e) => /RunTask$/.test(e.name) && e.pid === main.pid && e.tid === main.tid && e.tdur !== undefined,
  );
  if (tasks.length < 100) throw new Error(`the trace has ${tasks.length} tasks`);
  report("ui-longest-task-50-moving", Math.max(...tasks.map((e) => e.tdur)) / 1000, "ms", 50);
  await page.close();
}

/** How long until tree and heading of the start page are there, in a browser that has nothing of it yet. */
async function first(browser) {
  const signedIn = await browser.newContext();
  await signedIn.request.post(`${stage.Nuxeo}/login.jsp`, {
    form: { user_name: "josh", user_password: "josh", requestedUrl: "ui/" },
  });
  await signedIn.request.get(`${stage.Connector}/signin?return=/activity`);
  const storageState = await signedIn.storageState();
  const times = [];
  for (let n = 0; n < 6; n++) {
    const context = await browser.newContext({ storageState });
    const page = await context.newPage();
    await page.addInitScript(() => {
      const deep = (root, selector) => root.querySelector(selector)
        ?? [...root.querySelectorAll("*")].reduce(
          (found, e) => found ?? (e.shadowRoot && deep(e.shadowRoot, selector)), null,
        );
      const look = () => (deep(document, "nxf-start-page") && deep(document, "h1") && deep(document, "[role=treeitem]")
        ? (window.usable = performance.now())
        : requestAnimationFrame(look));
      requestAnimationFrame(look);
    });
    await page.goto(`${stage.Connector}/`);
    times.push(await (await page.waitForFunction(() => window.usable)).jsonValue());
    await context.close();
  }
  report("ui-first-page", median(times.slice(1)), "ms", 300); // the first one warms the server
  await signedIn.close();
}

const browser = await chromium.launch({
  executablePath: stage.Chromium,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
});
const stories = await serveStories();
try {
  bundle();
  await first(browser);
  await rows(browser, stories.url);
  await busy(browser, stories.url);
} finally {
  stories.close();
  await browser.close();
}
if (missed) process.exitCode = 1;
