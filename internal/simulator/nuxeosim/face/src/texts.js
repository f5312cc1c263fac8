// Texts come as in Web UI, by the resolver of Nuxeo's own elements: one file for the
// language of the browser, and English only when there is none. A key that is not in
// the file shows itself.
import { XHRLocaleResolver } from "@nuxeo/nuxeo-ui-elements/nuxeo-i18n-behavior.js";

export async function loadTexts() {
  const I18n = window.nuxeo.I18n;
  I18n.language = navigator.language || "en";
  I18n.localeResolver = XHRLocaleResolver(new URL("i18n", document.baseURI).href);
  await I18n.loadLocale();
  document.documentElement.lang = I18n.language;
}
