// A file or a stack: a player, its versions and its comments.

import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import "./action-menu.js";
import { type Shape, between, colours, layer, parse, tools } from "./draw.js";
import { inline, look } from "./style.js";
import {
  type Talk, type Version, type View, asset, comment, complete, me, setStatus, size, upload, world,
} from "./world.js";

@customElement("sim-view")
export class Viewer extends LitElement {
  static override styles = [
    look,
    css`
      .two {
        display: grid; gap: 1.2rem; grid-template-columns: minmax(0, 1.8fr) minmax(17rem, 1fr); align-items: start;
      }
      @media (max-width: 55rem) { .two { grid-template-columns: minmax(0, 1fr); } }
      .stage {
        position: relative; background: #000; border-radius: 12px; overflow: hidden; display: grid; place-items: center;
        min-height: 10rem; color: #eee;
      }
      .stage video, .stage img { display: block; width: 100%; max-height: 65vh; object-fit: contain; }
      .over { position: absolute; }
      .over.draw { cursor: crosshair; touch-action: none; }
      svg { display: block; }
      article { border-left: 3px solid var(--line); padding: 0.2rem 0 0.2rem 0.7rem; display: grid; gap: 0.2rem; }
      article.on { border-color: var(--mark); }
      .text { white-space: pre-wrap; overflow-wrap: anywhere; }
      textarea { width: 100%; }
      .swatch { width: 1.6rem; height: 1.6rem; padding: 0; border-radius: 50%; }
      [aria-pressed="true"] { box-shadow: 0 0 0 2px var(--mark); }
    `,
  ];

