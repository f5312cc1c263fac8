// The versions of a document, newest first; to look at only.
import { html } from "@polymer/polymer/lib/utils/html-tag.js";
import "@polymer/polymer/lib/elements/dom-repeat.js";
import { Element, connection } from "./nuxeo.js";
import { shared } from "./common.js";

class History extends Element {
  static get is() {
    return "sim-history";
  }
  static get properties() {
    return { document: { type: Object, observer: "_load" }, versions: { type: Array, value: () => [] } };
  }
  static get template() {
    return html`${shared}<style>.box { padding: 0; } .none { padding: 20px; }</style>
      <div class="box wide"><table aria-label$="[[i18n('browser.history')]]" hidden="[[!versions.length]]">
        <thead><tr><th scope="col">[[i18n('doc.version')]]</th><th scope="col">[[i18n('doc.title')]]</th>
          <th scope="col">[[i18n('doc.modified')]]</th>
          <th scope="col" class="rare">[[i18n('doc.lastContributor')]]</th></tr></thead>
        <tbody><template is="dom-repeat" items="[[versions]]">
          <tr><td><a href$="[[_href(urlFor, item)]]">[[formatVersion(item)]]</a></td><td>[[item.title]]</td>
            <td>[[formatDateTime(item.properties.dc:modified, 'lll')]]</td>
            <td class="rare">[[item.properties.dc:lastContributor]]</td></tr>
        </template></tbody>
      </table><p class="soft none" hidden="[[versions.length]]">[[i18n('browser.noVersions')]]</p></div>`;
  }
  async _load(doc) {
    if (!doc?.uid || doc.isVersion || doc.facets.includes("Folderish")) return;
    const operation = await connection().operation("Document.GetVersions");
    const { entries } = await operation.input(doc.uid).execute({ schemas: ["*"] });
    if (doc === this.document) this.versions = entries.reverse();
  }
  _href(urlFor, doc) {
    return urlFor?.call(this, "document", doc.uid);
  }
}
customElements.define(History.is, History);
