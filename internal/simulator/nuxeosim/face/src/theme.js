// The colours of the page, under the names that Web UI's themes have. A bundle
// that uses these names looks right in both.
import "@polymer/polymer/lib/elements/custom-style.js";

const variables = `
  :root { color-scheme: light dark; }
  :root[data-theme="light"] { color-scheme: light; }
  :root[data-theme="dark"] { color-scheme: dark; }
  html {
    --nuxeo-app-font: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
    --nuxeo-app-header: light-dark(#1450b0, #12326b);
    --nuxeo-app-header-pill-active: var(--nuxeo-primary-color);
    --nuxeo-app-header-pill-hover: var(--nuxeo-primary-color);
    --nuxeo-sidebar-background: light-dark(#fafbfd, #1b1f28);
    --nuxeo-sidebar-menu: light-dark(#f0f3f8, #222733);
    --nuxeo-primary-color: light-dark(#0b57d0, #8ab4ff);
    --nuxeo-secondary-color: light-dark(#1f28bf, #a9b8ff);
    --nuxeo-text-default: light-dark(#26303f, #e3e7ef);
    --nuxeo-text-color: var(--nuxeo-text-default);
    --nuxeo-title-color: var(--nuxeo-text-default);
    --nuxeo-page-background: light-dark(#f1f4f9, #14171e);
    --nuxeo-box: light-dark(#ffffff, #1f242e);
    --nuxeo-border: light-dark(#d8dee8, #39414f);
    --nuxeo-input-border: light-dark(#8a94a6, #717c90);
    --nuxeo-container-hover: light-dark(#eaf0fa, #2a3140);
    --nuxeo-link-color: light-dark(#0b57d0, #8ab4ff);
    --nuxeo-link-hover-color: light-dark(#073e96, #b4ceff);
    --nuxeo-button-primary: light-dark(#0b57d0, #8ab4ff);
    --nuxeo-button-primary-text: light-dark(#ffffff, #0c1b36);
    --nuxeo-button-primary-focus: light-dark(#073e96, #b4ceff);
    --nuxeo-button: var(--nuxeo-box);
    --nuxeo-button-disabled: light-dark(#dfe3ea, #333a47);
    --nuxeo-button-disabled-text: light-dark(#6b7585, #9aa4b5);
    --nuxeo-warn-text: light-dark(#b3261e, #ff9a92);
    --nuxeo-badge-background: var(--nuxeo-primary-color);
    --nuxeo-table-header-background: light-dark(#f6f8fb, #252b37);
    --nuxeo-table-header-titles: var(--secondary-text-color);
    --nuxeo-table-items-background: var(--nuxeo-box);
    --nuxeo-grid-selected: light-dark(#e3edfd, #24334f);
    --nuxeo-tag-background: light-dark(#e4e9f2, #343c4b);
    --nuxeo-tag-text: light-dark(#35404f, #d4dae5);
    --nuxeo-dropdown-list-background: var(--nuxeo-box);
    --nuxeo-icon-color: light-dark(#4b5768, #b4bdcc);
    --nuxeo-action-color-activated: var(--nuxeo-primary-color);
    --primary-color: var(--nuxeo-primary-color);
    --default-primary-color: var(--nuxeo-primary-color);
    --accent-color: var(--nuxeo-primary-color);
    --error-color: var(--nuxeo-warn-text);
    --primary-text-color: var(--nuxeo-text-default);
    --secondary-text-color: light-dark(#55606f, #a9b3c3);
    --disabled-text-color: light-dark(#6b7585, #9aa4b5);
    --primary-background-color: var(--nuxeo-box);
    --divider-color: var(--nuxeo-border);
    --paper-dialog-background-color: var(--nuxeo-box);
    --paper-dialog-color: var(--nuxeo-text-default);
    --paper-listbox-background-color: var(--nuxeo-box);
    --paper-listbox-color: var(--nuxeo-text-default);
    --paper-menu-button-dropdown-background: var(--nuxeo-box);
    --paper-input-container-color: var(--secondary-text-color);
    --paper-input-container-focus-color: var(--nuxeo-primary-color);
    --paper-input-container-input-color: var(--nuxeo-text-default);
    --paper-input-container-invalid-color: var(--nuxeo-warn-text);
    --paper-tooltip-background: #2b303b;
    --paper-tooltip-opacity: 1;
    font: 14px/1.5 var(--nuxeo-app-font);
    color: var(--nuxeo-text-default);
    background: var(--nuxeo-page-background);
  }
  body { margin: 0; }
  paper-tooltip { font-size: 12px; }
`;

// Mixins are Polymer's own; only it reads them.
const mixins = `
  html {
    --nuxeo-action-button-label: { padding-left: 4px; white-space: nowrap; };
    --nuxeo-actions-menu-main: { color: var(--nuxeo-icon-color); };
    --nuxeo-actions-menu-dropdown: { display: block; padding-right: 18px; white-space: nowrap; color: var(--nuxeo-text-default); };
    --nuxeo-dialog: { min-width: min(420px, 90vw); border: 1px solid var(--nuxeo-border); border-radius: 6px; };
    --nx-button-primary: { background: var(--nuxeo-button-primary); color: var(--nuxeo-button-primary-text); };
    --nx-button-primary-hover: { background: var(--nuxeo-button-primary-focus); };
    --nx-button-secondary: { color: var(--nuxeo-text-default); border: 1px solid var(--nuxeo-border); };
    --nx-button-secondary-hover: { background: var(--nuxeo-container-hover); };
    --nx-button-disabled: { background: var(--nuxeo-button-disabled); color: var(--nuxeo-button-disabled-text); };
    --paper-menu-button-content: { border: 1px solid var(--nuxeo-border); };
    --paper-font-common-base: { font-family: var(--nuxeo-app-font); };
  }
`;

const kept = "simTheme";

// chooseTheme is remembered in this browser; without a choice the system's holds.
export function chooseTheme(name) {
  localStorage.setItem(kept, name);
  document.documentElement.dataset.theme = name;
}

const plain = document.createElement("style");
plain.textContent = variables;
const custom = document.createElement("template");
custom.innerHTML = `<custom-style><style is="custom-style">${mixins}</style></custom-style>`;
document.head.append(plain, document.importNode(custom.content, true));
if (localStorage.getItem(kept)) document.documentElement.dataset.theme = localStorage.getItem(kept);
