// Elements of Web UI that contributions name: an entry of a menu, a tab, and the frame
// of a page.
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
        :host {
          display: block; flex: none; cursor: pointer; user-select: none; padding: 12px 6px 9px; margin-right: 16px;
          color: var(--sim-quiet); border-bottom: 3px solid transparent; text-transform: uppercase; font-size: 13px;
          font-weight: 600; letter-spacing: 0.03em;
        }
        :host(:hover) { color: var(--nuxeo-text-default); }
        :host(.iron-selected) { color: var(--nuxeo-text-default); border-color: var(--sim-mark); }
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
    return {
      name: { type: String, reflectToAttribute: true }, label: String, route: { type: String, value: "" },
      link: { type: String, value: "" },
    };
  }
  static get template() {
    return html`<style>
        a {
          display: block; padding: 9px 16px 9px 24px; color: var(--nuxeo-text-default); text-decoration: none;
          border-left: 3px solid transparent;
        }
        a:hover { background: var(--sim-hover); }
        :host(.iron-selected) a {
          border-color: var(--sim-mark); color: var(--nuxeo-text-default); background: var(--sim-hover);
          font-weight: 600;
        }
      </style><a href$="[[_href(urlFor, route, link)]]">[[i18n(label)]]</a>`;
  }
  _href(urlFor, route, link) {
    if (link) return link;
    const [name, args = ""] = route.split(":");
    return urlFor ? urlFor.apply(this, [name, ...args.split("/").filter(Boolean)]) : "";
  }
}
customElements.define(MenuItem.is, MenuItem);

// The frame of a page, with its header and its tabs above what scrolls. Web UI's search
// lies over the end of the header, and on narrow windows its menu button over the start:
// what is in the header keeps clear of both.
class Page extends Element {
  static get is() {
    return "nuxeo-page";
  }
  static get template() {
    return html`<style>
        :host { display: block; }
        .page { height: calc(100vh - 52px); display: flex; flex-direction: column; }
        .toolbar {
          flex: none; display: flex; align-items: center; height: 53px; background: var(--nuxeo-app-header-background);
          color: var(--nuxeo-app-header); overflow-x: auto;
        }
        #tabs { flex: none; background: var(--nuxeo-app-header-background); margin-top: 1px; overflow-x: auto; }
        #content { flex: 1 1 auto; overflow-y: auto; padding: 16px 16px 0; }
        #header::slotted(*) {
          display: flex; align-items: center; width: 100%; padding: 0 64px 0 16px; overflow-x: hidden;
          box-sizing: border-box;
        }
        @media (max-width: 720px) { #header::slotted(*) { padding-left: 48px; } }
      </style>
      <div class="page"><div class="toolbar"><slot id="header" name="header"></slot></div>
        <div id="tabs"><slot name="tabs"></slot></div><div id="content"><slot></slot></div></div>`;
  }
}
customElements.define(Page.is, Page);
