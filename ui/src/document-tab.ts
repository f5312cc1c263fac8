// The tab "Frame IO" of a document: what Frame.io told of it, what it looks
// like, and what was said about it.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Schemas, get, path, problemOf } from "./api.js";
import "./comments.js";
import { copyNotice, decide } from "./copies.js";
import { clock, date, size } from "./format.js";
import { listen } from "./events.js";
import { type NuxeoDocument, changed, pageChanged, safeLink, settled, toast } from "./host.js";
import { lock, out, send } from "./icons.js";
import { Loader } from "./loader.js";
import "./player.js";
import { pushDocuments } from "./push-dialog.js";
import { type Push, pushLine, pushLinks, release } from "./push-words.js";
import { askAgain, reactionNotice } from "./reaction.js";
import { base, controls } from "./styles.js";
import { count, language, t } from "./i18n.js";
import { inWebUI } from "./webui.js";

type Detail = Schemas["DocumentDetail"];
type Comment = Schemas["Comment"];

const looksEvery = 4000; // ms

@define("nxf-document-tab")
export class DocumentTab extends LitElement {
  static override styles = [
    base, controls,
    css`
      :host { padding: var(--nxf-tab-padding, 0); container-type: inline-size; }
      .review { display: grid; gap: 1.25rem; grid-template-columns: minmax(0, 1fr); align-items: start; }
      @container (min-width: 56rem) {
        .review { grid-template-columns: minmax(0, 1.7fr) minmax(18rem, 1fr); }
        .talk { max-height: 76vh; overflow: auto; }
      }
      .facts { grid-template-columns: repeat(auto-fill, minmax(min(10.5rem, 45%), 1fr)); gap: 0.9rem 1.5rem; }
      .facts div { min-width: 0; }
      .facts dt { font-size: 0.85rem; }
      details .facts { margin-top: 0.8rem; }
      summary { cursor: pointer; font-weight: 600; }
      select { width: auto; max-width: 100%; }
    `,
  ];

  /** The document, as Web UI has it. */
  @property({ attribute: false }) document: NuxeoDocument | undefined;
  /** Or only its uid. */
  @property() uid = "";

  @state() private at: Comment | undefined;
  @state() private file = "";
  private readonly loader = new Loader<Detail>(this, {
    key: () => this.wanted || undefined,
    load: (uid, signal) => get(path("documents", uid), {}, signal),
    every: (d) => (d?.push ? looksEvery : 0),
    peek: (d) => this.moved(d.push!),
    begin: (signal) => listen({
      item: (item) => item.document === this.wanted && item.finished && void this.news(),
    }, signal),
    came: (now, before) => this.came(now, before),
  });

  private get wanted(): string {
    return this.document?.uid ?? this.uid;
  }

  private get detail(): Detail | undefined {
    return this.loader.value;
  }

  // There is a new version, or a lock has come or gone: Web UI shows both, too.
  private async news(): Promise<void> {
    await this.loader.refresh();
    pageChanged(this);
  }

  // While a push is under way or under review, one small question tells whether
  // there is anything new to read.
  private async moved(p: Push): Promise<boolean> {
    const now = await get<Push>(path("pushes", p.id)).catch(() => p); // it is asked again
    const turned = now.state !== p.state || now.locked !== p.locked;
    if (turned) pageChanged(this);
    return turned || now.seen !== p.seen;
  }

  private came(detail: Detail, before: Detail | undefined): void {
    if (!before) [this.at, this.file] = [undefined, ""];
    this.dispatchEvent(new CustomEvent("nxf-detail", { detail, bubbles: true, composed: true }));
  }

  protected override render(): unknown {
    return this.loader.show((d) => this.whole(d));
  }

  private whole(d: Detail): TemplateResult {
    if (!d.asset) {
      return html`<div class="stack">
        ${this.pushed(d)}${this.copied(d)}${this.reacted(d)}
        <p class="soft">${t("frameio.document.unlinked")}</p></div>`;
    }
    return html`<div class="stack">${this.pushed(d)}${this.copied(d)}${this.reacted(d)}
      <div class="review"><div class="stack tight">${this.versions(d)}
          <nxf-player .document=${d.uid} .file=${this.file} .rate=${d.asset.frame_rate ?? 0}
            .length=${d.asset.duration ?? 0} .resolution=${d.asset.resolution ?? ""} .marks=${this.marks(d)}
            .at=${this.at}
            @nxf-mark=${(e: CustomEvent<Comment>) => this.choose(e.detail)}></nxf-player></div>
        <section class="card stack talk" aria-label=${t("frameio.comments")} tabindex="0">
          <h2>${t("frameio.comments")}</h2>
          <nxf-comments .comments=${d.comments} .versions=${d.versions} .at=${this.at} ?more=${d.comments_more}
            @nxf-chosen=${(e: CustomEvent<Comment>) => this.choose(e.detail)}></nxf-comments></section></div>
      ${this.facts(d, d.asset)}
    </div>`;
  }

