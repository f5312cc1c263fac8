// The REST interface of the connector, as internal/web/api/openapi.yaml
// describes it.

import type { components } from "./api.gen.js";
import { connector, nuxeo, webUser } from "./host.js";
import { t } from "./i18n.js";
import { inWebUI } from "./webui.js";

export type Schemas = components["schemas"];
export type Item = Schemas["Item"];
export type Binding = Schemas["Binding"];
export type Person = Schemas["Person"];
export type Workspace = Schemas["Workspace"];
export type Folder = Schemas["Folder"];

/** What went wrong: a sentence for a person, a code for us, and what to do. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field = "",
    readonly remedy = "",
    readonly correlation = "",
    readonly page = "", // of the connector, where the remedy can be done
  ) {
    super(message);
  }
}

/** Whatever was thrown, as a problem. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  return new Problem(0, "unknown", t("frameio.error.unknown"), "", String(thrown));
}

/** Whether somebody gave up waiting, which is nothing to report. */
export const aborted = (thrown: unknown): boolean => thrown instanceof DOMException && thrown.name === "AbortError";

// Calls an address; a network that fails is a problem of its own, and no other
// TypeError is taken for one.
async function reach(address: string, options: RequestInit): Promise<Response> {
  try {
    return await fetch(address, options);
  } catch (thrown) {
    if (aborted(thrown)) throw thrown;
    throw new Problem(0, "unreachable", t("frameio.error.unreachable"), "", t("frameio.error.unreachable.remedy"));
  }
}

// In Web UI a session of ours stands for the person who is signed in there; it
// is kept in memory only.
let session: { user: string; secret: Promise<string> } | undefined;

/** Sent to the window when our own page finds that nobody is signed in any more. */
export const signedOutEvent = "nxf-signed-out";

async function mint(): Promise<string> {
  const parameters = new URLSearchParams({
    application: "nuxeo-frameio", deviceId: "web-ui", deviceDescription: "Nuxeo Web UI", permission: "rw",
  });
  const token = await reach(`${nuxeo()}/api/v1/token?${parameters}`, {
    method: "POST", headers: { "X-No-Basic-Header": "true" },
  });
  if (!token.ok) {
    throw new Problem(token.status, "nuxeo", t("frameio.error.token"), "", t("frameio.error.token.remedy"));
  }
  const answer = await send("POST", "/session", { nuxeo_token: (await token.text()).trim() });
  return ((await answer.json()) as Schemas["Session"]).session;
}

async function bearer(): Promise<string | undefined> {
  if (!inWebUI()) return undefined;
  if (inWebUI() && !connector()) {
    throw new Problem(0, "unconfigured", t("frameio.error.unconfigured"), "", t("frameio.error.unconfigured.remedy"));
  }
  const user = webUser();
  if (session?.user !== user) {
    const begun = { user, secret: mint() };
    session = begun;
    begun.secret.catch(() => session === begun && (session = undefined));
  }
  return session!.secret;
}

async function send(
  method: string, path: string, body?: unknown, secret?: string, signal?: AbortSignal,
): Promise<Response> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (secret) headers["Authorization"] = `Bearer ${secret}`;
  const answer = await reach(`${connector()}/api/v1${path}`, {
    method, headers, signal: signal ?? null, credentials: inWebUI() ? "omit" : "same-origin",
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

async function refusal(answer: Response): Promise<Problem> {
  try {
    const p = (await answer.json()) as Schemas["Problem"];
    return new Problem(answer.status, p.code, p.title, p.field, p.remedy, p.correlation, p.page);
  } catch {
    return new Problem(answer.status, "unknown", t("frameio.error.status", answer.status));
  }
}

/** Calls the interface; signs in to it first where that is needed. */
export async function request(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const secret = await bearer();
  try {
    return await send(method, path, body, secret, signal);
  } catch (thrown) {
    if (!(thrown instanceof Problem) || thrown.status !== 401) throw thrown;
    if (!inWebUI()) {
      window.dispatchEvent(new CustomEvent(signedOutEvent));
      throw thrown;
    }
    session = undefined; // it has ended; there is a new one for the asking
    return send(method, path, body, await bearer(), signal);
  }
}

/** Asks for something. */
export async function get<T>(
  path: string, parameters: Record<string, string | number | undefined> = {}, signal?: AbortSignal,
): Promise<T> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== "") query.set(name, String(value));
  }
  const answer = await request("GET", query.size ? `${path}?${query}` : path, undefined, signal);
  return (await answer.json()) as T;
}

/** Does something; the answer may be empty. */
export async function change<T = void>(
  method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown, signal?: AbortSignal,
): Promise<T> {
  const answer = await request(method, path, body, signal);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

/** A path of the interface; ids come from outside. */
export const path = (...parts: string[]): string => "/" + parts.map(encodeURIComponent).join("/");
