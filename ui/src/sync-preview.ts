// What a synchronization would bring, and about how long each of its lanes takes.

import { type TemplateResult, html, nothing } from "lit";
import { lasting } from "./format.js";
import { sum } from "./sync-words.js";
import { t } from "./i18n.js";

/** What was counted so far. */
export interface Preview {
  folders: number;
  assets: number;
  bytes: number;
  complete: boolean;
  lanes: { listing: number; documents: number; comments: number };
}

/** The counts. What is still being counted is at least so much, and needs not be waited for. */
export function counted(p: Preview, counting: boolean, content: boolean): TemplateResult {
  const all = sum(p.folders, p.assets, content ? p.bytes : undefined);
  const about = (seconds: number): string =>
    t(p.complete ? "frameio.sync.about" : "frameio.sync.about.least", lasting(seconds));
  const lane = (key: string, text: string): TemplateResult =>
    html`<dt>${t(`frameio.sync.lane.${key}`)}</dt><dd>${text}</dd>`;
  const { listing, documents, comments } = p.lanes;
  return html`<div role="status"><p>${p.complete ? all : t("frameio.sync.atLeast", all)}</p>
    <dl class="lanes">${lane("listing", about(listing))}
      ${lane("documents", content ? t("frameio.sync.lane.bytes", about(documents)) : about(documents))}
      ${comments ? lane("comments", about(comments)) : nothing}</dl>
    ${p.complete
      ? nothing
      : html`<p class="small soft">${t(counting ? "frameio.sync.counting" : "frameio.sync.uncounted")}</p>`}</div>`;
}
