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
    nuxeo?: { I18n?: { language?: string } & { [language: string]: Record<string, string> | undefined } & Translations };
  }
}

/** A document as Web UI hands it to us; only what we use. */
export interface NuxeoDocument {
  uid: string;
  title: string;
  type: string;
  path?: string;
  facets?: string[];
}

/** The path that all our own pages are below, without a slash at the end; empty mostly. */
export const base = (): string => document.querySelector("nxf-app")?.getAttribute("base") ?? "";

/** The connector's address without a slash at the end; empty when Web UI was not told, or on our own pages. */
export function connector(): string {
  if (!inWebUI()) return base();
  const told = window.Nuxeo?.UI?.config?.frameio?.url ?? "";
  return told && new URL(told, location.href).href.replace(/\/$/, "");
}

/** Nuxeo's address on the page's own origin, without a slash at the end. */
export function nuxeo(): string {
  const at = location.pathname.indexOf("/ui/");
  return location.origin + (at < 0 ? "/nuxeo" : location.pathname.slice(0, at));
}

/** Who is signed in to Web UI; a session of ours is good for that person only. */
export function webUser(): string {
  const connection = document.querySelector("nuxeo-connection") as { user?: { id?: string } } | null;
  return window.Nuxeo?.UI?.app?.currentUser?.id ?? connection?.user?.id ?? "";
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

/** An address from outside as a link, if a link to it does no harm. */
export function safeLink(address: string | undefined): string | undefined {
  if (!address || !URL.canParse(address)) return undefined;
  return ["http:", "https:"].includes(new URL(address).protocol) ? address : undefined;
}

/** Says something in passing: Web UI shows it as its own messages, our pages likewise. */
export function toast(from: EventTarget, message: string): void {
  const event = new CustomEvent("notify", { bubbles: true, composed: true, detail: { message, duration: 6000, dismissible: true } });
  // An element that has left the page in the meantime reaches nobody.
  (from instanceof Node && !from.isConnected ? document.body : from).dispatchEvent(event);
}

/** Tells Web UI, and our own elements, that a document has changed. */
export function changed(from: EventTarget): void {
  const target = from instanceof Node && !from.isConnected ? document.body : from;
  target.dispatchEvent(new CustomEvent("document-updated", { bubbles: true, composed: true }));
  window.dispatchEvent(new CustomEvent("nxf-changed"));
}

/** Goes to another of our pages, named without the base, without loading it anew. */
export function navigate(path: string): void {
  history.pushState(null, "", base() + path);
  window.dispatchEvent(new PopStateEvent("popstate"));
}
