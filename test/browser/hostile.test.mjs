// Names and words from outside that want to be more than text: shown on every
// page of ours, in Nuxeo's and Frame.io's, and in the mail, they stay text.
import test from "node:test";
import assert from "node:assert/strict";
import {
  api, assets, bound, connectAs, enter, frameio, newFile, nuxeo, run, somebody, stage, steps, uid, until,
} from "./stage.mjs";

const films = "/default-domain/workspaces/films";
const runs = "window.__ran=1";

/** A text with everything in it that a page could fall for; its first word tells them apart. */
const evil = (word) =>
  `${word} <img src=x onerror=${runs}><svg onload=${runs}>"'><script src="data:text,${runs}"> javascript:${runs} ` +
  "${7*7} {{7*7}} [[7*7]] <%= 7*7 %> =1+1 &lt;b&gt;";
/** For where lines may be long and slashes are let be. */
const worse = (word) =>
  `${evil(word)} </script><script>${runs}</script><a href="javascript:${runs}">x</a> ${"W".repeat(400)} ` +
  `\u202Egpj.exe\u202C {{constructor.constructor('${runs}')()}}`;

const shape = (more) => ({ tool: "rect", color: "#F22237", size: 4, x: 0.1, y: 0.1, w: 0.2, h: 0.2, ...more });
const drawings = [
  JSON.stringify([
    shape({ color: `red"><img src=x onerror=${runs}>`, size: `4" onload="${runs}` }),
    shape({ tool: `<svg onload=${runs}>` }), shape({ x: "NaN", y: null }), shape({ w: 1e308, h: -1e308 }),
  ]),
  `[{"tool":"rect","x":NaN,"y":0.1,"w":Infinity}`,
  `{"tool":"__proto__","constructor":{"prototype":{"x":1}}}`,
  JSON.stringify([shape({ tool: "constructor" }), shape({ tool: "toString" }), shape({ tool: "__proto__" })]),
  JSON.stringify(Array.from({ length: 5000 }, (_, n) => shape({ x: n / 5000 }))),
];

/** What a page of hostile words did: nothing, if all is well. */
class Watch {
  seen = [];
  async on(who) {
    await who.context.exposeBinding("nxfTell", ({ page }, what) => void this.seen.push(`${page.url()}: ${what}`));
    await who.context.addInitScript(() => {
      Object.defineProperty(window, "__ran", { set: () => window.nxfTell("a script ran"), get: () => undefined });
      document.addEventListener(
        "securitypolicyviolation", (e) => window.nxfTell(`${e.violatedDirective} ${e.blockedURI}`),
      );
    });
  }
}

/** All that a page says, through every shadow root, and what in it would run when clicked or loaded. */
const said = (page) =>
  page.evaluate(() => {
    const [texts, bad] = [[], []];
    const walk = (root) => {
      for (const e of root.querySelectorAll("*")) {
        if (e.shadowRoot) walk(e.shadowRoot);
        for (const a of e.attributes) {
          if (/^on/i.test(a.name)
            || (/^(href|src|action)$/i.test(a.name) && /^\s*(javascript|data:text)/i.test(a.value))) {
            bad.push(e.outerHTML.slice(0, 200));
          }
        }
        for (const name of ["title", "aria-label"]) if (e.hasAttribute(name)) texts.push(e.getAttribute(name));
        if ("value" in e && typeof e.value === "string") texts.push(e.value);
      }
      for (let w = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), n; (n = w.nextNode()); ) {
        if (!/^(SCRIPT|STYLE)$/.test(n.parentElement?.tagName ?? "")) texts.push(n.data);
      }
    };
    walk(document);
    return { text: texts.join("\n"), bad, wide: document.documentElement.scrollWidth - innerWidth };
  });

