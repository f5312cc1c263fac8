// What people meet when something is not as it should be: each time they are told
// what, and what to do about it.
import test from "node:test";
import assert from "node:assert/strict";
import {
  api, bound, choose, connectAs, enter, frameio, look, nuxeo, run, signIn, somebody, stage, steps, uid, until,
} from "./stage.mjs";

const films = "/default-domain/workspaces/films";
const trailers = "/default-domain/workspaces/trailers";
const bindTitle = "Bind this folder to your Frame IO projects";

/** The folder in Nuxeo's pages, opened by somebody who signs in. */
async function inNuxeo(who, login) {
  const page = await who.page();
  await page.goto(`${stage.Nuxeo}/ui/#!/doc/${await uid(films)}`);
  await signIn(page, login);
  await page.getByRole("heading", { name: "Films" }).waitFor();
  return page;
}

const bindButton = (page) => page.getByRole("button", { name: "Bind to Frame.io" });

test("connecting, and what may come between", async (t) => {
  const step = steps(t);
  const josh = await somebody();
  const page = await inNuxeo(josh, "josh");
  const dialog = page.getByRole("dialog", { name: "Connect Frame.io" });

  await step("Nuxeo was not told where the connector is", async () => {
    const address = await page.evaluate(() => window.Nuxeo.UI.config.frameio.url);
    await page.evaluate(() => (window.Nuxeo.UI.config.frameio.url = ""));
    await bindButton(page).click();
    await page.getByText(/Nuxeo does not know where the connector is. An administrator sets nuxeo.frameio.url/).first()
      .waitFor();
    await page.evaluate((a) => (window.Nuxeo.UI.config.frameio.url = a), address);
  });

  await step("the connector cannot be reached from Nuxeo", async () => {
    await page.route(`${stage.Connector}/api/**`, (r) => r.abort());
    await bindButton(page).click();
    await page.getByText(/The connector cannot be reached. Check the network/).first().waitFor();
    await page.unroute(`${stage.Connector}/api/**`);
  });

  await step("a pop-up that the browser blocks can be opened by a button", async () => {
    await page.evaluate(() => ([window.kept, window.open] = [window.open, () => null]));
    await bindButton(page).click();
    await dialog.getByText("The browser blocked the sign-in window.").waitFor();
    await look(page, "error-popup");
    await page.evaluate(() => (window.open = window.kept));
  });

  let popup;
  const reopen = async () => {
    const opened = josh.context.waitForEvent("page");
    await dialog.getByRole("button", { name: /Open/ }).click();
    popup = await opened;
    await popup.getByRole("heading", { name: /Sign in to Frame.io/ }).waitFor();
  };

  await step("who refuses at Frame.io is told so", async () => {
    await reopen();
    await popup.getByRole("button", { name: "Cancel" }).click();
    await dialog.getByText(/Frame.io did not sign you in/).waitFor();
    await popup.getByRole("heading", { name: "This did not work" }).waitFor();
    await look(popup, "error-refused-window");
    await look(page, "error-refused");
    await popup.close();
  });

  await step("a window that was closed", async () => {
    await reopen();
    await popup.close();
    await dialog.getByText("The sign-in window was closed, or cannot be observed.").waitFor();
  });

  await step("an account that belongs to another login", async () => {
    const julia = await somebody();
    await enter(julia, "julia");
    await connectAs(julia, "julia@example.org");
    await julia.close();
    await reopen();
    await choose(popup, "Julia Reviewer");
    await dialog.getByText("This Frame.io account is connected to another Nuxeo login already.").waitFor();
    await dialog.getByText("Sign in to Frame.io as yourself, or disconnect the other login first.").waitFor();
    await popup.close();
  });

  await step("the window belongs to somebody else than the page", async () => {
    await enter(josh, "julia"); // the connector's cookie is hers now
    await josh.context.request.post(`${stage.Nuxeo}/login.jsp`, {
      form: { user_name: "josh", user_password: "josh", requestedUrl: "ui/" },
    });
    await reopen();
    await choose(popup, "Julia Reviewer");
    await dialog.getByText("Frame.io was connected for julia, but you are signed in here as josh.").waitFor();
    await look(page, "error-somebody-else");
    await josh.context.clearCookies({ name: "nxf_session" });
  });

  await step("and at last it works", async () => {
    await reopen();
    await choose(popup, "Josh Editor");
    await page.getByRole("dialog", { name: bindTitle }).waitFor();
  });

  josh.trouble.none();
  await josh.close();
});

