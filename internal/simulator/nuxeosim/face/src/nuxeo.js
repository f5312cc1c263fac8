// Nuxeo's own elements, as far as the page uses them or a bundle may expect them.
import "@nuxeo/nuxeo-elements/nuxeo-element.js";
import "@nuxeo/nuxeo-elements";
import "@polymer/iron-pages/iron-pages.js";
import "@polymer/iron-selector/iron-selector.js";
import "@nuxeo/nuxeo-ui-elements/nuxeo-slots.js";
import "@nuxeo/nuxeo-ui-elements/nuxeo-filter.js";
import "@nuxeo/nuxeo-ui-elements/nuxeo-icons.js";
import "@nuxeo/nuxeo-ui-elements/widgets/nuxeo-actions-menu.js";
import "@nuxeo/nuxeo-ui-elements/widgets/nuxeo-dialog.js";
import "@nuxeo/nuxeo-ui-elements/widgets/nuxeo-tooltip.js";
import "@nuxeo/nuxeo-ui-elements/actions/nuxeo-delete-document-button.js";
import "@nuxeo/nuxeo-ui-elements/actions/nuxeo-export-button.js";
import "@nuxeo/nuxeo-ui-elements/actions/nuxeo-favorites-toggle-button.js";
import "@nuxeo/nuxeo-ui-elements/actions/nuxeo-lock-toggle-button.js";
import "@nuxeo/nuxeo-ui-elements/actions/nuxeo-notifications-toggle-button.js";
import "@nuxeo/nuxeo-ui-elements/actions/nuxeo-share-button.js";
import { FiltersBehavior } from "@nuxeo/nuxeo-ui-elements/nuxeo-filters-behavior.js";
import { FormatBehavior } from "@nuxeo/nuxeo-ui-elements/nuxeo-format-behavior.js";
import { I18nBehavior } from "@nuxeo/nuxeo-ui-elements/nuxeo-i18n-behavior.js";
import { RoutingBehavior } from "@nuxeo/nuxeo-ui-elements/nuxeo-routing-behavior.js";
import { NotifyBehavior } from "@nuxeo/nuxeo-elements/nuxeo-notify-behavior.js";
import { mixinBehaviors } from "@polymer/polymer/lib/legacy/class.js";

// Web UI has these behind the same names.
Object.assign(Nuxeo, { FiltersBehavior, FormatBehavior, I18nBehavior, RoutingBehavior, NotifyBehavior });

// What our elements extend.
export const Element = mixinBehaviors([I18nBehavior, FormatBehavior, FiltersBehavior, RoutingBehavior], Nuxeo.Element);

// connection is the one of the page, by an element that does not connect anew.
export const connection = () => document.querySelector("sim-app").$.nx;

// below is an address of the server, whatever the page's own is.
const below = (path) => `${document.querySelector("nuxeo-connection").getAttribute("url")}/${path}`;

// signIn is for when a session has ended; it leads back to where one was.
export const signIn = () => location.replace(`${below("login.jsp")}?requestedUrl=ui/${location.hash}`);

// fetched is the answer of the REST interface to a GET below /api/v1.
export async function fetched(path, headers = {}) {
  const response = await fetch(below(`api/v1/${path}`), { headers: { "X-No-Basic-Header": "true", ...headers } });
  if (response.status === 401) signIn();
  const body = await response.json();
  if (!response.ok) throw Object.assign(new Error(body.message), { status: response.status });
  return body;
}

// tell raises an event that leaves shadow roots.
export const tell = (from, name, detail) => from.dispatchEvent(new CustomEvent(name, {
  bubbles: true, composed: true, detail,
}));
