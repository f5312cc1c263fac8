// At home in Nuxeo Web UI: in its languages and themes, for who may only read, and for
// who never uses Frame.io; what it shows is never older than what we did.
import test from "node:test";
import assert from "node:assert/strict";
import {
  bound, chooseAction, connectAs, contrast, enter, run, somebody, stage, steps, uid, until, api, nuxeo,
} from "./stage.mjs";

const films = "/default-domain/workspaces/films";
const at = (id, more = "", below = "") => `${stage.Nuxeo}${below}/ui/#!/doc/${id}${more}`;
const tab = (page, name) => page.locator(`nuxeo-page-item[name=${name}]`);

/** Web UI as an administrator has set it up: settings are laid over those of its configuration. */
const configured = (who, settings) =>
  who.context.route("**/ui/config.jsp", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({
      response: answer, body: `${await answer.text()}\nObject.assign(Nuxeo.UI.config, ${JSON.stringify(settings)});`,
    });
  });

/** Texts of Web UI that a browser has kept since before the package was installed. */
const agedTexts = (who) =>
  who.context.route("**/i18n/messages*.json", async (route) => {
    const answer = await route.fetch();
    const texts = Object.entries(await answer.json()).filter(([key]) => !key.includes("frameio"));
    await route.fulfill({ response: answer, json: Object.fromEntries(texts) });
  });

/** Web UI in one of its themes. */
const themed = (who, theme) => who.context.addInitScript((name) => localStorage.setItem("theme", name), theme);

/** What the pages of somebody ask the connector for. */
function calls(page) {
  const list = [];
  page.on("request", (r) => r.url().startsWith(stage.Connector) && list.push(`${r.method()} ${r.url()}`));
  return list;
}

