// Our own pages: who is signed in, where one is, and what is shown there.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import { define } from "./define.js";
import "./activity.js";
import "./admin-page.js";
import { type Person, type Problem, change, get, problemOf, signedOutEvent } from "./api.js";
import { connected } from "./connect.js";
import { notice } from "./dialog.js";
import "./folder-page.js";
import { base, navigate, toast } from "./host.js";
import { waves } from "./icons.js";
import "./item-page.js";
import "./locks.js";
import { base as basics, controls } from "./styles.js";
import { loadTexts, t } from "./i18n.js";

interface Route {
  page: "folders" | "documents" | "activity" | "items" | "locks" | "administration" | "none";
  id: string;
}

function route(): Route {
  const [page = "", id = ""] = location.pathname.slice(base().length + 1).split("/").map(decodeURIComponent);
  if (page === "") return { page: "folders", id: "" };
  const known = ["folders", "documents", "activity", "items", "locks", "administration"] as const;
  return { page: known.find((k) => k === page) ?? "none", id };
}

@define("nxf-app")
export class App extends LitElement {
  static override styles = [
    basics, controls,
    css`
      :host { display: flow-root; min-height: 100dvh; background: var(--nxf-page, var(--tint)); }
      header {
        display: flex; flex-wrap: wrap; align-items: center; gap: 0.4rem 1.25rem;
        padding: 0.7rem clamp(1rem, 3vw, 2rem); background: var(--box); border-bottom: 1px solid var(--line);
      }
      .brand {
        display: flex; gap: 0.5rem; align-items: center; font-weight: 700; color: var(--text); text-decoration: none;
      }
      .brand svg { color: var(--accent); }
      nav.main { display: flex; flex-wrap: wrap; gap: 0.25rem; flex: 1; }
      nav.main a { color: var(--text); text-decoration: none; padding: 0.3rem 0.7rem; border-radius: 6px; }
      nav.main a:hover { background: var(--hover); }
      nav.main a[aria-current="page"] {
        font-weight: 600; box-shadow: inset 0 -2px var(--accent); border-radius: 6px 6px 0 0;
      }
      main { padding: 1.5rem clamp(1rem, 3vw, 2rem) 3rem; max-width: 90rem; margin: 0 auto; }
      .me { position: relative; }
      .me summary {
        cursor: pointer; list-style: none; padding: 0.3rem 0.7rem; border: 1px solid var(--line); border-radius: 99px;
      }
      .me summary::-webkit-details-marker { display: none; }
      .me .card {
        position: absolute; right: 0; top: calc(100% + 0.4rem); width: min(21rem, 80vw); z-index: 5;
        box-shadow: 0 8px 30px #0003; display: grid; gap: 0.7rem;
      }
      @media (max-width: 40rem) {
        nav.main { order: 1; flex: 1 0 100%; margin-inline: -0.7rem; }
        .me { margin-inline-start: auto; }
      }
      .welcome { max-width: 34rem; margin: 12vh auto 0; padding: 2rem; display: grid; gap: 1rem; justify-items: start; }
      .dot { width: 0.6rem; height: 0.6rem; border-radius: 50%; background: var(--good); display: inline-block; }
      .dot.off { background: var(--warn); }
      .toasts {
        position: fixed; inset-inline: 1rem; bottom: 1rem; display: grid; gap: 0.5rem; justify-items: center;
        pointer-events: none; z-index: 10;
      }
      .toasts p {
        background: var(--text); color: var(--box); border-radius: 8px; padding: 0.7rem 1.2rem; max-width: 40rem;
        box-shadow: 0 6px 24px #0004; overflow-wrap: anywhere;
      }
      .skip { position: absolute; left: -99rem; }
      .skip:focus { left: 1rem; top: 0.5rem; background: var(--box); padding: 0.5rem; z-index: 20; }
    `,
  ];

