// How far a synchronization is. What differs in price goes in lanes of its own, and
// so has a bar of its own: documents, bytes, and comments, which come last.

import { type TemplateResult, css, html, nothing } from "lit";
import { size } from "./format.js";
import { stepText } from "./item-words.js";
import { type Run, type Sync, sum } from "./sync-words.js";
import { count, language, t } from "./i18n.js";

export const bars = css`
  .bars {
    display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 0.8rem 1.5rem; margin-top: 0.6rem;
  }
  .bars .row { flex-wrap: nowrap; gap: 0.6rem; }
  .bars progress { margin-top: 0.2rem; }
`;

const n = (x: number): string => x.toLocaleString(language());
const of = (done: number, all: number): string => t("frameio.of", n(done), n(all));

/** What the run that is under way does now, and how far each lane is. */
export function progress(sync: Sync, run: Run): TemplateResult {
  const step = run.state === "running" ? stepText(run.step ?? "") : stepText("sync-wait");
  const parts = [
    run.assets ? sum(run.folders, run.assets, sync.fetch === "original" ? run.bytes : undefined) : "",
    run.failed ? count("frameio.sync.troubled", run.failed) : "",
  ];
  return html`<div><strong role="status">${step}</strong>
    <span class="soft small">${parts.filter(Boolean).join(" · ")}</span>
    <div class="bars">${documents(run)} ${bytes(sync, run)} ${comments(sync)}</div></div>`;
}

function lane(key: string, text: string, rest: unknown = nothing): TemplateResult {
  return html`<div>
    <div class="row between small"><span>${t(`frameio.sync.bar.${key}`)}</span><span class="soft">${text}</span></div>
    ${rest}</div>`;
}

function bar(key: string, text: string, done: number, all: number): TemplateResult {
  return lane(key, text, html`<progress max=${Math.max(all, 1)} .value=${Math.min(done, all)}
    aria-label=${t(`frameio.sync.bar.${key}`)}></progress>`);
}

// A first run brings everything, so what was listed is all there is; a later one
// brings what has changed, and only the number of that is known.
function documents(run: Run): TemplateResult {
  const over = run.created + run.updated + run.unchanged + run.conflicting + run.failed;
  const all = Math.max(over + run.waiting, run.why === "first" ? run.assets : 0);
  return bar("documents", all ? of(over, all) : "", over, all);
}

function bytes(sync: Sync, run: Run): TemplateResult | typeof nothing {
  const done = run.bytes_done ?? 0;
  if (run.why !== "first" || sync.fetch !== "original") {
    return done ? lane("bytes", t("frameio.sync.arrived", size(done))) : nothing;
  }
  const far = run.bytes ? t("frameio.of", size(Math.min(done, run.bytes)), size(run.bytes)) : "";
  return bar("bytes", far, done, run.bytes);
}

// They are looked at when all else is there.
function comments(sync: Sync): TemplateResult | typeof nothing {
  if (!sync.comments) return nothing;
  const { comments_done: done, comments_waiting: waiting } = sync;
  return bar("comments", done ? of(done, done + waiting) : t("frameio.sync.bar.comments.later"), done, done + waiting);
}

/** What is still to come after a run: comments, for which Frame.io is asked one by one. */
export function afterwards(sync: Sync): TemplateResult | typeof nothing {
  const { comments_done: done, comments_waiting: waiting } = sync;
  return waiting ? html`<p class="small soft">${t("frameio.sync.heard", n(done), n(done + waiting))}</p>` : nothing;
}