test("at home in Web UI", async (t) => {
  const step = steps(t);
  const josh = await somebody();
  const page = await josh.page();
  await enter(josh, "josh");
  await connectAs(josh, "josh@example.org");
  const folder = await uid(films);
  let teaser;

  await step("the tab comes with the binding, without a reload", async () => {
    await page.goto(at(folder));
    await chooseAction(page, "nxf-bind-action");
    const dialog = page.getByRole("dialog", { name: "Bind this folder to your Frame IO projects" });
    await dialog.getByLabel("Action name on Frame.io side").fill("Publish to Nuxeo");
    await dialog.getByLabel("Post production").check();
    await dialog.getByRole("button", { name: "Validate" }).click();
    await tab(page, "frameio").click();
    await page.locator("nxf-binding-card").waitFor();
  });

  await step("what arrives is in the folder's list and tree when one goes back to them", async () => {
    await run("Publish to Nuxeo", "josh@example.org", stage.Names.TEASER, stage.Names.EXTRAS);
    // What arrives after the tab was left, nobody here knows of.
    await page.locator("nxf-item-row").filter({ hasText: "Teaser.mp4" }).getByText("New document").first().waitFor();
    await page.locator("sim-tree").getByRole("link", { name: "Extras" }).waitFor();
    await tab(page, "view").click();
    await page.locator("sim-folder").getByRole("link", { name: "Teaser", exact: true }).waitFor();
    teaser = await uid(`${films}/Teaser`);
  });

  await step("our own pages open beside Web UI", async () => {
    await tab(page, "frameio").click();
    assert.equal(await page.locator("nxf-item-row a.title").first().getAttribute("target"), "_blank");
  });

  await step("what is not looked at asks for nothing, and ends when it is left", async () => {
    await page.goto("about:blank"); // what the page before asks for as it is left is not meant
    const asked = calls(page);
    await page.goto(at(teaser));
    await page.reload();
    await page.getByRole("heading", { name: "Teaser" }).waitFor();
    await tab(page, "frameio").waitFor();
    assert.deepEqual(asked, []);
    await tab(page, "frameio").click();
    await page.locator("nxf-comments article").first().waitFor();
    const stream = await until("it follows", async () => asked.some((c) => c.includes("/events")));
    assert.ok(stream);
    const ended = page.waitForEvent("requestfailed", (r) => r.url().includes("/events"));
    await tab(page, "view").click();
    await ended;
    await until("the page is empty", async () => (await page.locator("nxf-document-tab nxf-player").count()) === 0);
  });

  await step("a person without Frame.io asks the connector for nothing, on ten pages", async () => {
    const olga = await somebody();
    const hers = await olga.page();
    await olga.context.request.post(`${stage.Nuxeo}/login.jsp`, {
      form: { user_name: "olga", user_password: "olga", requestedUrl: "ui/" },
    });
    const asked = calls(hers);
    const { entries } = await nuxeo("GET", `/api/v1/id/${folder}/@children`);
    const drafts = (await nuxeo("GET", `/api/v1/path${films}/Drafts/@children`)).entries;
    const pages = [
      folder, ...entries.map((d) => d.uid), ...drafts.map((d) => d.uid), await uid("/default-domain"),
      await uid("/default-domain/workspaces"), folder, teaser,
    ].slice(-10);
    assert.equal(pages.length, 10);
    await hers.goto(at(pages[0]));
    for (const id of pages) {
      await hers.evaluate((hash) => (location.hash = hash), `!/doc/${id}`);
      const title = (await nuxeo("GET", `/api/v1/id/${id}`)).title;
      await hers.getByRole("heading", { name: title }).first().waitFor();
      await tab(hers, "view").click();
    }
    assert.deepEqual(asked, []);
    olga.trouble.none();
    await olga.close();
  });

  await step("a reader is offered nothing that would be refused", async () => {
    const olga = await somebody();
    const hers = await olga.page();
    await enter(olga, "olga");
    await hers.goto(at(folder, "?p=frameio"));
    await hers.locator("nxf-binding-card").waitFor();
    for (const name of [/^Unbind/, "Add another binding"]) {
      assert.equal(await hers.getByRole("button", { name }).count(), 0, `${name} is offered`);
    }
    await tab(hers, "view").click();
    await hers.getByRole("checkbox", { name: "Select all" }).check();
    await hers.locator("nxf-push-action").first().waitFor({ state: "attached" });
    assert.equal(
      await hers.locator("nxf-push-action button").count(), 0, "a push of what may not be written is offered",
    );
    await hers.goto(`${stage.Connector}/folders/${await uid("/default-domain/workspaces/trailers")}`);
    await hers.getByText("Only people who may write in this folder can bind it.").waitFor();
    assert.equal(
      await hers.getByRole("button", { name: "Bind to Frame.io" }).count(), 0,
      "a reader is offered to bind on our own page",
    );
    await olga.close();
  });

  await step("every language has words for what we add", async () => {
    for (const [locale, expected] of [
      ["fr-FR", "Synchroniser avec un dossier Frame.io"], ["sv-SE", "Sync to Frame.io folder"],
      ["xx", "Sync to Frame.io folder"],
    ]) {
      const who = await somebody({ locale });
      if (locale === "sv-SE") await agedTexts(who);
      await enter(who, "josh");
      const shown = await who.page();
      await shown.goto(at(folder));
      await tab(shown, "frameio").filter({ hasText: /^Frame IO$/i }).waitFor();
      await shown.goto(at(await uid("/default-domain/workspaces/trailers")));
      await shown.locator("nxf-sync-action").filter({ hasText: expected }).first().waitFor({ state: "attached" });
      if (locale === "fr-FR") {
        await chooseAction(shown, "nxf-sync-action");
        await shown.getByRole("treeitem", { name: "Extras" }).click();
        await shown.getByRole("dialog").getByText(/^0 dossier · 2 documents · .*\sko$/).waitFor();
      }
      await who.close();
    }
  });

  await step("everything can be read in Web UI's themes", async () => {
    for (const theme of ["default", "light", "dark"]) {
      const who = await somebody();
      await themed(who, theme);
      await enter(who, "josh");
      const shown = await who.page();
      const wrong = [];
      for (const [id, there] of [[folder, "nxf-item-row"], [teaser, "nxf-comments article"]]) {
        await shown.goto(at(id, "?p=frameio"));
        await shown.locator(there).first().waitFor();
        wrong.push(...(await contrast(shown)).filter((line) => line.includes("nxf-")));
      }
      await shown.goto(at(folder, "?p=frameio"));
      await shown.getByRole("button", { name: "Add another binding" }).click();
      await shown.getByRole("dialog").getByLabel("Action name on Frame.io side").waitFor();
      wrong.push(...(await contrast(shown)).filter((line) => line.includes("nxf-")));
      assert.deepEqual(wrong, [], theme);
      const size = await shown.locator("nxf-folder-tab").evaluate((e) => getComputedStyle(e).fontSize);
      assert.equal(size, "13px", "text is of another size than Web UI's");
      await who.close();
    }
  });

  await step("everything in a list is pushed by the list's own query, without what was taken out", async () => {
    const who = await somebody();
    await configured(who, { selection: { selectAllEnabled: true } });
    await enter(who, "josh");
    const shown = await who.page();
    await shown.goto(at(await uid(`${films}/Drafts`)));
    const rows = shown.getByRole("checkbox", { name: /^Select / });
    await rows.nth(1).waitFor();
    const documents = (await rows.count()) - 1;
    await shown.getByRole("checkbox", { name: "Select all" }).check();
    await rows.nth(1).uncheck();
    const action = shown.locator("nxf-push-action button").first();
    const before = await action.evaluate((e) => getComputedStyle(e).color);
    await action.hover();
    assert.equal(
      await action.evaluate((e) => getComputedStyle(e).color), before, "the icon has another colour under the mouse",
    );
    const [asked] = await Promise.all([
      shown.waitForRequest((r) => r.url().endsWith("/pushes/preview")), action.click(),
    ]);
    const { listing } = asked.postDataJSON();
    assert.equal(listing.provider, "advanced_document_content");
    assert.equal(listing.except.length, 1);
    await shown.getByRole("dialog", { name: "Push asset to Frame.io" })
      .getByText(new RegExp(`^${documents - 1} documents?, `)).waitFor();
    await who.close();
  });

  await step("all of it works where Web UI may not evaluate text as code", async () => {
    const who = await somebody();
    await configured(who, { expressions: { eval: false } });
    await enter(who, "josh");
    const shown = await who.page();
    await shown.goto(at(teaser));
    await shown.locator("nxf-push-action button").first().waitFor({ state: "attached" });
    await tab(shown, "frameio").waitFor();
    await shown.goto(at(await uid("/default-domain/workspaces/trailers")));
    for (const name of ["bind", "sync"]) {
      await shown.locator(`nxf-${name}-action button`).first().waitFor({ state: "attached" });
    }
    await who.close();
  });

  await step("below the address of a repository it works as well", async () => {
    const shown = await josh.page();
    await shown.goto(at(folder, "?p=frameio", "/repo/default"));
    await shown.locator("nxf-binding-card").waitFor();
    await shown.close();
  });

  await step("a document's new version and its lock show at once in Web UI's own parts", async () => {
    await page.goto(at(teaser, "?p=frameio"));
    await page.locator("nxf-comments article").first().waitFor();
    const before = await page.locator("sim-browser h1").innerText();
    const root = (await api(josh, "GET", `/documents/${teaser}/targets`)).last?.project
      ?? (await api(
        josh, "GET",
        `/frameio/${(await api(josh, "GET",
          "/workspaces")).workspaces[0].account}/workspaces/${stage.Names.WORKSPACE}/projects`,
      )).projects[0].id;
    const { pushes } = await api(josh, "POST", "/pushes", {
      documents: [teaser], team: stage.Names.WORKSPACE, project: root,
    });
    await page.locator("sim-browser h1").getByText(/Locked by josh/).waitFor();
    const stranger = await somebody();
    await enter(stranger, "julia");
    const theirs = await stranger.page();
    await theirs.goto(at(teaser, "?p=frameio"));
    await theirs.getByText("Under review: pushed by josh").waitFor();
    assert.equal(await theirs.getByRole("button", { name: "Release" }).count(), 0, "julia is offered to release it");
    await stranger.close();
    await page.evaluate(() => localStorage.setItem("theme", "dark"));
    await page.reload();
    await page.getByRole("button", { name: "Release" }).waitFor();
    assert.deepEqual((await contrast(page)).filter((line) => line.includes("nxf-")), []);
    await page.evaluate(() => localStorage.removeItem("theme"));
    await page.reload();
    await page.getByRole("button", { name: "Release" }).click();
    await page.getByRole("dialog").getByLabel("Reason").fill("Not needed");
    await page.getByRole("dialog").getByRole("button", { name: "Release" }).click();
    await page.locator("sim-browser h1").getByText(/Locked by josh/).waitFor({ state: "hidden" });
    assert.ok(before && pushes.length === 1);
  });

  await step("the administration has Web UI's frame, under which nothing lies", async () => {
    const admin = await somebody({ locale: "fr-FR" });
    await enter(admin, "Administrator");
    const shown = await admin.page();
    await shown.goto(`${stage.Nuxeo}/ui/#!/admin/frameio`);
    for (const width of [1280, 390]) {
      await shown.setViewportSize({ width, height: 800 });
      const jobs = shown.getByRole("link", { name: "File de tâches" });
      await jobs.click({ trial: true });
      const heading = await shown.getByRole("heading", { name: "Administration de Frame.io" }).boundingBox();
      const frame = await shown.locator("sim-admin").boundingBox();
      assert.ok(heading.x - frame.x >= (width === 390 ? 48 : 16), `the heading begins at ${heading.x - frame.x}`);
    }
    await admin.close();
  });

  await step("the tab goes with the binding, and an old address leads to the document", async () => {
    await page.goto(at(folder, "?p=frameio"));
    await page.getByRole("button", { name: "Unbind Publish to Nuxeo" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Unbind" }).click();
    await tab(page, "frameio").waitFor({ state: "detached" });
    await page.locator("sim-folder").getByRole("link", { name: "Teaser", exact: true }).waitFor();
    for (const gone of ["frameio", "frameio-sync"]) {
      await page.goto("about:blank");
      await page.goto(at(folder, `?p=${gone}`));
      await page.locator("sim-folder").getByRole("link", { name: "Teaser", exact: true }).waitFor();
    }
  });

  josh.trouble.none();
  await josh.close();
});
