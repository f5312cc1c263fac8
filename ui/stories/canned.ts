// Canned answers of the connector, as awkward as real ones: long names, markup
// in comments, failures, everything at once.

import type { Binding, Item, Schemas } from "../src/api.js";

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

export const workspaces = [
  { id: "w1", name: "Post production", account: "a1", account_name: "Demo Studio" },
  { id: "w2", name: "Marketing <b>& more</b>", account: "a1", account_name: "Demo Studio" },
  {
    id: "w3", name: "Freelancers with a rather long name for a team of people", account: "a2",
    account_name: "Second Studio",
  },
];

export const folder = (uid: string): Schemas["FolderDetail"] => ({
  uid, path: `/default-domain/workspaces/${uid}`, title: "Films", type: "Folder", can_bind: true,
  document_types: ["File", "Video", "Picture"],
  ancestors: [
    { uid: "u0", path: "/default-domain", title: "Domain", type: "Domain" },
    { uid: "u1", path: "/default-domain/workspaces", title: "Workspaces", type: "WorkspaceRoot" },
  ],
  nuxeo_url: "http://nuxeo.example/nuxeo/ui/#!/doc/u2",
  ...(uid === "u9" ? {
    can_bind: false, why_not: "You may not write in \"Films\". Ask for the right to write there in Nuxeo.",
  } : {}),
});

export const bindings: Binding[] = [
  {
    id: "b1", folder: "u2", folder_path: "/default-domain/workspaces/films", folder_title: "Films",
    action_name: "Publish to Nuxeo",
    description: "Push to Nuxeo folder : /default-domain/workspaces/films", document_type: "Video", creator: "josh",
    owner: "josh", publishers: "everyone", state: "bound", version: 1,
    copies: { action: "delete", days: 30 },
    created: ago(4000), workspaces: [{ ...workspaces[0]! }, { ...workspaces[1]! }],
  },
  {
    id: "b2", folder: "u2", folder_path: "/default-domain/workspaces/films", folder_title: "Films",
    action_name: "Send finals <script>alert(1)</script>",
    description: "Push to Nuxeo folder : /default-domain/workspaces/films", document_type: "File", creator: "julia",
    owner: "julia", publishers: "connected", state: "ending", version: 2,
    copies: { action: "leave" }, ends: ago(-28 * 24 * 60), under_review: 3,
    needs_owner: "The sign-in of julia at Nuxeo was withdrawn.", created: ago(90_000),
    workspaces: [{ ...workspaces[2]! }],
  },
];

export const effects: Schemas["BindingEffect"][] = [
  { side: "frameio", what: "create_action", team: "Marketing", to: "Send to Nuxeo", text: "" },
  {
    side: "frameio", what: "rename_action", team: "Post production", from: "Publish to Nuxeo", to: "Send to Nuxeo",
    text: "",
  },
  { side: "frameio", what: "delete_action", team: "Dailies", from: "Publish to Nuxeo", text: "" },
  { side: "nuxeo", what: "document_type", from: "File", to: "Video", text: "" },
  { side: "nuxeo", what: "publishers", from: "connected", to: "everyone", owner: "josh", text: "" },
  { side: "nuxeo", what: "folder", text: "" },
];

const states: Item["state"][] = ["running", "running", "waiting", "done", "failed", "done", "canceled", "done"];

export function item(n: number): Item {
  const state = states[n % states.length]!;
  const size = 1e8 * (1 + (n % 700));
  return {
    id: `i${n}`, kind: n % 11 === 5 ? "notice" : "publish", parent: "p",
    title: n % 7 === 3
      ? `Longest video ever, director's cut, take ${n}, with everything that anybody could want.mov`
      : `Shot ${n}.mov`,
    owner: "josh", state, step: state === "running" ? "transfer" : "resolve", attempt: 1, created: ago(n),
    updated: ago(n / 2), correlation: `c-${n}`, may_change: true, binding: "b1",
    ...(state === "running"
      ? {
        transfer: {
          name: "x", size, done: Math.round(size * ((n * 37) % 97) / 100), sent: 0, rate: 48e6,
          seconds_left: (n * 53) % 5000,
        },
      }
      : {}),
    ...(state === "done" ? { outcome: n % 3 ? "created" : "updated", finished: ago(n / 2), document: `d${n}` } : {}),
    ...(state === "failed"
      ? {
        message: "Frame.io does not have the original of this file any more.", remedy: "Upload it again, then retry.",
        finished: ago(n / 2),
      }
      : {}),
    ...(state === "canceled" ? { message: "Cancelled by josh.", finished: ago(n / 2) } : {}),
  };
}

