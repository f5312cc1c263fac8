// A folder: its assets as cards to open or to select.

import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import "./action-menu.js";
import { look } from "./style.js";
import {
  type Card, type List, type Space, folder, go, me, newFolder, remove, setStatus, size, stack, upload, world,
} from "./world.js";

@customElement("sim-folder")
export class Folder extends LitElement {
  static override styles = [
    look,
    css`
      ul.cards {
        list-style: none; margin: 0; padding: 0; display: grid; gap: 1rem;
        grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr));
      }
      .card {
        position: relative; background: var(--card); border: 1px solid var(--line); border-radius: 12px;
        overflow: hidden; display: grid; grid-template-rows: 8.5rem auto;
      }
      .card.on { border-color: var(--mark); box-shadow: 0 0 0 1px var(--mark); }
      .card a { color: inherit; text-decoration: none; display: contents; }
      .still {
        background: #17171f center / cover no-repeat; display: grid; place-items: center; color: #cfcfe0;
        font-size: 2rem; overflow: hidden;
      }
      .still img { width: 100%; height: 100%; object-fit: cover; }
      .words { padding: 0.6rem 0.8rem; display: grid; gap: 0.2rem; min-width: 0; }
      .name { font-weight: 600; overflow-wrap: anywhere; }
      input.pick {
        position: absolute; top: 0.6rem; left: 0.6rem; width: 1.5rem; height: 1.5rem; accent-color: var(--mark);
        padding: 0; margin: 0;
      }
      .bar { position: sticky; top: 0; background: var(--page); padding: 0.5rem 0; z-index: 2; }
      .bar .grow { flex-basis: 12rem; }
    `,
  ];

  @property() folder = "";
  @state() private list: List | undefined;
  @state() private statuses: string[] = [];
  @state() private picked = new Set<string>();
  @state() private failed = "";

  protected override willUpdate(changes: PropertyValues): void {
    if (!changes.has("folder")) return;
    this.picked = new Set();
    void this.load();
  }

  private async load(): Promise<void> {
    await this.try(async () => {
      [this.list, { statuses: this.statuses }] = await Promise.all([folder(this.folder), world()]);
      const there = new Set(this.list.assets.map((a) => a.id));
      this.picked = new Set([...this.picked].filter((id) => there.has(id)));
    });
  }

  private async try(what: () => Promise<unknown>): Promise<void> {
    try {
      this.failed = "";
      await what();
    } catch (thrown) {
      this.failed = (thrown as Error).message;
    }
  }

  private pick(id: string, on: boolean): void {
    const next = new Set(this.picked);
    if (on) next.add(id);
    else next.delete(id);
    this.picked = next;
  }

  private get chosen(): Card[] {
    return this.list?.assets.filter((a) => this.picked.has(a.id)) ?? [];
  }

  protected override render(): TemplateResult {
    const l = this.list;
    if (!l) return html`<p class="soft" role="status">${this.failed || "Loading…"}</p>`;
    return html`<div class="stack">
      <div><nav aria-label="Folders above">
        <ol class="crumbs"><li><a href="/">Projects</a></li>
          ${l.way.map((s) => html`<li><a href="/projects/${s.id}">${s.name}</a></li>`)}</ol></nav>
        <h1 class="wrap">${l.name}</h1></div>
      ${this.bar(l)} ${this.failed ? html`<p class="bad wrap" role="alert">${this.failed}</p>` : nothing}
      ${l.assets.length
        ? html`<ul class="cards">${l.assets.map((a) => this.card(a))}</ul>`
        : html`<p class="soft">This folder is empty.</p>`}</div>`;
  }

  private bar(l: List): TemplateResult {
    const n = this.picked.size;
    return html`<div class="bar row">
      <sim-actions .workspace=${l.workspace} .selected=${[...this.picked]}
        @ran=${() => (this.picked = new Set())}></sim-actions>
      <button ?disabled=${this.chosen.filter((a) => a.kind === "file").length < 2} @click=${this.stackThem}>
        Stack as versions</button>
      <label class="row small">Status
        <select ?disabled=${!this.chosen.some((a) => a.kind === "file")} @change=${this.mark}><option value=""></option>
          ${this.statuses.map((s) => html`<option>${s}</option>`)}</select></label>
      <button ?disabled=${!n} @click=${this.drop}>Delete</button>
      <span class="soft small grow" role="status">
        ${n ? `${n} selected` : "Select assets to run a custom action on them."}</span>
      <label class="file">Upload<input class="unseen" type="file" multiple @change=${this.bring}></label>
      <button @click=${this.make}>New folder</button></div>`;
  }

