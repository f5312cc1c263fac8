// Documents go from Nuxeo to Frame.io for review, and come back: one, several, a
// rendition; locked meanwhile, followed while it goes on, released when it is
// called off.
import test from "node:test";
import assert from "node:assert/strict";
import {
  api, assets, bound, chooseAction, connectAs, enter, frameio, look, nuxeo, nuxeoFaults, run, somebody, stage, steps,
  ticked, uid, until,
} from "./stage.mjs";

const films = "/default-domain/workspaces/films";
const drafts = `${films}/Drafts`;


test("a review, from Nuxeo and back", async (t) => {
  const step = steps(t);
  const josh = await somebody();
  const page = await josh.page();
  await enter(josh, "josh");
  const draft = await uid(`${drafts}/Trailer draft`);
  const at = (id, more = "") => `${stage.Nuxeo}/ui/#!/doc/${id}${more}`;
  const doc = (id) => fetch(`${stage.Nuxeo}/api/v1/id/${id}`, {
    headers: { Authorization: `Basic ${btoa("josh:josh")}`, properties: "*", "fetch-document": "lock" },
  }).then((a) => a.json());
  const dialog = page.getByRole("dialog", { name: "Push asset to Frame.io" });

  await step("a folder that is not bound says so", async () => {
    await page.goto(at(draft));
    await page.getByRole("heading", { name: "Trailer draft" }).waitFor();
    await chooseAction(page, "nxf-push-action");
    await page.getByText("Folder not bound").first().waitFor();
  });

  await step("who has not connected is asked to, and the push goes on by itself", async () => {
    const other = await somebody();
    await enter(other, "julia");
    await connectAs(other, "julia@example.org");
    await connectAs(josh, "josh@example.org");
    await bound(josh, films, "Publish to Nuxeo");
    await api(josh, "DELETE", "/me/frameio");
    await page.reload();
    await page.getByRole("heading", { name: "Trailer draft" }).waitFor();
    const popup = josh.context.waitForEvent("page");
    await chooseAction(page, "nxf-push-action");
    await (await popup).getByRole("button", { name: /Josh Editor/ }).click();
    await dialog.waitFor();
    await other.close();
  });

  await step("where to: a project, a tree that opens, a new folder", async () => {
    await dialog.getByRole("treeitem", { name: "Autumn campaign" }).waitFor();
    await dialog.getByRole("treeitem", { name: "Extras" }).waitFor();
    await dialog.getByRole("button", { name: "New folder" }).click();
    const naming = page.getByRole("dialog", { name: "New folder" });
    await naming.getByRole("button", { name: "Create" }).click();
    await naming.getByText("Enter a name for the folder.").waitFor();
    await naming.getByLabel("Name of the folder").fill("For review");
    await naming.getByRole("button", { name: "Create" }).click();
    await dialog.getByRole("treeitem", { name: "For review", selected: true }).waitFor();
    await dialog.getByText(/^1 document, /).waitFor();
    await look(page, "push-dialog");
  });

  await step("it is sent, locked, and under review", async () => {
    await dialog.getByRole("button", { name: "Push to Frame.io" }).click();
    await page.getByText("Pushed to Frame.io. It is being sent").first().waitFor();
    await until("it is under review", async () => (await doc(draft)).facets.includes("FrameioAsset"));
    assert.equal((await doc(draft)).lockOwner, "josh");
    await page.locator("nuxeo-page-item[name=frameio]").click(); // it comes with the document's arrival
    await page.getByText("Under review: pushed by josh").waitFor();
    await page.mouse.move(640, 880);
    const there = (await assets()).find((a) => a.name === "Trailer draft.mov");
    assert.equal((await assets()).find((a) => a.id === there.parent_id).name, "For review");
    await page.reload();
    await page.locator("nxf-document-tab").getByText("Under review: pushed by josh").waitFor();
    await look(page, "push-under-review");
  });

  await step("what is said about it arrives while the review goes on", async () => {
    const there = (await assets()).find((a) => a.name === "Trailer draft.mov");
    const { people } = await frameio("GET", "state");
    // The webhook is made a moment after the push; hints before that are found by the regular look.
    await until(
      "there is a webhook",
      async () => (await frameio("GET", "requests")).some((r) => r.class === "webhooks.create" && r.status === 201),
    );
    await frameio("POST", "comment", {
      file_id: there.id, text: "Shorten the end.", owner_id: people.find((p) => p.name === "Julia Reviewer").id,
      timestamp: 12,
    });
    await nuxeoFaults("POST", "POST /automation/javascript.afterApproval status=403");
    await frameio("POST", "status", { file_id: there.id, option: "Approved" });
    await page.locator("nxf-comments").getByText("Shorten the end.").waitFor();
    await page.getByText("Status on Frame.io: Approved").waitFor();
    await page.reload();
    await page.locator("nxf-document-tab").getByText("Under review: pushed by josh").waitFor();
    await look(page, "push-comment-arrived");
  });

  await step("what Nuxeo could not do about it is shown, and done when it is retried", async () => {
    const failure = page.getByText("Nuxeo could not do javascript.afterApproval (approved), as josh.");
    await failure.waitFor({ timeout: 30_000 });
    await page.getByText("josh may not do javascript.afterApproval on this document in Nuxeo.").waitFor();
    await look(page, "push-reaction");
    await nuxeoFaults("DELETE");
    await page.locator("nxf-document-tab").getByRole("button", { name: "Retry" }).click();
    await failure.waitFor({ state: "detached" });
    const reaction = async () => (await api(josh, "GET", `/documents/${draft}`)).reaction;
    await until("Nuxeo has done it", async () => (await reaction()).state === "done");
    await page.getByText("Nuxeo is to do").waitFor({ state: "detached" });
  });

  await step("published back it has a version more, and is unlocked", async () => {
    const there = (await assets()).find((a) => a.name === "Trailer draft.mov");
    assert.equal((await run("Publish to Nuxeo", "julia@example.org", there.id)).description, "Asset pushed to Nuxeo.");
    await until("it is unlocked", async () => !(await doc(draft)).lockOwner);
    await page.getByText("Under review").waitFor({ state: "detached" });
    for (const name of ["push", "comment", "return"]) {
      assert.ok((await ticked()).includes(name), `the guide has not ticked ${name}`);
    }
  });

  await step("several at once; a folder among them is named and left out", async () => {
    await page.goto(at(await uid(films)));
    await page.getByRole("heading", { name: "Films" }).waitFor();
    await page.goto(at(await uid(drafts)));
    await page.getByRole("heading", { name: "Drafts" }).waitFor();
    await nuxeo("POST", `/api/v1/id/${await uid(drafts)}`, {
      "entity-type": "document", type: "Folder", name: "Old ones", properties: { "dc:title": "Old ones" },
    });
    await page.reload();
    for (const name of ["Credits", "Interview", "Old ones"]) {
      await page.getByRole("row", { name: new RegExp(name) }).getByRole("checkbox").check();
    }
    await page.locator("nxf-push-action button").first().click();
    await dialog.getByText(/^2 documents, /).waitFor();
    await dialog.getByText("1 document is skipped.").waitFor();
    await dialog.getByText(/^Old ones: /).waitFor();
    await look(page, "push-bulk");
    await dialog.getByRole("button", { name: "Push to Frame.io" }).click();
    await page.getByText(/Pushed to Frame.io.*1 document is skipped/).first().waitFor();
    for (const name of ["Credits", "Interview"]) {
      await until(`${name} is locked`, async () => (await doc(await uid(`${drafts}/${name}`))).lockOwner === "josh");
    }
  });

  await step("what is under review is a page, and can be called off with a reason", async () => {
    const own = await josh.page();
    await own.goto(`${stage.Connector}/locks`);
    await own.getByRole("link", { name: "Interview" }).waitFor();
    await until(
      "it has arrived", async () => (await own.reload(), await own.getByText(/^Under review: /).count()) === 2,
    );
    await look(own, "push-locks");
    await own.getByRole("button", { name: "Release Interview" }).click();
    const why = own.getByRole("dialog", { name: "Release Interview?" });
    await why.getByRole("button", { name: "Release" }).click();
    await why.getByText("Enter a reason. It is kept with the push.").waitFor();
    await why.getByLabel("Reason").fill("The campaign was called off.");
    await look(own, "push-release");
    await why.getByRole("button", { name: "Release" }).click();
    await own.getByText("Interview is released.").first().waitFor();
    await until("it is unlocked", async () => !(await doc(await uid(`${drafts}/Interview`))).lockOwner);
    assert.equal((await doc(await uid(`${drafts}/Credits`))).lockOwner, "josh", "the other one was released too");
  });

  await step("a rendition is sent in place of the master, as a version of its asset", async () => {
    await page.goto(at(await uid(`${drafts}/Interview`)));
    await page.getByRole("heading", { name: "Interview" }).waitFor();
    await chooseAction(page, "nxf-push-action");
    await dialog.getByText(/It becomes the next version of Interview.mov/).waitFor();
    await dialog.getByLabel(/MP4 480p/).check();
    await dialog.getByText(/^1 document, 68 kB/).waitFor();
    await look(page, "push-rendition");
    await dialog.getByRole("button", { name: "Push to Frame.io" }).click();
    await until("it is a version of its stack", async () => (await assets()).some((a) => a.type === "version_stack"));
    const master = (await doc(await uid(`${drafts}/Interview`))).properties["file:content"].digest;
    const file = (await assets()).filter((a) => a.name.startsWith("Interview")).at(-1);
    await until("it is under review", async () => (await doc(await uid(`${drafts}/Interview`))).lockOwner === "josh");
    await run("Publish to Nuxeo", "julia@example.org", file.id);
    await until("it is back", async () => !(await doc(await uid(`${drafts}/Interview`))).lockOwner);
    assert.equal(
      (await doc(await uid(`${drafts}/Interview`))).properties["file:content"].digest, master,
      "the proxy took the master's place",
    );
  });

  josh.trouble.none();
  await josh.close();
});