const drawing = JSON.stringify([
  { tool: "rect", color: "#F22237", size: 4, x: 0.6, y: 0.1, w: 0.3, h: 0.25 },
  { tool: "arrow", color: "#22C7F2", size: 5, x: 0.2, y: 0.8, w: 0.35, h: -0.4 },
  { tool: "pencil", points: [[0, 0]] },
]);

const comment = (id: string, more: Partial<Schemas["Comment"]>): Schemas["Comment"] => ({
  id, author: "Julia Reviewer", text: "The logo comes too late.", created: ago(3000), resolved: false, edited: false,
  origin: "frameio", file: "f2", replies: [], ...more,
});

export const document_: Schemas["DocumentDetail"] = {
  uid: "d1", title: "Teaser", type: "Video", path: "/default-domain/workspaces/films/Teaser", version: "1.1+",
  nuxeo_url: "http://nuxeo.example/nuxeo/ui/#!/doc/d1", folder: "u2",
  ancestors: folder("u2").ancestors,
  asset: {
    file_name: "Teaser.mp4", file: "f2", media_type: "video/mp4", uploader: "Josh Editor", upload_date: ago(9000),
    codec: "H.264", resolution: "640 x 360", frame_rate: 25,
    size: 53_180_000_000, duration: 4, frames: 100, status: "Approved", view_url: "https://app.frame.io/x",
    last_published: ago(60), published_by: "josh",
    fields: [
      { name: "Job Number", type: "text", value: "J-2026-17" },
      { name: "Keywords", type: "select_multi", value: "Sea, Sand <b>wet</b>, Sun" },
      { name: "Notes", type: "long_text", value: "Anything that people write at length, ".repeat(12) },
    ],
  },
  versions: [
    { uid: "d1", label: "1.1+", file: "f2", file_name: "Teaser.mp4", current: true },
    { uid: "v2", label: "1.1", file: "f2", file_name: "Teaser.mp4", current: false },
    { uid: "v1", label: "1.0", file: "f1", file_name: "Teaser.mp4", current: false },
  ],
  comments: [
    comment("c1", {
      frame: 25, duration_frames: 12, timecode: "00:00:01:00 – 00:00:01:11",
      replies: [comment("c2", { author: "Josh Editor", text: "Moved up by a second.", created: ago(2000) })],
    }),
    comment("c3", {
      author: "external reviewer", text: "This corner is too dark. <img src=x onerror=alert(1)>", frame: 60,
      timecode: "00:00:02:10", drawing,
    }),
    comment("c4", { text: "Music is cleared.", resolved: true }),
    comment("c5", {
      edited: true, text: "First cut is too long.\n\nCut the middle.", file: "f1", frame: 10, timecode: "00:00:00:10",
    }),
    comment("c6", { author: "anna", text: "Used on the web site as of May.", origin: "nuxeo" }),
  ],
  comments_more: true,
};

export const status: Schemas["Status"] = {
  version: "1.0.0", database: "sqlite", items: { waiting: 12, running: 4, done: 10_482, failed: 3, canceled: 1 },
  oldest_due_seconds: 3.2,
  nodes: [{ id: "n1", host: "connector-1", version: "1.0.0", started: ago(4000), seen: ago(0.05), alive: true }],
  chores: [
    {
      name: "sessions", what: "Removes sessions that have ended.", every_seconds: 3600, ended: ago(30), removed: 4,
      lines: [],
    },
    {
      name: "audit", what: "Compares bindings with what Frame.io has.", every_seconds: 86_400, removed: 0, lines: [],
      ended: ago(300), problem: "Frame.io could not be reached.",
    },
  ],
};

