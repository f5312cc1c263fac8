// Pages of other sites, of another port of our own host, and of Nuxeo, which try
// to change something here with the session of whoever looks at them.
import test, { after } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import http from "node:http";
import { api, bound, connectAs, enter, frameio, newFile, run, somebody, stage, steps, uid, until } from "./stage.mjs";

const films = "/default-domain/workspaces/films";

// A site of somebody else's: empty pages, and an address that keeps what it gets,
// to see that the attacks below are real ones.
const arrived = [];
const site = http.createServer((request, response) => {
  if (request.url.startsWith("/control")) {
    arrived.push(`${request.method} ${request.headers["content-type"] ?? ""}`.split(";")[0].trim());
  }
  response.setHeader("Content-Type", "text/html");
  response.end("<!doctype html><title>elsewhere</title>");
});
await new Promise((done) => site.listen(0, "127.0.0.1", done));
after(() => site.close());
const { port } = site.address();

/** Every operation that changes something, of the description of the interface. */
function operations(ids) {
  const text = readFileSync(new URL("../../internal/web/api/openapi.yaml", import.meta.url), "utf8");
  const found = [];
  let path = "";
  for (const line of text.slice(text.indexOf("\npaths:"), text.indexOf("\ncomponents:")).split("\n")) {
    path = /^ {2}(\/\S*):/.exec(line)?.[1] ?? path;
    const method = /^ {4}(post|put|delete):/.exec(line)?.[1];
    if (method) {
      const id = ids[path.split("/")[1]] ?? "x";
      const filled = path.replace("{login}", "josh").replace("{name}", "history").replace("{id}", id);
      found.push({ method: method.toUpperCase(), path: `/api/v1${filled}` });
    }
  }
  assert.ok(found.length > 15, "the description was not read");
  return [...found, { method: "POST", path: "/signout" }];
}

