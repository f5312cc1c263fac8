// The metadata map: an administrator maps a field, reads what would change, and it arrives; the tab of
// the document shows all fields. In English and in French.
import test from "node:test";
import assert from "node:assert/strict";
import {
  api, bound, connectAs, enter, frameio, look, newFile, nuxeo, openOwn, run, somebody, stage, steps, uid, until,
} from "./stage.mjs";

const films = "/default-domain/workspaces/films";

test("metadata map", async (t) => {
  const step = steps(t);
  const josh = await somebody();
  const boss = await somebody();
  const page = await boss.page();
  let file;

  const published = (title) => until(`${title} is there`, async () =>
    (await api(josh, "GET", "/items?state=done")).items.some((i) => i.kind === "publish" && i.title === title));

  await step("a file with fields is published", async () => {
    await enter(josh, "josh");
    await connectAs(josh, "josh@example.org");
    await bound(josh, films, "Map");
    file = await newFile("Mapped.mxf", 20_000);
    await frameio("POST", "status", { file_id: file, option: "Approved" });
    await run("Map", "josh@example.org", file);
    await published("Mapped.mxf");
  });

  await step("a row that must not be is refused at its field", async () => {
    await openOwn(page, "Administrator", "/administration/map");
    await page.getByText("Nothing is mapped yet.").waitFor();
    await page.getByRole("button", { name: "Add a row" }).click();
    const dialog = page.getByRole("dialog", { name: "Add a row" });
    const offered = () => dialog.locator("datalist option").evaluateAll((all) => all.map((o) => o.value));
    await until("fields are offered", async () => (await offered()).length >= 2);
    assert.deepEqual((await offered()).slice(0, 2), ["Status", "Approval Status"]);
    await dialog.getByLabel("Field on Frame.io").fill("Approval Status, Status");
    await dialog.getByLabel("Property of Nuxeo").fill("dc:lastContributor");
    await dialog.getByLabel("Kind of value").selectOption("Vocabulary");
    await dialog.getByLabel("Values").fill("Approved = approved\nNeeds Review = review");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByText("Approval Status, Status → dc:lastContributor cannot be").waitFor();
    await dialog.locator("input[name=property][aria-invalid=true]").waitFor();
    await look(page, "admin-map-wrong");
    await dialog.getByLabel("Property of Nuxeo").fill("dc:publisher");
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByRole("cell", { name: "Approval Status, Status → dc:publisher", exact: true }).waitFor();
    await look(page, "admin-map");
  });

  await step("what would change is read before", async () => {
    await connectAs(boss, "julia@example.org");
    await page.getByLabel("Path or uid of a document").fill(`${films}/Mapped`);
    await page.getByRole("button", { name: "Show what would change" }).click();
    const shown = page.getByRole("group", { name: "What would change of Mapped" });
    await shown.getByRole("cell", { name: "approved", exact: true }).waitFor();
    await look(page, "admin-map-test");
    assert.equal((await nuxeo("GET", `/api/v1/path${films}/Mapped`)).properties["dc:publisher"], null, "changed");
  });

  await step("it is edited, and arrives with the next publish", async () => {
    await page.getByRole("button", { name: /^Edit/ }).click();
    const dialog = page.getByRole("dialog", { name: "Edit a row" });
    await dialog.getByLabel("Values").fill("Approved = released");
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByText("Approved → released").waitFor();
    await run("Map", "josh@example.org", file);
    await until("the property is there", async () =>
      (await nuxeo("GET", `/api/v1/path${films}/Mapped`)).properties["dc:publisher"] === "released");
  });

  await step("the tab of the document shows all fields", async () => {
    const own = await josh.page();
    await own.goto(`${stage.Connector}/documents/${await uid(`${films}/Mapped`)}`);
    await own.getByText(/^(All \d+ fields|1 field) of Frame\.io$/).click();
    await own.locator("details dt", { hasText: "Source Filename" }).waitFor();
    assert.equal(await own.locator("details div", { hasText: /^Status/ }).locator("dd").innerText(), "Approved");
    await look(own, "document-fields");
    await own.close();
  });

  await step("in French, in Web UI", async () => {
    const chef = await somebody({ locale: "fr-FR" });
    await enter(chef, "Administrator");
    const french = await chef.page();
    await french.goto(`${stage.Nuxeo}/ui/#!/admin/frameio`);
    await french.getByRole("tab", { name: "Métadonnées" }).click();
    await french.getByRole("columnheader", { name: "Correspondance" }).waitFor();
    await french.getByRole("button", { name: "Ajouter une ligne" }).click();
    const dialog = french.getByRole("dialog", { name: "Ajouter une ligne" });
    await dialog.getByLabel("Champ de Frame.io").fill("File Type");
    await dialog.getByLabel("Propriété de Nuxeo").fill("dc:rights");
    await dialog.getByLabel("Type de valeur").selectOption("Texte");
    await dialog.locator("button.primary").click();
    await french.getByText("File Type → dc:rights est enregistrée.").waitFor();
    await french.getByRole("row").filter({ hasText: "dc:rights" }).getByRole("button", { name: /^Supprimer/ }).click();
    await french.getByRole("dialog", { name: "Supprimer File Type → dc:rights ?" })
      .getByRole("button", { name: "Supprimer" }).click();
    await french.getByText("File Type → dc:rights est supprimée.").waitFor();
    await french.goto(`${stage.Nuxeo}/ui/#!/doc/${await uid(`${films}/Mapped`)}?p=frameio`);
    await french.getByText(/champs? de Frame\.io$/).click();
    await french.locator("details dt", { hasText: "Source Filename" }).waitFor();
    chef.trouble.none();
    await chef.close();
  });

  for (const who of [josh, boss]) {
    who.trouble.none();
    await who.close();
  }
});
