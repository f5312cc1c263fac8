// The administration: pages by name, from the slot ADMINISTRATION_PAGES.
import { html } from "@polymer/polymer/lib/utils/html-tag.js";
import { Element } from "./nuxeo.js";
import { shared } from "./common.js";

class Admin extends Element {
  static get is() {
    return "sim-admin";
  }
  static get properties() {
    return { page: String, user: Object };
  }
  static get template() {
    return html`${shared}<style>
        :host { position: relative; }
        .over {
          position: absolute; top: 0; right: 0; width: 60px; height: 53px; z-index: 2; border: 0; background: none;
          color: inherit; font: inherit; font-size: 18px; cursor: pointer;
        }
        .over.menu { display: none; }
        sim-cloud-services { padding: 20px 24px; }
        nuxeo-slot, nuxeo-filter { display: none; }
        @media (max-width: 720px) { .over.menu { display: block; right: auto; left: 0; width: 48px; } }
      </style>
      <button class="over" type="button" aria-label$="[[i18n('app.search')]]">⌕</button>
      <button class="over menu" type="button" aria-label$="[[i18n('app.menu')]]">☰</button>
      <iron-pages selected="[[page]]" attr-for-selected="name" selected-attribute="visible">
        <nuxeo-slot name="ADMINISTRATION_PAGES" model="[[_model(user)]]"></nuxeo-slot>
      </iron-pages>`;
  }
  _model(user) {
    return { user };
  }
}
customElements.define(Admin.is, Admin);
