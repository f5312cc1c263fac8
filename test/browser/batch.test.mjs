// Many files that are published with one run of the action are one whole, on our pages and in Web UI, in English
// and in French: what failed comes first, all of it is started again or stopped, and several are chosen in a list.
import test from "node:test";
import assert from "node:assert/strict";
import {
  api, bound, connectAs, enter, frameio, look, newFile, run, somebody, stage, steps, uid, until,
} from "./stage.mjs";

const films = "/default-domain/workspaces/films";
const row = (page, title) => page.locator("nxf-item-row").filter({ hasText: title }).first();
const card = (page) => page.locator("nxf-batches li").filter({ has: page.getByRole("progressbar") });

test("many at once", async (t) => {
  const step = steps(t);
  const josh = await somebody();
  const page = await josh.page();
  await enter(josh, "josh");
  await connectAs(josh, "josh@example.org");
  await bound(josh, films, "Publish to Nuxeo");
  const shots = [];
  for (let n = 1; n <= 12; n++) shots.push(await newFile(`Shot ${n}.wav`, 1000 + n));
  const locked = shots[0];
  const late = await newFile("Late.wav", 1000, { pending: true });

  await step("one card, with what failed first, and no row for each", async () => {
    await page.goto(`${stage.Connector}/activity`);
    await frameio("POST", "faults", `GET /v4/accounts/.*/files/${locked} status=403 skip=1`);
    await run("Publish to Nuxeo", "josh@example.org", ...shots, late);
    await card(page).getByText("Publishing to Films", { exact: true }).waitFor();
    await card(page).getByText("11 of 13 documents").waitFor();
    await card(page).getByText("1 did not arrive").waitFor();
    await card(page).getByRole("link", { name: "Shot 1.wav" }).waitFor();
    await row(page, "Shot 12.wav").waitFor({ state: "detached" });
    await look(page, "batch-activity");
    await page.getByLabel("Search in titles").fill("shot 7");
    await row(page, "Shot 7.wav").waitFor();
    await row(page, "Shot 8.wav").waitFor({ state: "detached" });
    await page.getByLabel("Search in titles").fill("");
    await row(page, "Shot 7.wav").waitFor({ state: "detached" });
  });

  await step("once nothing of it is under way, what arrived is listed", async () => {
    const { items } = await api(josh, "GET", "/items?search=late");
    await api(josh, "POST", `/items/${items[0].id}/cancel`);
    await card(page).getByText("Published to Films", { exact: true }).waitFor();
    await card(page).getByText("1 cancelled").waitFor();
    await row(page, "Shot 12.wav").waitFor();
  });

  await step("in the tab of the folder in Web UI, and in French", async () => {
    const web = await josh.page();
    await web.goto(`${stage.Nuxeo}/ui/#!/doc/${await uid(films)}?p=frameio`);
    await card(web).getByText("11 of 13 documents").waitFor();
    await web.close();
    const french = await somebody({ locale: "fr-FR" });
    await enter(french, "josh");
    const sien = await french.page();
    await sien.goto(`${stage.Nuxeo}/ui/#!/doc/${await uid(films)}?p=frameio`);
    await card(sien).getByText("11 documents sur 13").waitFor();
    await card(sien).getByRole("button", { name: "Relancer tous les échecs" }).waitFor();
    await card(sien).getByText("Publié dans Films", { exact: true }).waitFor();
    await card(sien).getByText("1 n’est pas arrivé").waitFor();
    french.trouble.none();
    await french.close();
  });

  await step("all of it alone, failures first; the mail is not among it", async () => {
    await card(page).getByRole("link", { name: "Show all" }).click();
    await page.getByText("Only what was published or pushed together is listed, failures first.").waitFor();
    await row(page, "Shot 12.wav").waitFor();
    await page.locator("nxf-item-row").first().getByText("Shot 1.wav").first().waitFor();
    assert.equal(await page.locator("nxf-item-row").filter({ hasText: "Mail about" }).count(), 0);
    await look(page, "batch-items");
  });

  await step("all that failed is started again with one click", async () => {
    await frameio("DELETE", "faults");
    await card(page).getByRole("button", { name: "Retry all failed" }).click();
    await card(page).waitFor({ state: "detached" });
    const { items } = await api(josh, "GET", "/items?kind=publish");
    assert.deepEqual([items.length, items.filter((i) => i.state === "done").length], [13, 12]);
  });

  await step("all that is under way is stopped with one click, once that is confirmed", async () => {
    await page.goto(`${stage.Connector}/activity`);
    const slow = [];
    for (const name of ["Long 1.mxf", "Long 2.mxf"]) slow.push(await newFile(name, 30e6, { pending: true }));
    await run("Publish to Nuxeo", "josh@example.org", ...slow);
    await card(page).getByRole("button", { name: "Cancel all" }).click();
    const asked = page.getByRole("dialog", { name: "Cancel 2 documents that have not arrived?" });
    await asked.getByText("What has arrived stays.").waitFor();
    await look(page, "batch-cancel");
    await asked.getByRole("button", { name: "Cancel all" }).click();
    await card(page).waitFor({ state: "detached" });
    await until("both are cancelled", async () =>
      (await api(josh, "GET", "/items?state=canceled")).items.length === 3);
  });

  await step("several are chosen in the list, started again and stopped", async () => {
    await page.getByRole("button", { name: "Cancelled" }).click();
    await page.getByRole("checkbox", { name: "Select Long 1.mxf" }).check();
    await page.getByRole("checkbox", { name: "Select Long 2.mxf" }).check();
    await page.getByText("2 selected").waitFor();
    await look(page, "batch-selected");
    await page.getByRole("button", { name: "Retry 2", exact: true }).click();
    await card(page).getByText("0 of 2 documents").waitFor();
    await page.getByRole("button", { name: "Everything" }).click();
    await row(page, "Shot 12.wav").waitFor();
    await page.getByLabel("Search in titles").fill("long");
    await row(page, "Shot 12.wav").waitFor({ state: "detached" }); // what is chosen goes with another list
    await row(page, "Long 1.mxf").waitFor();
    await page.getByRole("checkbox", { name: "Select all shown" }).check();
    await page.getByRole("button", { name: "Cancel 2", exact: true }).click();
    await card(page).waitFor({ state: "detached" });
  });

  await step("administrators see mails when they ask for them", async () => {
    const admin = await somebody();
    await enter(admin, "Administrator");
    const theirs = await admin.page();
    await theirs.goto(`${stage.Connector}/activity`);
    await row(theirs, "Shot 3.wav").waitFor();
    assert.equal(await theirs.locator("nxf-item-row").filter({ hasText: "Mail about" }).count(), 0);
    await theirs.getByLabel("Mails and housekeeping").check();
    await row(theirs, "Mail about what was published").waitFor();
    await theirs.getByLabel("Person").fill("julia");
    await theirs.getByText("Nothing matches.").waitFor();
    admin.trouble.none();
    await admin.close();
  });

  josh.trouble.none();
  await josh.close();
});