  private card(a: Card): TemplateResult {
    const to = a.kind === "folder" ? `/projects/${a.id}` : `/project/p/view/${a.id}`;
    const facts = [
      a.kind === "folder" ? "Folder" : size(a.size), a.versions ? `${a.versions} versions` : "",
      a.comments ? `${a.comments} comment${a.comments > 1 ? "s" : ""}` : "",
    ].filter(Boolean).join(" · ");
    const tags = [a.status, a.upload === "transcoded" ? "" : a.upload].filter(Boolean);
    return html`<li class="card ${this.picked.has(a.id) ? "on" : ""}">
      <a href=${to}><span class="still" aria-hidden="true">${this.still(a)}</span>
        <span class="words"><span class="name">${a.name}</span><span class="soft small">${facts}</span>
        <span class="row small">${tags.map((tag) => html`<span class="tag">${tag}</span>`)}</span></span></a>
      <input class="pick" type="checkbox" aria-label="Select ${a.name}" .checked=${this.picked.has(a.id)}
        @change=${(e: Event) => this.pick(a.id, (e.target as HTMLInputElement).checked)}></li>`;
  }

  private still(a: Card): TemplateResult | string {
    if (a.thumb) return html`<img src=${a.thumb} alt="">`;
    if (a.kind === "folder") return "▤";
    if (a.media_type.startsWith("audio/")) return "♪";
    return /\.(\w{1,5})$/.exec(a.name)?.[1]?.toUpperCase() ?? "▢";
  }

  private stackThem(): Promise<void> {
    // Oldest first, in the order of the folder.
    return this.try(async () => {
      await stack(this.chosen.filter((a) => a.kind === "file").map((a) => a.id));
      await this.load();
    });
  }

  private mark(event: Event): Promise<void> {
    const select = event.target as HTMLSelectElement;
    const option = select.value;
    select.value = "";
    return this.try(async () => {
      for (const a of this.chosen) if (a.kind === "file") await setStatus(a.id, option);
      await this.load();
    });
  }

  private drop(): Promise<void> {
    return this.try(async () => {
      if (!window.confirm(`Delete ${this.chosen.map((a) => a.name).join(", ")}?`)) return;
      for (const a of this.chosen) await remove(a.id);
      await this.load();
    });
  }

  private bring(event: Event): Promise<void> {
    const input = event.target as HTMLInputElement;
    return this.try(async () => {
      for (const file of input.files ?? []) await upload(file, { folder: this.folder }, me.get());
      input.value = "";
      await this.load();
    });
  }

  private make(): Promise<void> {
    return this.try(async () => {
      const name = window.prompt("Name of the folder");
      if (name) await newFolder(this.folder, name);
      await this.load();
    });
  }
}

const actions = (s: Space): string =>
  s.actions.length ? ` · custom actions: ${s.actions.map((a) => a.name).join(", ")}` : "";

@customElement("sim-projects")
export class Projects extends LitElement {
  static override styles = [
    look,
    css`
      ul {
        list-style: none; margin: 0; padding: 0; display: grid; gap: 1rem;
        grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr));
      }
      button {
        background: var(--card); border-color: var(--line); border-radius: 12px; padding: 1.2rem; width: 100%;
        text-align: start;
      }
    `,
  ];
  @property() person = "";
  @state() private spaces: Awaited<ReturnType<typeof world>>["spaces"] = [];

  protected override willUpdate(): void {
    if (!this.hasUpdated) void world().then((w) => (this.spaces = w.spaces));
  }

  protected override render(): TemplateResult {
    const mine = this.spaces.filter((s) => s.people.includes(this.person));
    return html`<div class="stack"><h1>Projects</h1>
      ${mine.map((s) => html`<section class="stack" aria-label=${s.name}>
        <div><h2>${s.name}</h2><p class="soft small">${s.account}${actions(s)}</p></div>
        <ul>${s.projects.map((p) => html`<li>
          <button @click=${() => go(`/projects/${p.root}`)}>${p.name}</button></li>`)}</ul></section>`)}
      ${mine.length ? nothing : html`<p class="soft">You are in no team.</p>`}</div>`;
  }
}
