// Where teams talk: Josh sets a channel in the dialog of a binding, tries it, sees its messages and sends one
// again that was refused; a message comes when something arrives. In English, and in French in Web UI.
import test from "node:test";
import assert from "node:assert/strict";
import { bound, connectAs, enter, look, newFile, run, somebody, stage, steps, uid, until } from "./stage.mjs";

const films = "/default-domain/workspaces/films";
const receiver = stage.Names.RECEIVER;

test("where teams talk", async (t) => {
  const step = steps(t);
  const josh = await somebody();
  const page = await josh.page();
  const messages = async (path) => {
    const all = await (await fetch(`${receiver}/messages.json`)).json();
    return all.filter((m) => m.path === path).reverse();
  };
  const dialog = page.getByRole("dialog", { name: "Edit the binding of" });
  const talk = dialog.getByRole("region", { name: "Where your team talks" });

  await step("a channel is added in the dialog of the binding", async () => {
    await enter(josh, "josh");
    await connectAs(josh, "josh@example.org");
    await bound(josh, films, "Talk");
    await page.goto(`${stage.Connector}/folders/${await uid(films)}`);
    await page.getByRole("button", { name: "Edit Talk" }).click();
    await talk.getByText("Nothing is told anywhere yet.").waitFor();
    await look(page, "channels-none");
    await talk.getByRole("button", { name: "Add a channel" }).click();
    const add = page.getByRole("dialog", { name: "Add a channel" });
    await add.getByRole("button", { name: "Save" }).click();
    await add.getByText("The address is missing.").waitFor();
    await add.locator("input[name=address][aria-invalid=true]").waitFor();
    await add.getByLabel("Address of the webhook").fill(`${receiver}/services/verysecret`);
    await add.getByLabel("Name").fill("#post");
    await add.getByLabel("New comments").uncheck();
    await look(page, "channel-dialog");
    await add.getByRole("button", { name: "Save" }).click();
    await talk.locator("strong", { hasText: "Slack · #post" }).waitFor();
    assert.equal((await page.content()).includes("verysecret"), false, "the address is shown");
  });

  await step("a test message says what becomes of it", async () => {
    await talk.getByRole("button", { name: "Test Slack · #post" }).click();
    await talk.getByText("Slack · #post has taken the test message.").waitFor();
    const [m] = await messages("/services/verysecret");
    assert.equal(m.body.blocks[0].text.type, "mrkdwn");
    await look(page, "channels");
  });

  await step("a receiver of one's own gets a secret, and what it refuses can be sent again", async () => {
    await talk.getByRole("button", { name: "Add a channel" }).click();
    const add = page.getByRole("dialog", { name: "Add a channel" });
    await add.getByLabel("Kind").selectOption("Receiver of your own");
    await add.getByLabel("Address of the webhook").fill(`${receiver}/busy/own`);
    await add.getByRole("button", { name: "Save" }).click();
    await add.getByText("The secret with which messages are signed").waitFor();
    assert.match(await add.locator("code").innerText(), /^[0-9a-f]{64}$/);
    await look(page, "channel-secret");
    await add.getByRole("button", { name: "Close" }).click();
    await talk.getByRole("button", { name: "Test Receiver of your own" }).click();
    await talk.getByText("Receiver of your own has not taken the test message. The receiver answered with 503")
      .waitFor();
    await talk.getByRole("button", { name: "Messages Receiver of your own" }).click();
    const log = page.getByRole("dialog", { name: "Messages to Receiver of your own" });
    await log.getByText("Failed", { exact: true }).waitFor();
    await look(page, "channel-log");
    await log.getByRole("button", { name: /^Send again/ }).click();
    await log.getByText("Delivered", { exact: true }).waitFor();
    await log.getByRole("button", { name: "Close" }).click();
    const [one, two] = await messages("/busy/own");
    assert.equal(one.delivery, two.delivery, "the second attempt has another id");
  });

  await step("what is told can be changed; the address stays", async () => {
    await talk.getByRole("button", { name: "Change Slack · #post" }).click();
    const change = page.getByRole("dialog", { name: "Change Slack · #post" });
    await change.getByLabel("Overdue after how many days").fill("400");
    await change.getByRole("button", { name: "Save" }).click();
    await change.getByText("Give a number of days from 1 to 365.").waitFor();
    await change.getByLabel("Overdue after how many days").fill("3");
    await change.getByRole("button", { name: "Save" }).click();
    await talk.getByText("Overdue after 3 days").waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
  });

  await step("an arrival is told in both", async () => {
    await run("Talk", "josh@example.org", await newFile("Told <!channel>.mxf", 20_000));
    await until("both messages came", async () =>
      (await messages("/services/verysecret")).length === 2 && (await messages("/busy/own")).length >= 4);
    const slack = JSON.stringify((await messages("/services/verysecret"))[1].body);
    assert.match(slack, /1 arrived/);
    assert.equal(slack.includes("<!channel>"), false, "a title mentions everybody");
  });

  await step("in French, in Web UI, and removed", async () => {
    const french = await somebody({ locale: "fr-FR" });
    await enter(french, "josh");
    const other = await french.page();
    await other.goto(`${stage.Nuxeo}/ui/#!/doc/${await uid(films)}?p=frameio`);
    await other.getByRole("button", { name: /^Modifier Talk/ }).click();
    const region = other.getByRole("region", { name: "Où votre équipe se parle" });
    await region.getByText("En retard après 3 jours").waitFor();
    await look(other, "channels-french");
    await region.getByRole("button", { name: "Retirer Slack · #post" }).click();
    await other.getByRole("dialog", { name: "Retirer Slack · #post" }).getByRole("button", { name: "Retirer" }).click();
    await until("it is gone", async () => !(await region.locator("strong", { hasText: "#post" }).count()));
    french.trouble.none();
    await french.close();
  });

  josh.trouble.none();
  await josh.close();
});