  // Under review, or to be sent: Web UI has an action of its own for that.
  private pushed(d: Detail): TemplateResult | typeof nothing {
    const p = d.push;
    if (!p) {
      return inWebUI()
        ? nothing
        : html`<div><button @click=${() => void pushDocuments([d], this)}>${send} ${t("frameio.push")}</button></div>`;
    }
    return html`<div class="notice">
      <strong class="row tight">${p.locked ? lock : nothing}
        <span class="wrap" role="status">${pushLine(p)}</span></strong>
      ${p.gone
        ? html`<span class="bad wrap">${t("frameio.push.gone")}</span>`
        : p.status_now ? html`<span class="wrap">${t("frameio.push.now", p.status_now)}</span>` : nothing}
      <span class="row">${pushLinks(p)}
        ${p.may_release
          ? html`<button class="danger" @click=${() => void this.free(p)}>${t("frameio.release")}</button>`
          : nothing}</span></div>`;
  }

  // What Nuxeo was to do after the review has not been done.
  private reacted(d: Detail): TemplateResult | typeof nothing {
    const again = async (): Promise<void> => {
      await askAgain(d.reaction!);
      await this.loader.refresh();
    };
    return reactionNotice(d.reaction, () => void again());
  }

  // What becomes of the copy on Frame.io.
  private copied(d: Detail): TemplateResult | typeof nothing {
    if (d.push) return nothing;
    return copyNotice(d.copy, (deed) => void this.decided(d.copy!, deed));
  }

  private async decided(c: NonNullable<Detail["copy"]>, deed: "keep" | "again" | "undo"): Promise<void> {
    try {
      await decide(c, deed);
    } catch (thrown) {
      const problem = problemOf(thrown);
      toast(this, [problem.message, problem.remedy].filter(Boolean).join(" "));
    }
    await this.loader.refresh();
  }

  private async free(p: Push): Promise<void> {
    if (!(await release(p))) return;
    toast(this, t("frameio.release.done", p.title));
    await settled(p.document, (d) => !d.lockOwner);
    changed(this);
  }

  // What can be played are the files of the versions, each once.
  private versions(d: Detail): TemplateResult | typeof nothing {
    const files = d.versions.filter((v, n, all) => v.file && all.findIndex((w) => w.file === v.file) === n);
    if (files.length < 2) return nothing;
    const shown = this.file || d.asset!.file;
    return html`<label class="row small">${t("frameio.document.shown")}
      <select @change=${(e: Event) => this.show((e.target as HTMLSelectElement).value)}>
        ${files.map((v) => html`<option value=${v.file!} ?selected=${v.file === shown}>
          ${t("frameio.document.versionOf", v.label, v.file_name ?? "")}</option>`)}</select></label>`;
  }

  private show(file: string): void {
    this.file = file === this.detail!.asset!.file ? "" : file;
    this.at = undefined;
  }

  private marks(d: Detail): Comment[] {
    const shown = this.file || d.asset!.file;
    return d.comments.filter((c) => c.origin === "frameio" && (c.file ?? shown) === shown);
  }

  // A comment on an earlier version brings that version with it.
  private choose(c: Comment): void {
    const newest = this.detail!.asset!.file;
    if (c.file && this.detail!.versions.some((v) => v.file === c.file)) this.file = c.file === newest ? "" : c.file;
    this.at = { ...c }; // another object, so that choosing it again seeks again
  }

  private facts(d: Detail, a: NonNullable<Detail["asset"]>): TemplateResult {
    const number = (n: number | undefined) => n?.toLocaleString(language());
    const rows: [string, unknown][] = [
      ["file", a.file_name], ["uploader", a.uploader], ["uploaded", date(a.upload_date)], ["codec", a.codec],
      ["resolution", a.resolution], ["fps", number(a.frame_rate)], ["size", a.size === undefined ? "" : size(a.size)],
      ["duration", a.duration ? clock(a.duration) : ""], ["frames", number(a.frames)], ["status", a.status],
      ["version", d.version],
      ["published", a.last_published ? `${date(a.last_published)}${a.published_by ? `, ${a.published_by}` : ""}` : ""],
    ];
    return html`<section class="card stack">
      <div class="row between"><h2>${t("frameio.document.facts")}</h2>${this.links(d, a)}</div>
      <dl class="facts">${rows.map(([key, value]) => (value
        ? html`<div><dt>${t(`frameio.document.${key}`)}</dt><dd>${value}</dd></div>`
        : nothing))}</dl>
      ${a.fields.length ? this.fields(a.fields) : nothing}</section>`;
  }

  // Every field of Frame.io, with those that the facts above are made of.
  private fields(fields: Schemas["AssetField"][]): TemplateResult {
    return html`<details><summary>${count("frameio.document.fields", fields.length)}</summary>
      <dl class="facts">${fields.map((f) => html`<div><dt>${f.name}</dt><dd>${f.value}</dd></div>`)}</dl></details>`;
  }

  private links(d: Detail, a: NonNullable<Detail["asset"]>): TemplateResult {
    const removed = d.copy?.state === "deleted" && d.copy.file === a.file;
    const [there, here] = [removed ? undefined : safeLink(a.view_url), inWebUI() ? undefined : safeLink(d.nuxeo_url)];
    return html`<span class="row">
      ${there ? html`<a class="row tight" href=${there} target="_blank"
        rel="noreferrer noopener">${t("frameio.document.onFrameio")}${out}</a>` : nothing}
      ${here ? html`<a class="row tight" href=${here} target="_blank"
        rel="noreferrer noopener">${t("frameio.document.onNuxeo")}${out}</a>` : nothing}</span>`;
  }
}
