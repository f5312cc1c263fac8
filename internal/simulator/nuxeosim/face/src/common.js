// The looks that several of our elements share.
import { html } from "@polymer/polymer/lib/utils/html-tag.js";

export const shared = html`<style>
  :host { display: block; }
  [hidden] { display: none !important; }
  .box {
    background: var(--nuxeo-box); border: 1px solid var(--nuxeo-border); border-radius: 4px; padding: 16px 20px;
    margin-bottom: 16px; min-width: 0;
  }
  h2 { font-size: 15px; font-weight: 600; margin: 0 0 12px; }
  p { margin: 0; }
  .soft { color: var(--sim-quiet); }
  a { color: var(--nuxeo-link-color); text-decoration: none; }
  a:hover { text-decoration: underline; }
  .wide { overflow-x: auto; }
  table { border-collapse: collapse; width: 100%; }
  th { text-align: left; font-weight: 600; color: var(--sim-quiet); white-space: nowrap; }
  thead { background: var(--nuxeo-table-header-background); }
  th, td { padding: 9px 12px; }
  tbody td { border-top: 1px solid var(--nuxeo-border); }
  tbody tr:hover { background: var(--sim-hover); }
  tr[aria-selected="true"] { background: var(--sim-hover); }
  .tag {
    display: inline-block; border-radius: 3px; padding: 1px 7px; font-size: 12px;
    background: var(--nuxeo-tag-background); color: var(--nuxeo-tag-text); white-space: nowrap;
  }
  dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: 8px 20px; margin: 0; }
  dt { color: var(--sim-quiet); }
  dd { margin: 0; overflow-wrap: anywhere; }
  button.plain {
    font: inherit; border: 1px solid var(--nuxeo-border); background: var(--nuxeo-box);
    color: var(--nuxeo-text-default); border-radius: 4px; padding: 7px 16px; cursor: pointer;
  }
  button.plain:hover { background: var(--sim-hover); }
  button.primary { border-color: transparent; background: var(--sim-fill); color: var(--nuxeo-button-primary-text); }
  button.primary:hover { background: color-mix(in srgb, var(--sim-fill) 88%, #000); }
  input[type="checkbox"] {
    width: 17px; height: 17px; accent-color: var(--nuxeo-primary-color); margin: 0; vertical-align: middle;
  }
  :focus-visible { outline: 2px solid var(--sim-mark); outline-offset: 1px; }
  @media (max-width: 600px) {
    .box { padding: 12px 14px; }
    dl { grid-template-columns: 1fr; gap: 0; }
    dd { margin-bottom: 10px; }
    .rare { display: none; }
  }
</style>`;

// What stands for a type of document.
const icons = {
  Domain: "nuxeo:collections", WorkspaceRoot: "icons:folder-shared", Workspace: "icons:work", Folder: "icons:folder",
  OrderedFolder: "icons:folder",
  Picture: "icons:perm-media", Video: "icons:theaters", Audio: "icons:hearing", Note: "icons:subject",
};
export const iconOf = (doc) => icons[doc.type]
  ?? (doc.facets?.includes("Folderish") ? "icons:folder" : "icons:description");
