// Plays or shows what a document holds, with the drawing of a comment over it
// and the comments as marks on its time line.

import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Problem, type Schemas, change, path, problemOf } from "./api.js";
import { layer, shapes } from "./annotation.js";
import { notice } from "./dialog.js";
import { connector, nuxeo } from "./host.js";
import { inline } from "./inline.js";
import { base, controls } from "./styles.js";
import { t } from "./i18n.js";
import { inWebUI } from "./webui.js";

type Comment = Schemas["Comment"];

/** A comment that was chosen on the time line. */
export const markEvent = "nxf-mark";

const nearly = 0.75; // frames by which a player may be beside the one asked for

@define("nxf-player")
export class Player extends LitElement {
  static override styles = [
    base, controls,
    css`
      .frame {
        position: relative; background: #0b0d12; border-radius: 10px; overflow: hidden; display: grid;
        place-items: center; min-height: 9rem;
      }
      video, .frame > img { display: block; max-width: 100%; max-height: 62vh; width: 100%; object-fit: contain; }
      .frame > img { width: auto; }
      audio { width: min(100%, 40rem); margin: 2rem 1rem; }
      .over { position: absolute; pointer-events: none; }
      .drawing { display: block; width: 100%; height: 100%; overflow: visible; filter: drop-shadow(0 0 2px #0009); }
      .say { color: #fff; padding: 2rem 1rem; text-align: center; }
      .line { position: relative; height: 1.75rem; margin: 0.5rem 0.5rem 0; }
      .line::before {
        content: ""; position: absolute; inset: 0.75rem -0.5rem auto; height: 4px; border-radius: 2px;
        background: var(--line);
      }
      .now { position: absolute; top: 0.4rem; width: 2px; height: 0.9rem; background: var(--text); }
      .span { position: absolute; top: 0.75rem; height: 4px; background: var(--accent); border-radius: 2px; }
      .mark {
        position: absolute; top: 0.25rem; width: 1.5rem; height: 1.25rem; transform: translateX(-50%); padding: 0;
        border: 0; border-radius: 4px; background: none; display: grid; place-items: center;
      }
      .mark i {
        width: 0.7rem; height: 0.7rem; border-radius: 50%; background: var(--accent); border: 2px solid var(--box);
        box-shadow: 0 0 0 1px var(--edge);
      }
      .mark.resolved i { background: var(--good); }
      .mark[aria-current="true"] i { transform: scale(1.45); }
    `,
  ];

  /** The uid of the document. */
  @property() document = "";
  /** The Frame.io file to show; empty for the newest. */
  @property() file = "";
  @property({ type: Number }) rate = 0;
  @property({ type: Number }) length = 0;
  /** Width and height like 3840 x 2160, as far as they are known before anything is loaded. */
  @property() resolution = "";
  @property({ attribute: false }) marks: Comment[] = [];
  /** The comment whose moment and drawing are shown. */
  @property({ attribute: false }) at: Comment | undefined;

