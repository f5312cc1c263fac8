// Texts come from where the package has added its own. A language is laid over
// English, as not every key is in every language.
const folder = "i18n/";

async function read(name) {
  const response = await fetch(folder + name);
  return response.ok ? response.json() : {};
}

export async function loadTexts() {
  const language = navigator.language.split("-")[0];
  const own = language === "en" ? {} : await read(`messages-${language}.json`);
  const I18n = window.nuxeo.I18n;
  I18n.language = language;
  I18n[language] = { ...(await read("messages.json")), ...own };
  I18n.translate = I18n.translate.bind(null); // another function, so that bindings see a change
  document.documentElement.lang = language;
  document.dispatchEvent(new Event("i18n-locale-loaded"));
}
