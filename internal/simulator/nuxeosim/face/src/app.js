// The frame of the page: who is signed in, the drawer, and what is shown.
import { html } from "@polymer/polymer/lib/utils/html-tag.js";
import "@polymer/polymer/lib/elements/dom-if.js";
import { setFallbackNotificationTarget } from "@nuxeo/nuxeo-elements/nuxeo-notify-behavior.js";
import { Element, connection, signIn, tell } from "./nuxeo.js";
import { shared } from "./common.js";
import { current, router } from "./router.js";
import { chooseTheme } from "./theme.js";

// What makes the current document out of date.
const changes = [
  "document-updated", "refresh", "document-locked", "document-unlocked", "added-to-favorites", "removed-from-favorites",
  "document-subscribed", "document-unsubscribed",
];

class App extends Element {
  static get is() {
    return "sim-app";
  }
  static get properties() {
    return {
      lts: String,
      user: Object,
      route: { type: Object, value: current },
      document: { type: Object, observer: "_shown" },
      drawer: { type: Boolean, reflectToAttribute: true },
    };
  }
  static get template() {
    return html`${shared}<style>
        :host {
          display: grid; grid-template: 52px minmax(0, 1fr) / 264px minmax(0, 1fr); height: 100vh; height: 100dvh;
        }
        header {
          grid-column: 1 / -1; display: flex; align-items: center; gap: 12px; padding: 0 16px;
          background: var(--nuxeo-sidebar-background); color: #fff; position: relative; z-index: 3;
        }
        header a { color: inherit; font-size: 17px; font-weight: 600; text-decoration: none; white-space: nowrap; }
        .sim { border: 1px solid #fff8; border-radius: 10px; padding: 1px 9px; font-size: 12px; white-space: nowrap; }
        .gap { flex: 1; }
        header button, summary {
          font: inherit; color: inherit; background: none; border: 0; cursor: pointer; border-radius: 4px;
          padding: 8px 10px;
        }
        header button:hover, summary:hover { background: #fff2; }
        header :focus-visible { outline-color: #fff; }
        #toggle { display: none; font-size: 20px; line-height: 1; padding: 8px; }
        details { position: relative; }
        summary { list-style: none; display: flex; align-items: center; gap: 8px; }
        summary::-webkit-details-marker { display: none; }
        .avatar {
          width: 26px; height: 26px; border-radius: 50%; background: #fff; color: #123f8c; font-weight: 600;
          font-size: 13px; display: grid; place-items: center;
        }
        .menu {
          position: absolute; right: 0; top: calc(100% + 6px); min-width: 190px; padding: 6px;
          background: var(--nuxeo-box); color: var(--nuxeo-text-default); border: 1px solid var(--nuxeo-border);
          border-radius: 6px; box-shadow: 0 8px 24px #0004;
        }
        .menu button, .menu a {
          display: block; width: 100%; box-sizing: border-box; text-align: left; padding: 9px 12px; font-size: 14px;
          font-weight: 400; border-radius: 4px;
        }
        .menu button:hover, .menu a:hover { background: var(--sim-hover); }
        .menu :focus-visible { outline-color: var(--sim-mark); }
        aside {
          background: var(--nuxeo-drawer-background); border-right: 1px solid var(--nuxeo-border); overflow: auto;
          padding: 14px 0;
        }
        aside h2 {
          margin: 0; padding: 6px 16px; font-size: 12px; letter-spacing: 0.06em; text-transform: uppercase;
          color: var(--sim-quiet);
        }
        sim-tree { display: block; padding: 2px 10px 18px; }
        nuxeo-slot, nuxeo-filter { display: none; }
        main { overflow: auto; }
        .refused { margin: 24px; }
        #veil { display: none; }
        @media (max-width: 800px) {
          :host { grid-template-columns: minmax(0, 1fr); }
          #toggle { display: block; }
          aside {
            position: fixed; inset: 52px auto 0 0; width: min(300px, 84vw); box-sizing: border-box; z-index: 2;
            visibility: hidden; translate: -100% 0; transition: translate .18s, visibility .18s;
          }
          :host([drawer]) aside { translate: 0 0; visibility: visible; }
          :host([drawer]) #veil { display: block; position: fixed; inset: 52px 0 0; background: #0007; z-index: 1; }
        }
        @media (max-width: 480px) {
          .brand { display: none; }
          .who { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
          header { gap: 6px; padding: 0 8px; }
        }
      </style>
      <header>
        <button id="toggle" type="button" aria-label$="[[i18n('app.menu')]]" aria-expanded$="[[_bool(drawer)]]"
          on-click="_drawer">☰</button>
        <a href="#!/home">Nuxeo <span class="brand">LTS</span> [[lts]]</a>
        <span class="sim">[[i18n('app.simulation')]]</span>
        <span class="gap"></span>
        <details id="menu" hidden="[[!user]]">
          <summary><span class="avatar" aria-hidden="true">[[_initial(user)]]</span>
            <span class="who">[[_name(user)]]</span></summary>
          <div class="menu">
            <button type="button" on-click="_light">[[i18n('app.theme.light')]]</button>
            <button type="button" on-click="_dark">[[i18n('app.theme.dark')]]</button>
            <a href="plain">[[i18n('app.plain')]]</a>
            <a href="../logout">[[i18n('app.signOut')]]</a>
          </div>
        </details>
      </header>
      <aside aria-label$="[[i18n('app.menu')]]" on-click="_leave">
        <h2 id="browse">[[i18n('app.browse')]]</h2>
        <nav aria-labelledby="browse"><sim-tree id="tree"></sim-tree></nav>
        <dom-if if="[[user.isAdministrator]]"><template>
          <h2 id="administration">[[i18n('app.administration')]]</h2>
          <nav aria-labelledby="administration">
            <iron-selector selected="[[_adminPage(route)]]" attr-for-selected="name" selectable="nuxeo-menu-item">
              <nuxeo-slot name="ADMINISTRATION_MENU" model="[[_model(user)]]"></nuxeo-slot>
            </iron-selector></nav>
        </template></dom-if>
      </aside>
      <div id="veil" on-click="_drawer"></div>
      <main>
        <sim-browser id="browser" route="[[route]]" user="[[user]]" document="{{document}}"
          hidden="[[_isAdmin(route)]]"></sim-browser>
        <dom-if if="[[_admin(user, route)]]">
          <template><sim-admin page="[[_adminPage(route)]]" user="[[user]]"></sim-admin></template></dom-if>
        <div class="box refused" role="alert" hidden="[[!_refused(user, route)]]">[[i18n('admin.refused')]]</div>
      </main>
      <sim-toasts></sim-toasts><nuxeo-connection id="nx"></nuxeo-connection>`;
  }

