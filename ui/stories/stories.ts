// Every page and dialog with canned data and no connector: to look at, to take
// pictures of, and to measure. ?story=NAME&theme=dark chooses; without a name
// the page lists them. ?items=N and ?busy=N say how many items there are and how
// many of them move; ?state=empty, broken, unreachable, loading or out is an
// installation in which nothing is yet, or that fails, is slow, knows nobody.

import "../src/main.js";
import type { Item } from "../src/api.js";
import * as canned from "./canned.js";

let options = new URLSearchParams();
let [total, busy, mode] = [0, 0, ""];
let items: Item[] = [];

const json = (value: unknown, status = 200) => new Response(JSON.stringify(value), {
  status, headers: { "Content-Type": "application/json" },
});

// What the query asks for.
function read(query: string): void {
  options = new URLSearchParams(query);
  document.documentElement.classList.toggle("dark", options.get("theme") === "dark");
  [total, busy, mode] = [
    Number(options.get("items") ?? 30), Number(options.get("busy") ?? 0), options.get("state") ?? "",
  ];
  items = Array.from(
    { length: total },
    (_, n) => (n < busy
      ? {
        ...canned.item(n), state: "running" as const,
        transfer: { name: "x", size: 1e9, done: 0, sent: 0, rate: 5e7, seconds_left: 20 },
      }
      : canned.item(n)),
  );
}

function events(signal: AbortSignal | null | undefined): Response {
  let n = 0;
  const text = (item: Item) => new TextEncoder().encode(`event: item\ndata: ${JSON.stringify(item)}\n\n`);
  const stream = new ReadableStream<Uint8Array>({
    start(to) {
      const timer = setInterval(() => {
        n++;
        for (const item of items.slice(0, busy)) {
          to.enqueue(
            text({
              ...item, transfer: { ...item.transfer!, done: (n * 3e6) % 1e9, seconds_left: 20 - (n % 20) },
            } as Item),
          );
        }
      }, 300);
      signal?.addEventListener("abort", () => (clearInterval(timer), to.error(new DOMException("gone", "AbortError"))));
    },
  });
  return new Response(stream);
}

// What there is when there is nothing yet.
const nothing: Record<string, unknown> = {
  "/items": { items: [] }, "/folders": { folders: [], more: false },
  "/workspaces": { workspaces: [], why_empty: "You belong to no team on Frame.io. Ask to be invited to one." },
  "/bindings": { bindings: [] }, "/batches": { batches: [] }, "/audit": { entries: [] }, "/people": { people: [] },
  "/syncs": { syncs: [] }, "/map": { rows: [] },
  "/doctor": { findings: [{ name: "Nuxeo answers", mark: "ok", detail: "LTS 2023 at http://nuxeo.example/nuxeo" }] },
  "/status": {
    ...canned.status, items: {}, oldest_due_seconds: 0,
    chores: canned.status.chores.map((c) => ({
      name: c.name, what: c.what, every_seconds: c.every_seconds, removed: 0, lines: [],
    })),
  },
  "/provider": { ...canned.provider, client_id: "", has_secret: false, registered: false },
  "/me": { ...canned.person, frameio_connected: false, frameio_problem: "You have not connected Frame.io yet." },
};

function failing(path: string, signal: AbortSignal | null | undefined): Promise<Response> | Response | undefined {
  const ours = path !== "/about" && path !== "/me";
  if (mode === "out" && path !== "/about") {
    return json({ title: "You are not signed in.", status: 401, code: "unauthenticated", type: "about:blank" }, 401);
  }
  if (mode === "broken" && ours) {
    return json({
      title: "Nuxeo does not answer at the moment.", status: 503, code: "unavailable", type: "about:blank",
      remedy: "Try again in a few minutes; an administrator finds the reason in the log.",
      correlation: "X6X7OFB3K4PWLNHK",
    }, 503);
  }
  if (mode === "unreachable" && ours) return Promise.reject(new TypeError("Failed to fetch"));
  if (mode === "loading" && ours) {
    return new Promise(
      (_, refuse) => signal?.addEventListener("abort", () => refuse(new DOMException("gone", "AbortError"))),
    );
  }
  return undefined;
}

const long = "A folder with quite a long name in the tree";