export const findings: Schemas["Finding"][] = [
  { name: "Nuxeo answers", mark: "ok", detail: "LTS 2023 at http://nuxeo.example/nuxeo" },
  {
    name: "Package", mark: "warning", detail: "The package in Nuxeo is older than the connector.",
    remedy: "Install nuxeo-frameio-1.0.0.zip with nuxeoctl mp-install.",
  },
  {
    name: "Frame.io sign-in", mark: "broken", detail: "No application is registered.",
    remedy: "Register it under Provider.",
  },
  { name: "Mail", mark: "skipped", detail: "It is known after the first mail." },
];

export const provider: Schemas["Provider"] = {
  service_name: "frameio", description: "Frame.io Provider", client_id: "abc", has_secret: true,
  authorization_url: "https://ims-na1.adobelogin.com/ims/authorize/v2",
  token_url: "https://ims-na1.adobelogin.com/ims/token/v3", user_authorization_url: "",
  scopes: ["openid", "email", "profile", "offline_access"], enabled: true, registered: true,
  redirect_url: "https://connector.example.com/oauth/frameio/callback",
};

export const people: Schemas["Access"][] = [
  {
    login: "josh", name: "Josh Editor", administrator: false, sessions: 2, nuxeo_token: true, frameio_connected: true,
    frameio_name: "Josh Editor", last_sign_in: "2026-03-01T10:00:00Z",
  },
  {
    login: "julia", name: "Julia Reviewer", administrator: false, sessions: 0, nuxeo_token: false,
    frameio_connected: false, revoked: "by Administrator", last_sign_in: "2026-02-20T09:00:00Z",
  },
  {
    login: "Administrator", name: "Administrator", administrator: true, sessions: 1, nuxeo_token: true,
    frameio_connected: false, frameio_problem: "The sign-in at Frame.io has ended.",
    last_sign_in: "2026-03-02T08:00:00Z",
  },
];

export const entries: Schemas["AuditEntry"][] = [
  {
    id: "3", node: "n", seq: 3, at: new Date().toISOString(), who: "Administrator", what: "revoked", about: "julia",
    address: "192.0.2.7", hash: "c",
  },
  {
    id: "2", node: "n", seq: 2, at: new Date().toISOString(), what: "sign-in-failed",
    detail: "37 times; Nuxeo does not know this token.", address: "2001:db8::/64", hash: "b",
  },
  {
    id: "1", node: "n", seq: 1, at: new Date().toISOString(), who: "josh", what: "bound",
    about: "/default-domain/workspaces/a folder with quite a long name", detail: "Publish to Nuxeo",
    address: "192.0.2.8", hash: "a",
  },
];

export const person: Schemas["Person"] = {
  login: "josh", name: "Josh Editor", email: "josh@example.org", administrator: true, frameio_connected: true,
  frameio_name: "Josh Editor",
};

export const batches: Schemas["Batch"][] = [
  {
    batch: "b2", kind: "publish", by: "josh", binding: "b", action_name: "Publish to Nuxeo", folder: "u1",
    folder_title: "Films", documents: 305, arrived: 120, failed: 4, canceled: 0, open: 181, bytes: 3.1e12,
    bytes_done: 1.2e12, estimated: true, created: new Date().toISOString(), seconds_left: 5400,
    failures: [1, 2, 3].map((n) => ({
      item: `i${n}`, title: `Shot ${n}.mov`, message: "You may not download the original of this asset on Frame.io.",
      remedy: "Ask for download permission in the project, then retry.",
    })),
  },
  {
    batch: "b1", kind: "push", by: "josh", team_name: "Post", project_name: "Film", frameio_folder_name: "Dailies",
    documents: 5000, arrived: 1204, failed: 0, canceled: 2, open: 3794, bytes: 53e9, bytes_done: 13e9,
    created: new Date().toISOString(), seconds_left: 760,
  },
];

