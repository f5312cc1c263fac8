// A repository page in the manner of Nuxeo Web UI, built with Nuxeo's own
// elements: what a package contributes meets the same slots, filters, menus and
// events here as there. It is part of the simulator, not of the product.
//
// The order of the imports counts: globals first, as Nuxeo's elements read and
// extend them while they load.
import "./globals.js";
import "./nuxeo.js";
import "./theme.js";
import "./router.js";
import "./items.js";
import "./contributions.js";
import "./toasts.js";
import "./tree.js";
import "./folder.js";
import "./document.js";
import "./permissions.js";
import "./history.js";
import "./browser.js";
import "./cloud.js";
import "./admin.js";
import "./app.js";
import { loadTexts } from "./texts.js";

// Web UI loads the bundles of packages when it has started; one that fails
// does not take the page with it.
async function loadBundles() {
  for (const name of Nuxeo.UI.bundles ?? []) {
    try {
      await import(new URL(`${name}.bundle.js`, document.baseURI).href);
    } catch (error) {
      console.error(`the bundle ${name} failed`, error);
    }
  }
}

// As there, neither waits for the other.
await Promise.all([loadTexts(), loadBundles()]);