function answer(
  path: string, query: URLSearchParams, signal: AbortSignal | null | undefined,
): Promise<Response> | Response {
  const fails = failing(path, signal);
  if (fails) return fails;
  if (path === "/events") return events(signal);
  if (mode === "empty") {
    if (path.endsWith("/documents")) return json({ documents: [] });
    if (path.endsWith("/media")) {
      return json({ kind: "none", source: "none", why: "Frame.io makes no proxy of this kind of file." }, 201);
    }
    if (path.startsWith("/documents/")) {
      return json({
        ...canned.document_, comments: [], comments_more: false, versions: canned.document_.versions.slice(0, 1),
      });
    }
    if (path in nothing) return json(nothing[path]);
  }
  if (path === "/items") {
    const from = Number(query.get("cursor") ?? 0);
    const page = items.slice(from, from + 200);
    return json({ items: page, ...(from + 200 < total ? { next: String(from + 200) } : {}) });
  }
  if (path.startsWith("/items/")) {
    return json({
      ...canned.item(Number(path.split("/")[2]!.slice(1))),
      history: [
        { at: new Date().toISOString(), event: "accepted", detail: "from Josh Editor" },
        { at: new Date().toISOString(), event: "failed", detail: "gone" },
      ],
    });
  }
  if (path === "/folders") {
    const parent = query.get("parent");
    if (!parent) return json({ folders: [{ uid: "u0", path: "/d", title: "Domain", type: "Domain" }], more: false });
    const titles = ["Films", "Trailers", long];
    return json({
      folders: titles.map((title, n) => ({ uid: `${parent}-${n}`, path: "/x", title, type: "Folder" })), more: true,
    });
  }
  if (path.endsWith("/channels")) return json({ channels: canned.channels });
  if (path.endsWith("/deliveries")) return json({ deliveries: canned.deliveries });
  if (path === "/map") return json({ rows: canned.rows });
  if (path === "/map/fields") return json({ fields: canned.mapFields });
  if (path.startsWith("/syncs")) return json(canned.ofSyncs(path, query.get("folder")));
  if (path.endsWith("/projects")) {
    return json({
      projects: [
        { id: "p1", name: "Autumn campaign", root_folder: "f0" },
        { id: "p2", name: "Everything else", root_folder: "f9" },
      ],
      more: false,
    });
  }
  if (path.startsWith("/frameio/")) {
    return json({
      folders: ["Dailies", long].map((name, n) => ({ id: `${path.split("/")[4]}-${n}`, name })), more: false,
    });
  }
  if (path.endsWith("/documents")) {
    return json({
      documents: [
        {
          uid: "d1", title: "Teaser", type: "Video", version: "1.1+", modified: new Date().toISOString(), size: 53e9,
          status: "Approved",
        },
      ],
    });
  }
  if (path.startsWith("/folders/")) return json(canned.folder(path.split("/")[2]!));
  if (path.endsWith("/media")) {
    return json({ kind: "image", source: "frameio", url: still(), why: "Connect Frame.io to play it here." }, 201);
  }
  if (path.startsWith("/documents/")) return json(canned.document_);
  const fixed: Record<string, unknown> = {
    "/about": { version: "1.0.0", nuxeo_url: "http://nuxeo.example/nuxeo", public_url: location.origin },
    "/me": canned.person, "/workspaces": { workspaces: canned.workspaces },
    "/batches": { batches: canned.batches },
    "/bindings": { bindings: canned.bindings }, "/status": canned.status, "/doctor": { findings: canned.findings },
    "/provider": canned.provider, "/audit": { entries: canned.entries }, "/people": { people: canned.people },
  };
  return path in fixed ? json(fixed[path]) : json({
    title: "There is no such thing.", status: 404, code: "not_found", type: "about:blank", remedy: "Look elsewhere.",
  }, 404);
}

// A picture made here: bars of colour.
function still(): string {
  const canvas = new OffscreenCanvas(640, 360).getContext("2d")!;
  ["#345", "#567", "#789", "#9ab", "#bcd"].forEach(
    (c, n) => ((canvas.fillStyle = c), canvas.fillRect(n * 128, 0, 128, 360)),
  );
  const pixels = canvas.getImageData(0, 0, 640, 360);
  const shown = document.createElement("canvas");
  [shown.width, shown.height] = [640, 360];
  shown.getContext("2d")!.putImageData(pixels, 0, 0);
  return shown.toDataURL("image/png");
}

window.fetch = async (to, init) => {
  const url = new URL(String(to), location.href);
  return answer(url.pathname.replace("/api/v1", ""), url.searchParams, init?.signal);
};