const run = (n: number, more: Partial<Schemas["SyncRun"]>): Schemas["SyncRun"] => ({
  id: `r${n}`, item: `i${n}`, why: "by hand", by: "josh", state: "done", folders: 1204, assets: 48_211, bytes: 7.4e12,
  created: 0, updated: 0, unchanged: 0, renamed: 0, moved: 0, gone: 0,
  conflicting: 0, failed: 0, waiting: 0, began: ago(600 * n + 5), ended: ago(600 * n + 3),
  summary: "48211 assets in 1204 folders, nothing has changed", ...more,
});

const wholeCampaign = "Autumn campaign, everything that was ever shot";

export const runs: Schemas["SyncRun"][] = [
  run(0, {
    state: "running", why: "schedule", step: "sync-wait", created: 311, updated: 12, failed: 2, waiting: 1877,
    bytes_done: 4.1e11,
  }),
  run(1, { updated: 3, failed: 1, summary: "48211 assets in 1204 folders: 3 updated, 1 failed" }),
  run(2, { state: "stopped", why: "schedule", message: "31002 of 48211 assets are not on Frame.io any more." }),
  run(3, {
    state: "failed",
    message: `The folder "${wholeCampaign}" is gone on Frame.io, or josh may not see it any more.`,
  }),
  run(4, { why: "first", created: 48_000, summary: "48211 assets in 1204 folders: 48000 new" }),
];

export const sync: Schemas["Sync"] = {
  id: "s1", version: 1, folder: "u3", folder_path: "/default-domain/workspaces/u3", folder_title: "Films",
  account: "a1", team: "w1", team_name: "Post production", project: "p1",
  project_name: "Marketing <b>& more</b>", frameio_folder: "f1",
  frameio_folder_name: wholeCampaign, document_type: "Video", comments: true,
  fetch: "original", earlier_versions: true, events: true, comments_done: 1200, comments_waiting: 46_811,
  filter: { name: "*.mov", media: ["video", "audio"], most: 2.5e10, status: ["Approved", "Needs Review"] },
  gone: "trash", conflicts: "frameio", every_minutes: 1440, owner: "josh", creator: "julia",
  state: "active", created: ago(90_000), due: ago(-600), last: runs[0]!, assets: 48_011, folders: 1204, missing: 2,
  troubled: 1, conflicting: 1, may_change: true,
};

export const troubles: Schemas["SyncEntry"][] = [
  { key: "k1", kind: "version_stack",
    name: "Longest video ever, director's cut, with everything that anybody could want.mov", document: "d1",
    gone: false, conflict: "changed on both sides",
    nuxeo: { title: "Longest video ever, director's cut", changed: ago(300), by: "julia", size: 5.1e10 },
    frameio: {
      name: "Longest video ever, director's cut, with everything that anybody could want.mov", changed: ago(90),
      size: 5.3e10, view_url: "https://next.frame.io/project/p1/view/k1",
    } },
  {
    key: "k2", kind: "file", name: "Broken <script>alert(1)</script>.mov", gone: false,
    problem: "Frame.io does not have the original of this file any more.", item: "i3",
  },
  {
    key: "k5", kind: "file", name: "Locked.mov", document: "d3", gone: false,
    problem: "It could not be renamed: julia has locked it.",
  },
  { key: "k3", kind: "file", name: "Old.mov", document: "d2", gone: true },
  { key: "k4", kind: "folder", name: "Old ones", document: "u5", gone: true },
];

export const preview = {
  folders: 1204, assets: 48_211, bytes: 7.4e12, complete: false, seconds: 4822,
  lanes: { listing: 241, documents: 4822, comments: 28_927 },
};

export const differences: Schemas["SyncDifference"][] = [
  {
    sign: "*", key: "k0", kind: "file", name: "Interview.mov", document: "d4",
    what: "renamed on Frame.io, moved on Frame.io, changed in Nuxeo", acts: ["rename", "move"],
  },
  {
    sign: "+", key: "k1", kind: "file", name: "Everything that nobody has brought yet, with quite a long name.mov",
    what: "not in Nuxeo", acts: ["create"],
  },
  { sign: "+", key: "k2", kind: "folder", name: "Dailies", what: "not in Nuxeo", acts: ["create"] },
  { sign: "-", key: "k3", kind: "file", name: "Old.mov", document: "d2", what: "not on Frame.io", acts: ["gone"] },
  {
    sign: "!", key: "k4", kind: "file", name: "Broken <script>alert(1)</script>.mov",
    what: "Frame.io does not have the original of this file any more.", acts: ["update"],
  },
];