test("what comes from outside stays text", async (t) => {
  const step = steps(t);
  const watch = new Watch();
  const josh = await somebody({ width: 420 });
  await watch.on(josh);
  const page = await josh.page();
  const seen = [];

  /** The page says these words literally, and nothing in it runs or is wider than the window. */
  const shows = async (where, words, { of = page, wide = false } = {}) => {
    const missing = await until(`${where} shows ${words}`, async () => {
      const { text } = await said(of);
      const left = words.filter((w) => !text.includes(w));
      return left.length ? false : [];
    }).catch(async (error) => {
      const { text } = await said(of);
      throw new Error(`${error.message}\nshown: ${text.slice(0, 3000)}`);
    });
    assert.deepEqual(missing, []);
    const { bad, wide: over } = await said(of);
    assert.deepEqual(bad, [], `${where} has what would run`);
    if (!wide) assert.ok(over <= 0, `${where} is ${over} px too wide`);
    seen.push(where);
  };

  let teaser, folder, document_;
  await step("seeded", async () => {
    const state = await frameio("GET", "state");
    const [account] = state.accounts;
    const space = account.workspaces[0];
    const named = { account: account.id, team: space.id, project: space.projects[0].id, person: state.people[0].id };
    for (const [word, id] of Object.entries(named)) await frameio("POST", "rename", { id, name: evil(word) });
    teaser = stage.Names.TEASER;
    await frameio("POST", "rename", { id: teaser, name: `${evil("file")}.mp4` });
    await frameio("POST", "rename", { id: stage.Names.EXTRAS, name: evil("extras") });
    for (const what of ["status-option", "status"]) {
      await frameio("POST", what, { file_id: teaser, option: evil("status") });
    }
    for (const [n, annotation] of drawings.entries()) {
      await frameio("POST", "comment", {
        file_id: teaser, text: worse(`drawing${n}`), owner_id: named.person, timestamp: 20 + n, annotation,
      });
    }
    const { id } = await frameio("POST", "comment", {
      file_id: teaser, text: worse("comment"), owner_id: named.person, timestamp: 5, duration: 3,
    });
    await frameio("POST", "comment", { file_id: teaser, text: worse("reply"), owner_id: named.person, parent_id: id });
    folder = await uid(films);
    await nuxeo("PUT", `/api/v1/id/${folder}`, {
      "entity-type": "document", uid: folder,
      properties: { "dc:title": worse("folder"), "dc:description": worse("description") },
    });
    await nuxeo("PUT", "/api/v1/user/josh", {
      "entity-type": "user", id: "josh",
      properties: { firstName: evil("first"), lastName: evil("last"), email: "josh@example.org" },
    });
    await enter(josh, "josh");
    await connectAs(josh, "josh@example.org");
  });

  await step("our folder, the dialog that binds it, and what it says", async () => {
    await page.goto(`${stage.Connector}/folders/${folder}`);
    await page.getByRole("button", { name: "Bind to Frame.io" }).click();
    const dialog = page.getByRole("dialog", { name: "Bind this folder to your Frame IO projects" });
    await dialog.getByLabel("Action name on Frame.io side").fill(evil("action"));
    await shows("the dialog", [evil("team")]);
    await dialog.getByRole("checkbox").first().check();
    await dialog.getByRole("button", { name: "Validate" }).click();
    await dialog.waitFor({ state: "detached" });
    await shows("the toast and the bound folder", [
      `Frame.io now has the action "${evil("action")}".`, evil("folder"), evil("team"),
    ]);
    await page.locator("summary", { hasText: "Choose a folder" }).click();
    await page.getByRole("searchbox").fill("folder");
    await shows("the search", [evil("folder")]);
    await page.getByRole("button", { name: /^Unbind/ }).click();
    await shows("the question", [`Unbind ${evil("folder").slice(0, 20)}`]);
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  });

  await step("what is published", async () => {
    const broken = await newFile(`${evil("broken")}.mxf`, 20_000, { codec: evil("codec") });
    const refused = await newFile("refused.mxf", 20_000);
    const body = `body={"errors":[{"detail":"<img/src=x/onerror=${runs}>{{7*7}}"}]}`;
    const file = "GET /v4/accounts/.*/files/";
    const faults = [`${file}${broken} status=403 skip=1 ${body}`, `${file}${refused} status=403 ${body}`];
    await frameio("POST", "faults", faults.join("\n"));
    const raw = await newFile(`${evil("raw")}.mxf`, 20_000, { codec: evil("codec") });
    await run(evil("action"), "josh@example.org", teaser, stage.Names.EXTRAS, broken, refused, raw);
    await until(
      "all has ended",
      async () => (await api(josh, "GET", "/items")).items.every((i) => ["done", "failed"].includes(i.state)),
    );
    const { items } = await api(josh, "GET", "/items");
    document_ = items.find((i) => i.title.startsWith("file <")).document;
    assert.ok(document_, JSON.stringify(items));
    await shows("the folder with what arrived", [`${evil("file")}.mp4`]);
    await page.goto(`${stage.Connector}/activity`);
    await shows("the activity", [`${evil("file")}.mp4`, `${evil("broken")}.mxf`]);
    const failed = items.filter((i) => i.state === "failed").sort((a, b) => a.title.localeCompare(b.title));
    await page.goto(`${stage.Connector}/items/${failed[0].id}`);
    await shows("the item", [evil("broken")]);
    await page.goto(`${stage.Connector}/items/${failed[1].id}`);
    await shows("the words of the refusal", [`<img/src=x/onerror=${runs}>{{7*7}}`]);
    await page.goto(`${stage.Connector}/`);
    await shows("the start", [evil("folder"), evil("action"), evil("team")]);
  });

  await step("our page of a document, and every drawing", async () => {
    await page.goto(`${stage.Connector}/documents/${document_}`);
    await shows("the document", [
      evil("file"), evil("person"), evil("status"), evil("comment"), evil("reply"),
      ...drawings.map((_, n) => evil(`drawing${n}`)),
    ]);
    for (const button of await page.getByRole("button", { name: /^Show 0/ }).all()) await button.click();
    await shows("the drawings", [evil("file")]);
    for (const button of await page.getByRole("button", { name: /^Comment at/ }).all()) {
      await button.click({ force: true });
    }
    const raw = (await api(josh, "GET", "/items")).items.find((i) => i.title.startsWith("raw")).document;
    await page.goto(`${stage.Connector}/documents/${raw}`);
    await shows("the raw document", [evil("raw"), evil("codec")]);
    await page.goto(`${stage.Connector}/connected`);
    await shows("the end of connecting", [evil("person")]);
  });

  await step("Nuxeo's pages", async () => {
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto(`${stage.Nuxeo}/ui/#!/doc/${folder}?p=frameio`);
    await shows("the folder's tab", [evil("action"), evil("folder")], { wide: true });
    await page.getByRole("button", { name: "Bind to Frame.io" }).first().click();
    const dialog = page.getByRole("dialog", { name: "Bind this folder to your Frame IO projects" });
    await dialog.getByLabel("Action name on Frame.io side").fill(evil("second"));
    await dialog.getByRole("checkbox").first().check();
    await dialog.getByRole("button", { name: "Validate" }).click();
    await shows("Nuxeo's toast", [`Frame.io now has the action "${evil("second")}".`], { wide: true });
    await page.goto(`${stage.Nuxeo}/ui/#!/doc/${document_}?p=frameio`);
    await shows("the document's tab", [evil("file"), evil("comment"), evil("status")], { wide: true });
    for (const button of await page.getByRole("button", { name: /^Show 0/ }).all()) await button.click();
    await page.goto(`${stage.Nuxeo}/ui/#!/doc/${document_}`);
    await shows("the document in Nuxeo", [evil("file")], { wide: true });
  });

  await step("Frame.io's pages, its menu and what an action answers", async () => {
    await page.goto(`${stage.Frameio}/`);
    await shows("the projects", [evil("account"), evil("team"), evil("project"), evil("action")]);
    await page.getByRole("button", { name: /^project/ }).click();
    await shows("the folder there", [`${evil("file")}.mp4`, evil("extras"), evil("status")]);
    await page.getByRole("checkbox", { name: /^Select extras/ }).check();
    await page.getByRole("button", { name: "Actions" }).click();
    await shows("the menu", [evil("action")]);
    await page.getByRole("menuitem").first().click();
    await page.getByRole("dialog").getByRole("button", { name: "OK" }).click();
    await page.goto(`${stage.Frameio}/project/p/view/${teaser}`);
    await shows("the view", [evil("comment"), evil("reply"), evil("person")]);
    for (const button of await page.getByRole("button", { name: /0:00:0/ }).all()) await button.click();
    await page.goto(`${stage.Frameio}/plain`);
    await shows("the plain page", [evil("project")], { wide: true });
  });

  await step("the mail, in a page that forbids nothing", async () => {
    const mails = await until("the mail is there", async () => {
      const all = await (await fetch(`${stage.Mail}/messages`)).json();
      return all.some((m) => m.html.includes("broken")) && all;
    });
    await page.goto("about:blank");
    for (const mail of mails) {
      await page.setContent(mail.html);
      assert.ok(!/[\r\n]/.test(mail.subject), "the subject has lines");
    }
    await page.setContent(mails.map((m) => m.html).join(""));
    await shows("the mail", [evil("broken")], { wide: true });
    await page.goto(stage.Mail);
    await shows("the mailbox", [evil("broken")], { wide: true });
  });

  await step("the administration", async () => {
    const boss = await somebody({ width: 420 });
    await watch.on(boss);
    await enter(boss, "Administrator");
    const provider = await api(boss, "GET", "/provider");
    const kept = ["client_id", "authorization_url", "token_url", "user_authorization_url", "scopes", "enabled"];
    const same = Object.fromEntries(kept.map((k) => [k, provider[k]]));
    await api(boss, "PUT", "/provider", { ...same, description: evil("provider") });
    await api(boss, "POST", "/pause", { reason: evil("reason") });
    const his = await boss.page();
    await his.goto(`${stage.Connector}/administration/provider`);
    await shows("the provider", [evil("provider")], { of: his });
    await his.goto(`${stage.Connector}/administration/health`);
    await shows("the health", [evil("reason")], { of: his });
    await his.goto(`${stage.Connector}/administration/bindings`);
    await shows("everybody's bindings", [evil("action"), evil("team")], { of: his });
    await his.goto(`${stage.Connector}/administration/doctor`);
    await shows("the doctor", ["Nuxeo"], { of: his });
    await his.setViewportSize({ width: 1280, height: 900 });
    await his.goto(`${stage.Nuxeo}/ui/#!/admin/frameio`);
    await his.getByRole("tab", { name: "Bindings" }).click();
    await shows("everybody's bindings in Nuxeo", [evil("action"), evil("second")], { of: his, wide: true });
    boss.trouble.none();
    await boss.close();
  });

  await step("nothing ran, and no browser complained", async () => {
    assert.deepEqual(watch.seen, []);
    josh.trouble.none();
    const metrics = await (await fetch(`${stage.Connector}/metrics`)).text();
    const reports = metrics.split("\n").filter((l) => l.startsWith("nuxeo_frameio_csp_violations_total"));
    assert.deepEqual(reports, []);
    t.diagnostic(`${seen.length} pages and dialogs showed hostile words as text`);
    assert.ok((await assets()).length > 0);
  });
  await step("should our elements ever fail, the policy of the page holds, and tells", async () => {
    const other = await somebody();
    await other.context.addCookies(await josh.context.cookies());
    const tries = await other.page();
    const policy = (await tries.goto(`${stage.Connector}/activity`)).headers()["content-security-policy"];
    assert.match(policy, /(^|; )script-src 'self'(;|$)/);
    assert.match(policy, /; require-trusted-types-for 'script'; trusted-types lit-html(;|$)/);
    assert.doesNotMatch(policy, /unsafe-/);
    const ran = await tries.evaluate(async () => {
      const attempts = [
        () => (document.body.innerHTML = `<img src=x onerror="window.__ran=1">`),
        () => document.body.append(document.createRange().createContextualFragment("<script>window.__ran=1</script>")),
        () => document.body.append(Object.assign(document.createElement("script"), {
          src: "data:text/javascript,window.__ran=1",
        })),
        () => (0, eval)("window.__ran=1"),
        () => import("data:text/javascript,window.__ran=1"),
        () => trustedTypes.createPolicy("mine", { createHTML: (x) => x }),
        () => {
          const [img, failed] = [document.createElement("img"), Promise.withResolvers()];
          img.addEventListener("error", failed.resolve);
          img.setAttribute("onerror", "window.__ran=1");
          img.src = "/nothing-here";
          return failed.promise;
        },
      ];
      const ran = [];
      for (const [n, attempt] of attempts.entries()) {
        await new Promise((done) => setTimeout(done)); // what a debugger runs is under no policy, what comes later is
        await Promise.resolve().then(attempt).catch(() => {});
        if (window.__ran) ran.push(n);
        delete window.__ran;
      }
      return ran;
    });
    assert.deepEqual(ran, [], "attempts got past the policy");
    await until(
      "it was reported",
      async () => /nuxeo_frameio_csp_violations_total\{.*\} [1-9]/.test(
        await (await fetch(`${stage.Connector}/metrics`)).text(),
      ),
    );
    await other.close();
  });

  await josh.close();
});