const make = (tag: string, more: Record<string, unknown> = {}) => Object.assign(document.createElement(tag), more);
const dialog = (tag: string, more: Record<string, unknown> = {}) => {
  void (make(tag, more) as unknown as { show(): Promise<unknown> }).show();
};

const stories: Record<string, () => Element | void> = {
  folder: () => make("nxf-folder-tab", { folder: "u2" }),
  document: () => make("nxf-document-tab", { uid: "d1" }),
  activity: () => make("nxf-activity", { administrator: true }),
  start: () => make("nxf-start-page"),
  item: () => make("nxf-item-page", { item: "i4" }),
  "item-running": () => make("nxf-item-page", { item: "i0" }),
  "item-done": () => make("nxf-item-page", { item: "i3" }),
  tree: () => make("nxf-folder-tree", { selected: "u0-1", way: ["u0"] }),
  "admin-health": () => make("nxf-admin-page", { page: "health" }),
  "admin-provider": () => make("nxf-admin-page", { page: "provider" }),
  "admin-doctor": () => make("nxf-admin-page", { page: "doctor" }),
  "admin-audit": () => make("nxf-admin-page", { page: "audit" }),
  "admin-people": () => make("nxf-admin-page", { page: "people" }),
  "admin-map": () => make("nxf-admin-page", { page: "map" }),
  map: () => dialog("nxf-map-dialog", { scopes: { bindings: canned.bindings, syncs: [] }, row: canned.rows[1] }),
  channel: () => dialog("nxf-channel-dialog", { binding: "b1", channel: canned.channels[0] }),
  "channel-log": () => dialog("nxf-channel-log", { binding: "b1", channel: canned.channels[0] }),
  "admin-bindings": () => make("nxf-admin-page", { page: "bindings" }),
  bind: () => dialog("nxf-bind-dialog", { folder: "u2" }),
  sync: () => dialog("nxf-sync-dialog", { folder: "u2" }),
  "sync-refused": () => dialog("nxf-sync-dialog", { folder: "u9" }),
  "sync-tab": () => make("nxf-sync-tab", { folder: "u3" }),
  "sync-checked": () => make("nxf-sync-tab", { folder: "u5" }),
  "sync-asks": () => make("nxf-sync-tab", { folder: "u4" }),
  "bind-refused": () => dialog("nxf-bind-dialog", { folder: "u9" }),
  "connect-waiting": () => dialog("nxf-connect", {
    person: { ...canned.person, frameio_connected: false }, stage: "waiting",
  }),
  connect: () => dialog("nxf-connect", {
    person: { ...canned.person, frameio_connected: false, frameio_problem: "You have not connected Frame.io yet." },
    stage: "blocked",
  }),
  edit: () => dialog("nxf-edit-dialog", { folder: "u2", binding: canned.bindings[0]! }),
  "edit-preview": () => dialog("nxf-edit-dialog", {
    folder: "u2", binding: canned.bindings[0]!, effects: canned.effects,
  }),
  "sync-edit": () => dialog("nxf-sync-edit-dialog", { sync: canned.sync }),
  "sync-edit-preview": () => dialog("nxf-sync-edit-dialog", { sync: canned.sync, preview: canned.syncEdit }),
  unbind: () => dialog("nxf-unbind-dialog", { binding: { ...canned.bindings[0]!, under_review: 12 } }),
  action: () => make("nxf-bind-action", { document: { uid: "u2" }, showLabel: true }),
  app: () => {
    document.getElementById("stage")!.classList.add("bare");
    history.replaceState(null, "", options.get("at") ?? "/");
    return make("nxf-app");
  },
};

const stage = document.getElementById("stage")!;

/** Shows the story that a query asks for, in place of the one before. */
function show(query: string): void {
  for (const old of [...document.body.children]) if (old !== stage && old.localName.startsWith("nxf-")) old.remove();
  stage.replaceChildren();
  stage.className = "";
  read(query);
  const chosen = options.get("story");
  stage.role = chosen === "app" ? null : "main";
  const made = chosen ? stories[chosen]?.() : undefined;
  if (made) stage.append(made);
  if (!chosen) {
    stage.innerHTML = Object.keys(stories)
      .map((name) => `<p><a href="?story=${name}">${name}</a> <a href="?story=${name}&theme=dark">dark</a></p>`)
      .join("");
  }
}

Object.assign(window, { show });
show(location.search);