  @state() private media: Schemas["Media"] | undefined;
  @state() private problem: Problem | undefined;
  @state() private now = 0;
  @state() private known = 0;
  @state() private picture = { left: 0, top: 0, width: 0, height: 0 };
  @query("video, audio") private playing!: HTMLMediaElement | null;
  @query("video, .frame > img") private shown!: HTMLVideoElement | HTMLImageElement | null;
  private readonly sizes = new ResizeObserver(() => this.measure());
  private opened = "";
  private again = 0;
  private generation = 0;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.sizes.disconnect();
    this.playing?.pause();
  }

  protected override willUpdate(changes: PropertyValues): void {
    const wanted = `${this.document} ${this.file}`;
    if ((changes.has("document") || changes.has("file")) && this.document && wanted !== this.opened) {
      this.opened = wanted;
      this.again = 0;
      this.media = undefined;
      void this.open();
    }
  }

  protected override updated(changes: PropertyValues): void {
    if (changes.has("at") || (changes.has("media") && this.at)) this.seek();
  }

  /** Asks for a ticket; it opens what is shown once. */
  private async open(from?: "nuxeo"): Promise<void> {
    const generation = ++this.generation;
    this.problem = undefined;
    try {
      const query = new URLSearchParams({ ...(this.file && { file: this.file }), ...(from && { from }) });
      const media = await change<Schemas["Media"]>("POST", `${path("documents", this.document, "media")}?${query}`);
      if (generation === this.generation) this.media = media;
    } catch (thrown) {
      if (generation === this.generation) this.problem = problemOf(thrown);
    }
  }

  // A ticket of Frame.io's has been used up, or its address has run out: there is one
  // more. When that does not play either, there is what Nuxeo has.
  private async broken(): Promise<void> {
    if (this.media?.source !== "frameio") {
      this.media = { kind: "none", source: "none", why: t("frameio.player.broken") };
      return;
    }
    const time = this.playing?.currentTime ?? 0;
    await this.open(this.again++ ? "nuxeo" : undefined);
    await this.updateComplete;
    if (this.playing) this.playing.currentTime = time;
  }

  /** Goes to the frame of the comment and stays there. */
  private seek(): void {
    const player = this.playing;
    if (!player || this.at?.frame === undefined || !this.rate) return;
    player.pause();
    player.currentTime = (this.at.frame + 0.5) / this.rate;
    this.now = player.currentTime;
  }

  // The picture is smaller than the box when its sides have another proportion.
  private measure(): void {
    const shown = this.shown;
    if (!shown) return;
    const [w, h] = shown instanceof HTMLVideoElement ? [shown.videoWidth, shown.videoHeight] : [
      shown.naturalWidth, shown.naturalHeight,
    ];
    if (!w || !h) return;
    const scale = Math.min(shown.clientWidth / w, shown.clientHeight / h);
    const [width, height] = [w * scale, h * scale];
    this.picture = {
      left: shown.offsetLeft + (shown.clientWidth - width) / 2,
      top: shown.offsetTop + (shown.clientHeight - height) / 2, width, height,
    };
  }

  private ready(): void {
    if (this.shown) this.sizes.observe(this.shown);
    if (this.playing && Number.isFinite(this.playing.duration)) this.known = this.playing.duration;
    this.measure();
    this.again = 0;
    if (this.at) this.seek();
  }

  private address(relative: string | undefined, below: string | undefined): string {
    if (inWebUI() && below) return nuxeo() + below;
    return relative ? connector() + relative : "";
  }

  protected override render(): TemplateResult {
    if (this.problem) return notice(this.problem, () => void this.open());
    const { left, top, width, height } = this.picture;
    const over = inline({ left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
    return html`<div class="frame" aria-busy=${!this.media}>
        ${this.media ? this.show(this.media) : html`<p class="say" role="status">${t("frameio.player.opening")}</p>`}
        <div class="over" .style=${over}>${this.drawing()}</div></div>
      ${this.line()}
      ${this.media?.why ? html`<p class="small soft wrap">${this.media.why}</p>` : nothing}
      ${this.unknown()}`;
  }

  private show(media: Schemas["Media"]): TemplateResult {
    const url = this.address(media.url, media.nuxeo_path);
    const poster = this.address(media.poster, media.poster_path);
    if (media.source !== "poster" && url && media.kind === "video") {
      return html`<video .style=${inline({ "aspect-ratio": this.shape() })} controls playsinline preload="metadata"
        src=${url} poster=${poster || nothing} aria-label=${t("frameio.player.video")}
        @loadedmetadata=${this.ready} @timeupdate=${this.tick} @error=${this.broken}></video>`;
    }
    if (media.source !== "poster" && url && media.kind === "audio") {
      return html`<audio controls preload="metadata" src=${url} aria-label=${t("frameio.player.audio")}
        @loadedmetadata=${this.ready} @timeupdate=${this.tick} @error=${this.broken}></audio>`;
    }
    const still = media.kind === "image" && url ? url : poster || (media.source === "poster" ? url : "");
    if (still) {
      return html`<img src=${still} alt=${t("frameio.player.still")} @load=${this.ready} @error=${this.broken}>`;
    }
    return html`<p class="say">${t("frameio.player.none")}</p>`;
  }

  // Keeps the room of the picture until it is there.
  private shape(): string {
    const [, width, height] = /^(\d{1,6}) x (\d{1,6})$/.exec(this.resolution) ?? ["", "16", "9"];
    return `${width} / ${height}`;
  }

  private tick(): void {
    this.now = this.playing?.currentTime ?? 0;
  }

  private get duration(): number {
    return this.known || this.length;
  }

  private drawing(): TemplateResult | typeof nothing {
    if (!this.at?.drawing || !this.inSight(this.at)) return nothing;
    return layer(this.at.drawing, this.picture.width, this.picture.height, t("frameio.player.drawing", this.at.author));
  }

  // A drawing belongs to its frames; a still has only one.
  private inSight(comment: Comment): boolean {
    if (!this.playing || comment.frame === undefined || !this.rate) return true;
    const frame = this.now * this.rate - 0.5;
    return frame > comment.frame - nearly && frame < comment.frame + (comment.duration_frames ?? 1) - 1 + nearly;
  }

  private unknown(): TemplateResult | typeof nothing {
    const n = this.at ? shapes(this.at.drawing).unknown : 0;
    return n ? html`<p class="small soft">${t("frameio.player.unknownShapes")}</p>` : nothing;
  }

  private line(): TemplateResult | typeof nothing {
    const marks = this.marks.filter((c) => c.frame !== undefined);
    if (!this.duration || !this.rate || !marks.length) return nothing;
    const place = (seconds: number) => `${Math.max(0, Math.min(100, (100 * seconds) / this.duration))}%`;
    return html`<div class="line" role="group" aria-label=${t("frameio.player.marks")}>
      ${this.playing ? html`<span class="now" .style=${inline({ left: place(this.now) })}></span>` : nothing}
      ${marks.filter((c) => (c.duration_frames ?? 1) > 1).map((c) => html`<span class="span"
        .style=${inline({ left: place(c.frame! / this.rate), width: place(c.duration_frames! / this.rate) })}></span>`)}
      ${marks.map((c) => html`<button class="mark ${c.resolved ? "resolved" : ""}" aria-current=${this.at?.id === c.id}
        .style=${inline({ left: place(c.frame! / this.rate) })}
        title=${`${c.timecode} ${c.author}: ${c.text}`.slice(0, 300)}
        aria-label=${t("frameio.player.mark", c.timecode ?? "", c.author)}
        @click=${() => this.dispatchEvent(new CustomEvent(markEvent, { detail: c }))}><i></i></button>`)}
    </div>`;
  }
}
