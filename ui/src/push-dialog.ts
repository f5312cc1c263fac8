// The dialog that sends documents to Frame.io for review.

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Item, Problem, type Schemas, change, get, path, problemOf } from "./api.js";
import { Asking } from "./asking.js";
import { Dialog, complain, notice } from "./dialog.js";
import { connected } from "./connect.js";
import { listen } from "./events.js";
import { size } from "./format.js";
import type { Listing } from "./listing.js";
import { type NuxeoDocument, changed, toast } from "./host.js";
import { folder as folderIcon } from "./icons.js";
import { Place } from "./place.js";
import type { FolderTree } from "./tree.js";
import { count, t } from "./i18n.js";

type Targets = Schemas["PushTargets"];
type Skipped = Schemas["PushSkipped"];
interface Preview {
  count: number;
  bytes: number;
  skipped_count: number;
  skipped: Skipped[];
  next?: number;
  linked?: Schemas["PushLinked"][];
}
interface Accepted {
  batch: string;
  count: number;
  skipped_count: number;
}

// What is to be sent: documents that are named, or a whole list of Nuxeo.
interface Subject {
  documents?: string[];
  listing?: Listing;
}

/** Sends documents: signs in to Frame.io where needed, asks where to, and says that they are on their way. */
export async function pushDocuments(
  documents: Pick<NuxeoDocument, "uid" | "title">[], from: EventTarget,
): Promise<void> {
  if (documents.length) await push({ documents: documents.map((d) => d.uid) }, from);
}

/** Sends all of a list likewise: the connector finds out what is in it. */
export const pushListing = (listing: Listing, from: EventTarget): Promise<void> => push({ listing }, from);

/** Where they can go to: of several, the connector finds one that can be sent. */
function targetsOf({ documents, listing }: Subject): Promise<Targets> {
  if (documents?.length === 1) return get<Targets>(path("documents", documents[0]!, "targets"));
  return change<Targets>("POST", "/pushes/targets", listing ? { listing } : { documents });
}

async function push(subject: Subject, from: EventTarget): Promise<void> {
  try {
    // Whether the folder is bound is known without Frame.io, and said at once.
    const targets = await targetsOf(subject);
    if (!targets.teams.length) return toast(from, t("frameio.push.unbound"));
    if (subject.documents?.length === 1 && !targets.can_push) {
      return toast(from, targets.why_not ?? t("frameio.push.cannot"));
    }
    if (!(await connected())) return;
    await ask(subject, from);
  } catch (thrown) {
    complain(from, thrown);
  }
}

async function ask(subject: Subject, from: EventTarget): Promise<void> {
  const dialog = document.createElement("nxf-push-dialog") as PushDialog;
  dialog.subject = subject;
  const accepted = await dialog.show();
  if (!accepted) return;
  const skipped = accepted.skipped_count ? ` ${count("frameio.push.skipped", accepted.skipped_count)}` : "";
  toast(from, count("frameio.push.done", accepted.count) + skipped);
  changed(from);
  follow(accepted, from);
}

// The page shows the document anew when it has arrived: it has a tab then. Those that arrive
// soon after one another are shown together.
const together = 500; // ms

function follow({ batch, count: all }: Accepted, from: EventTarget): void {
  const arrived = new Set<string>();
  const stop = new AbortController();
  let timer = 0;
  const show = (): void => {
    timer = 0;
    changed(from);
  };
  const item = (item: Item): void => {
    if (!item.finished || item.parent !== batch || arrived.has(item.id)) return;
    arrived.add(item.id);
    if (arrived.size === all) stop.abort();
    timer ||= window.setTimeout(show, all > 1 ? together : 0);
  };
  listen({ item }, stop.signal);
}

@define("nxf-push-dialog")
export class PushDialog extends Dialog<Accepted> {
  static override styles = [
    ...Dialog.styles,
    css`
      .skipped { max-height: 8rem; overflow: auto; }
    `,
  ];