  async ready() {
    super.ready();
    window.addEventListener("hashchange", () => (this.route = current()));
    for (const name of changes) document.addEventListener(name, () => this.$.browser.refresh());
    document.addEventListener("navigate", (e) => router.navigate(router.browse(e.detail.doc.path, e.detail.docAction)));
    document.addEventListener("document-deleted", (e) => this._deleted(e.detail));
    document.addEventListener("unauthorized-request", signIn);
    document.addEventListener("click", (e) => e.composedPath().includes(this.$.menu) || (this.$.menu.open = false));
    this.addEventListener("keydown", (e) => e.key === "Escape" && (this.$.menu.open = this.drawer = false));
    Nuxeo.UI.app = Object.assign(this, Nuxeo.UI.app); // as in Web UI, where it is the element
    setFallbackNotificationTarget(this);
    this.user = await connection().connect();
    window.nuxeo.slots.setSharedModel({ user: this.user });
  }

  _shown(doc) {
    if (doc) {
      this.$.tree.reveal(
        doc.facets.includes("Folderish") ? doc.path : doc.path.slice(0, doc.path.lastIndexOf("/")) || "/",
      );
    }
  }
  _deleted({ doc, error }) {
    if (error) return tell(this, "notify", { message: error.message });
    router.navigate(router.browse(doc.path.slice(0, doc.path.lastIndexOf("/")) || "/"));
    tell(this, "notify", { message: this.i18n("doc.deleted", doc.title) });
    this.$.tree.rebuild();
  }

  get currentUser() {
    return this.user;
  }

  _drawer() {
    this.drawer = !this.drawer;
  }
  _leave(e) {
    if (e.composedPath().some((el) => el.localName === "a")) this.drawer = false;
  }
  _light() {
    chooseTheme("light");
  }
  _dark() {
    chooseTheme("dark");
  }
  _bool(on) {
    return String(Boolean(on));
  }
  _model(user) {
    return { user, document: undefined };
  }
  _adminPage(route) {
    return route.name === "admin" ? route.page : "";
  }
  _isAdmin(route) {
    return route.name === "admin";
  }
  _admin(user, route) {
    return Boolean(user?.isAdministrator) && this._isAdmin(route);
  }
  _refused(user, route) {
    return Boolean(user) && !user.isAdministrator && this._isAdmin(route);
  }
  _name(user) {
    const { firstName, lastName } = user?.properties ?? {};
    return [firstName, lastName].filter(Boolean).join(" ") || user?.id;
  }
  _initial(user) {
    return this._name(user)?.[0].toUpperCase();
  }
}
customElements.define(App.is, App);
