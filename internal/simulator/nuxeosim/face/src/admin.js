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
        iron-pages { padding: 20px 24px; }
        nuxeo-slot, nuxeo-filter { display: none; }
        @media (max-width: 600px) { iron-pages { padding: 12px; } }
      </style>
      <iron-pages selected="[[page]]" attr-for-selected="name" selected-attribute="visible">
        <nuxeo-slot name="ADMINISTRATION_PAGES" model="[[_model(user)]]"></nuxeo-slot>
      </iron-pages>`;
  }
  _model(user) {
    return { user };
  }
}
customElements.define(Admin.is, Admin);
