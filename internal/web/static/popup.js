// Tells the page that opened this window how connecting went. Only pages of the
// origins that the connector named can read it.
"use strict";
(() => {
  const main = document.querySelector("main[data-popup]");
  if (!main || !window.opener) return;
  const said = main.dataset;
  const message = { type: "nuxeo-frameio", connected: said.connected === "true" };
  for (const name of ["login", "name", "message", "remedy"]) {
    if (said[name]) message[name] = said[name];
  }
  for (const origin of said.popup.split(" ")) {
    window.opener.postMessage(message, origin);
  }
  if (message.connected) window.close();
})();
