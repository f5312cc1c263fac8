// The colours of the page: the names and values of Web UI's own themes, so that what can
// be read here can be read there. What is of the face only is mixed of them.
import "@polymer/polymer/lib/elements/custom-style.js";

// A theme by what it has beside the others; as in Web UI the primary colour is one to fill
// with, links have the colour of text, and their colour under the mouse is the primary one.
const themes = {
  default: {
    text: "#3a3a54", primary: "#0066ff", secondary: "#1f28bf", page: "#f5f5f5", box: "#fff",
    border: "rgba(0, 0, 0, 0.15)", header: "#fff",
    sidebar: "#060826", drawer: "#fff", input: "rgba(0, 0, 0, 0.05)", button: "#0066ff",
    disabled: "rgba(0, 0, 0, 0.05)", disabledText: "rgba(0, 0, 0, 0.1)",
    tag: "rgba(0, 0, 0, 0.05)", activated: "#0177a3", warn: "#de350b", quiet: "#939caa", scheme: "light",
  },
  light: {
    text: "#32353f", primary: "#00aded", secondary: "#73d2cf", page: "#f7f7f7", box: "#fff",
    border: "rgba(0, 0, 0, 0.1)", header: "#fff",
    sidebar: "#32353f", drawer: "#fff", input: "rgba(0, 0, 0, 0.05)", button: "#00aded",
    disabled: "rgba(0, 0, 0, 0.05)", disabledText: "rgba(0, 0, 0, 0.1)",
    tag: "rgba(0, 0, 0, 0.05)", activated: "#00aded", warn: "#de350b", quiet: "#727272", scheme: "light",
  },
  dark: {
    text: "#fff", primary: "#1f28bf", secondary: "#0066ff", page: "#060826", box: "#2e2e3e",
    border: "rgba(0, 0, 0, 0.15)", header: "#2e2e3e",
    sidebar: "#1f28bf", drawer: "#404052", input: "#191928", button: "#b5b5b5", disabled: "rgba(255, 255, 255, 0.05)",
    disabledText: "rgba(255, 255, 255, 0.1)",
    tag: "rgba(0, 0, 0, 0.2)", activated: "#1f28bf", warn: "#da1e28", quiet: "#727272", scheme: "dark",
  },
};

const variables = (x) => `
    color-scheme: ${x.scheme};
    --nuxeo-text-default: ${x.text};
    --nuxeo-primary-color: ${x.primary};
    --nuxeo-secondary-color: ${x.secondary};
    --nuxeo-page-background: ${x.page};
    --nuxeo-border: ${x.border};
    --nuxeo-app-header-background: ${x.header};
    --nuxeo-sidebar-background: ${x.sidebar};
    --nuxeo-drawer-background: ${x.drawer};
    --nuxeo-tag-background: ${x.tag};
    --nuxeo-box: ${x.box};
    --nuxeo-table-header-background: ${x.box};
    --nuxeo-table-items-background: ${x.box};
    --nuxeo-dropdown-list-background: ${x.box};
    --nuxeo-button-secondary-text: ${x.button};
    --nuxeo-button-disabled: ${x.disabled};
    --nuxeo-button-disabled-text: ${x.disabledText};
    --nuxeo-action-color-activated: ${x.activated};
    --nuxeo-warn-text: ${x.warn};
    --input-background: ${x.input};
    --secondary-text-color: ${x.quiet};`;

