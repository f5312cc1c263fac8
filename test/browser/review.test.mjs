// A review that does not go straight: several teams to choose from, a push that is
// called off while it is being sent, one that fails and is tried again, and people
// who may only look.
import test from "node:test";
import assert from "node:assert/strict";
import {
  api, bound, chooseAction, connectAs, enter, frameio, look, somebody, stage, steps, uid, until,
} from "./stage.mjs";

const films = "/default-domain/workspaces/films";

test("a review that does not go straight", async (t) => {
  const step = steps(t);
  const josh = await somebody();
  const page = await josh.page();
  await enter(josh, "josh");
  await connectAs(josh, "josh@example.org");
  const film = await uid(`${films}/Drafts/Credits`);
  const lock = async (id) => (await fetch(`${stage.Nuxeo}/api/v1/id/${id}`, {
    headers: { Authorization: `Basic ${btoa("josh:josh")}`, "fetch-document": "lock" },
  }).then((a) => a.json())).lockOwner;
  const dialog = page.getByRole("dialog", { name: "Push asset to Frame.io" });
  let second;

  const open = async (title) => {
    await page.goto(`${stage.Nuxeo}/ui/#!/doc/${film}`);
    await page.reload();
    await page.getByRole("heading", { name: title }).waitFor();
    await chooseAction(page, "nxf-push-action");
    await dialog.waitFor();
  };
  // The newest item about it, as the person sees it.
  const item = async () => (await api(josh, "GET", "/items?kind=push&limit=1")).items[0];

  await step("of several teams one is chosen, and what it has is shown", async () => {
    const account = (await frameio("GET", "state")).accounts[0];
    second = await frameio("POST", "workspaces", { account_id: account.id, name: "Trailer house", project: "Teasers" });
    await frameio("POST", "folders", { parent_id: second.root_folder_id, name: "Rough cuts" });
    await bound(josh, films, "Publish to Nuxeo", { workspaces: [stage.Names.WORKSPACE, second.id] });
    await open("Credits");
    await dialog.getByLabel("Teams").selectOption("Trailer house");
    await dialog.getByRole("treeitem", { name: "Rough cuts" }).click();
    await dialog.getByText(/^1 document, /).waitFor();
    assert.equal(await dialog.getByLabel("Project").inputValue(), "Teasers");
    await look(page, "review-teams");
  });

  await step("called off while it is being sent, nothing is left of it", async () => {
    await frameio("POST", "faults", "PUT /upload/parts/ status=503");
    await dialog.getByRole("button", { name: "Push to Frame.io" }).click();
    await page.getByText("Pushed to Frame.io. It is being sent").first().waitFor();
    await until("it is locked", async () => (await lock(film)) === "josh");
    const own = await josh.page();
    await own.goto(`${stage.Connector}/items/${(await item()).id}`);
    await own.getByRole("button", { name: "Cancel" }).click();
    await own.getByText("Cancelled").first().waitFor();
    await look(own, "review-cancelled");
    await until("it is unlocked", async () => !(await lock(film)));
    assert.ok(!(await teasers()).some((a) => a.name === "Credits.mov"), "the half-made file is still there");
    await frameio("DELETE", "faults");
    await own.close();
  });

  await step("what was chosen last is chosen again", async () => {
    await open("Credits");
    await dialog.getByRole("treeitem", { name: "Rough cuts", selected: true }).waitFor();
    assert.equal(await dialog.getByLabel("Teams").inputValue(), "Trailer house");
    await dialog.getByText(/^1 document, /).waitFor();
  });

  await step("one that fails says why and what to do, and is tried again", async () => {
    await frameio("POST", "faults", "POST /local_upload status=403");
    await dialog.getByRole("button", { name: "Push to Frame.io" }).click();
    await until("it failed", async () => (await item()).state === "failed");
    assert.ok(!(await lock(film)), "it stays locked");
    const own = await josh.page();
    await own.goto(`${stage.Connector}/items/${(await item()).id}`);
    await own.getByText("You may not add files to the folder “Rough cuts” on Frame.io")
      .or(own.getByText(/You may not add files to the folder "Rough cuts"/)).first().waitFor();
    await own.getByText("Choose another folder, or ask for the right to edit.").first().waitFor();
    await look(own, "review-failed");
    await frameio("DELETE", "faults");
    await own.getByRole("button", { name: "Retry" }).click();
    await until("it is under review", async () => (await lock(film)) === "josh" && (await item()).state === "done");
    const cuts = (await teasers()).find((a) => a.name === "Rough cuts");
    assert.equal((await teasers()).find((a) => a.name === "Credits.mov").parent_id, cuts.id);
    await own.close();
  });

  await step("who may only look sees it, and no button that would be refused", async () => {
    const julia = await somebody();
    await enter(julia, "julia");
    const own = await julia.page();
    await own.goto(`${stage.Connector}/items/${(await item()).id}`);
    await own.getByRole("heading", { name: "Credits" }).waitFor();
    for (const name of ["Cancel", "Retry"]) {
      assert.equal(await own.getByRole("button", { name }).count(), 0, `julia is offered ${name}`);
    }
    julia.trouble.none();
    await julia.close();
  });

  async function teasers() {
    const state = await frameio("GET", "state");
    const projects = state.accounts.flatMap((a) => a.workspaces).flatMap((w) => w.projects);
    return projects.find((p) => p.id === second.project_id).assets;
  }

  josh.trouble.none();
  await josh.close();
});
