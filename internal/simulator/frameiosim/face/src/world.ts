// What the simulator tells its pages, and what they ask of it.

export interface Person { id: string; name: string; email: string }
export interface MenuItem { id: string; name: string; description: string; multi: boolean }
export interface Space {
  id: string; name: string; account: string; people: string[]; projects: { id: string; name: string; root: string }[];
  actions: MenuItem[];
}
export interface World { people: Person[]; statuses: string[]; spaces: Space[] }
export interface Step { id: string; name: string }
export interface Card {
  id: string; kind: "file" | "folder" | "version_stack"; name: string; size: number; media_type: string; status: string;
  upload: string; comments: number; versions: number; thumb?: string; play?: string;
}
export interface List { id: string; name: string; workspace: string; project: string; way: Step[]; assets: Card[] }
export interface Talk {
  id: string; who: string; text: string; frame?: number; duration?: number; timecode?: string; drawing?: string;
  done: boolean; replies: Talk[];
}
export interface Version extends Card { fps: number; talks: Talk[] }
export interface View {
  id: string; kind: Card["kind"]; name: string; workspace: string; folder: string; way: Step[]; versions: Version[];
}
export interface Field {
  type: string; label: string; name: string; value?: unknown; options?: { name: string; value: unknown }[];
}
export interface Answer {
  interaction_id: string; attempts: number; status: number; title?: string; description?: string; fields?: Field[];
  error?: string;
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`/_sim/${path}`, {
    method, body: body instanceof Blob ? body : body === undefined ? null : JSON.stringify(body),
  });
  const value = (await answer.json()) as T & { error?: string };
  if (!answer.ok) throw new Error(value.error ?? answer.statusText);
  return value;
}

export const world = () => call<World>("GET", "face");
export const folder = (id: string) => call<List>("GET", `face/folders/${id}`);
export const asset = (id: string) => call<View>("GET", `face/assets/${id}`);
export const run = (action: string, person: string, resources: string[], more: object = {}) =>
  call<Answer>("POST", "run-action", { action_id: action, person_id: person, resources, ...more });
export const stack = (files: string[]) => call<{ id: string }>("POST", "stack", { file_ids: files });
export const setStatus = (file: string, option: string) => call("POST", "status", { file_id: file, option });
export const remove = (id: string) => call("POST", "delete", { id });
export const rename = (id: string, name: string) => call("POST", "rename", { id, name });
export const newFolder = (parent: string, name: string) => call("POST", "folders", { parent_id: parent, name });
export const comment = (body: object) => call("POST", "comment", body);
export const complete = (id: string, completed: boolean) => call("POST", `face/comments/${id}?completed=${completed}`);

/** Uploads a file; its length in seconds is found out first where a browser can. */
export async function upload(file: File, to: { folder: string; stack?: string }, person: string): Promise<void> {
  const query = new URLSearchParams({
    ...to, name: file.name, person, fps: "25", duration: String(await length(file)),
  });
  await call("POST", `face/files?${query}`, file);
}

function length(file: File): Promise<number> {
  if (!/^(video|audio)\//.test(file.type)) return Promise.resolve(0);
  const probe = document.createElement("video");
  return new Promise((done) => {
    probe.onloadedmetadata = () => done(Number.isFinite(probe.duration) ? probe.duration : 0);
    probe.onerror = () => done(0);
    probe.src = URL.createObjectURL(file);
  });
}

/** Who uses the page; kept in the browser, since there are no passwords here. */
export const me = {
  get: () => localStorage.getItem("sim-person") ?? "",
  set: (id: string) => localStorage.setItem("sim-person", id),
};

export function size(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let n = bytes;
  let at = 0;
  for (; n >= 1000 && at < 4; at++) n /= 1000;
  return `${at ? n.toFixed(1) : n} ${units[at]}`;
}

export function go(path: string): void {
  history.pushState(null, "", path);
  window.dispatchEvent(new PopStateEvent("popstate"));
}
