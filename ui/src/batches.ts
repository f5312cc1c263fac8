// What was published or pushed together, as one whole while it is on its way: how many
// are there, how long it takes still, and what failed first. Nothing shows when there is none.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Item, type Schemas, change, get, path } from "./api.js";
import { complain, confirm } from "./dialog.js";
import { listen } from "./events.js";
import { left, size } from "./format.js";
import { changed, connector, itemAddress, ownPages, toast } from "./host.js";
import { cross } from "./icons.js";
import { Loader } from "./loader.js";
import { base, controls } from "./styles.js";
import { count, language, t } from "./i18n.js";

type Batch = Schemas["Batch"];

const looksEvery = 5000; // ms
const looksSoon = 300; // ms after an item of a batch that is not known yet
const looksLively = 1500; // ms after one of a batch that is
const few = 10; // documents of which each may have a row as well
const kinds = ["publish", "expand", "push"];

/** Says which batches of many are under way, and need no rows of their own: the detail is their ids. */
export const batchesEvent = "nxf-batches-open";

@define("nxf-batches")
export class Batches extends LitElement {
  static override styles = [
    base, controls,
    css`
      ul.card { padding: 0.3rem 1.2rem; }
      ul.card > li { display: grid; gap: 0.35rem; padding: 0.8rem 0; border-bottom: 1px solid var(--line); }
      ul.card > li:last-child { border: 0; }
      button { padding: 0.2rem 0.7rem; font-size: 0.85rem; }
      .failed { display: grid; gap: 0.2rem; }
      .failed li { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0.5rem; }
      .failed svg { display: block; }
    `,
  ];

  /** The bound folder whose documents they are; empty: any. */
  @property() folder = "";
  /** Whether it names who asked for it. */
  @property({ type: Boolean }) owners = false;
  @state() private busy = "";
  private large: string[] = [];
  private soon = 0;
  private readonly list = new Loader<{ batches: Batch[] }>(this, {
    key: () => this.folder,
    load: (folder, signal) => get("/batches", { folder }, signal),
    every: () => looksEvery,
    begin: (signal) => listen({ item: (item) => this.hear(item) }, signal),
    came: ({ batches }) => this.tell(batches.filter(large).map((b) => b.batch)),
  });

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.soon);
    this.soon = 0;
  }

  // Many change at once; they are looked at together.
  private hear(item: Item): void {
    if (this.soon || !kinds.includes(item.kind)) return;
    this.soon = window.setTimeout(() => {
      this.soon = 0;
      void this.list.refresh();
    }, this.large.includes(item.parent) ? looksLively : looksSoon);
  }

  private tell(ids: string[]): void {
    if (ids.join() === this.large.join()) return;
    this.large = ids;
    this.dispatchEvent(new CustomEvent(batchesEvent, { bubbles: true, composed: true, detail: ids }));
  }

  // The list below says what is wrong.
  protected override render(): TemplateResult | typeof nothing {
    const { batches } = (!this.list.problem && this.list.value) || { batches: [] };
    if (!batches.length) return nothing;
    return html`<ul class="card" aria-label=${t("frameio.batches")}>${batches.map((b) => this.row(b))}</ul>`;
  }

  private row(b: Batch): TemplateResult {
    const ended = b.documents - b.open;
    return html`<li>
      <div class="row between"><strong class="wrap grow">${title(b)}</strong> ${this.deeds(b)}</div>
      <progress max=${b.documents} .value=${ended} aria-label=${title(b)}></progress>
      <span class="soft">${this.far(b)}</span> ${this.failures(b)}</li>`;
  }

  private far(b: Batch): string {
    const parts = [t("frameio.batch.far", number(b.arrived), number(b.documents))];
    if (b.bytes) {
      parts.push(t(b.estimated ? "frameio.batch.about" : "frameio.of", size(b.bytes_done), size(b.bytes)));
    }
    if (b.listing) parts.push(t("frameio.batch.listing"));
    if (b.failed) parts.push(count("frameio.batch.failed", b.failed));
    if (b.canceled) parts.push(count("frameio.batch.canceled", b.canceled));
    if (b.seconds_left !== undefined) parts.push(left(b.seconds_left));
    if (this.owners) parts.push(b.by);
    return parts.join(" · ");
  }

  private failures(b: Batch): TemplateResult | typeof nothing {
    if (!b.failures?.length) return nothing;
    const more = b.failed - b.failures.length;
    return html`<ul class="failed small">
      ${b.failures.map((f) => html`<li><span class="bad">${cross}</span><span class="wrap">
        <a href=${itemAddress(f.item)} target=${ownPages()}>${f.title}</a>: ${f.message} ${f.remedy}</span></li>`)}
      ${more > 0 ? html`<li><span></span><span>${count("frameio.batch.more", more)}</span></li>` : nothing}</ul>`;
  }

  private deeds(b: Batch): TemplateResult {
    const of = html`<span class="unseen">: ${title(b)}</span>`;
    return html`<a class="small" href=${`${connector()}/activity?parent=${encodeURIComponent(b.batch)}`}
        target=${ownPages()}>${t("frameio.batch.all")}${of}</a>
      ${b.failed
        ? html`<button ?disabled=${this.busy === b.batch} @click=${() => void this.retry(b)}>
          ${t("frameio.batch.retry")}${of}</button>`
        : nothing}
      ${b.open
        ? html`<button class="danger" ?disabled=${this.busy === b.batch} @click=${() => void this.cancel(b)}>
          ${t("frameio.batch.cancel")}${of}</button>`
        : nothing}`;
  }

  private async retry(b: Batch): Promise<void> {
    this.busy = b.batch;
    try {
      toast(this, count("frameio.retrying", await this.ask(b, "retry")));
    } catch (thrown) {
      complain(this, thrown);
    } finally {
      this.busy = "";
    }
  }

  private async cancel(b: Batch): Promise<void> {
    let n = 0;
    const done = await confirm(
      count("frameio.batch.cancel.question", b.open), [title(b), t("frameio.batch.cancel.explain")],
      t("frameio.batch.cancel"), async () => (n = await this.ask(b, "cancel")),
    );
    if (done) toast(this, count("frameio.canceling", n));
  }

  private async ask(b: Batch, what: "retry" | "cancel"): Promise<number> {
    const answer = await change<Schemas["Changed"]>("POST", path("batches", b.batch, what));
    changed(this);
    return answer.changed;
  }
}

const large = (b: Batch): boolean => b.open > 0 && b.documents > few;
const number = (n: number): string => n.toLocaleString(language());

/** What is going where, or went. */
function title(b: Batch): string {
  const ended = b.open ? "" : ".ended";
  if (b.kind === "publish") return t(`frameio.batch.publish${ended}`, b.folder_title ?? "");
  const to = [b.team_name, b.project_name, b.frameio_folder_name].filter(Boolean).join(" / ");
  return t(`frameio.batch.push${ended}`, to);
}