const check = run(5, { why: "check", state: "done", summary: "48211 assets in 1204 folders" });

export const syncEdit = {
  version: 1,
  effects: [
    { what: "fetch", from: "proxy", to: "original", text: "What is fetched: original instead of proxy." },
    { what: "media", from: "", to: "video, audio", text: "Media: video, audio instead of any." },
    { what: "every", from: "", to: "90", text: "Runs: every 1h30m instead of on demand." },
  ],
  runs: true, ends: true,
  expected: { new: 12, left_out: 3, refetched: 48_000, bytes: 4.2e12, complete: false },
};

/** What a path below /syncs answers; u3 has a synchronization, u4 one that asks, u5 one that was compared. */
export function ofSyncs(path: string, folder: string | null): unknown {
  if (path === "/syncs/preview") return preview;
  if (path.endsWith("/preview")) return syncEdit;
  if (path.endsWith("/runs")) return { runs };
  if (path.endsWith("/differences")) return { differences, next: "k4" };
  if (path.endsWith("/troubles")) return { entries: troubles, next: "k4" };
  const asks: Schemas["Sync"] = {
    ...sync, state: "paused", reason: runs[2]!.message!,
    remedy: "Look at Frame.io. If that is right, refresh and confirm it; nothing has been changed.", last: runs[2]!,
  };
  delete asks.due;
  const checked: Schemas["Sync"] = { ...sync, last: runs[1]!, check };
  if (!folder) return { syncs: [sync, { ...asks, id: "s2", folder: "u4" }] };
  return { syncs: { u3: [sync], u4: [asks], u5: [checked] }[folder] ?? [] };
}

const row = (id: string, more: Partial<Schemas["MapRow"]>): Schemas["MapRow"] => ({
  id, direction: "nuxeo", field: "Job Number", property: "dc:publisher", kind: "text", values: {}, clears: false,
  off: false, configured: false, changed: ago(500), changed_by: "Administrator", ...more,
});

export const rows: Schemas["MapRow"][] = [
  row("configuration", {
    field: "Status", property: "my:reviewState", kind: "vocabulary", configured: true,
    values: { Approved: "approved", "Needs Review": "review", "In Progress <b>": "open" },
  }),
  row("r1", { clears: true }),
  row("r2", { binding: "b1", off: true }),
  row("r3", { sync: "gone", direction: "frameio", field: "Deadline", property: "dc:expired", kind: "date" }),
];

export const channels: Schemas["Channel"][] = [
  {
    id: "c1", kind: "slack", name: "#post-production-and-everything-else-that-belongs-to-it",
    place: "https://hooks.slack.com/…", overdue_days: 7, changed: ago(9),
    events: ["arrived", "commented", "approved", "rejected", "overdue", "failed"], changed_by: "josh",
  },
  {
    id: "c2", kind: "webhook", name: "", place: "https://receiver.example.com/…", overdue_days: 3, changed: ago(9),
    events: ["failed"], changed_by: "josh",
  },
];

export const deliveries: Schemas["Delivery"][] = [
  { id: "d3", state: "gathering", title: "", events: 3, attempts: 0, created: ago(9), due: ago(9) },
  {
    id: "d2", state: "failed", title: "2 failed, 303 arrived: Autumn_campaign_with_a_name_that_does_not_end_soon",
    events: 305, attempts: 40, created: ago(9),
    status: 503, problem: "The receiver answered with 503: it does not work at the moment.", sent: ago(9),
    ended: ago(9),
  },
  {
    id: "d1", state: "delivered", title: "1 arrived: Spots", events: 1, attempts: 1, created: ago(9), status: 200,
    sent: ago(9), ended: ago(9),
  },
];

export const mapFields: Schemas["MapField"][] = [
  { name: "Status", type: "select", read_only: false }, { name: "Approval Status", type: "select", read_only: false },
  { name: "Job Number", type: "text", read_only: false },
];
