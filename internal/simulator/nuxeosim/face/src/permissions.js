// Who may do what with a document; to look at only.
import { html } from "@polymer/polymer/lib/utils/html-tag.js";
import "@polymer/polymer/lib/elements/dom-repeat.js";
import { Element, fetched } from "./nuxeo.js";
import { shared } from "./common.js";

class Permissions extends Element {
  static get is() {
    return "sim-permissions";
  }
  static get properties() {
    return { document: { type: Object, observer: "_load" }, rules: { type: Array, value: () => [] } };
  }
  static get template() {
    return html`${shared}<style>.box { padding: 0; }</style>
      <div class="box wide"><table aria-label$="[[i18n('browser.permissions')]]">
        <thead><tr><th scope="col">[[i18n('perm.user')]]</th><th scope="col">[[i18n('perm.right')]]</th>
          <th scope="col">[[i18n('perm.granted')]]</th><th scope="col">[[i18n('perm.where')]]</th></tr></thead>
        <tbody><template is="dom-repeat" items="[[rules]]">
          <tr><td>[[item.username]]</td><td>[[item.permission]]</td><td>[[item.granted]]</td>
            <td class="soft">[[item.where]]</td></tr>
        </template></tbody>
      </table></div>`;
  }
  async _load(doc) {
    if (!doc?.uid) return;
    const { acl } = await fetched(`id/${doc.uid}/@acl`);
    const word = (key) => this.i18n(`perm.${key}`);
    const shown = (list) => (a) => ({ ...a, granted: word(a.granted ? "yes" : "denied"), where: word(list.name) });
    this.rules = acl.flatMap((list) => list.ace.map(shown(list)));
  }
}
customElements.define(Permissions.is, Permissions);
