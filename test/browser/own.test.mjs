// Our own pages as people use them: the folders, a binding, what is published and
// what becomes of it, documents, sessions that end, and somebody else who looks.
import test from "node:test";
import assert from "node:assert/strict";
import {
  api, assets, choose, enter, frameio, look, newFile, openOwn, run, signIn, somebody, stage, steps, uid, until,
} from "./stage.mjs";

const films = "/default-domain/workspaces/films";
const slow = "GET /assets/.*/original rate=900000";
const row = (page, title) => page.locator("nxf-item-row").filter({ hasText: title }).first();

test("our own pages", async (t) => {
  const step = steps(t);
  const josh = await somebody();
  const page = await josh.page();
  const folder = `/folders/${await uid(films)}`;
  const at = (path) => page.waitForURL(stage.Connector + path);

  await step("a deep link leads through the sign-in and back to itself", async () => {
    await page.goto(stage.Connector + folder);
    await page.getByRole("heading", { name: "Reviewed in Frame.io, kept in Nuxeo" }).waitFor();
    await look(page, "own-welcome");
    await page.getByRole("link", { name: "Sign in with Nuxeo" }).click();
    await signIn(page, "josh");
    await at(folder);
    await page.getByRole("heading", { name: "Films" }).waitFor();
    await page.getByText("This folder is not bound to Frame.io").waitFor();
    await look(page, "own-folder-empty");
  });

  await step("the tree by mouse", async () => {
    const tree = page.getByRole("tree", { name: "Folders" });
    await page.getByRole("treeitem", { name: "Films", selected: true }).waitFor();
    await page.getByRole("treeitem", { name: "Trailers" }).click();
    await at(`/folders/${await uid("/default-domain/workspaces/trailers")}`);
    await page.getByRole("heading", { name: "Trailers" }).waitFor();
    const workspaces = page.getByRole("treeitem", { name: "Workspaces" });
    await workspaces.locator(".turn").click();
    await until("it is folded", async () => (await tree.getByRole("treeitem", { name: "Films" }).count()) === 0);
    await page.getByRole("heading", { name: "Trailers" }).waitFor();
    await workspaces.locator(".turn").click();
    await tree.getByRole("treeitem", { name: "Films" }).waitFor();
  });

  await step("the tree by keyboard", async () => {
    const focused = () => page.evaluate(() => {
      let e = document.activeElement;
      while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
      return e?.getAttribute("title") ?? "";
    });
    const press = async (key, there) => {
      await page.keyboard.press(key);
      await until(`${key} leads to ${there}`, async () => (await focused()) === there);
    };
    const search = page.getByRole("searchbox", { name: "Search folders" });
    await search.focus();
    await press("Tab", "Trailers");
    await press("Home", await page.getByRole("treeitem").first().getAttribute("title"));
    await press("End", await page.getByRole("treeitem").last().getAttribute("title"));
    const titles = await page.getByRole("treeitem").evaluateAll((all) => all.map((e) => e.title));
    await press("Home", titles[0]);
    for (const title of titles.slice(1, titles.indexOf("Films") + 1)) await press("ArrowDown", title);
    await press("ArrowLeft", "Workspaces");
    await page.keyboard.press("ArrowLeft");
    await until("it is folded", async () => (await page.getByRole("treeitem", { name: "Films" }).count()) === 0);
    await page.keyboard.press("ArrowRight");
    await page.getByRole("treeitem", { name: "Films" }).waitFor();
    while ((await focused()) !== "Films") await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await at(folder);
    await page.getByRole("heading", { name: "Films" }).waitFor();
  });

  await step("search", async () => {
    const search = page.getByRole("searchbox", { name: "Search folders" });
    await search.fill("trail");
    await page.getByRole("list", { name: "Folders found" }).getByRole("button", { name: "Trailers" }).click();
    await page.getByRole("heading", { name: "Trailers" }).waitFor();
    await search.fill("nothing of this name");
    await page.getByText("No folder has this in its title.").waitFor();
    await search.fill("");
    await page.getByRole("treeitem", { name: "Films" }).click();
    await page.getByRole("heading", { name: "Films" }).waitFor();
  });

  await step("connect and bind", async () => {
    const popup = josh.context.waitForEvent("page");
    await page.getByRole("button", { name: "Bind to Frame.io" }).click();
    await choose(await popup, "Josh Editor");
    const dialog = page.getByRole("dialog", { name: "Bind this folder to your Frame IO projects" });
    await dialog.getByLabel("Action name on Frame.io side").fill("Archive");
    await dialog.getByLabel("Post production").check();
    await dialog.getByRole("button", { name: "Validate" }).click();
    await page.getByText('Frame.io now has the action "Archive".').first().waitFor();
    await page.getByRole("heading", { name: "Archive" }).waitFor();
    await page.getByText("Nothing has arrived yet.").waitFor();
  });

  const { TEASER, MAKING, EXTRAS } = stage.Names;

  await step("what is published arrives, with a bar, its speed and the time left, without a reload", async () => {
    const long = await newFile("Long take.mxf", 5e6);
    await frameio("POST", "faults", slow);
    await run("Archive", "josh@example.org", TEASER, MAKING, EXTRAS, long);
    await page.getByRole("progressbar", { name: "Progress of Long take.mxf" }).waitFor();
    await row(page, "Long take.mxf").getByText(/\d.* of 5 MB · .*\/s · \d+ (second|minute)s? left/).waitFor();
    await look(page, "own-folder-progress");
    await frameio("DELETE", "faults");
    await row(page, "Long take.mxf").getByText("New document").first().waitFor();
    await page.getByRole("table").getByRole("link", { name: "Long take" }).waitFor();
    for (const title of ["Teaser.mp4", "Making of.mov", "Poster.jpg", "Jingle.wav"]) {
      await row(page, title).getByText("New document").first().waitFor();
    }
  });

  let broken;
  await step("an item that fails tells reason and remedy, and Retry ends well", async () => {
    broken = await newFile("Locked away.mxf", 20_000);
    await frameio("POST", "faults", `GET /v4/accounts/.*/files/${broken} status=403 skip=1`);
    await run("Archive", "josh@example.org", broken);
    const failed = row(page, "Locked away.mxf");
    await failed.getByRole("button", { name: "Retry" }).waitFor();
    await failed.getByRole("link", { name: "Locked away.mxf", exact: true }).click();
    await page.waitForURL(/\/items\//);
    await page.getByRole("heading", { name: /Locked away.mxf/ }).waitFor();
    await page.getByText(/may not download|does not allow/).first().waitFor();
    await page.getByRole("heading", { name: "History" }).waitFor();
    await look(page, "own-item-failed");
    await frameio("DELETE", "faults");
    await page.getByRole("button", { name: "Retry" }).click();
    await page.getByRole("link", { name: "Open the document" }).waitFor();
    await page.getByText("Done: New document").waitFor();
    await look(page, "own-item-done");
  });

  await step("a running one is cancelled", async () => {
    const long = await newFile("Regretted.mxf", 30e6);
    await frameio("POST", "faults", slow);
    await run("Archive", "josh@example.org", long);
    await page.getByRole("link", { name: "Activity" }).click();
    await page.getByRole("progressbar", { name: "Progress of Regretted.mxf" }).waitFor();
    await row(page, "Regretted.mxf").getByRole("button", { name: "Cancel" }).click();
    await row(page, "Regretted.mxf").getByRole("button", { name: "Retry" }).waitFor();
    await row(page, "Regretted.mxf").getByText(/Cancelled/).first().waitFor();
    await frameio("DELETE", "faults");
  });

  await step("the filters of the activity, and a reload keeps the place", async () => {
    await page.getByRole("button", { name: "Cancelled" }).click();
    await row(page, "Regretted.mxf").waitFor();
    assert.equal(await row(page, "Teaser.mp4").count(), 0);
    await page.getByRole("button", { name: "Failed" }).click();
    await page.getByText("Nothing matches.").waitFor();
    await page.getByRole("button", { name: "Done" }).click();
    await row(page, "Teaser.mp4").waitFor();
    await look(page, "own-activity");
    await page.reload();
    await at("/activity?state=done");
    await page.getByRole("button", { name: "Done", pressed: true }).waitFor();
    await row(page, "Teaser.mp4").waitFor();
    assert.equal(await row(page, "Regretted.mxf").count(), 0);
  });

  await step("the link of the mail leads to the page of the item", async () => {
    const mails = await until("the mail is there", async () => {
      const all = await (await fetch(`${stage.Mail}/messages`)).json();
      return all.find((m) => /Locked away/.test(m.html)) && all;
    });
    const link = mails.map((m) => /href="([^"]*\/items\/[^"]*)"/.exec(m.html)?.[1]).find(Boolean);
    assert.ok(link, "no mail has a link to an item");
    await page.goto(link.replaceAll("&amp;", "&"));
    await page.getByRole("heading", { name: "History" }).waitFor();
  });

  await step("a document: versions, comments and marks", async () => {
    const second = (await assets()).find((a) => a.name === "Teaser second cut.mp4").id;
    const { id } = await frameio("POST", "stack", { file_ids: [TEASER, second] });
    await run("Archive", "josh@example.org", id);
    const teaser = await uid(`${films}/Teaser`);
    await until("there are two versions", async () => {
      const { comments } = await api(josh, "GET", `/documents/${teaser}`);
      return comments.some((c) => c.text === "Approved, ship it.");
    });
    await page.goto(stage.Connector + folder);
    await page.getByRole("link", { name: "Teaser", exact: true }).click();
    await at(`/documents/${teaser}`);
    await page.getByRole("heading", { name: "Teaser", exact: true }).waitFor();
    const video = page.locator("nxf-player video");
    await until("it plays", () => video.evaluate((v) => v.readyState >= 2 && v.videoWidth > 0));
    await page.getByRole("combobox", { name: "Shown version" }).selectOption({ index: 1 });
    await until(
      "the first cut plays, with marks",
      async () => (await page.getByRole("button", { name: /^Comment at/ }).count()) === 2
        && video.evaluate((v) => v.readyState >= 2),
    );
    await page.getByRole("button", { name: "Show 00:00:02:10" }).click();
    await until("it is at frame 60", () => video.evaluate((v) => Math.floor(v.currentTime * 25) === 60 && !v.seeking));
    await page.getByRole("img", { name: "Drawing by external reviewer" }).waitFor();
    await page.getByRole("button", { name: "Comment at 00:00:01:00" }).click();
    await until("it is at frame 25", () => video.evaluate((v) => Math.floor(v.currentTime * 25) === 25 && !v.seeking));
    await look(page, "own-document");
  });

  await step("a picture and a sound", async () => {
    await page.goto(`${stage.Connector}/documents/${await uid(`${films}/Extras/Poster`)}`);
    const picture = page.locator("nxf-player img");
    await until("the picture is there", () => picture.evaluate((i) => i.complete && i.naturalWidth > 0));
    await page.goto(`${stage.Connector}/documents/${await uid(`${films}/Extras/Jingle`)}`);
    await page.getByRole("heading", { name: "Jingle", exact: true }).waitFor();
    await until(
      "the sound can be heard",
      () => page.locator("nxf-player audio").evaluate((a) => a.readyState >= 1 && a.duration > 0),
    );
  });

  await step("the start page, and the way back", async () => {
    await page.getByRole("link", { name: "Folders", exact: true }).click();
    await page.getByRole("heading", { name: "Bound folders" }).waitFor();
    await row(page, "Teaser").waitFor();
    await look(page, "own-start");
    await page.getByRole("link", { name: "Films", exact: true }).click();
    await at(folder);
    await page.goBack();
    await page.getByRole("heading", { name: "Welcome" }).waitFor();
    await page.goForward();
    await at(folder);
  });

  await step("a browser in French sees French, with its dates, sizes and plurals", async () => {
    const chef = await somebody({ locale: "fr-FR" });
    const french = await chef.page();
    await french.goto(stage.Connector + folder);
    await french.getByRole("heading", { name: "Révisé dans Frame.io, conservé dans Nuxeo" }).waitFor();
    await enter(chef, "josh");
    await french.goto(stage.Connector + folder);
    await french.getByRole("tree", { name: "Dossiers" }).waitFor();
    await french.getByText("Nom de l’action personnalisée").waitFor();
    await french.getByRole("link", { name: "Activité" }).waitFor();
    assert.equal(await french.locator("html").getAttribute("lang"), "fr");
    await french.goto(`${stage.Connector}/documents/${await uid(`${films}/Teaser`)}`);
    const taille = french.locator("div", { has: french.getByText("Taille du fichier") });
    await taille.getByText(/\s[kMG]o$/).first().waitFor();
    await french.getByText(/^\d+ [a-zéû]+\.? \d{4}.*\d\d:\d\d$/).first().waitFor();
    await look(french, "own-french");
    chef.trouble.none();
    await chef.close();
  });

  await step("another person sees nothing of it, and no administration", async () => {
    const julia = await somebody();
    const hers = await julia.page();
    await openOwn(hers, "julia", "/activity");
    await hers.getByText("Nothing has happened yet.").waitFor();
    assert.equal(await hers.getByRole("link", { name: "Administration" }).count(), 0);
    await hers.goto(`${stage.Connector}/administration/provider`);
    await hers.getByText("Only administrators of Nuxeo may do this.").waitFor();
    // What came through the binding of a folder that she may see she may look at,
    // and no more.
    const { items } = await api(josh, "GET", "/items?state=failed&limit=1").then(
      (x) => (x.items.length ? x : api(josh, "GET", "/items?state=canceled&limit=1")),
    );
    await hers.goto(`${stage.Connector}/items/${items[0].id}`);
    await hers.getByRole("heading", { name: items[0].title }).waitFor();
    assert.equal(await hers.getByRole("button", { name: "Retry" }).count(), 0);
    await hers.goto(`${stage.Connector}/items/nobody-s`);
    await hers.getByRole("alert").waitFor();
    await hers.goto(`${stage.Connector}/`);
    await hers.getByText("No folder is bound yet.").waitFor();
    julia.trouble.none();
    await julia.close();
  });

  await step("how long ago something was stays true while the page is open", async () => {
    const other = await josh.page();
    await other.clock.install();
    await other.goto(`${stage.Connector}/activity`);
    const time = row(other, "Teaser").locator("time").first();
    await time.waitFor();
    await other.clock.fastForward("03:00:00");
    await until("it is three hours ago", async () => (await time.textContent()).trim() === "3 hours ago");
    await other.close();
  });

  await step("a session that ends says so, and the sign-in returns to the very place", async () => {
    const other = await josh.page();
    await other.goto(`${stage.Connector}/activity`);
    await other.locator("summary", { hasText: "josh" }).click();
    await other.getByRole("button", { name: "Sign out" }).click();
    await other.getByRole("link", { name: "Sign in with Nuxeo" }).waitFor();
    await other.close();
    await page.getByRole("treeitem", { name: "Trailers" }).click();
    await page.getByText("Your session has ended.").waitFor();
    await page.getByRole("treeitem", { name: "Films" }).click();
    await at(folder);
    await look(page, "own-ended");
    await page.getByRole("link", { name: "Sign in and continue" }).click();
    await at(folder);
    await page.getByRole("heading", { name: "Archive" }).waitFor();
    await josh.context.clearCookies({ name: "nxf_session" });
    await page.getByRole("link", { name: "Activity" }).click();
    await page.getByText("Your session has ended.").waitFor();
    await page.getByRole("link", { name: "Sign in and continue" }).click();
    await at("/activity");
    await row(page, "Teaser").waitFor();
  });

  josh.trouble.none();
  await josh.close();
});
