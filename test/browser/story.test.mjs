// The main job, as the guide of the demo tells it: from the folder in Nuxeo to
// Frame.io's menu, to the document with its comments, and back to unbound.
import test from "node:test";
import assert from "node:assert/strict";
import { choose, look, signIn, somebody, stage, steps, ticked, uid, until } from "./stage.mjs";

// Nuxeo's own menu marks an action that did not fit into the bar once, and never takes the mark away.
const overflowed = { leaveOut: ["aria-allowed-attr"] };

const films = "/default-domain/workspaces/films";

test("the story, in Nuxeo's pages and Frame.io's", async (t) => {
  const step = steps(t);
  const josh = await somebody();
  const page = await josh.page();
  const folder = `${stage.Nuxeo}/ui/#!/doc/${await uid(films)}`;
  const guide = await josh.page();
  const review = await josh.page();

  await step("the guide shows what to do", async () => {
    await guide.goto(stage.Guide);
    await guide.getByRole("heading", { name: "Sign in to Nuxeo" }).waitFor();
    await look(guide, "guide-begin");
  });

  await step("sign in to Nuxeo", async () => {
    await page.goto(folder);
    await signIn(page, "josh");
    await page.getByRole("heading", { name: "Films" }).waitFor();
    await look(page, "nuxeo-folder");
  });

  await step("the action connects Frame.io first and goes on by itself", async () => {
    const popup = josh.context.waitForEvent("page");
    await page.getByRole("button", { name: "Bind to Frame.io" }).click();
    const window = await popup;
    await page.getByRole("dialog", { name: "Connect Frame.io" }).waitFor();
    await window.getByRole("heading", { name: /Sign in to Frame.io/ }).waitFor();
    await look(page, "nuxeo-connect");
    await choose(window, "Josh Editor");
    await page.getByRole("dialog", { name: "Bind this folder to your Frame IO projects" }).waitFor();
    assert.ok(window.isClosed() || (await window.waitForEvent("close")), "the window stays open");
  });

  await step("bind", async () => {
    const dialog = page.getByRole("dialog", { name: "Bind this folder to your Frame IO projects" });
    await dialog.getByRole("button", { name: "Validate" }).click();
    await dialog.getByText("Enter a name for the action").waitFor();
    await dialog.getByLabel("Action name on Frame.io side").fill("Publish to Nuxeo");
    await dialog.getByText("Enter a name for the action").waitFor({ state: "hidden" });
    await dialog.getByLabel("Post production").check();
    await dialog.getByText("You can select several teams").waitFor();
    assert.equal(await dialog.getByLabel("Document type").inputValue(), "File");
    await look(page, "nuxeo-bind");
    await dialog.getByRole("button", { name: "Validate" }).click();
    await page.getByText('Frame.io now has the action "Publish to Nuxeo".').first().waitFor();
    await page.getByRole("tab", { name: "Frame IO" }).or(page.getByText("Frame IO", { exact: true })).first().click();
    await page.getByText("Push to Nuxeo folder : /default-domain/workspaces/films").waitFor();
    await look(page, "nuxeo-folder-tab");
  });

  await step("publish from Frame.io's menu", async () => {
    await review.goto(`${stage.Frameio}/`);
    await review.getByRole("button", { name: "Autumn campaign" }).click();
    for (const name of ["Teaser.mp4", "Making of.mov", "Extras"]) {
      await review.getByRole("checkbox", { name: `Select ${name}`, exact: true }).check();
    }
    await review.getByRole("button", { name: "Actions" }).click();
    await look(review, "frameio-menu");
    for (const width of [390, 1280]) {
      await review.setViewportSize({ width, height: 900 });
      await review.getByRole("button", { name: "Actions" }).click();
      if (!(await review.getByRole("menu").isVisible())) await review.getByRole("button", { name: "Actions" }).click();
      const menu = await review.getByRole("menu").boundingBox();
      assert.ok(
        menu.x >= 0 && menu.x + menu.width <= width,
        `at ${width} px the menu reaches from ${menu.x} to ${menu.x + menu.width}`,
      );
    }
    await review.getByRole("menuitem", { name: "Publish to Nuxeo" }).click();
    const message = review.getByRole("dialog", { name: "Success" });
    await message.getByText("3 assets pushed to Nuxeo.").waitFor();
    await look(review, "frameio-success");
    await message.getByRole("button", { name: "OK" }).click();
  });

  await step("they arrive in the tab without a reload", async () => {
    for (const name of ["Teaser.mp4", "Making of.mov", "Poster.jpg", "Jingle.wav"]) {
      await page.getByRole("link", { name, exact: true }).waitFor();
    }
    await until("all have arrived", async () => (await page.getByText("New document", { exact: true }).count()) >= 4);
    await look(page, "nuxeo-folder-arrived");
  });

  await step("a document shows what Frame.io told, and a click on a comment seeks and draws", async () => {
    const teaser = await uid(`${films}/Teaser`);
    await page.goto(`${stage.Nuxeo}/ui/#!/doc/${teaser}?p=frameio`);
    for (const fact of ["Teaser.mp4", "Josh Editor", "H.264", "640 x 360", "Needs Review"]) {
      await page.locator("nxf-document-tab").getByRole("definition").filter({ hasText: fact }).first().waitFor();
    }
    const video = page.locator("nxf-player video");
    await until("the proxy plays", () => video.evaluate((v) => v.readyState >= 2 && v.videoWidth > 0));
    await page.getByRole("button", { name: "Show 00:00:02:10" }).click();
    await until("it is at frame 60", () => video.evaluate((v) => Math.floor(v.currentTime * 25) === 60 && !v.seeking));
    await page.getByRole("img", { name: "Drawing by external reviewer" }).waitFor();
    assert.equal(await page.locator(".drawing rect").count(), 1);
    // Or the picture is black.
    await video.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
    await look(page, "nuxeo-document-tab");
    await page.getByRole("button", { name: "Comment at 00:00:01:00" }).click();
    await until("it is at frame 25", () => video.evaluate((v) => Math.floor(v.currentTime * 25) === 25 && !v.seeking));
    assert.equal(await page.locator(".drawing").count(), 0, "the drawing of another comment is still there");
    assert.equal(await page.locator("nxf-comments").getByText("Resolved").count(), 1);
    assert.ok(await page.locator("nxf-comments .replies article").count(), "there is no reply to be counted");
    const told = await page.locator("nxf-comments h3 .small").allInnerTexts();
    const shown = await page.locator("nxf-comments article").count();
    assert.equal(told.reduce((sum, words) => sum + parseInt(words), 0), shown, "replies are counted, too");
  });

  await step("a new version", async () => {
    assert.equal(
      await review.getByRole("checkbox", { checked: true }).count(), 0, "what was published is still selected",
    );
    for (const name of ["Teaser.mp4", "Teaser second cut.mp4"]) {
      await review.getByRole("checkbox", { name: `Select ${name}`, exact: true }).check();
    }
    await review.getByRole("button", { name: "Stack as versions" }).click();
    await review.getByText("2 versions").waitFor();
    await review.getByRole("checkbox", { name: "Select Teaser second cut.mp4", exact: true }).check();
    await review.getByRole("button", { name: "Actions" }).click();
    await review.getByRole("menuitem", { name: "Publish to Nuxeo" }).click();
    await review.getByText("Asset pushed to Nuxeo.").waitFor();
    await review.getByRole("button", { name: "OK" }).click();
    await until("there is a version", async () => (await ticked()).includes("version"));
    await page.reload();
    await page.locator("nxf-comments").getByText("Approved, ship it.").waitFor();
    await page.getByRole("combobox", { name: "Shown version" }).waitFor();
    await look(page, "nuxeo-document-versions");
  });

  await step("the mail leads to the connector's page of it", async () => {
    const mail = await josh.page();
    await until("the mail is there", async () => (await ticked()).includes("mail"));
    await mail.goto(stage.Mail);
    const opened = josh.context.waitForEvent("page");
    await mail.getByRole("link", { name: stage.Nuxeo }).first().click();
    await (await opened).getByRole("heading", { name: "Teaser" }).waitFor();
    await (await opened).close();
    await mail.close();
  });

  await step("an edit says what it changes on both sides before it does it", async () => {
    await page.goto(`${folder}?p=frameio`);
    await page.getByRole("button", { name: "Edit Publish to Nuxeo" }).click();
    const dialog = page.getByRole("dialog", { name: "Edit the binding of Films" });
    await dialog.getByRole("textbox", { name: "Action name" }).fill("Send to Nuxeo");
    await dialog.getByRole("button", { name: "Preview" }).click();
    await dialog.getByText('The action "Publish to Nuxeo" of the team Post production is renamed').waitFor();
    await look(page, "nuxeo-edit", overflowed);
    await dialog.getByRole("button", { name: "Back" }).click();
    assert.equal(await dialog.getByRole("textbox", { name: "Action name" }).inputValue(), "Send to Nuxeo");
    await dialog.getByRole("textbox", { name: "Action name" }).fill(" ");
    await dialog.getByRole("button", { name: "Preview" }).click();
    await dialog.getByText("Enter a name for the action").waitFor();
    await dialog.getByRole("textbox", { name: "Action name" }).fill("Send to Nuxeo");
    await dialog.getByRole("button", { name: "Preview" }).click();
    await dialog.getByRole("button", { name: "Apply" }).click();
    await page.getByText('The binding "Send to Nuxeo" is changed.').first().waitFor();
    await page.getByRole("heading", { name: "Send to Nuxeo" }).waitFor();
    await review.reload();
    await review.getByRole("checkbox", { name: "Select Making of.mov", exact: true }).check();
    await review.getByRole("button", { name: "Actions" }).click();
    await review.getByRole("menuitem", { name: "Send to Nuxeo" }).waitFor();
  });

  await step("unbind says what stays, and ends it at once", async () => {
    await page.goto(`${folder}?p=frameio`);
    await page.getByRole("button", { name: "Unbind Send to Nuxeo" }).click();
    const dialog = page.getByRole("dialog", { name: "Unbind Films?" });
    await dialog.getByText("Everything that was published stays in the folder").waitFor();
    await look(page, "nuxeo-unbind", overflowed);
    await dialog.getByRole("button", { name: "Cancel" }).click();
    assert.ok(!(await ticked()).includes("unbind"), "cancelling unbound it");
    await page.getByRole("button", { name: "Unbind Send to Nuxeo" }).click();
    await dialog.getByRole("button", { name: "Unbind" }).click();
    await page.getByText('"Send to Nuxeo" is unbound.').first().waitFor();
    await until("the action is gone", async () => (await ticked()).includes("unbind"));
    await review.reload();
    await review.getByRole("checkbox", { name: "Select Making of.mov", exact: true }).check();
    await review.getByRole("button", { name: "Actions" }).click();
    await review.getByText("No custom action here yet.").waitFor();
    assert.ok(await uid(`${films}/Teaser`), "the document is gone");
  });

  await step("the guide has ticked all of this, and what is left is the review of a document", async () => {
    await guide.bringToFront();
    await guide.getByText("9 of 14 steps done").waitFor();
    assert.deepEqual(await ticked(), [
      "sign-in", "connect", "bind", "publish", "arrive", "review", "version", "mail", "unbind",
    ]);
    await look(guide, "guide-end");
  });

  josh.trouble.none();
  await josh.close();
});
