// The copy on Frame.io after a return: chosen in the dialog of the binding, told in the tab of the document, taken
// back there. In Web UI, on our own pages, and in French.
import test from "node:test";
import assert from "node:assert/strict";
import {
  api, assets, bound, connectAs, enter, frameio, look, nuxeo, run, somebody, stage, steps, uid, until,
} from "./stage.mjs";

const films = "/default-domain/workspaces/films";
const draft = `${films}/Drafts/Trailer draft`;

test("the copy after a return", async (t) => {
  const step = steps(t);
  const josh = await somebody();
  const page = await josh.page();
  let binding, document, push, own;

  const there = async (file) => (await assets()).find((a) => a.id === file);
  const edit = async (on) => {
    await on.getByRole("button", { name: "Edit Copies" }).click();
    return on.getByRole("dialog", { name: "Edit the binding of Films" });
  };
  const comesBack = async (separate) => {
    const [team] = binding.workspaces;
    const { projects } = await api(josh, "GET", `/frameio/${team.account}/workspaces/${team.id}/projects`);
    const { pushes } = await api(josh, "POST", "/pushes", {
      documents: [document], team: team.id, project: projects[0].id, separate,
    });
    await until("it is under review", async () => (await api(josh, "GET", `/pushes/${pushes[0].id}`)).state === "open");
    push = await api(josh, "GET", `/pushes/${pushes[0].id}`);
    await run("Copies", "julia@example.org", push.file);
    await until("it is back", async () => (await api(josh, "GET", `/pushes/${push.id}`)).state === "returned");
  };

  await step("a document comes back while copies are left", async () => {
    const other = await somebody();
    await enter(other, "julia");
    await connectAs(other, "julia@example.org");
    await enter(josh, "josh");
    await connectAs(josh, "josh@example.org");
    await bound(josh, films, "Copies");
    const { bindings } = await api(josh, "GET", `/bindings?folder=${await uid(films)}`);
    [binding, document] = [bindings[0], await uid(draft)];
    await comesBack(false);
    await other.close();
  });

  await step("in Web UI, the dialog says what becomes of copies, and includes what came back before", async () => {
    await page.goto(`${stage.Nuxeo}/ui/#!/doc/${await uid(films)}?p=frameio`);
    const dialog = await edit(page);
    await dialog.getByRole("radio", { name: "Move it to a folder of its project" }).check();
    await dialog.getByLabel("Folder", { exact: true }).fill(" ");
    await dialog.getByRole("button", { name: "Preview" }).click();
    await dialog.getByText("No folder on Frame.io can be called").waitFor();
    await dialog.getByLabel("Folder", { exact: true }).fill("Returned");
    await look(page, "copies-edit");
    await dialog.getByRole("button", { name: "Preview" }).click();
    await dialog.getByText('it is moved to the folder "Returned"').waitFor();
    await dialog.getByText(/^Came back before and stay: 1 \(/).waitFor();
    await dialog.getByText(/^Trailer draft \(.*\): moved$/).waitFor();
    await look(page, "copies-preview");
    await dialog.getByRole("checkbox", { name: "Include what came back before" }).check();
    await dialog.getByRole("button", { name: "Apply" }).click();
    await page.getByText('The binding "Copies" is changed.').first().waitFor();
    await until("it is moved", async () => {
      const at = (await there(push.file)).parent_id;
      return (await assets()).some((a) => a.id === at && a.name === "Returned");
    });
  });

  await step("the tab of the document says so, and takes it back", async () => {
    await page.goto(`${stage.Nuxeo}/ui/#!/doc/${document}?p=frameio`);
    const tab = page.locator("nxf-document-tab");
    await tab.getByText('The copy on Frame.io was moved to the folder "Returned" on').waitFor();
    await look(page, "copies-moved");
    await tab.getByRole("button", { name: "Undo" }).click();
    await tab.getByText("The copy is where it was on Frame.io.").waitFor();
    const at = (await there(push.file)).parent_id;
    assert.ok(!(await assets()).some((a) => a.id === at && a.name === "Returned"), "the copy is in Returned still");
  });

  await step("on our own pages it is to be deleted; a person keeps this one, then lets it go", async () => {
    own = await josh.page();
    await own.goto(`${stage.Connector}/folders/${await uid(films)}`);
    const dialog = await edit(own);
    await dialog.getByRole("radio", { name: "Delete it" }).check();
    await dialog.getByLabel("Days after the return").fill("2");
    await dialog.getByRole("button", { name: "Preview" }).click();
    await dialog.getByText("it is deleted after 2 days").waitFor();
    await dialog.getByRole("button", { name: "Apply" }).click();
    await own.getByText('The binding "Copies" is changed.').first().waitFor();
    await comesBack(true);
    await own.goto(`${stage.Connector}/documents/${document}`);
    await own.getByText(/^The copy on Frame.io is deleted /).waitFor();
    await look(own, "copies-waiting");
    await own.getByRole("button", { name: "Keep this one" }).click();
    await own.getByText("josh keeps the copy on Frame.io.").waitFor();
    await own.getByRole("button", { name: "Delete it now" }).click();
    await own.getByText(/^The copy on Frame.io was removed on /).waitFor();
    await own.getByText("Recently Deleted, and restore it").waitFor();
    await look(own, "copies-deleted");
    assert.equal(await there(push.file), undefined, "the file is on Frame.io still");
    assert.ok((await nuxeo("GET", `/api/v1/id/${document}`)).properties["file:content"], "the document lost its file");
  });

  await step("undone before it is restored, it says how; after that it is back", async () => {
    await own.getByRole("button", { name: "Undo" }).click();
    await own.getByText("Only people can restore on Frame.io what was deleted there.").first().waitFor();
    await frameio("POST", "restore", { id: push.file });
    await own.getByRole("button", { name: "Undo" }).click();
    await own.getByText("The copy is where it was on Frame.io.").waitFor();
    assert.ok(await there(push.file), "the file is not on Frame.io");
  });

  await step("in French", async () => {
    const french = await somebody({ locale: "fr-FR" });
    await enter(french, "josh");
    const seen = await french.page();
    await seen.goto(`${stage.Nuxeo}/ui/#!/doc/${document}?p=frameio`);
    await seen.getByText("La copie est à sa place sur Frame.io.").waitFor();
    await french.close();
  });
  await josh.close();
});