const all = `
  html {
    --nuxeo-app-font: 'Inter', Arial, sans-serif;
    --nuxeo-app-header: var(--nuxeo-text-default);
    --nuxeo-app-header-pill-hover: var(--nuxeo-primary-color);
    --nuxeo-app-header-pill-active: var(--nuxeo-secondary-color);
    --nuxeo-drawer-text: var(--nuxeo-text-default);
    --nuxeo-tag-text: var(--nuxeo-text-default);
    --nuxeo-grid-selected: var(--nuxeo-primary-color);
    --nuxeo-button: transparent;
    --nuxeo-button-primary: var(--nuxeo-primary-color);
    --nuxeo-button-primary-focus: var(--nuxeo-secondary-color);
    --nuxeo-button-primary-text: #ffffff;
    --nuxeo-link-color: var(--nuxeo-text-default);
    --nuxeo-link-hover-color: var(--nuxeo-primary-color);
    --nuxeo-container-hover: var(--nuxeo-page-background);
    --nuxeo-selection-toolbar-background: var(--nuxeo-primary-color);
    --nuxeo-selection-toolbar-text: #fff;
    --default-primary-color: var(--nuxeo-primary-color);
    --accent-color: var(--nuxeo-primary-color);
    --divider-color: var(--nuxeo-border);
    --paper-dialog-background-color: var(--nuxeo-box);
    --paper-dialog-color: var(--nuxeo-text-default);
    --paper-listbox-background-color: var(--nuxeo-box);
    --paper-listbox-color: var(--nuxeo-text-default);
    --paper-menu-button-dropdown-background: var(--nuxeo-box);
    --paper-input-container-color: var(--nuxeo-text-default);
    --paper-input-container-focus-color: var(--nuxeo-primary-color);
    --paper-input-container-input-color: var(--nuxeo-text-default);
    --paper-input-container-invalid-color: var(--nuxeo-warn-text);
    --paper-tooltip-background: #2b303b;
    --paper-tooltip-opacity: 1;
    --sim-quiet: color-mix(in srgb, var(--nuxeo-text-default) 76%, var(--nuxeo-box));
    --sim-edge: color-mix(in srgb, var(--nuxeo-text-default) 45%, var(--nuxeo-box));
    --sim-hover: color-mix(in srgb, var(--nuxeo-text-default) 7%, var(--nuxeo-box));
    --sim-mark: color-mix(in srgb, var(--nuxeo-primary-color) 55%, var(--nuxeo-text-default));
    --sim-fill: color-mix(in srgb, var(--nuxeo-primary-color) 78%, #000);
    font: 13px/1.5 var(--nuxeo-app-font);
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
    --nuxeo-actions-menu-main: { color: var(--sim-quiet); };
    --nuxeo-actions-menu-dropdown: {
      display: block; padding-right: 18px; white-space: nowrap; color: var(--nuxeo-text-default);
    };
    --nuxeo-dialog: { min-width: min(420px, 90vw); border: 1px solid var(--nuxeo-border); border-radius: 6px; };
    --nx-button-primary: { background: var(--nuxeo-button-primary); color: var(--nuxeo-button-primary-text); };
    --nx-button-primary-hover: { background: var(--nuxeo-button-primary-focus); };
    --nx-button-secondary: { color: var(--nuxeo-text-default); border: 1px solid var(--sim-edge); };
    --nx-button-secondary-hover: { background: var(--sim-hover); };
    --nx-button-disabled: { background: var(--nuxeo-button-disabled); color: var(--nuxeo-button-disabled-text); };
    --paper-menu-button-content: { border: 1px solid var(--nuxeo-border); };
    --paper-font-common-base: { font-family: var(--nuxeo-app-font); };
  }
`;

const kept = "theme"; // where Web UI keeps it, too

// chooseTheme is remembered in this browser; without a choice the system's holds.
export function chooseTheme(name) {
  localStorage.setItem(kept, name);
  document.documentElement.dataset.theme = name;
}

const system = matchMedia("(prefers-color-scheme: dark)");
const show = () =>
  (document.documentElement.dataset.theme = localStorage.getItem(kept) ?? (system.matches ? "dark" : "default"));
system.addEventListener("change", show);

const plain = document.createElement("style");
plain.textContent = Object.entries(themes).map(([name, x]) => `html[data-theme="${name}"] {${variables(x)}\n  }`)
  .join("\n") + all;
const custom = document.createElement("template");
custom.innerHTML = `<custom-style><style is="custom-style">${mixins}</style></custom-style>`;
document.head.append(plain, document.importNode(custom.content, true));
show();
