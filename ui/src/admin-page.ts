// Administration: how the installation is, the application at Frame.io, the
// doctor, everybody's bindings, who has access, what people did.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "./define.js";
import "./admin-audit.js";
import "./admin-bindings.js";
import "./admin-doctor.js";
import "./admin-health.js";
import "./admin-map.js";
import "./admin-people.js";
import "./admin-provider.js";
import { connector, navigate } from "./host.js";
import { out } from "./icons.js";
import { base, controls } from "./styles.js";
import { Shown } from "./shown.js";
import { t } from "./i18n.js";
import { inWebUI } from "./webui.js";

const pages = ["health", "provider", "doctor", "bindings", "map", "people", "audit"] as const;
type Page = (typeof pages)[number];

@define("nxf-admin-page")
export class AdminPage extends LitElement {
  static override styles = [
    base, controls,
    css`
      :host { padding: var(--nxf-tab-padding, 0); }
      nuxeo-page [slot="header"] h1 {
        font-size: inherit; font-weight: inherit; flex: 1; min-width: 0; white-space: nowrap; overflow: hidden;
        text-overflow: ellipsis;
      }
      nuxeo-page [slot="header"] { gap: 1rem; white-space: nowrap; }
      nuxeo-page [slot="tabs"] [role="tablist"] { border: 0; padding: 0 1rem; }
      [role="tablist"] { display: flex; flex-wrap: wrap; gap: 0.25rem; border-bottom: 1px solid var(--line); }
      [role="tab"] {
        border: 0; border-radius: 6px 6px 0 0; color: var(--text); font-weight: 400; padding: 0.5rem 0.9rem;
      }
      [role="tab"][aria-selected="true"] { font-weight: 600; box-shadow: inset 0 -2px var(--accent); }
    `,
  ];

  @property() page = "";
  private readonly visibility = new Shown(this, () => {});

  private get shown(): Page {
    return pages.find((p) => p === this.page) ?? "health";
  }

  private go(page: Page): void {
    this.page = page;
    if (!inWebUI()) navigate(`/administration/${page}`);
  }

  private key(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    this.go(pages[(pages.indexOf(this.shown) + step + pages.length) % pages.length]!);
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('[aria-selected="true"]')?.focus());
  }

  protected override render(): TemplateResult | typeof nothing {
    if (!this.visibility.now) return nothing;
    const heading = html`<h1>${t("frameio.admin.title")}</h1>
      <a class="row tight small" href=${`${connector()}/administration/jobs/console/`} target="_blank" rel="noopener"
        data-load>${t("frameio.admin.jobs")}${out}</a>`;
    const tabs = html`<div role="tablist" aria-label=${t("frameio.admin.title")} @keydown=${this.key}>
      ${pages.map((p) => this.tab(p))}</div>`;
    const panel =
      html`<div role="tabpanel" id="panel" aria-labelledby=${this.shown} tabindex="0">${this.panel(this.shown)}</div>`;

    if (!inWebUI()) return html`<div class="stack"><div class="row between">${heading}</div>${tabs}${panel}</div>`;
    // Web UI's own frame of a page: its search and its menu button lie over the header.
    return html`<nuxeo-page><div slot="header">${heading}</div><div slot="tabs">${tabs}</div>
      <div>${panel}</div></nuxeo-page>`;
  }

  private tab(p: Page): TemplateResult {
    const on = p === this.shown;
    return html`<button role="tab" id=${p} aria-selected=${on} tabindex=${on ? 0 : -1} aria-controls="panel"
      @click=${() => this.go(p)}>${t(`frameio.admin.${p}`)}</button>`;
  }

  private panel(page: Page): TemplateResult | typeof nothing {
    switch (page) {
      case "health":
        return html`<nxf-admin-health></nxf-admin-health>`;
      case "provider":
        return html`<nxf-admin-provider></nxf-admin-provider>`;
      case "doctor":
        return html`<nxf-admin-doctor></nxf-admin-doctor>`;
      case "bindings":
        return html`<nxf-admin-bindings></nxf-admin-bindings>`;
      case "map":
        return html`<nxf-admin-map></nxf-admin-map>`;
      case "people":
        return html`<nxf-admin-people></nxf-admin-people>`;
      case "audit":
        return html`<nxf-admin-audit></nxf-admin-audit>`;
    }
  }
}