test("binding, and why not", async (t) => {
  const step = steps(t);
  const josh = await somebody();
  await enter(josh, "josh");
  const page = await josh.page();
  const dialog = page.getByRole("dialog", { name: bindTitle });

  const fill = async (name) => {
    await page.getByRole("button", { name: /Bind to Frame.io|Add another binding/ }).click();
    await dialog.getByLabel("Action name on Frame.io side").fill(name);
    await dialog.getByLabel("Post production").check();
    await dialog.getByRole("button", { name: "Validate" }).click();
  };

  await step("a name that is taken", async () => {
    await page.goto(`${stage.Connector}/folders/${await uid(films)}`);
    await fill("Archive");
    await page.getByRole("heading", { name: "Archive" }).waitFor();
    await fill("Archive");
    await dialog.locator("[aria-invalid=true], .notice.wrong").first().waitFor();
    await look(page, "error-name-taken");
    await dialog.getByLabel("Action name on Frame.io side").fill("Archive twice");
    await dialog.getByRole("button", { name: "Validate" }).click();
    await page.getByRole("heading", { name: "Archive twice" }).waitFor();
  });

  await step("the connector cannot be reached, and Try again works", async () => {
    await page.route("**/api/v1/bindings*", (r) => r.abort());
    await page.reload();
    await page.getByText("The connector cannot be reached.").waitFor();
    await look(page, "error-unreachable");
    await page.unroute("**/api/v1/bindings*");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("heading", { name: "Archive twice" }).waitFor();
  });

  await step("a folder in which the person may not write", async () => {
    const made = await nuxeo("POST", "/api/v1/path/default-domain/workspaces", {
      "entity-type": "document", type: "Folder", name: "vault", properties: { "dc:title": "Vault" },
    });
    await nuxeo("POST", "/api/v1/automation/Document.AddPermission", {
      input: `doc:${made.uid}`, params: { username: "josh", permission: "Read", blockInheritance: true },
    });
    await page.goto(`${stage.Connector}/folders/${made.uid}`);
    await page.getByText("This folder is not bound to Frame.io").waitFor();
    assert.equal(
      await page.getByRole("button", { name: "Bind to Frame.io" }).count(), 0, "a reader is offered to bind it",
    );
    await look(page, "error-no-right");
  });

  await step("nobody's team", async () => {
    await frameio("POST", "people", { name: "Nina New", email: "nina@example.org" });
    const boss = await somebody();
    await enter(boss, "Administrator");
    await connectAs(boss, "nina@example.org");
    const his = await boss.page();
    await his.goto(`${stage.Connector}/folders/${await uid(trailers)}`);
    await his.getByRole("button", { name: "Bind to Frame.io" }).click();
    await his.getByText("There is no team that you can bind.").waitFor();
    await look(his, "error-no-team");
    boss.trouble.none();
    await boss.close();
  });

  josh.trouble.none();
  await josh.close();
});

