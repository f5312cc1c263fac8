// Two elements of Web UI that contributions name: an entry of a menu, and a tab.
import { html } from "@polymer/polymer/lib/utils/html-tag.js";
import { Element } from "./nuxeo.js";

// A tab. The selector around it marks the one that is open by a class.
class PageItem extends Element {
  static get is() {
    return "nuxeo-page-item";
  }
  static get properties() {
    return { name: { type: String, reflectToAttribute: true }, label: String };
  }
  static get template() {
    return html`<style>
        :host { display: block; flex: none; cursor: pointer; user-select: none; padding: 12px 6px 9px; margin-right: 16px;
          color: var(--secondary-text-color); border-bottom: 3px solid transparent; text-transform: uppercase; font-size: 13px; font-weight: 600; letter-spacing: 0.03em; }
        :host(:hover) { color: var(--nuxeo-primary-color); }
        :host(.iron-selected) { color: var(--nuxeo-primary-color); border-color: var(--nuxeo-primary-color); }
      </style>[[i18n(label)]]`;
  }
  ready() {
    super.ready();
    this.setAttribute("role", "tab");
    this.tabIndex = 0;
    if (!this.hasAttribute("aria-selected")) this.setAttribute("aria-selected", "false");
    this.addEventListener("keydown", (e) => {
      if (e.key === "Enter" || e.key === " ") this.click();
      if (e.key === "ArrowRight" || e.key === "ArrowLeft") this._move(e.key === "ArrowRight" ? 1 : -1);
    });
  }
  _move(by) {
    const tabs = [...this.parentNode.querySelectorAll("nuxeo-page-item")];
    tabs.at((tabs.indexOf(this) + by) % tabs.length)?.focus();
  }
}
customElements.define(PageItem.is, PageItem);

// An entry of a menu, by a route such as administration:users or a link.
class MenuItem extends Element {
  static get is() {
    return "nuxeo-menu-item";
  }
  static get properties() {
    return { name: { type: String, reflectToAttribute: true }, label: String, route: { type: String, value: "" }, link: { type: String, value: "" } };
  }
  static get template() {
    return html`<style>
        a { display: block; padding: 9px 16px 9px 24px; color: var(--nuxeo-text-default); text-decoration: none; border-left: 3px solid transparent; }
        a:hover { background: var(--nuxeo-container-hover); }
        :host(.iron-selected) a { border-color: var(--nuxeo-primary-color); color: var(--nuxeo-primary-color); background: var(--nuxeo-container-hover); font-weight: 600; }
      </style><a href$="[[_href(urlFor, route, link)]]">[[i18n(label)]]</a>`;
  }
  _href(urlFor, route, link) {
    if (link) return link;
    const [name, args = ""] = route.split(":");
    return urlFor ? urlFor.apply(this, [name, ...args.split("/").filter(Boolean)]) : "";
  }
}
customElements.define(MenuItem.is, MenuItem);
