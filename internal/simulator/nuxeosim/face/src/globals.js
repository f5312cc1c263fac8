// Nuxeo's elements share one global: the REST client, which takes over the
// configuration that config.jsp put there before.
import "nuxeo/nuxeo.js";

Nuxeo.UI ??= {};
Nuxeo.UI.config ??= {};
Nuxeo.UI.app = { baseUrl: new URL(".", document.baseURI).pathname };

// Nothing is fetched from elsewhere.
window.polymerSkipLoadingFontRoboto = true;

// The animations of Polymer's menus were written for a draft of the standard.
document.timeline.play ??= (effect) => {
  const animation = new Animation(effect, document.timeline);
  animation.play();
  return animation;
};
