// Where one arrives: what is bound, what goes on, what is still missing.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { define } from "./define.js";
import { type Binding, type Person, get, problemOf } from "./api.js";
import { connected } from "./connect.js";
import { changed, folderAddress, toast } from "./host.js";
import { folder } from "./icons.js";
import "./item-list.js";
import { Loader } from "./loader.js";
import { base, controls } from "./styles.js";
import "./sync-list.js";
import { t } from "./i18n.js";

interface Known {
  person: Person;
  bindings: Binding[];
}

@define("nxf-start-page")
export class StartPage extends LitElement {
  static override styles = [
    base, controls,
    css`
      li {
        border-bottom: 1px solid var(--line); padding: 0.55rem 0; display: flex; flex-wrap: wrap; gap: 0.2rem 0.8rem;
        align-items: center;
      }
      li:last-child { border: 0; }
      li a { display: inline-flex; gap: 0.5rem; align-items: center; font-weight: 600; }
      li .grow { flex: 1 1 14rem; }
      nxf-item-list { --nxf-list-height: 24rem; }
    `,
  ];

  private readonly known = new Loader<Known>(this, {
    load: async (_, signal) => {
      const [person, { bindings }] = await Promise.all([
        get<Person>("/me", {}, signal), get<{ bindings: Binding[] }>("/bindings", { limit: 100 }, signal),
      ]);
      return { person, bindings: bindings.filter((b) => b.state !== "unbound") };
    },
  });

  protected override render(): TemplateResult {
    return html`<div class="stack">
      <div><h1>${t("frameio.start.title")}</h1><p class="soft">${t("frameio.start.hint")}</p></div>
      ${this.known.show((known) => this.content(known))}</div>`;
  }

  private content({ person, bindings }: Known): TemplateResult {
    return html`${person.frameio_connected ? nothing : this.unconnected(person)}
      <section class="card stack tight"><h2>${t("frameio.start.bound")}</h2>
        ${bindings.length
          ? html`<ul>${bindings.map((b) => this.row(b))}</ul>`
          : html`<p class="soft">${t("frameio.start.bound.none")}</p>`}</section>
      <nxf-sync-list></nxf-sync-list>
      <section class="card stack tight"><h2>${t("frameio.start.lately")}</h2>
        <nxf-item-list label=${t("frameio.start.lately")} empty=${t("frameio.activity.empty")}></nxf-item-list>
      </section>`;
  }

  private row(b: Binding): TemplateResult {
    return html`<li>
      <a href=${folderAddress(b.folder)} title=${b.folder_path}>${folder}<span class="wrap">${b.folder_title}</span></a>
      <span class="soft wrap grow">${b.action_name} · ${b.workspaces.map((w) => w.name).join(", ")}</span>
      ${b.needs_owner ? html`<span class="chip warn">${t("frameio.binding.ownerless")}</span>` : nothing}
      ${b.state === "bound" ? nothing : html`<span class="chip">${t(`frameio.binding.state.${b.state}`)}</span>`}</li>`;
  }

  private unconnected(person: Person): TemplateResult {
    return html`<div class="notice">
      <strong>${t("frameio.me.unconnected")}</strong><span class="wrap">${person.frameio_problem}</span>
      <span><button class="primary" @click=${this.connect}>${t("frameio.connect")}</button></span></div>`;
  }

  private async connect(): Promise<void> {
    try {
      if (await connected()) changed(this);
    } catch (thrown) {
      toast(this, problemOf(thrown).message);
    }
  }
}