/** Runs in a hostile page: every way in which it can make a browser send something. */
async function attack(targets) {
  const settled = [];
  let frames = 0;
  const form = (action, enctype, fields) => {
    const f = Object.assign(document.createElement("iframe"), { name: `f${frames++}` });
    const e = Object.assign(document.createElement("form"), { method: "post", action, target: f.name, enctype });
    for (const [name, value] of fields) {
      e.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
    document.body.append(f, e);
    settled.push(new Promise((done) => { f.onload = done; }));
    e.submit();
  };
  for (const { target, body } of targets) {
    const text = JSON.stringify(body);
    form(target, "application/x-www-form-urlencoded", Object.entries(body).map(([k, v]) => [k, String(v)]));
    form(target, "text/plain", [[`${text.slice(0, -1)}${text.length > 2 ? "," : ""}"x":"`, `"}`]]);
    for (const method of ["POST", "PUT", "DELETE"]) {
      for (const mode of ["no-cors", "cors"]) {
        settled.push(
          fetch(target,
            {
              method, mode, credentials: "include",
              headers: { "Content-Type": mode === "cors" ? "application/json" : "text/plain" }, body: text,
            }).catch(() => {}),
        );
      }
    }
    settled.push(new Promise((done) => {
      document.body.append(Object.assign(new Image(), { onload: done, onerror: done, src: target }));
    }));
    navigator.sendBeacon(target, new Blob([text], { type: "text/plain" }));
  }
  await Promise.all(settled);
  document.body.replaceChildren(); // or the next would find these frames by their names
}

test("what other sites cannot do", async (t) => {
  const step = steps(t);
  const boss = await somebody();
  const josh = await somebody();
  let all, before, bodies;
  /** What each operation takes, so that nothing but the defence refuses it. */
  const bodyOf = (path) => bodies[path.split("/").slice(3).join("/")] ?? {};

  /** What an attack might change. */
  const state = async () => ({
    me: await api(boss, "GET", "/me"),
    bindings: (await api(boss, "GET", "/bindings")).bindings.map((b) => [b.id, b.state, b.owner, b.action_name]),
    items: (await api(boss, "GET", "/items")).items.map((i) => [i.id, i.state, i.attempt]),
    provider: await api(boss, "GET", "/provider"),
    service: await api(boss, "GET", "/provider/service"),
    paused: Boolean((await api(boss, "GET", "/status")).paused),
    chores: (await api(boss, "GET", "/status")).chores.filter((c) => c.name === "history").map((c) => c.ended),
    people: (await api(boss, "GET", "/people")).people.map((p) => [
      p.login, p.sessions, p.nuxeo_token, p.frameio_connected,
    ]),
  });

  await step("an administrator with everything to lose", async () => {
    await enter(josh, "josh");
    await connectAs(josh, "josh@example.org");
    await enter(boss, "Administrator");
    await connectAs(boss, "julia@example.org");
    const binding = await bound(josh, films, "Archive");
    const broken = await newFile("Broken.mxf", 20_000);
    await frameio("POST", "faults", `GET /v4/accounts/.*/files/${broken} status=403`);
    await run("Archive", "josh@example.org", broken);
    const failed = await until("one has failed", async () => (await api(boss, "GET", "/items?state=failed")).items[0]);
    await until(
      "the rest is done",
      async () => (await api(boss, "GET", "/items")).items.every((i) => ["done", "failed"].includes(i.state)),
    );
    await api(boss, "POST", "/chores/history"); // or it may first be done by itself, while others try to
    await api(boss, "POST", "/pause", { reason: "maintenance" });
    await run("Archive", "josh@example.org", stage.Names.TEASER);
    const [waiting] = (await api(boss, "GET", "/items?state=waiting")).items;
    all = [
      ...operations({ bindings: binding.id, items: failed.id, documents: await uid(films) }),
      { method: "POST", path: `/api/v1/items/${waiting.id}/cancel` },
    ];
    const evil = { client_id: "evil", client_secret: "evil" };
    bodies = {
      bindings: {
        folder: await uid("/default-domain/workspaces/trailers"), action_name: "Stolen",
        workspaces: [stage.Names.WORKSPACE],
      },
      publications: { binding: binding.id, assets: [stage.Names.MAKING] },
      provider: {
        ...evil, authorization_url: "https://evil.example/a", token_url: "https://evil.example/t",
        user_authorization_url: "", scopes: ["openid"], enabled: true,
      },
      "provider/service": evil,
      pause: { reason: "evil" },
      session: { nuxeo_token: "evil" },
    };
    before = await state();
    assert.ok(before.paused);
  });

  for (const [name, origin] of [
    ["another site", `http://127.0.0.1:${port}`], ["another port of our host", `http://localhost:${port}`],
    ["a page of Nuxeo", new URL(stage.Nuxeo).origin],
  ]) {
    await step(`${name} changes nothing`, async () => {
      const page = await boss.page();
      const answers = [];
      page.on("response", (r) => {
        const method = r.request().method();
        if (!r.url().startsWith(stage.Connector) || method === "GET" || method === "OPTIONS") return;
        answers.push(`${r.status()} ${method} ${new URL(r.url()).pathname}`);
      });
      await page.goto(name === "a page of Nuxeo" ? `${origin}/nuxeo/ui/i18n/messages.json` : `${origin}/`);
      if (name === "another site") {
        await page.evaluate(attack, [{ target: `http://localhost:${port}/control`, body: { a: 1 } }]);
      }
      await page.evaluate(attack, all.map(({ path }) => ({ target: stage.Connector + path, body: bodyOf(path) })));
      assert.deepEqual(await state(), before);
      const refused = answers.filter((a) => /^40[13]/.test(a));
      assert.ok(refused.length > all.length, `the attacks did not arrive: ${answers.length} of them`);
      assert.deepEqual(answers.filter((a) => !/^40[01345]/.test(a)), []);
      await page.close();
    });
  }

  await step("the attacks are real ones", () => {
    for (const kind of ["POST application/x-www-form-urlencoded", "POST text/plain", "GET"]) {
      assert.ok(arrived.includes(kind), `${kind} never arrived: ${arrived}`);
    }
  });

  await step("a form that takes the whole window there", async () => {
    for (const origin of [`http://127.0.0.1:${port}`, `http://localhost:${port}`]) {
      for (const path of ["/signout", "/api/v1/pause", "/api/v1/bindings"]) {
        const page = await boss.page();
        await page.goto(origin);
        const gone = page.waitForURL(`${stage.Connector}/**`);
        await page.evaluate((action) => {
          const e = Object.assign(document.createElement("form"), { method: "post", action });
          document.body.append(e);
          e.submit();
        }, stage.Connector + path);
        await gone;
        await page.close();
      }
    }
    assert.deepEqual(await state(), before);
  });

  await step("a browser that does not say where a request comes from", async () => {
    const cookie = (await boss.context.cookies(stage.Connector)).map((c) => `${c.name}=${c.value}`).join("; ");
    for (const origin of ["https://evil.example", "null", `http://localhost:${port}`, new URL(stage.Nuxeo).origin]) {
      const answer = await fetch(`${stage.Connector}/api/v1/pause`, {
        method: "DELETE", headers: { Cookie: cookie, Origin: origin },
      });
      assert.ok([401, 403].includes(answer.status), `${origin}: ${answer.status}`);
    }
    assert.deepEqual(await state(), before);
  });

  await step("no page of ours can be framed", async () => {
    for (const origin of [`http://127.0.0.1:${port}`, `http://localhost:${port}`, new URL(stage.Nuxeo).origin]) {
      const page = await boss.page();
      await page.goto(origin === new URL(stage.Nuxeo).origin ? `${origin}/nuxeo/ui/i18n/messages.json` : `${origin}/`);
      const paths = [
        "/", "/activity", "/connected", "/nowhere", "/administration/provider", "/administration/jobs/console/",
        "/api/v1/me",
      ];
      await page.evaluate((all) => Promise.all(all.map((src) => new Promise((done) => {
        const f = Object.assign(document.createElement("iframe"), { onload: done, src });
        document.body.append(f);
      }))), paths.map((p) => stage.Connector + p));
      const shown = await Promise.all(page.frames().slice(1).map((f) => f.evaluate(() => location.href)));
      assert.deepEqual(shown, paths.map(() => "chrome-error://chromewebdata/"));
      await page.close();
    }
  });

  await step("no return leads to another site", async () => {
    const page = await boss.page();
    const elsewhere = `127.0.0.1:${port}/stolen`;
    for (const back of [
      `//${elsewhere}`, `/\\${elsewhere}`, `/\t/${elsewhere}`, `http:${elsewhere}`, `http://${elsewhere}`,
      `///${elsewhere}`, `javascript:location='http://${elsewhere}'`, `/@${elsewhere}`,
    ]) {
      await page.goto(`${stage.Connector}/signin?return=${encodeURIComponent(back)}`);
      assert.equal(new URL(page.url()).host, new URL(stage.Connector).host, back);
    }
    await page.close();
  });

  await step("a page of Nuxeo gets in with a session of its own only, others not even so", async () => {
    const asked = "application=a&deviceId=b&deviceDescription=c&permission=rw";
    const token = await (await fetch(`${stage.Nuxeo}/api/v1/token?${asked}`, {
      method: "POST", headers: { Authorization: `Basic ${btoa("josh:josh")}` },
    })).text();
    const { session } = await (await fetch(`${stage.Connector}/api/v1/session`, {
      method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ nuxeo_token: token.trim() }),
    })).json();
    const ask = (headers) => ({ at: `${stage.Connector}/api/v1/me`, headers });
    const get = ({ at, headers }) => fetch(at, { headers, credentials: "omit" }).then(
      async (r) => `${r.status} ${(await r.json()).login ?? ""}`, () => "not readable",
    );
    const page = await boss.page();
    await page.goto(`${new URL(stage.Nuxeo).origin}/nuxeo/ui/i18n/messages.json`);
    assert.equal(await page.evaluate(get, ask({ Authorization: `Bearer ${session}` })), "200 josh");
    assert.equal(await page.evaluate(get, ask({})), "401 ");
    const include = ({ at }) => fetch(at, { credentials: "include" }).then((r) => r.status, () => "not readable");
    assert.equal(await page.evaluate(include, ask({})), "not readable");
    await page.goto(`http://127.0.0.1:${port}/`);
    assert.equal(await page.evaluate(get, ask({ Authorization: `Bearer ${session}` })), "not readable");
    assert.equal(await page.evaluate(get, ask({})), "not readable");
  });

  await boss.close();
  await josh.close();
});
