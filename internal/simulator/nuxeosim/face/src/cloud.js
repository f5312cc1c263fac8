// Cloud Services: Nuxeo's own page for providers of OAuth 2, as plain as it is.
import { html } from "@polymer/polymer/lib/utils/html-tag.js";
import "@polymer/polymer/lib/elements/dom-repeat.js";
import { Element, connection, fetched, tell } from "./nuxeo.js";
import { shared } from "./common.js";

const fields = [
  "serviceName", "description", "clientId", "clientSecret", "authorizationServerURL", "tokenServerURL",
  "userAuthorizationURL", "scopes",
];

class CloudServices extends Element {
  static get is() {
    return "sim-cloud-services";
  }
  static get properties() {
    return {
      providers: { type: Array, value: () => [] }, editing: Object, fields: { type: Array, value: () => fields },
    };
  }
  static get template() {
    return html`${shared}<style>
        .head { display: flex; align-items: center; justify-content: space-between; gap: 12px; margin-bottom: 14px; }
        h1 { font-size: 20px; font-weight: 600; margin: 0; }
        .list { padding: 0; }
        .none { padding: 20px; }
        dialog {
          width: min(560px, calc(100vw - 24px)); box-sizing: border-box; max-height: calc(100vh - 24px);
          border: 1px solid var(--nuxeo-border); border-radius: 6px; padding: 22px 26px; background: var(--nuxeo-box);
          color: var(--nuxeo-text-default);
        }
        dialog::backdrop { background: #0008; }
        label { display: block; margin-bottom: 12px; color: var(--sim-quiet); font-size: 13px; }
        label.check {
          display: flex; align-items: center; gap: 8px; color: var(--nuxeo-text-default); font-size: inherit;
        }
        input:not([type="checkbox"]) {
          display: block; width: 100%; box-sizing: border-box; font: inherit; font-size: 15px; margin-top: 3px;
          padding: 7px 9px; border: 1px solid var(--sim-edge); border-radius: 4px;
          background: var(--nuxeo-page-background); color: var(--nuxeo-text-default);
        }
        .buttons { display: flex; justify-content: space-between; margin-top: 18px; }
      </style>
      <div class="head"><h1>[[i18n('cloud.heading')]]</h1>
        <button class="plain primary" type="button" on-click="_add">[[i18n('cloud.add')]]</button></div>
      <div class="box list wide"><table aria-label$="[[i18n('cloud.heading')]]" hidden="[[!providers.length]]">
        <thead><tr>
          <th scope="col">[[i18n('cloud.serviceName')]]</th><th scope="col">[[i18n('cloud.description')]]</th>
          <th scope="col">[[i18n('cloud.enabled')]]</th><td></td></tr></thead>
        <tbody><template is="dom-repeat" items="[[providers]]">
          <tr><td>[[item.serviceName]]</td><td>[[item.description]]</td><td>[[_yes(item.isEnabled, i18n)]]</td>
            <td><button class="plain" type="button" on-click="_edit"
              aria-label$="[[i18n('cloud.edit', item.serviceName)]]">[[i18n('cloud.change')]]</button></td></tr>
        </template></tbody>
      </table><p class="soft none" hidden="[[providers.length]]">[[i18n('cloud.none')]]</p></div>
      <dialog id="dialog" aria-labelledby="heading"><form method="dialog" on-submit="_save">
        <h2 id="heading">[[_heading(editing, i18n)]]</h2>
        <dom-repeat items="[[fields]]"><template>
          <label>[[_label(item, i18n)]]<input name$="[[item]]" value="[[_value(editing, item)]]"
            required$="[[_required(item)]]" autocomplete="off"></label>
        </template></dom-repeat>
        <label class="check"><input type="checkbox" name="isEnabled"
          checked="[[editing.isEnabled]]">[[i18n('cloud.enabled')]]</label>
        <div class="buttons">
          <button class="plain" type="button" on-click="_cancel">[[i18n('cloud.cancel')]]</button>
          <button class="plain primary" type="submit">[[i18n('cloud.save')]]</button></div>
      </form></dialog>`;
  }
  connectedCallback() {
    super.connectedCallback();
    this._load();
  }
  async _load() {
    this.providers = (await fetched("oauth2/provider")).entries;
  }
  _add() {
    this._open({});
  }
  _edit(e) {
    this._open(e.model.item);
  }
  _open(provider) {
    this.editing = { ...provider };
    this.$.dialog.showModal();
  }
  _cancel() {
    this.$.dialog.close();
  }
  async _save(e) {
    e.preventDefault();
    const sent = Object.fromEntries(new FormData(e.target));
    const before = this.editing.serviceName;
    const data = {
      ...sent, "entity-type": "nuxeoOAuth2ServiceProvider", isEnabled: "isEnabled" in sent,
      scopes: sent.scopes.split(/[,\s]+/).filter(Boolean),
    };
    try {
      const request = (await connection().request()).path(before ? `oauth2/provider/${before}` : "oauth2/provider");
      await request[before ? "put" : "post"]({ body: data });
      this.$.dialog.close();
      tell(this, "notify", { message: this.i18n("cloud.saved") });
      await this._load();
    } catch (error) {
      tell(this, "notify", { message: error.message });
    }
  }
  _heading(editing, i18n) {
    return i18n(editing?.serviceName ? "cloud.entry" : "cloud.new");
  }
  _label(name, i18n) {
    return i18n(`cloud.${name}`) + (this._required(name) ? " *" : "");
  }
  _required(name) {
    return name === "serviceName";
  }
  _value(editing, name) {
    const v = editing?.[name] ?? "";
    return Array.isArray(v) ? v.join(", ") : v;
  }
  _yes(enabled, i18n) {
    return i18n(enabled ? "label.yes" : "label.no");
  }
}
customElements.define(CloudServices.is, CloudServices);