  @state() private person: Person | undefined;
  @state() about = { version: "", nuxeo_url: "" };
  @state() private signedOut: "" | "never" | "ended" = "";
  @state() private problem: Problem | undefined;
  @state() private where = route();
  @state() private toasts: { id: number; text: string }[] = [];
  private toastId = 0;

  private readonly moved = () => this.arrive();
  private readonly lost = () => (this.signedOut = this.person || this.signedOut === "ended" ? "ended" : "never");
  private readonly again = () => void this.load();

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("popstate", this.moved);
    window.addEventListener("nxf-changed", this.again);
    window.addEventListener(signedOutEvent, this.lost);
    document.addEventListener("notify", this.said as EventListener);
    this.addEventListener("click", this.follow);
    void this.texts().then(() => this.load());
  }

  // Texts in the browser's language come before anything is said.
  private async texts(): Promise<void> {
    const offered = this.getAttribute("languages")?.split(" ") ?? [];
    if (offered.length) await loadTexts(base(), offered).catch(() => {}); // English is there
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("popstate", this.moved);
    window.removeEventListener("nxf-changed", this.again);
    window.removeEventListener(signedOutEvent, this.lost);
    document.removeEventListener("notify", this.said as EventListener);
  }

  private async load(): Promise<void> {
    this.problem = undefined;
    try {
      void get<App["about"]>("/about").then((about) => (this.about = about), () => {}); // only to be shown
      this.person = await get<Person>("/me");
    } catch (thrown) {
      const p = problemOf(thrown);
      if (p.status !== 401) this.problem = p;
    }
  }

  private arrive(): void {
    this.where = route();
    void this.updateComplete.then(() => this.renderRoot.querySelector("main")?.focus({ preventScroll: true }));
    window.scrollTo(0, 0);
  }

  // Links to our own pages need not load them anew.
  private readonly follow = (event: MouseEvent): void => {
    const link = event.composedPath().find((e): e is HTMLAnchorElement => e instanceof HTMLAnchorElement);
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey
      || link.target || link.dataset["load"] !== undefined) {
      return;
    }
    const to = new URL(link.href, location.href);
    const path = to.pathname.slice(base().length);
    if (to.origin !== location.origin || !to.pathname.startsWith(`${base()}/`)
      || !/^\/($|folders|documents|activity|items|locks|administration(?!\/jobs))/.test(path)) {
      return;
    }
    event.preventDefault();
    navigate(path + to.search);
  };

  private readonly said = (event: CustomEvent<{ message: string; duration?: number }>): void => {
    const id = ++this.toastId;
    this.toasts = [...this.toasts, { id, text: event.detail.message }];
    window.setTimeout(() => (this.toasts = this.toasts.filter((x) => x.id !== id)), event.detail.duration ?? 4000);
  };

  protected override render(): TemplateResult {
    return html`${this.person || this.problem ? this.inside() : this.signedOut ? this.welcome() : this.arriving()}
      <div class="toasts" role="status" aria-live="polite">${this.toasts.map((x) => html`<p>${x.text}</p>`)}</div>`;
  }

  private signIn(): string {
    return `${base()}/signin?return=${encodeURIComponent(location.pathname + location.search)}`;
  }

  private welcome(): TemplateResult {
    return html`<main class="welcome card" tabindex="-1"><span class="brand">${waves} ${t("frameio.product")}</span>
      <h1>${t("frameio.welcome")}</h1><p>${t("frameio.welcome.what")}</p>
      <a class="button primary" href=${this.signIn()} data-load>${t("frameio.signIn")}</a>
      <p class="small soft">nuxeo-frameio ${this.about.version}</p></main>`;
  }

  private inside(): TemplateResult {
    return html`<header>
        <button class="skip" @click=${() => this.renderRoot.querySelector<HTMLElement>("main")?.focus()}>
          ${t("frameio.skip")}</button>
        <a class="brand" href=${`${base()}/`}>${waves} ${t("frameio.product")}</a>
        <nav class="main" aria-label=${t("frameio.navigation")}>
          ${this.tab("/", ["folders", "documents"], "frameio.folders")}
          ${this.tab("/activity", ["activity", "items"], "frameio.activity")}
          ${this.tab("/locks", ["locks"], "frameio.locks")}
          ${this.person?.administrator
            ? this.tab("/administration", ["administration"], "frameio.navigation.administration")
            : nothing}</nav>
        ${this.person ? this.me(this.person) : nothing}</header>
      <main id="main" tabindex="-1">${this.signedOut ? this.ended() : nothing}
        ${this.problem ? notice(this.problem, this.again) : this.page()}</main>`;
  }

  // Shown at once, before it is known who looks.
  private arriving(): TemplateResult {
    return html`<header><span class="brand">${waves} ${t("frameio.product")}</span></header>
      <main id="main"><p role="status" class="soft">${t("frameio.loading")}</p></main>`;
  }

  private ended(): TemplateResult {
    return html`<div class="notice care" role="alert"><strong>${t("frameio.ended")}</strong>
      <span><a class="button primary" href=${this.signIn()} data-load>${t("frameio.ended.again")}</a></span></div>`;
  }

  private tab(href: string, pages: Route["page"][], key: string): TemplateResult {
    const current = pages.includes(this.where.page) ? "page" : nothing;
    return html`<a href=${base() + href} aria-current=${current}>${t(key)}</a>`;
  }

  private me(p: Person): TemplateResult {
    return html`<details class="me"><summary>${p.name || p.login}</summary><div class="card">
      <div><strong class="wrap">${p.name}</strong> <span class="soft wrap">${p.login}</span>
        ${p.email ? html`<br><span class="small soft wrap">${p.email}</span>` : nothing}</div>
      <div class="row tight"><span class="dot ${p.frameio_connected ? "" : "off"}"></span>
        <span class="wrap grow">${p.frameio_connected
          ? t("frameio.me.connected", p.frameio_name ?? "")
          : t("frameio.me.unconnected")}</span></div>
      ${p.frameio_connected
        ? html`<button @click=${this.disconnect}>${t("frameio.me.disconnect")}</button>`
        : html`<button class="primary" @click=${this.connect}>${t("frameio.connect")}</button>`}
      <form method="post" action=${`${base()}/signout`}><button>${t("frameio.signOut")}</button></form>
      <span class="small soft">nuxeo-frameio ${this.about.version}</span></div></details>`;
  }

  private async connect(): Promise<void> {
    try {
      this.person = (await connected()) ?? this.person;
    } catch (thrown) {
      toast(this, problemOf(thrown).message);
    }
  }

  private async disconnect(): Promise<void> {
    try {
      await change("DELETE", "/me/frameio");
      this.person = await get<Person>("/me");
      toast(this, t("frameio.me.disconnected"));
    } catch (thrown) {
      toast(this, problemOf(thrown).message);
    }
  }

  private page(): TemplateResult {
    const { page, id } = this.where;
    switch (page) {
      case "folders":
        return html`<nxf-folder-page .folder=${id} document=""></nxf-folder-page>`;
      case "documents":
        return html`<nxf-folder-page folder="" .document=${id}></nxf-folder-page>`;
      case "activity":
        return html`<nxf-activity ?administrator=${this.person?.administrator}></nxf-activity>`;
      case "items":
        return html`<nxf-item-page .item=${id}></nxf-item-page>`;
      case "locks":
        return html`<nxf-locks ?administrator=${this.person?.administrator}></nxf-locks>`;
      case "administration":
        return html`<nxf-admin-page .page=${id}></nxf-admin-page>`;
      case "none":
        return html`<div class="stack"><h1>${t("frameio.nowhere")}</h1>
          <p><a href="/">${t("frameio.nowhere.remedy")}</a></p></div>`;
    }
  }
}
