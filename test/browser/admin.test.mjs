// The pages of administration: the registered application, the doctor, how the
// installation is, everybody's bindings, and an owner who is gone.
import test from "node:test";
import assert from "node:assert/strict";
import {
  api, bound, choose, connectAs, enter, frameio, look, newFile, nuxeo, openOwn, run, somebody, stage, steps, until,
} from "./stage.mjs";

const films = "/default-domain/workspaces/films";

test("administration", async (t) => {
  const step = steps(t);
  const josh = await somebody();
  const julia = await somebody();
  const boss = await somebody({ permissions: ["clipboard-read", "clipboard-write"] });
  const page = await boss.page();

  await step("josh and julia have bound and connected", async () => {
    await enter(josh, "josh");
    await connectAs(josh, "josh@example.org");
    await bound(josh, films, "Archive");
    await enter(julia, "julia");
  });

  await step("the provider form: what is filled in, and the address to copy", async () => {
    await openOwn(page, "Administrator", "/administration/provider");
    await page.getByText("Frame.io is registered.").waitFor();
    assert.equal(await page.getByLabel("Service name").inputValue(), "frameio");
    assert.equal(await page.getByLabel("Client ID").inputValue(), "frameio-demo-client");
    assert.equal(await page.getByLabel("Client Secret").inputValue(), "", "the secret is shown");
    await page.getByRole("button", { name: "Copy" }).click();
    await page.getByText("Copied.").waitFor();
    assert.equal(
      await page.evaluate(() => navigator.clipboard.readText()), `${stage.Connector}/oauth/frameio/callback`,
    );
    await look(page, "admin-provider");
  });

  await step("wrong input shows at its field, good input is saved", async () => {
    const token = page.getByLabel("Token Server URL");
    const good = await token.inputValue();
    await token.fill("not an address");
    await page.getByRole("button", { name: "Save" }).click();
    await page.locator("input[name=token_url][aria-invalid=true]").waitFor();
    const reason = await token.evaluate(
      (e) => e.getRootNode().getElementById(e.getAttribute("aria-describedby"))?.textContent,
    );
    assert.match(reason ?? "", /is not a full https address/, "the reason is not tied to its field");
    await look(page, "admin-provider-wrong");
    await token.fill(good);
    await page.getByLabel("Client ID").fill("");
    await page.getByRole("button", { name: "Save" }).click();
    await page.locator("input[name=client_id][aria-invalid=true]").waitFor();
    await page.getByLabel("Client ID").fill("frameio-demo-client");
    await page.getByLabel("Description").fill("Frame.io of the studio");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("The provider is saved.").waitFor();
    assert.equal(await page.locator("[aria-invalid=true]").count(), 0);
    await page.reload();
    await until(
      "it was kept", async () => (await page.getByLabel("Description").inputValue()) === "Frame.io of the studio",
    );
  });

  await step("taken from Cloud Services", async () => {
    await page.getByRole("button", { name: "Import from Cloud Services" }).click();
    await page.getByRole("alert").filter({ hasText: "Cloud Services" }).waitFor(); // nothing is filled in there yet
    const there = await nuxeo("GET", "/api/v1/oauth2/provider/frameio");
    await nuxeo("PUT", "/api/v1/oauth2/provider/frameio", {
      ...there, clientId: "frameio-demo-client", clientSecret: "frameio-demo-secret",
      authorizationServerURL: `${stage.Frameio}/ims/authorize/v2`, tokenServerURL: `${stage.Frameio}/ims/token/v3`,
    });
    await page.getByRole("button", { name: "Import from Cloud Services" }).click();
    await page.getByText("Client ID and secret were imported from Nuxeo's Cloud Services.").waitFor();
  });

  await step("the doctor", async () => {
    await page.getByRole("tab", { name: "Doctor" }).click();
    await page.getByText(/Everything is OK|needs? attention/).waitFor();
    assert.ok((await page.locator("nxf-admin-doctor li").count()) > 5, "the doctor looked at little");
    await look(page, "admin-doctor");
  });

  await step("health: pause, resume, a chore", async () => {
    await page.getByRole("tab", { name: "Doctor" }).press("ArrowLeft");
    await page.getByRole("tab", { name: "Provider", selected: true }).press("ArrowLeft");
    await page.waitForURL(`${stage.Connector}/administration/health`);
    await page.getByRole("button", { name: "Pause" }).click();
    const dialog = page.getByRole("dialog", { name: "Pause the connector?" });
    await look(page, "admin-pause");
    await dialog.getByRole("button", { name: "Pause" }).click();
    await page.getByText(/Paused by Administrator since/).waitFor();
    const waits = await newFile("Waits.mxf", 20_000);
    await run("Archive", "josh@example.org", waits);
    assert.ok(
      (await api(josh, "GET", "/items?state=waiting")).items.some((i) => i.kind === "publish"),
      "what was published in the pause was not kept",
    );
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByText("For maintenance: requests are still accepted, no new work starts.").waitFor();
    await until(
      "it goes on",
      async () => (await api(josh, "GET", "/items?state=done")).items.some((i) => i.title === "Waits.mxf"),
    );
    const chore = page.getByRole("row").filter({ hasText: "sign-ins" });
    await chore.getByRole("cell", { name: "never" }).waitFor();
    await chore.getByRole("button", { name: "Run now" }).click();
    await chore.getByRole("cell", { name: /^(now|\d+ seconds? ago)$/ }).waitFor();
    await look(page, "admin-health");
  });

  await step("the console of the job queue", async () => {
    const opened = boss.context.waitForEvent("page");
    await page.getByRole("link", { name: "Job queue" }).click();
    const console_ = await opened;
    await console_.waitForLoadState();
    await until("the console shows", async () => /River|Jobs/.test(await console_.locator("body").innerText()));
    await console_.close();
  });

  await step("an owner who is gone, and who takes over", async () => {
    const other = await newFile("Orphan.mxf", 20_000);
    const left = await boss.context.request.delete(`${stage.Connector}/api/v1/people/josh/access`);
    assert.ok(left.ok(), await left.text());
    await run("Archive", "julia@example.org", other);
    await page.getByRole("tab", { name: "Bindings" }).click();
    await until("it is told that an owner is missing", async () => {
      await page.reload();
      return page.getByText("1 binding needs an owner.").waitFor({ timeout: 5000 }).then(() => true, () => false);
    });
    await look(page, "admin-bindings");
    const popup = boss.context.waitForEvent("page");
    await page.getByRole("button", { name: "Become the owner" }).click();
    await choose(await popup, "Julia Reviewer");
    await page.getByText("You now own this binding. Waiting items will resume.").waitFor();
    await until(
      "it went on",
      async () => (await api(boss, "GET", "/items?state=done")).items.some((i) => i.title === "Orphan.mxf"),
    );
    await until(
      "nothing is missing any more", async () => (await page.getByText("This binding needs an owner").count()) === 0,
    );
  });

  await step("people: who is blocked, and let in again", async () => {
    await page.getByRole("tab", { name: "People" }).click();
    const row = page.getByRole("row").filter({ hasText: "josh" });
    await row.getByText("Blocked by Administrator").waitFor();
    assert.match(await page.getByRole("row").nth(1).innerText(), /josh/, "who is blocked does not stand first");
    await look(page, "admin-people");
    await row.getByRole("button", { name: "Let in again" }).click();
    await page.getByRole("dialog", { name: /^Let .* in again\?$/ }).getByRole("button", { name: "Let in again" })
      .click();
    await row.getByText("May sign in").waitFor();
    await row.getByRole("button", { name: "End access" }).click();
    const dialog = page.getByRole("dialog", { name: /^End the access of / });
    await dialog.getByRole("button", { name: "End access" }).click();
    await row.getByText("Blocked by Administrator").waitFor();
    await row.getByRole("button", { name: "With any account" }).click();
    await page.getByRole("dialog", { name: /^Let .* in again\?$/ }).getByRole("button", { name: "Let in again" })
      .click();
    await row.getByText("May sign in").waitFor();
    await enter(josh, "josh");
  });

  await step("what people did", async () => {
    await page.getByRole("tab", { name: "Audit" }).click();
    await page.getByRole("cell", { name: "Revoked a person's access" }).first().waitFor();
    await look(page, "admin-audit");
    await page.getByLabel("Who").fill("josh");
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByRole("cell", { name: "Bound a folder" }).waitFor();
    await until(
      "only josh's deeds are shown",
      async () => (await page.getByRole("cell", { name: "Revoked a person's access" }).count()) === 0,
    );
  });

  await step("the registration is removed", async () => {
    await page.getByRole("tab", { name: "Provider" }).click();
    await page.getByRole("button", { name: "Remove the registration" }).click();
    const dialog = page.getByRole("dialog", { name: "Remove the registration?" });
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Remove the registration" }).click();
    await dialog.getByRole("button", { name: "Remove the registration" }).click();
    await page.getByText("Enter the Client ID and Client Secret").waitFor();
    await page.getByRole("tab", { name: "Doctor" }).click();
    const remedy = page.getByRole("listitem").filter({ hasText: "is not registered" }).getByRole("link");
    await remedy.waitFor();
    assert.match(
      (await remedy.getAttribute("href")) ?? "", /\/administration\/provider$/, "the remedy does not lead to its page",
    );
  });

  for (const who of [josh, julia, boss]) {
    who.trouble.none();
    await who.close();
  }
});
