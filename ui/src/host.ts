// Where the elements are: on the connector's own pages, or inside Nuxeo Web UI.
// Only this file and the sign-in of api.ts know the difference.

import { inWebUI } from "./webui.js";

interface NuxeoGlobal {
  UI?: { config?: { frameio?: { url?: string } }; app?: { currentUser?: { id?: string } } };
}

interface Translations {
  language?: string;
  [language: string]: Record<string, string> | string | undefined;
}

declare global {
  interface Window {
    Nuxeo?: NuxeoGlobal;
    nuxeo?: {
      I18n?: { language?: string } & { [language: string]: Record<string, string> | undefined } & Translations;
    };
  }
}

/** A document as Web UI hands it to us; only what we use. */
export interface NuxeoDocument {
  uid: string;
  title: string;
  type: string;
  path?: string;
  facets?: string[];
  lockOwner?: string;
  contextParameters?: { permissions?: string[] };
}

/** Whether Web UI says that the person has all these rights on a document; what it does not tell may be. */
export function may(document: NuxeoDocument, ...rights: string[]): boolean {
  const has = document.contextParameters?.permissions;
  return !has || rights.every((right) => has.includes(right));
}

/** The path that all our own pages are below, without a slash at the end; empty mostly. */
export const base = (): string => document.querySelector("nxf-app")?.getAttribute("base") ?? "";

/** The connector's address without a slash at the end; empty when Web UI was not told, or on our own pages. */
export function connector(): string {
  if (!inWebUI()) return base();
  const told = window.Nuxeo?.UI?.config?.frameio?.url ?? "";
  return told && new URL(told, location.href).href.replace(/\/$/, "");
}

// What Web UI is connected to; its page may lie below the address of a repository.
const connection = () =>
  document.querySelector("nuxeo-connection") as (HTMLElement & { url?: string; user?: { id?: string } }) | null;

/** Nuxeo's address on the page's own origin, without a slash at the end. */
export function nuxeo(): string {
  return new URL(connection()?.getAttribute("url") || "/nuxeo", location.origin).href.replace(/\/$/, "");
}

/** Who is signed in to Web UI; a session of ours is good for that person only. */
export function webUser(): string {
  return window.Nuxeo?.UI?.app?.currentUser?.id ?? connection()?.user?.id ?? "";
}

/** The page of a document or folder. */
export function documentAddress(uid: string): string {
  return inWebUI() ? `#!/doc/${encodeURIComponent(uid)}` : `${base()}/documents/${encodeURIComponent(uid)}`;
}

/** The page of a folder. */
export function folderAddress(uid: string): string {
  return inWebUI() ? `#!/doc/${encodeURIComponent(uid)}` : `${base()}/folders/${encodeURIComponent(uid)}`;
}

/** The page of an item, which only we have. */
export function itemAddress(id: string): string {
  return `${connector()}/items/${encodeURIComponent(id)}`;
}

/** Where a link to one of our own pages opens: one must not lose the page of Web UI, and may have to sign in. */
export const ownPages = (): string => (inWebUI() ? "_blank" : "");

/** An address from outside as a link, if a link to it does no harm. */
export function safeLink(address: string | undefined): string | undefined {
  if (!address || !URL.canParse(address)) return undefined;
  return ["http:", "https:"].includes(new URL(address).protocol) ? address : undefined;
}

/** Says something in passing: Web UI shows it as its own messages, our pages likewise. */
export function toast(from: EventTarget, message: string): void {
  const event = new CustomEvent("notify", {
    bubbles: true, composed: true, detail: { message, duration: 6000, dismissible: true },
  });
  // An element that has left the page in the meantime reaches nobody.
  (from instanceof Node && !from.isConnected ? document.body : from).dispatchEvent(event);
}

/** Tells Web UI, and our own elements, that a document has changed. */
export function changed(from: EventTarget): void {
  pageChanged(from);
  window.dispatchEvent(new CustomEvent("nxf-changed"));
}

/** Tells Web UI alone: it reads the document of its page again, and what it lists of it. */
export function pageChanged(from: EventTarget): void {
  // Only Web UI's own element listens, and what told it may have left the page.
  const target = from instanceof Node && !from.isConnected
    ? (document.querySelector("nuxeo-app") ?? document.body)
    : from;
  target.dispatchEvent(new CustomEvent("document-updated", { bubbles: true, composed: true }));
}

/** Tells Web UI that folders have come or gone, which it shows in its tree. */
export function treeChanged(): void {
  window.dispatchEvent(new CustomEvent("refresh-display"));
}

const looksFirst = 150; // ms; each further look waits longer
const looks = 12; // about half a minute

/**
 * Waits until something is so of a document in Nuxeo: what we have asked of the connector it does in its own time, and
 * Web UI reads a document once. Gives up after a while, as the work may wait for somebody.
 */
export async function settled(uid: string, so: (document: NuxeoDocument) => boolean): Promise<void> {
  if (!inWebUI()) return;
  for (let n = 0, pause = looksFirst; n < looks; n++, pause *= 1.4) {
    const document = await fromNuxeo(uid);
    if (document && so(document)) return;
    await new Promise((done) => setTimeout(done, pause));
  }
}

/** A document as Nuxeo has it now; undefined where it cannot be read. */
export async function fromNuxeo(uid: string): Promise<NuxeoDocument | undefined> {
  const answer = await fetch(
    `${nuxeo()}/api/v1/id/${encodeURIComponent(uid)}`, { headers: { "fetch-document": "lock" } },
  ).catch(() => undefined);
  return answer?.ok ? ((await answer.json()) as NuxeoDocument) : undefined;
}

/** Goes to another of our pages, named without the base, without loading it anew. */
export function navigate(path: string): void {
  history.pushState(null, "", base() + path);
  window.dispatchEvent(new PopStateEvent("popstate"));
}