test("publishing and playing, and why not", async (t) => {
  const step = steps(t);
  const josh = await somebody();
  await enter(josh, "josh");
  const review = await josh.page();
  const message = (title) => review.getByRole("dialog", { name: title });

  const openMenu = async (name) => {
    await review.goto(`${stage.Frameio}/`);
    await review.getByRole("button", { name: "Autumn campaign" }).click();
    await review.getByRole("checkbox", { name: `Select ${name}`, exact: true }).check();
    await review.getByRole("button", { name: "Actions" }).click();
  };

  await step("unbound between the menu and the click", async () => {
    const b = await bound(josh, trailers, "Soon gone");
    await openMenu("Teaser.mp4");
    const item = review.getByRole("menuitem", { name: "Soon gone" });
    await item.waitFor();
    await api(josh, "DELETE", `/bindings/${b.id}`);
    await until(
      "it is gone at Frame.io",
      async () => (await frameio("GET", `actions?workspace=${stage.Names.WORKSPACE}`)).every(
        (a) => a.name !== "Soon gone",
      ),
    );
    await item.click();
    await message("This cannot be done.").waitFor();
    await look(review, "error-action-gone");
  });

  await step("unbound, but Frame.io has not taken the action away yet", async () => {
    const b = await bound(josh, trailers, "Lingers");
    await frameio("POST", "faults", "DELETE /v4/accounts/.*/actions/ status=503");
    await api(josh, "DELETE", `/bindings/${b.id}`);
    await openMenu("Teaser.mp4");
    await review.getByRole("menuitem", { name: "Lingers" }).click();
    await message("Folder not bound").getByText("This folder is no longer bound to Frame.io.").waitFor();
    await look(review, "error-not-bound");
    await frameio("DELETE", "faults");
  });

  await step("only people who connected Nuxeo: others get a link, and what they chose arrives afterwards", async () => {
    const max = await somebody();
    const [account] = (await frameio("GET", "state")).accounts;
    await bound(josh, films, "Members only", { publishers: "connected" });
    await frameio("POST", "people", { name: "Max Guest", email: "max@example.org", account_id: account.id });
    await review.goto(`${stage.Frameio}/`);
    await review.getByRole("combobox", { name: "You are" }).selectOption({ label: "Max Guest" });
    await openMenu("Making of.mov");
    await review.getByRole("menuitem", { name: "Members only" }).click();
    const form = message("Connect Nuxeo");
    await form.getByText("Only people who connected Nuxeo may publish into this folder.").waitFor();
    await look(review, "error-connect-first");
    const link = await form.getByRole("link", { name: "Connect Nuxeo and Frame.io" }).getAttribute("href");
    const his = await max.page();
    await his.goto(link);
    await signIn(his, "Administrator");
    await choose(his, "Max Guest");
    await until(
      "it arrives",
      async () => (await api(max, "GET", "/items?state=done")).items.some(
        (x) => x.title === "Making of.mov" && x.outcome === "created",
      ),
    );
    max.trouble.none();
    await max.close();
  });

  await step("a proxy that has gone is replaced by what Nuxeo has, or by a word", async () => {
    await run("Archive", "josh@example.org", stage.Names.TEASER);
    const teaser = await until(
      "it arrives",
      async () => (await api(josh, "GET", "/items?state=done")).items.find((i) => i.title === "Teaser.mp4")?.document,
    );
    const page = await josh.page();
    await frameio("POST", "faults", "GET /assets/ status=403");
    const video = page.locator("nxf-player video");
    await page.goto(`${stage.Connector}/documents/${teaser}`);
    await page.getByText("Frame.io's player version does not play in this browser.").waitFor();
    await until(
      "Nuxeo's plays instead",
      () => video.evaluate((v) => v.readyState >= 1 && v.src.includes("/media/nuxeo/") && v.poster !== ""),
    );
    await page.route(/\/media\/nuxeo\//, (route) => route.fulfill({ status: 404 }));
    await page.reload();
    await page.getByText("This could not be played. Open it in Frame.io or Nuxeo instead.").waitFor();
    await look(page, "error-unplayable");
    await page.unrouteAll();
    await frameio("DELETE", "faults");
    await frameio("POST", "faults", "GET /v4/accounts/.*/files/ status=404");
    await page.reload();
    await page.getByText("The file is no longer on Frame.io, or you may not see it there.").waitFor();
    await until("Nuxeo's plays", () => video.evaluate((v) => v.readyState >= 1 && v.src.includes("/media/nuxeo/")));
    await look(page, "error-proxy-gone");
    await frameio("DELETE", "faults");
    // Played last: what Chromium has played once, it may play again from its cache, whatever Frame.io answers.
    await frameio(
      "POST", "faults", "GET /assets/.*/high_quality status=403 times=1\nGET /assets/.*/efficient status=403 times=1",
    );
    await page.reload();
    await until(
      "a second ticket plays",
      () => video.evaluate((v) => v.readyState >= 2 && v.videoWidth > 0 && !v.src.includes("/media/nuxeo/")),
    );
    await frameio("DELETE", "faults");
  });

  josh.trouble.none();
  await josh.close();
});