  @property() asset = "";
  @state() private view: View | undefined;
  @state() private statuses: string[] = [];
  @state() private at = 0;
  @state() private chosen: Talk | undefined;
  @state() private replyTo: Talk | undefined;
  @state() private tool = "";
  @state() private colour = colours[0]!;
  @state() private shapes: Shape[] = [];
  @state() private going: Shape | undefined;
  @state() private frame = 0;
  @state() private box = { left: 0, top: 0, width: 0, height: 0 };
  @state() private failed = "";
  @query("video, .stage img") private shown!: HTMLVideoElement | HTMLImageElement | null;
  private from: { x: number; y: number } | undefined;
  private readonly sizes = new ResizeObserver(() => this.measure());

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.sizes.disconnect();
  }

  protected override willUpdate(changes: PropertyValues): void {
    if (changes.has("asset")) void this.load();
  }

  private get version(): Version | undefined {
    return this.view?.versions[this.at];
  }

  private async load(): Promise<void> {
    try {
      [this.view, { statuses: this.statuses }] = await Promise.all([asset(this.asset), world()]);
      this.failed = "";
    } catch (thrown) {
      this.failed = (thrown as Error).message;
    }
  }

  private async do(what: () => Promise<unknown>): Promise<void> {
    try {
      await what();
      await this.load();
    } catch (thrown) {
      this.failed = (thrown as Error).message;
    }
  }

  protected override render(): TemplateResult {
    const [view, v] = [this.view, this.version];
    if (!view || !v) return html`<p class="soft" role="status">${this.failed || "Loading…"}</p>`;
    return html`<div class="stack">
      <div><nav aria-label="Folders above">
        <ol class="crumbs"><li><a href="/">Projects</a></li>
          ${view.way.map((s) => html`<li><a href="/projects/${s.id}">${s.name}</a></li>`)}</ol></nav>
        <h1 class="wrap">${v.name}</h1></div>
      <div class="row">${this.versions(view)}
        <label class="row small">Status
          <select @change=${(e: Event) => void this.do(() => setStatus(v.id, (e.target as HTMLSelectElement).value))}>
            ${["", ...this.statuses].map((s) => html`<option ?selected=${s === v.status}>${s}</option>`)}
          </select></label>
        <sim-actions .workspace=${view.workspace} .selected=${[view.id]}></sim-actions>
        <label class="file">New version<input class="unseen" type="file" @change=${this.bring}></label>
        <span class="soft small">${size(v.size)} · ${v.fps} fps</span></div>
      ${this.failed ? html`<p class="bad wrap" role="alert">${this.failed}</p>` : nothing}
      <div class="two"><div class="stack"><div class="stage">${this.player(v)}${this.over()}</div>${this.write(v)}</div>
        <section class="stack" aria-label="Comments"><h2>Comments</h2>
          ${v.talks.length ? v.talks.map((c) => this.talk(c)) : html`<p class="soft">No comment yet.</p>`}
        </section></div></div>`;
  }

  private versions(view: View): TemplateResult | typeof nothing {
    if (view.versions.length < 2) return nothing;
    return html`<label class="row small">Version
      <select @change=${(e: Event) => this.turn(Number((e.target as HTMLSelectElement).value))}>
        ${view.versions.map((v, n) => html`<option value=${n} ?selected=${n === this.at}>
          v${view.versions.length - n} · ${v.name}</option>`)}</select></label>`;
  }

  private turn(to: number): void {
    [this.at, this.chosen, this.shapes] = [to, undefined, []];
  }

  private player(v: Version): TemplateResult {
    if (!v.play) {
      const why = v.upload === "created" ? "It is still being uploaded." : "There is nothing a browser could show.";
      return html`<p>${why}</p>`;
    }
    if (v.media_type.startsWith("image/")) return html`<img src=${v.play} alt=${v.name} @load=${this.ready}>`;
    if (v.media_type.startsWith("audio/")) return html`<audio controls src=${v.play} aria-label=${v.name}></audio>`;
    return html`<video controls playsinline preload="auto" src=${v.play} aria-label=${v.name}
      @loadedmetadata=${this.ready} @timeupdate=${this.tick} @seeked=${this.tick}></video>`;
  }

  private ready(): void {
    if (this.shown) this.sizes.observe(this.shown);
    this.measure();
  }

  private measure(): void {
    const e = this.shown;
    if (!e) return;
    const [w, h] = e instanceof HTMLVideoElement ? [e.videoWidth, e.videoHeight] : [e.naturalWidth, e.naturalHeight];
    if (!w || !h) return;
    const scale = Math.min(e.clientWidth / w, e.clientHeight / h);
    this.box = {
      left: e.offsetLeft + (e.clientWidth - w * scale) / 2, top: e.offsetTop + (e.clientHeight - h * scale) / 2,
      width: w * scale, height: h * scale,
    };
  }

  private tick(): void {
    if (this.shown instanceof HTMLVideoElement) {
      this.frame = Math.floor(this.shown.currentTime * this.version!.fps + 0.01);
    }
  }

  private over(): TemplateResult {
    const drawn = this.tool ? [...this.shapes, ...(this.going ? [this.going] : [])] : parse(this.chosen?.drawing);
    const { left, top, width, height } = this.box;
    const style = inline({
      left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px`,
      "pointer-events": this.tool ? "auto" : "none",
    });
    return html`<div class="over ${this.tool ? "draw" : ""}" .style=${style}
      @pointerdown=${this.begin} @pointermove=${this.drag} @pointerup=${this.end}>
        ${layer(drawn, width, height)}</div>`;
  }

  private point(e: PointerEvent): { x: number; y: number } {
    const r = (e.currentTarget as HTMLElement).getBoundingClientRect();
    const share = (n: number) => Math.round(Math.max(0, Math.min(1, n)) * 1000) / 1000;
    return { x: share((e.clientX - r.left) / r.width), y: share((e.clientY - r.top) / r.height) };
  }
  private begin(e: PointerEvent): void {
    if (!this.tool) return;
    (e.currentTarget as HTMLElement).setPointerCapture(e.pointerId);
    this.from = this.point(e);
  }
  private drag(e: PointerEvent): void {
    if (this.from) this.going = between(this.tool, this.colour, this.from, this.point(e));
  }
  private end(): void {
    if (this.going) this.shapes = [...this.shapes, this.going];
    [this.from, this.going] = [undefined, undefined];
  }

  private write(v: Version): TemplateResult {
    const what = v.media_type.startsWith("video/") ? `Comment at frame ${this.frame}` : "Comment";
    return html`<form class="stack" @submit=${this.send}>
      <label>${this.replyTo ? `Reply to ${this.replyTo.who}` : what}<br>
        <textarea name="text" rows="2" required></textarea></label>
      <div class="row">
        ${this.replyTo
          ? html`<button type="button" @click=${() => (this.replyTo = undefined)}>No reply</button>`
          : this.drawing()}
        <span class="grow"></span><button class="primary">Send</button></div></form>`;
  }

  private drawing(): TemplateResult {
    return html`${tools.map((tool) => html`<button type="button" aria-pressed=${this.tool === tool}
        @click=${() => this.take(tool)}>${{ rect: "Rectangle", arrow: "Arrow", line: "Line" }[tool]}</button>`)}
      ${this.tool ? html`${colours.map((c, n) => html`<button type="button" class="swatch"
          .style=${inline({ background: c })} aria-label=${["Red", "Yellow", "Blue", "Green"][n]!}
          aria-pressed=${this.colour === c} @click=${() => (this.colour = c)}></button>`)}
        <button type="button" @click=${() => (this.shapes = [])}>Erase</button>` : nothing}`;
  }

  private take(tool: string): void {
    this.tool = this.tool === tool ? "" : tool;
    if (this.shown instanceof HTMLVideoElement) this.shown.pause();
    this.chosen = undefined;
  }

  private send(event: SubmitEvent): void {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const text = String(new FormData(form).get("text") ?? "").trim();
    if (!text) return;
    const v = this.version!;
    const body: Record<string, unknown> = { file_id: v.id, text, owner_id: me.get() };
    if (this.replyTo) body["parent_id"] = this.replyTo.id;
    else if (v.media_type.startsWith("video/")) body["timestamp"] = this.frame;
    if (this.shapes.length && !this.replyTo) body["annotation"] = JSON.stringify(this.shapes);
    form.reset();
    [this.shapes, this.tool, this.replyTo] = [[], "", undefined];
    void this.do(() => comment(body));
  }

  private talk(c: Talk, reply = false): TemplateResult {
    return html`<article class=${this.chosen?.id === c.id ? "on" : ""}>
      <div class="row small"><strong class="wrap">${c.who}</strong>
        ${!reply && (c.timecode || c.drawing)
          ? html`<button class="small" @click=${() => this.jump(c)}>
            ${c.drawing ? "✎ " : ""}${c.timecode ?? "drawing"}</button>`
          : nothing}
        ${c.done ? html`<span class="tag">completed</span>` : nothing}</div>
      <div class="text" dir="auto">${c.text}</div>
      ${reply ? nothing : html`<div class="row">
        <button class="quiet small" @click=${() => this.answer(c)}>
          Reply<span class="unseen"> to ${c.who}</span></button>
        <button class="quiet small" @click=${() => void this.do(() => complete(c.id, !c.done))}>
          ${c.done ? "Reopen" : "Complete"}<span class="unseen"> comment of ${c.who}</span></button></div>`}
      ${c.replies.map((r) => this.talk(r, true))}</article>`;
  }

  private answer(c: Talk): void {
    this.replyTo = c;
    this.renderRoot.querySelector("textarea")?.focus();
  }

  private jump(c: Talk): void {
    [this.chosen, this.tool] = [c, ""];
    if (!(this.shown instanceof HTMLVideoElement) || c.frame === undefined) return;
    this.shown.pause();
    this.shown.currentTime = (c.frame + 0.5) / this.version!.fps;
  }

  private bring(event: Event): void {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    if (!file) return;
    void this.do(async () => {
      await upload(file, { folder: this.view!.folder, stack: this.view!.id }, me.get());
      input.value = "";
      this.turn(0);
    });
  }
}
