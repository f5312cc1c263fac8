// The content of a folder as a table, and what can be done with a selection.
import { html } from "@polymer/polymer/lib/utils/html-tag.js";
import "@polymer/polymer/lib/elements/dom-repeat.js";
import "@polymer/iron-icons/iron-icons.js";
import { Element, fetched } from "./nuxeo.js";
import { iconOf, shared } from "./common.js";

const pageSize = 50;

class Folder extends Element {
  static get is() {
    return "sim-folder";
  }
  static get properties() {
    return {
      document: { type: Object, observer: "_load" },
      user: Object,
      items: { type: Array, value: () => [] },
      selected: { type: Array, value: () => [] },
      selectAllActive: { type: Boolean, value: false },
      more: Boolean,
      loaded: Boolean,
    };
  }
  static get template() {
    return html`${shared}<style>
        .box { padding: 0; }
        td:first-child, th:first-child { width: 1px; padding-right: 0; }
        iron-icon { color: var(--sim-quiet); width: 20px; margin-right: 8px; flex: none; }
        .name { display: flex; align-items: center; min-width: 11rem; overflow-wrap: anywhere; }
        .name .tag { margin-left: 8px; }
        .toolbar {
          display: flex; align-items: center; gap: 12px; min-height: 48px; padding: 0 14px; margin-bottom: 8px;
          border-radius: 4px; background: var(--nuxeo-selection-toolbar-background);
          color: var(--nuxeo-selection-toolbar-text); --nuxeo-actions-menu-main: { color: inherit; };
        }
        .toolbar .plain { background: none; color: inherit; border-color: currentColor; }
        nuxeo-actions-menu { flex: 1; min-width: 40px; justify-content: flex-end; }
        .empty, .more { padding: 20px; text-align: center; }
      </style>
      <div class="toolbar" hidden="[[!selected.length]]" role="toolbar" aria-label$="[[i18n('app.actions')]]">
        <span>[[i18n('actions.selected', selected.length)]]</span>
        <button class="plain" type="button" on-click="_clear">[[i18n('actions.clear')]]</button>
        <nuxeo-actions-menu>
          <nuxeo-slot name="RESULTS_SELECTION_ACTIONS"
            model="[[_model(document, items, selected, selectAllActive, user)]]"></nuxeo-slot></nuxeo-actions-menu>
      </div>
      <div class="box wide" hidden="[[!items.length]]">
        <table aria-label$="[[i18n('browser.listing')]]">
          <thead><tr>
            <th scope="col">
              <input type="checkbox" aria-label$="[[i18n('browser.selectAll')]]" checked="[[_all(items, selected)]]"
              on-change="_toggleAll"></th>
            <th scope="col">[[i18n('doc.title')]]</th><th scope="col">[[i18n('doc.modified')]]</th>
            <th scope="col" class="rare">[[i18n('doc.lastContributor')]]</th>
            <th scope="col" class="rare">[[i18n('doc.version')]]</th>
          </tr></thead>
          <tbody><template is="dom-repeat" items="[[items]]">
            <tr aria-selected$="[[_is(item, selected)]]">
              <td><input type="checkbox" aria-label$="[[i18n('browser.select', item.title)]]"
                checked="[[_bool(item, selected)]]" on-change="_toggle"></td>
              <td><span class="name"><iron-icon icon="[[_icon(item)]]"></iron-icon>
                <a href$="[[_href(urlFor, item)]]">[[item.title]]</a>
                <span class="tag" hidden="[[!item.lockOwner]]"
                  title$="[[i18n('doc.locked', item.lockOwner)]]">[[i18n('doc.lock')]]</span></span></td>
              <td>[[formatDate(item.properties.dc:modified, 'll')]]</td>
              <td class="rare">[[item.properties.dc:lastContributor]]</td><td class="rare">[[_version(item)]]</td>
            </tr>
          </template></tbody>
        </table>
        <div class="more" hidden="[[!more]]">
          <button class="plain" type="button" on-click="_next">[[i18n('browser.more')]]</button></div>
      </div>
      <div class="box empty soft" hidden="[[!_empty(loaded, items.length)]]">[[i18n('browser.empty')]]</div>`;
  }

  async _load(doc) {
    if (!doc?.facets?.includes("Folderish")) return;
    const page = await this._page(doc, 0);
    if (doc !== this.document) return; // somewhere else meanwhile
    this.setProperties({
      items: page.entries, more: page.isNextPageAvailable, selected: [], selectAllActive: false, loaded: true,
    });
  }
  async _next() {
    const page = await this._page(this.document, this.items.length / pageSize);
    this.setProperties({ items: [...this.items, ...page.entries], more: page.isNextPageAvailable });
  }
  _page(doc, index) {
    const headers = { properties: "*", "fetch-document": "properties,lock", "enrichers-document": "permissions" };
    return fetched(`id/${doc.uid}/@children?pageSize=${pageSize}&currentPageIndex=${index}`, headers);
  }

  // The model of the slot, as Web UI has it: where everything is selected, and that is
  // switched on, the selection is the list itself, with its page provider.
  _model(document, items, selectedItems, all, user) {
    return {
      document, items, selectedItems, selection: all ? this : selectedItems, user, displayMode: "table", columns: [],
      baseUrl: Nuxeo.UI.app.baseUrl, nxProvider: null,
    };
  }
  _toggle(e) {
    const { item } = e.model;
    if (this.selectAllActive) {
      this._excludedItems = e.target.checked ? this._excludedItems.filter((uid) => uid !== item.uid) : [
        ...this._excludedItems, item.uid,
      ];
    }
    this.selected = e.target.checked ? [...this.selected, item] : this.selected.filter((s) => s !== item);
  }
  _toggleAll(e) {
    this._excludedItems = [];
    this.selectAllActive = e.target.checked && String(Nuxeo.UI.config.selection?.selectAllEnabled) === "true";
    this.selected = e.target.checked ? [...this.items] : [];
  }
  get nxProvider() {
    const named = { ecm_parentId: this.document.uid, ecm_trashed: "false" };
    return {
      provider: "advanced_document_content",
      _params: { currentPageIndex: 0, offset: 0, pageSize: 40, namedParameters: named },
    };
  }
  _clear() {
    this.selected = [];
    this.selectAllActive = false;
  }
  _all(items, selected) {
    return items.length > 0 && selected.length === items.length;
  }
  _bool(item, selected) {
    return selected.includes(item);
  }
  _is(item, selected) {
    return String(selected.includes(item));
  }
  _icon(doc) {
    return iconOf(doc);
  }
  _href(urlFor, doc) {
    return urlFor?.call(this, "document", doc.uid);
  }
  _version(doc) {
    const label = this.formatVersion(doc);
    return label === "0.0" ? "" : label;
  }
  _empty(loaded, count) {
    return loaded && count === 0;
  }
}
customElements.define(Folder.is, Folder);
