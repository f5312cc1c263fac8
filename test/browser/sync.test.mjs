// A folder of Nuxeo mirrors one of Frame.io: chosen in Web UI, followed on the tab,
// refreshed after changes, in conflict, asked when much is gone, and removed.
import test from "node:test";
import assert from "node:assert/strict";
import {
  api, assets, bound, choose, chooseAction, connectAs, enter, frameio, look, newFile, nuxeo, somebody, stage, steps,
  uid, until,
} from "./stage.mjs";

const trailers = "/default-domain/workspaces/trailers";
const label = "Sync to Frame.io folder";
const slow = "GET /assets/.*/original rate=40000"; // until it is taken away
// Nuxeo's own menu marks an action that did not fit into the bar once, and never takes the mark away.
const overflowed = { leaveOut: ["aria-allowed-attr"] };

test("a folder that follows one of Frame.io", async (t) => {
  const step = steps(t);
  const josh = await somebody();
  const page = await josh.page();
  const own = await josh.page();
  await enter(josh, "josh");
  const folder = await uid(trailers);
  const at = (id, more = "") => `${stage.Nuxeo}/ui/#!/doc/${id}${more}`;
  const ownAt = (id) => `${stage.Connector}/folders/${id}`;
  const tab = page.locator("nxf-sync-tab");
  const ownTab = own.locator("nxf-sync-tab");
  const dialog = page.getByRole("dialog", { name: label });
  const titles = async (path = trailers) => (await nuxeo("GET", `/api/v1/path${path}/@children?pageSize=100`))
    .entries.filter((d) => !d.isTrashed).map((d) => d.title).sort();
  const sync = async () => (await api(josh, "GET", `/syncs?folder=${folder}`)).syncs[0];
  const quiet = (what = "the run has ended") => until(what, async () => {
    const s = await sync();
    return s && s.last.state !== "running" && !s.last.waiting && s;
  }, 60_000);
  const fact = (where, name) => where.locator("dt", { hasText: name }).locator("xpath=following-sibling::dd[1]");
  const root = (await frameio("GET", "state")).accounts[0].workspaces[0].projects[0].root_folder_id;

  async function openTab() {
    await page.goto(at(folder, "?p=frameio-sync"));
    await page.reload();
    await tab.getByRole("heading", { name: "Frame.io sync" }).waitFor();
  }

  await step("it is offered where one may write, and neither on what is bound nor on documents", async () => {
    const workspaces = "/default-domain/workspaces";
    const closed = await nuxeo("POST", `/api/v1/path${workspaces}`, {
      "entity-type": "document", type: "Folder", name: "closed", properties: { "dc:title": "Closed" },
    });
    await nuxeo("POST", "/api/v1/automation/Document.AddPermission", {
      input: `doc:${closed.uid}`, params: { username: "josh", permission: "Read", blockInheritance: true },
    });
    const taken = await nuxeo("POST", `/api/v1/path${workspaces}`, {
      "entity-type": "document", type: "Folder", name: "taken", properties: { "dc:title": "Taken" },
    });
    await connectAs(josh, "josh@example.org");
    await bound(josh, `${workspaces}/taken`, "Take it");
    await api(josh, "DELETE", "/me/frameio");
    for (const [id, title] of [
      [closed.uid, "Closed"], [taken.uid, "Taken"],
      [await uid("/default-domain/workspaces/films/Drafts/Credits"), "Credits"],
    ]) {
      await page.goto(at(id));
      await page.reload();
      await page.getByRole("heading", { name: title }).waitFor();
      await page.waitForTimeout(300);
      assert.equal(await page.locator("nxf-sync-action").count(), 0, `${title} offers it`);
    }
    await own.goto(ownAt(closed.uid));
    await own.getByText("This folder is not bound to Frame.io").waitFor();
    assert.equal(await own.getByRole("button", { name: label }).count(), 0);
    await own.goto(ownAt(taken.uid));
    await own.getByRole("heading", { name: "Take it" }).waitFor();
    assert.equal(await own.getByRole("button", { name: label }).count(), 0);
    await own.goto(ownAt(folder));
    await own.getByRole("button", { name: label }).waitFor();
    await look(own, "sync-own-offered");
  });

  await step("who has not connected is asked to, and the dialog goes on by itself", async () => {
    await page.goto(at(folder));
    await page.getByRole("heading", { name: "Trailers" }).waitFor();
    const popup = josh.context.waitForEvent("page");
    await chooseAction(page, "nxf-sync-action");
    await choose(await popup, "Josh Editor");
    await dialog.waitFor();
  });

  await step("the dialog counts what it would bring, and anew when something changes", async () => {
    for (let n = 1; n <= 6; n++) await newFile(`Take ${n}.mov`, 1000 + n);
    await newFile("Long one.mov", 6_000_000);
    assert.equal(await dialog.getByLabel("Project").inputValue(), "Autumn campaign");
    await dialog.getByRole("treeitem", { name: "Autumn campaign", selected: true }).waitFor();
    await dialog.getByRole("treeitem", { name: "Extras" }).click();
    await dialog.getByText(/^0 folders · 2 documents · /).waitFor();
    await until(
      "each lane says how long",
      async () => /^about \d+ second/.test(await fact(dialog, "Listing").innerText())
        && /, plus the time to transfer the files$/.test(await fact(dialog, /^Documents$/).innerText()),
    );
    assert.match(await fact(dialog, "Comments, afterwards").innerText(), /^about \d+ second/);
    await look(page, "sync-dialog", overflowed);
    await dialog.getByRole("treeitem", { name: "Autumn campaign" }).click();
    await dialog.getByText(/^1 folder · 12 documents · /).waitFor();
    await dialog.locator("summary").click();
    await dialog.getByLabel("Image").check();
    await dialog.getByText(/^1 folder · 1 document · /).waitFor();
    await dialog.getByLabel("Image").uncheck();
    await dialog.getByLabel("Only names like").fill("*.mov");
    await dialog.getByText(/^1 folder · 8 documents · /).waitFor();
  });

  await step("the options have good defaults, and fit each other", async () => {
    assert.equal(await dialog.getByLabel("What to fetch").inputValue(), "original");
    assert.ok(await dialog.getByLabel("Follow changes as they happen").isChecked());
    assert.ok(!(await dialog.getByLabel("Include earlier versions of stacks").isChecked()));
    await dialog.getByLabel("What to fetch").selectOption("Metadata only, with poster and link");
    assert.ok(await dialog.getByLabel("Include earlier versions of stacks").isDisabled());
    await dialog.getByText("1 folder · 8 documents", { exact: true }).waitFor();
    await look(page, "sync-dialog-metadata", overflowed);
    await dialog.getByLabel("What to fetch").selectOption("Original");
    await dialog.getByLabel("Include earlier versions of stacks").check();
    await dialog.getByLabel("If both sides changed the content")
      .selectOption("Keep both: Nuxeo's document is renamed, Frame.io's becomes a second document");
    await dialog.getByText(/^1 folder · 8 documents · /).waitFor();
    await dialog.getByLabel("Include earlier versions of stacks").uncheck();
    await dialog.getByLabel("If both sides changed the content").selectOption("Keep Nuxeo's content");
  });

  await step("what is wrong is said at its field, even when folded away", async () => {
    await dialog.getByLabel("Only names like").fill("[");
    await dialog.getByText('"[" is no pattern of names. Use * and ?, as in *.mov.').waitFor();
    assert.equal(await dialog.getByLabel("Only names like").getAttribute("aria-invalid"), "true");
    await dialog.getByLabel("Only names like").fill("");
    await dialog.getByText(/^1 folder · 12 documents · /).waitFor();
    await dialog.getByLabel("Only files up to").fill("much");
    await dialog.getByText("Enter a number above 0.").waitFor();
    await dialog.getByLabel("Only files up to").fill("2");
    await dialog.getByLabel("Schedule").selectOption("Every … minutes");
    await dialog.getByLabel("How many").fill("2");
    await dialog.getByText(/A synchronization cannot run every 2m\. /).waitFor();
    await look(page, "sync-dialog-wrong", overflowed);
    await dialog.locator("summary").click();
    await dialog.getByRole("button", { name: "Synchronize" }).click();
    await dialog.getByLabel("How many").waitFor();
    await dialog.getByLabel("How many").fill("90");
    await dialog.getByText(/^1 folder · 12 documents · /).waitFor();
  });

  await step("it begins at once, with a tab on which one can watch it", async () => {
    await frameio("POST", "faults", slow);
    await dialog.getByRole("button", { name: "Synchronize" }).click();
    await page.getByText("Trailers is being synchronized with Autumn campaign.").first().waitFor();
    const item = page.getByRole("tab", { name: "Frame.io sync" }).or(page.getByText("Frame.io sync", { exact: true }))
      .first();
    await item.click();
    await tab.getByText("Fetching what is new").waitFor();
    for (const bar of ["Documents", "Bytes", "Comments"]) await tab.getByRole("progressbar", { name: bar }).waitFor();
    await tab.getByText(/^1 folder · 12 documents · /).waitFor();
    await tab.getByText(/^\d+ of 12$/).waitFor();
    // Comments come afterwards, unless the regular look has begun with those of what is there.
    await tab.locator(".bars > div").last().getByText(/^(afterwards|\d+ of \d+)$/).waitFor();
    await tab.getByText(/^\d.* of 6\.\d+ MB$/).waitFor();
    assert.ok(await tab.getByRole("button", { name: "Refresh Synchronization" }).isDisabled());
    await look(page, "sync-running", overflowed);
    await own.goto(ownAt(folder));
    await ownTab.getByText("Fetching what is new").waitFor();
    await look(own, "sync-own-running");
    await frameio("DELETE", "faults");
    await frameio("POST", "faults", "GET /v4/accounts/.*/comments latency=1500ms");
    await quiet();
    await tab.getByText("12 documents", { exact: true }).waitFor();
    await tab.getByText(/^Comments: \d+ of 12 checked$/).waitFor();
    await look(page, "sync-comments", overflowed);
    await frameio("DELETE", "faults");
  });

  await step("the tab says what it is, in Web UI and on our page", async () => {
    for (const [where, on, name] of [[tab, page, "sync-done"], [ownTab, own, "sync-own-done"]]) {
      const facts = {
        "Frame.io team": "Post production", Project: "Autumn campaign", Folder: "Autumn campaign",
        "Synchronization owner": "josh", "Document type": "File", "What is fetched": "Original",
        "Between runs": "Changes are followed as they happen", "Synchronization state": "Done",
      };
      for (const [key, value] of Object.entries(facts)) {
        await until(
          `${key} is ${value}`, async () => (await fact(where, new RegExp(`^${key}$`)).innerText()) === value,
        );
      }
      assert.match(await fact(where, "Last synchronization date").innerText(), /second|now|minute/);
      assert.match(await fact(where, "Next synchronization").innerText(), / · Every 90 minutes$/);
      await where.getByText("12 assets in 1 folder: 12 new").waitFor();
      await look(on, name, on === page ? overflowed : undefined);
    }
    await own.goto(`${stage.Connector}/`);
    const listed = own.locator("nxf-sync-list").getByRole("listitem").filter({ hasText: "Trailers" });
    await listed.getByText("Post production · Autumn campaign", { exact: true }).waitFor();
    await listed.getByText("Done", { exact: true }).waitFor();
    await look(own, "sync-own-start");
    await own.goto(ownAt(folder));
    assert.deepEqual(await titles(), [
      "Extras", "Long one", "Making of", "Take 1", "Take 2", "Take 3", "Take 4", "Take 5", "Take 6", "Teaser",
      "Teaser second cut",
    ]);
    assert.deepEqual(await titles(`${trailers}/Extras`), ["Jingle", "Poster"]);
    await own.goto(ownAt(await uid(`${trailers}/Extras`)));
    const inside = own.getByText("inside a folder that is synchronized with “Autumn campaign” on Frame.io");
    await inside.getByRole("link", { name: "Trailers" }).waitFor();
    await look(own, "sync-own-inside");
    await own.goto(ownAt(folder));
    await page.goto(at(folder));
    await page.reload();
    await page.getByRole("heading", { name: "Trailers" }).waitFor();
    await page.waitForTimeout(300);
    for (const action of ["nxf-sync-action", "nxf-bind-action"]) {
      assert.equal(await page.locator(action).count(), 0, `${action} is still offered`);
    }
  });

  await step("refreshed, it says that nothing has changed", async () => {
    await openTab();
    await tab.getByRole("button", { name: "Refresh Synchronization" }).click();
    await tab.getByText("12 assets in 1 folder, nothing has changed").waitFor();
  });

  await step("what was renamed, versioned and said on Frame.io arrives with a refresh", async () => {
    const one = (await assets()).find((a) => a.name === "Take 1.mov");
    await frameio("POST", "rename", { id: one.id, name: "Opening.mov" });
    await frameio("POST", "stack", {
      file_ids: [(await assets()).find((a) => a.name === "Take 2.mov").id, await newFile("Take 2 b.mov", 2222)],
    });
    await frameio("POST", "status", { file_id: stage.Names.MAKING, option: "Approved" });
    const { people } = await frameio("GET", "state");
    await frameio("POST", "comment", {
      file_id: stage.Names.MAKING, text: "Shorten the end.",
      owner_id: people.find((p) => p.name === "Julia Reviewer").id,
    });
    await tab.getByRole("button", { name: "Refresh Synchronization" }).click();
    // A webhook may have been faster than the update.
    await tab.getByText(/^12 assets in 1 folder: (1 updated, )?1 renamed/).waitFor();
    assert.ok((await titles()).includes("Opening"));
    const detail = async (title) => api(josh, "GET", `/documents/${await uid(`${trailers}/${title}`)}`);
    assert.equal((await detail("Making of")).asset.status, "Approved");
    assert.equal((await detail("Take 2")).versions.length, 3, "not the document and its two versions");
    assert.deepEqual((await detail("Making of")).comments.map((c) => c.text), ["Shorten the end."]);
  });

  // Content that a person puts into a document of Nuxeo.
  async function edit(path, text) {
    const { batchId } = await nuxeo("POST", "/api/v1/upload");
    const headers = {
      Authorization: `Basic ${btoa("Administrator:Administrator")}`, "X-File-Name": "mine.mov",
      "X-File-Type": "video/quicktime", "Content-Type": "application/octet-stream",
    };
    const sent = await fetch(`${stage.Nuxeo}/api/v1/upload/${batchId}/0`, { method: "POST", body: text, headers });
    assert.ok(sent.ok, await sent.text());
    await nuxeo("PUT", `/api/v1/path${path}`, {
      "entity-type": "document", properties: { "file:content": { "upload-batch": batchId, "upload-fileId": "0" } },
    });
  }
  const digest = async (path) => (await nuxeo("GET", `/api/v1/path${path}`)).properties["file:content"].digest;

  await step("changed on both sides it is a conflict, with both to look at, and settled by hand", async () => {
    const path = async (title) => (await nuxeo("GET", `/api/v1/path${trailers}/@children?pageSize=100`))
      .entries.find((d) => d.title === title).path;
    const mine = {};
    for (const n of [3, 4, 6]) {
      await edit(await path(`Take ${n}`), `edited in Nuxeo ${n}`);
      mine[n] = await digest(await path(`Take ${n}`));
      await frameio("POST", "stack", {
        file_ids: [
          (await assets()).find((a) => a.name === `Take ${n}.mov`).id, await newFile(`Take ${n}.mov`, 3000 + n),
        ],
      });
    }
    await tab.getByRole("button", { name: "Refresh Synchronization" }).click();
    await tab.getByText("3 in conflict", { exact: true }).waitFor();
    const row = (n) => tab.getByRole("listitem").filter({ hasText: `Take ${n}.mov` });
    await row(3).getByText("Changed both in Nuxeo and on Frame.io").waitFor();
    const side = (name) => row(3).getByRole("group", { name });
    assert.equal(await side("Nuxeo").locator("strong").innerText(), "Take 3");
    await side("Nuxeo").getByText("17 bytes", { exact: true }).waitFor();
    await side("Nuxeo").getByText(/^Changed .* by Administrator$/).waitFor();
    assert.equal(await side("Frame.io").locator("strong").innerText(), "Take 3.mov");
    await side("Frame.io").getByText("3 kB", { exact: true }).waitFor();
    await side("Frame.io").getByText(/^Changed /).waitFor();
    assert.match(await row(3).getByRole("link", { name: "Open the document" }).getAttribute("href"), /#!\/doc\//);
    assert.match(await row(3).getByRole("link", { name: "Open in Frame.io" }).getAttribute("href"), /\/view\//);
    await look(page, "sync-conflict", { ...overflowed, fullPage: false });
    await own.reload();
    await ownTab.getByText("3 in conflict", { exact: true }).waitFor();
    await look(own, "sync-own-conflict");
    await row(3).getByRole("button", { name: "Keep Nuxeo's" }).click();
    await row(3).waitFor({ state: "detached" });
    await row(4).getByRole("button", { name: "Take Frame.io's" }).click();
    await row(4).waitFor({ state: "detached" });
    await row(6).getByRole("button", { name: "Keep both" }).click();
    await row(6).waitFor({ state: "detached" });
    await quiet();
    assert.equal(await digest(await path("Take 3")), mine[3], "what was to be kept is lost");
    await until("both are there", async () => {
      const takes = (await titles()).filter((title) => title.startsWith("Take 6"));
      const ours = takes.map(async (title) => (await digest(await path(title))) === mine[6]);
      return takes.length === 2 && new Set(await Promise.all(ours)).size === 2;
    });
    await until("Frame.io's content is there", async () => (await digest(await path("Take 4"))) !== mine[4]);
    await tab.getByRole("button", { name: "Refresh Synchronization" }).click();
    await tab.getByText("12 assets in 1 folder, nothing has changed").nth(1).waitFor();
  });

  await step("what could not be brought says why, and comes when it is tried again", async () => {
    const broken = await newFile("Broken.mov", 4444);
    await frameio("POST", "faults", `GET /v4/accounts/.*/files/${broken} status=403`);
    await tab.getByRole("button", { name: "Refresh Synchronization" }).click();
    await tab.getByText("1 failed", { exact: true }).waitFor();
    const row = tab.getByRole("listitem").filter({ hasText: "Broken.mov" });
    await row.locator(".bad.wrap").waitFor();
    await row.getByRole("button", { name: "Retry" }).waitFor();
    await look(page, "sync-failed", overflowed);
    await frameio("DELETE", "faults");
    await row.getByRole("button", { name: "Retry" }).click();
    await row.waitFor({ state: "detached" });
    await until("it has come", async () => (await titles()).includes("Broken"));
  });

  await step("what is gone on Frame.io stays, and is marked", async () => {
    await frameio("POST", "delete", { id: (await assets()).find((a) => a.name === "Take 5.mov").id });
    await tab.getByRole("button", { name: "Refresh Synchronization" }).click();
    await tab.getByText("1 missing", { exact: true }).waitFor();
    await tab.getByText("Deleted on Frame.io").waitFor();
    assert.ok((await titles()).includes("Take 5"));
  });

  await step("when very much is gone it asks first", async () => {
    const doomed = (await assets()).filter(
      (a) => a.parent_id === root && a.type !== "folder" && a.name !== "Opening.mov",
    );
    for (const a of doomed) await frameio("POST", "delete", { id: a.id });
    await tab.getByRole("button", { name: "Refresh Synchronization" }).click();
    const many = `${doomed.length} of 12 assets are not on Frame.io any more.`;
    await tab.getByText(many).first().waitFor();
    await tab.getByText("Look at Frame.io. If that is right, refresh and confirm it").waitFor();
    assert.equal(await fact(tab, "Synchronization state").innerText(), "Paused");
    await look(page, "sync-asks", overflowed);
    await tab.getByRole("button", { name: "Refresh Synchronization" }).click();
    const sure = page.getByRole("dialog", { name: "Continue and mark what is missing as deleted?" });
    await sure.getByText(many).waitFor();
    await look(page, "sync-sure", overflowed);
    await sure.getByRole("button", { name: "Continue" }).click();
    await tab.getByText(`${doomed.length + 1} missing`, { exact: true }).waitFor();
    await look(page, "sync-gone", overflowed);
    assert.equal((await titles()).length, 13, "documents went");
  });

  await step("paused it says so, and resumes", async () => {
    await ownTab.getByRole("button", { name: "Pause" }).click();
    await ownTab.getByText("Paused by josh.").waitFor();
    await ownTab.getByText("None while it is paused (Every 90 minutes)").waitFor();
    await look(own, "sync-paused");
    await ownTab.getByRole("button", { name: "Resume" }).click();
    await ownTab.getByRole("button", { name: "Pause" }).waitFor();
    await ownTab.getByText("Paused by josh.").waitFor({ state: "detached" });
  });

  await step("edited, it says what that changes, and does it", async () => {
    const edit = own.getByRole("dialog", { name: "Edit the synchronization of Trailers" });
    await ownTab.getByRole("button", { name: "Edit" }).click();
    assert.equal(await edit.getByLabel("How many").inputValue(), "90");
    assert.equal(await edit.getByLabel("What to fetch").inputValue(), "original");
    await edit.getByLabel("Only names like").fill("Take*");
    await edit.getByLabel("How many").fill("45");
    await look(own, "sync-edit");
    await edit.getByRole("button", { name: "Preview" }).click();
    await edit.getByText("Every 90 minutes → Every 45 minutes").waitFor();
    await edit.getByText("any → Take*").waitFor();
    await edit.getByText("A run follows at once.").waitFor();
    await edit.getByText(/documents are left out: they stay, and are marked\./).waitFor();
    await look(own, "sync-edit-preview");
    await edit.getByRole("button", { name: "Back" }).click();
    assert.equal(await edit.getByLabel("Only names like").inputValue(), "Take*");
    assert.equal(await edit.getByLabel("How many").inputValue(), "45");
    await edit.getByLabel("Only names like").fill("");
    await edit.getByRole("button", { name: "Preview" }).click();
    await edit.getByText("Nothing else changes.").waitFor();
    await edit.getByRole("button", { name: "Apply" }).click();
    await own.getByText("The synchronization of Trailers is changed.").waitFor();
    await ownTab.getByText(/ · Every 45 minutes$/).waitFor();
    assert.equal((await titles()).length, 13, "documents went");
  });

  await step("who may only look sees it without buttons", async () => {
    await nuxeo("POST", "/api/v1/automation/Document.AddPermission", {
      input: `doc:${folder}`, params: { username: "josh", permission: "Everything" },
    });
    await nuxeo("POST", "/api/v1/automation/Document.AddPermission", {
      input: `doc:${folder}`, params: { username: "julia", permission: "Read", blockInheritance: true },
    });
    await nuxeo("POST", "/api/v1/automation/Document.AddPermission", {
      input: `doc:${folder}`, params: { username: "josh", permission: "Everything" },
    });
    const julia = await somebody({ theme: "dark", width: 420, height: 860 });
    await enter(julia, "julia");
    const hers = await julia.page();
    await hers.goto(ownAt(folder));
    await hers.locator("nxf-sync-tab").getByRole("heading", { name: "Frame.io sync" }).waitFor();
    await hers.locator("nxf-sync-troubles").getByText("Deleted on Frame.io").first().waitFor();
    for (const name of ["Refresh Synchronization", "Remove Synchronization", "Pause"]) {
      assert.equal(await hers.getByRole("button", { name }).count(), 0, `julia is offered ${name}`);
    }
    await look(hers, "sync-own-phone-dark");
    julia.trouble.none();
    await julia.close();
  });

  await step("who refreshes without being connected signs in first", async () => {
    await api(josh, "DELETE", "/me/frameio");
    await openTab();
    const runs = (await api(josh, "GET", `/syncs/${(await sync()).id}/runs`)).runs.length;
    const popup = josh.context.waitForEvent("page");
    await tab.getByRole("button", { name: "Refresh Synchronization" }).click();
    await choose(await popup, "Josh Editor");
    await until(
      "there is a run more",
      async () => (await api(josh, "GET", `/syncs/${(await sync()).id}/runs`)).runs.length === runs + 1,
    );
    await quiet();
  });

  await step("removed, everything stays and it can be synchronized anew", async () => {
    await tab.getByRole("button", { name: "Remove Synchronization" }).click();
    const sure = page.getByRole("dialog", { name: "Remove the synchronization of Trailers?" });
    await sure.getByText("Nothing is deleted").waitFor();
    await look(page, "sync-remove", overflowed);
    await sure.getByRole("button", { name: "Remove Synchronization" }).click();
    await page.getByText("Trailers is no longer synchronized.").first().waitFor();
    await page.locator("nxf-sync-action").first().waitFor({ state: "attached" });
    await tab.waitFor({ state: "detached" });
    assert.equal((await titles()).length, 13, "documents went");
    await own.reload();
    await own.getByRole("button", { name: label }).waitFor();
  });

  await step("compared, it shows what differs by its signs, and changes nothing", async () => {
    const place = await nuxeo("POST", "/api/v1/path/default-domain/workspaces", {
      "entity-type": "document", type: "Folder", name: "compared", properties: { "dc:title": "Compared" },
    });
    const extras = (await assets()).find((a) => a.name === "Extras").id;
    const into = { folder_id: extras };
    await newFile("Ours.mov", 2000, into);
    const { accounts } = await frameio("GET", "state");
    const made = await api(josh, "POST", "/syncs", {
      folder: place.uid, team: stage.Names.WORKSPACE, project: accounts[0].workspaces[0].projects[0].id,
      frameio_folder: extras, events: false,
    });
    const now = () => api(josh, "GET", `/syncs/${made.id}`);
    await until("all has come", async () => {
      const s = await now();
      return s.last.state === "done" && !s.last.waiting;
    }, 60_000);
    await own.goto(ownAt(place.uid));
    await ownTab.getByRole("button", { name: "Check" }).click();
    const found = own.locator("nxf-sync-differences");
    await found.getByText("Both sides are identical.").waitFor();
    const at = async (name) => (await assets()).find((a) => a.name.startsWith(name)).id;
    await frameio("POST", "delete", { id: await at("Poster") });
    await frameio("POST", "rename", { id: await at("Jingle"), name: "Fanfare.wav" });
    for (let n = 1; n <= 55; n++) await newFile(`Fresh ${n}.mov`, 100 + n, into);
    await nuxeo("PUT", "/api/v1/path/default-domain/workspaces/compared/Ours", {
      "entity-type": "document", properties: { "dc:title": "Called by us" },
    });
    await ownTab.getByRole("button", { name: "Check" }).click();
    await found.getByRole("button", { name: "Show more" }).click();
    const group = (name) => found.getByRole("list", { name, exact: true }).getByRole("listitem");
    await until("all are there", async () => (await group("only on Frame.io").count()) === 55);
    assert.match(await group("only in Nuxeo").innerText(), /^-\s*Poster/);
    await group("differs").filter({ hasText: "Fanfare.wav" }).getByText(/^renamed on Frame.io/).waitFor();
    await group("differs").filter({ hasText: "Ours.mov" }).getByText("renamed in Nuxeo", { exact: true }).waitFor();
    assert.equal(await found.getByRole("button", { name: "Show more" }).count(), 0);
    await look(own, "sync-differences");
    assert.equal((await now()).assets, 3, "a check has changed something");
    await ownTab.getByText("Check, by josh").first().waitFor();
  });

  josh.trouble.none();
  await josh.close();
});
