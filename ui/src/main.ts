// The one module that our own pages and Nuxeo Web UI load.

import "./app.js";
import "./admin-page.js";
import "./bind-action.js";
import "./gone.js";
import "./push-action.js";
import "./sync-action.js";
import "./sync-tab.js";
import { completeTexts } from "./i18n.js";
import { contribute, inWebUI } from "./webui.js";

if (inWebUI()) {
  completeTexts(); // before the elements that translate the labels of what is contributed
  contribute();
}