  @property({ attribute: false }) subject!: Subject;
  @state() private targets: Targets | undefined;
  @state() private broken: Problem | undefined;
  @state() private what = "master";
  @state() private separate = false;
  @state() private preview: Preview | undefined;
  @query("nxf-folder-tree") private tree!: FolderTree | null;
  private readonly asking = new Asking();
  private readonly place = new Place(this, {
    chosen: () => this.look(), failed: (thrown) => (this.broken = problemOf(thrown)),
  });

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.asking.end();
  }

  override firstUpdated(changes: PropertyValues): void {
    super.firstUpdated(changes);
    void this.load();
  }

  private async load(): Promise<void> {
    this.broken = undefined;
    try {
      const targets = await targetsOf(this.subject);
      this.targets = targets;
      if (targets.last && targets.pieces.some((p) => p.name === targets.last!.what)) this.what = targets.last.what;
      const { last } = targets;
      const team = targets.teams.find((x) => x.id === last?.team) ?? targets.teams[0];
      if (team) await this.place.choose(team, last && { project: last.project, folder: last.frameio_folder });
    } catch (thrown) {
      this.broken = problemOf(thrown);
    }
  }

  private get several(): boolean {
    return this.subject.documents?.length !== 1;
  }

  /** Where a document that is linked already goes, unless it is to be another asset. */
  private get linked(): Targets["asset"] {
    return this.several || this.separate ? undefined : this.targets?.asset;
  }

  // What would be sent is asked for when nothing has changed for a moment.
  private look(): void {
    this.asking.again<Preview>(
      (signal) => change("POST", "/pushes/preview", {
        ...this.subject, team: this.place.team!.id, what: this.what,
      }, signal),
      (preview) => ([this.preview, this.problem] = [preview, undefined]),
      (thrown) => ([this.preview, this.problem] = [undefined, problemOf(thrown)]),
    );
  }

  protected heading(): string {
    return t("frameio.push.title");
  }
  protected confirm(): { label: string; disabled: boolean } {
    return { label: t("frameio.push"), disabled: !this.place.project || !this.preview?.count };
  }

  protected content(): TemplateResult {
    if (this.broken) return notice(this.broken, () => void this.load());
    if (!this.targets) return html`<p role="status" class="soft">${t("frameio.loading")}</p>`;
    return html`${this.teams(this.targets)} ${this.where()} ${this.pieces(this.targets)} ${this.asset(this.targets)}
      ${this.summary()}`;
  }

  private teams(targets: Targets): TemplateResult | typeof nothing {
    return targets.teams.length < 2 ? nothing : this.place.teamField(t("frameio.push.teams"), targets.teams);
  }

  private where(): TemplateResult | typeof nothing {
    if (this.linked) return nothing;
    const { source } = this.place;
    return html`${this.place.projectField(t("frameio.push.project"))}
      ${source ? html`<div>
        <div class="row between"><strong id="target">${t("frameio.push.folder")}</strong>
          <button type="button" class="plain small" @click=${this.newFolder}>
            ${folderIcon} ${t("frameio.push.folder.new")}</button></div>
        ${this.place.tree()}</div>` : nothing}`;
  }

  private pieces(targets: Targets): TemplateResult {
    const take = (what: string): void => {
      this.what = what;
      this.look();
    };
    return html`<fieldset><legend>${t("frameio.push.what")}</legend>
      ${targets.pieces.map((p) => html`<label class="option">
        <input type="radio" name="what" .checked=${p.name === this.what} @change=${() => take(p.name)}>
        <span class="wrap">${p.name === "master" ? t("frameio.push.master") : p.name}
          ${this.several ? nothing : html`<span class="soft">${size(p.size)}</span>`}</span></label>`)}</fieldset>`;
  }

  private asset(targets: Targets): TemplateResult | typeof nothing {
    const asset = targets.asset;
    if (!asset || this.several) return nothing;
    const next = t("frameio.push.next", asset.name, asset.frameio_folder_name ?? "");
    return html`<div class="notice">${this.separate ? nothing : html`<span class="wrap">${next}</span>`}
      <label class="option"><input type="checkbox" .checked=${this.separate} @change=${(e: Event) => {
        this.apart(e);
        this.look();
      }}>${t("frameio.push.separate")}</label></div>`;
  }

  private apart(event: Event): void {
    this.separate = (event.target as HTMLInputElement).checked;
  }

  private summary(): TemplateResult | typeof nothing {
    const p = this.preview;
    if (!p) return html`<p role="status" class="soft">${t("frameio.push.counting")}</p>`;
    return html`<p role="status">${count("frameio.push.sum", p.count, size(p.bytes))}</p> ${this.next(p)}
      ${p.skipped_count
        ? html`<div class="notice care"><strong>${count("frameio.push.skipped", p.skipped_count)}</strong>
          <ul class="skipped">
            ${p.skipped.map((s) => html`<li class="wrap">${s.title || s.document}: ${s.message}</li>`)}
            ${this.more(p.skipped_count - p.skipped.length)}</ul></div>`
        : nothing}`;
  }

  private more(n: number): TemplateResult | typeof nothing {
    return n > 0 ? html`<li>${count("frameio.push.nexts.more", n)}</li>` : nothing;
  }

  // Of several, those that are linked do not go into the folder that was chosen.
  private next(p: Preview): TemplateResult | typeof nothing {
    if (!this.several || !p.next) return nothing;
    const linked = p.linked ?? [];
    return html`<div class="notice">
      ${this.separate ? nothing : html`<strong>${count("frameio.push.nexts", p.next)}</strong>
        <ul class="skipped">
          ${linked.map((l) => html`<li class="wrap">${l.title}${l.view_url
            ? html`: <a href=${l.view_url} target="_blank" rel="noopener">${l.name ?? l.document}</a>`
            : nothing}</li>`)}
          ${this.more(p.next - linked.length)}</ul>`}
      <label class="option"><input type="checkbox" name="separate" .checked=${this.separate}
        @change=${this.apart}>${count("frameio.push.separates", p.next)}</label></div>`;
  }

  private async newFolder(): Promise<void> {
    const dialog = document.createElement("nxf-new-folder") as NewFolder;
    Object.assign(dialog, { account: this.place.team!.account, parent: this.place.folder });
    const made = await dialog.show();
    if (!made) return;
    await this.tree?.refresh(this.place.folder);
    this.place.pick(made.id);
  }

  protected async submit(): Promise<Accepted> {
    return change<Accepted>("POST", "/pushes", {
      ...this.subject, team: this.place.team!.id, project: this.place.project!.id, frameio_folder: this.place.folder,
      what: this.what, separate: this.separate,
    });
  }
}

/** Asks for the name of a folder of Frame.io and makes it. */
@define("nxf-new-folder")
export class NewFolder extends Dialog<Schemas["FrameioFolder"]> {
  account = "";
  parent = "";

  protected heading(): string {
    return t("frameio.push.folder.new");
  }
  protected confirm(): { label: string } {
    return { label: t("frameio.push.folder.make") };
  }
  protected override fields(): string[] {
    return ["name"];
  }
  protected content(): TemplateResult {
    return html`<label>${t("frameio.push.folder.name")}<span aria-hidden="true"> *</span>
      <input name="name" maxlength="255" autocomplete="off" aria-invalid=${this.problem?.field === "name"}
        aria-describedby="name-error">${this.wrong("name")}</label>`;
  }
  protected async submit(): Promise<Schemas["FrameioFolder"]> {
    const name = String(new FormData(this.renderRoot.querySelector("form")!).get("name") ?? "").trim();
    if (!name) throw new Problem(0, "invalid", t("frameio.push.folder.missing"), "name");
    return change<Schemas["FrameioFolder"]>(
      "POST", path("frameio", this.account, "folders", this.parent, "folders"), { name },
    );
  }
}
