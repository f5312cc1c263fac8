// The page of a document or folder: where it is, what can be done with it, and
// its views.
import { html } from "@polymer/polymer/lib/utils/html-tag.js";
import "@polymer/polymer/lib/elements/dom-repeat.js";
import { Element } from "./nuxeo.js";
import { iconOf, shared } from "./common.js";
import { router, showTab } from "./router.js";

// Web UI asks for the current document with these.
const enrichers = [
  "hasContent", "firstAccessibleAncestor", "permissions", "breadcrumb", "preview", "favorites",
  "subscribedNotifications", "thumbnail", "renditions", "pendingTasks", "runnableWorkflows", "runningWorkflows",
  "collections", "audit", "subtypes", "tags", "publications",
].join();

class Browser extends Element {
  static get is() {
    return "sim-browser";
  }
  static get properties() {
    return {
      route: { type: Object, observer: "_go" },
      user: Object,
      document: { type: Object, notify: true, observer: "_shown" },
      page: { type: String, value: "view", observer: "_pageChanged" },
      failed: Boolean,
      headers: { type: Object, value: () => ({ "fetch-document": "properties,lock", "X-No-Basic-Header": "true" }) },
      enrichers: { type: Object, value: () => ({ document: enrichers }) },
    };
  }
  static get template() {
    return html`${shared}<style>
        .top { background: var(--nuxeo-box); border-bottom: 1px solid var(--nuxeo-border); padding: 10px 24px 0; }
        .line { display: flex; align-items: flex-start; gap: 12px; }
        .title { flex: 1 1 auto; min-width: 0; }
        nav {
          font-size: 13px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; color: var(--sim-quiet);
        }
        nav span + span::before { content: "›"; margin: 0 7px; color: var(--sim-quiet); }
        h1 {
          display: flex; align-items: center; flex-wrap: wrap; gap: 4px 8px; font-size: 20px; font-weight: 600;
          margin: 4px 0 8px; overflow-wrap: anywhere;
        }
        h1 iron-icon { color: var(--sim-quiet); flex: none; }
        h1 .tag { font-weight: 400; }
        nuxeo-actions-menu { flex: 0 0 296px; min-width: 0; height: 44px; justify-content: flex-end; }
        iron-selector { display: flex; overflow-x: auto; scrollbar-width: thin; }
        .pages { padding: 20px 24px; }
        nuxeo-slot, nuxeo-filter { display: none; }
        .missing { margin: 24px; }
        @media (max-width: 600px) {
          .top { padding: 8px 12px 0; }
          .pages { padding: 12px; }
          nuxeo-actions-menu { flex-basis: 128px; }
          h1 { font-size: 18px; }
        }
      </style>
      <nuxeo-document id="doc" headers="[[headers]]" enrichers="[[enrichers]]"></nuxeo-document>
      <div hidden="[[!_ready(document, failed)]]">
        <div class="top">
          <div class="line">
            <div class="title">
              <nav aria-label$="[[i18n('app.breadcrumb')]]">
                <dom-repeat items="[[_above(document)]]"><template><span><a
                  href$="[[_href(urlFor, item)]]">[[item.title]]</a></span></template></dom-repeat></nav>
              <h1><iron-icon icon="[[_icon(document)]]"></iron-icon><span>[[_title(document)]]</span>
                <span class="tag" hidden="[[!_version(document)]]">[[_version(document)]]</span>
                <span class="tag" hidden="[[!document.lockOwner]]">[[i18n('doc.locked', document.lockOwner)]]</span>
                <span class="tag" hidden="[[!document.isTrashed]]">[[i18n('doc.trashed')]]</span></h1>
            </div>
            <nuxeo-actions-menu role="group" aria-label$="[[i18n('app.actions')]]">
              <nuxeo-slot name="DOCUMENT_ACTIONS" model="[[_model(document, user)]]"></nuxeo-slot></nuxeo-actions-menu>
          </div>
          <iron-selector role="tablist" aria-label$="[[i18n('app.tabs')]]" selected="{{page}}" attr-for-selected="name"
            selectable="nuxeo-page-item" on-iron-select="_marked" on-iron-deselect="_unmarked">
            <nuxeo-slot name="DOCUMENT_VIEWS_ITEMS" model="[[_model(document, user)]]"></nuxeo-slot>
          </iron-selector>
        </div>
        <iron-pages class="pages" id="pages" selected="[[page]]" attr-for-selected="name" selected-attribute="visible">
          <nuxeo-slot name="DOCUMENT_VIEWS_PAGES" model="[[_model(document, user)]]"></nuxeo-slot>
        </iron-pages>
      </div>
      <div class="box missing" hidden="[[!failed]]" role="alert">[[i18n('app.notFound')]]</div>`;
  }

  _go(route) {
    if (route?.name !== "browse") return;
    this.page = route.page;
    const same = this.document && !this.failed
      && (this.document.uid === route.uid || this.document.path === route.path);
    if (!same) this.refresh();
  }

  // refresh asks for the current document again.
  async refresh() {
    const { name, uid = "", path = "" } = this.route;
    if (name !== "browse") return;
    this.$.doc.setProperties({ docId: uid, docPath: path });
    try {
      const document = await this.$.doc.get();
      this.setProperties({ document, failed: false });
    } catch (error) {
      if (error.name === "AbortError") return;
      if (path && !location.hash) return router.navigate(router.browse("/")); // the usual start is not for everybody
      this.failed = true;
    }
  }

  _ready(doc, failed) {
    return Boolean(doc) && !failed;
  }
  _shown(doc) {
    document.title = doc ? `${this._title(doc)} – Nuxeo (simulated)` : "Nuxeo (simulated)";
  }
  _pageChanged(page) {
    if (page && this.route?.name === "browse") showTab(page);
  }

  _marked(e) {
    e.detail.item?.setAttribute("aria-selected", "true");
  }
  _unmarked(e) {
    e.detail.item?.setAttribute("aria-selected", "false");
  }

  _model(document, user) {
    return { document: document ?? undefined, user, clipboard: null };
  }
  _above(doc) {
    return doc?.contextParameters.breadcrumb.entries.slice(0, -1) ?? [];
  }
  _href(urlFor, doc) {
    return urlFor?.call(this, "browse", doc.path);
  }
  _icon(doc) {
    return doc ? iconOf(doc) : "";
  }
  _title(doc) {
    return doc?.path === "/" ? "Root" : doc?.title;
  }
  _version(doc) {
    const label = this.formatVersion(doc);
    return label && label !== "0.0" ? label + (doc.isCheckedOut ? "+" : "") : "";
  }
}
customElements.define(Browser.is, Browser);
