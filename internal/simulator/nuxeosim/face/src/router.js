// Addresses as Web UI has them: #!/doc/{uid}, #!/browse/{path}, #!/admin/{page},
// each document with ?p={tab}.
import { setRouter } from "@nuxeo/nuxeo-ui-elements/nuxeo-routing-behavior.js";

const tab = (page) => (page && page !== "view" ? `?p=${encodeURIComponent(page)}` : "");
const encoded = (path) => path.split("/").map(encodeURIComponent).join("/");

export const router = {
  baseUrl: Nuxeo.UI.app.baseUrl,
  useHashbang: true,
  home: () => "/home",
  browse: (path, page) => `/browse${encoded(path)}${tab(page)}`,
  document: (ref, page) => (ref.startsWith("/") ? router.browse(ref, page) : `/doc/${ref}${tab(page)}`),
  administration: (page) => `/admin/${page}`,
  user: (name) => `/user/${encodeURIComponent(name)}`,
  navigate: (path) => {
    location.hash = `!${path}`;
  },
};
Nuxeo.UI.app.router = router;
setRouter(router);

// start is where people begin: what they work with is below it.
const start = "/default-domain/workspaces";

export function current() {
  const [path, query] = decodeURI(location.hash).replace(/^#!?/, "").split("?");
  const steps = path.split("/").filter(Boolean);
  const page = new URLSearchParams(query).get("p") || "view";
  switch (steps[0]) {
    case "doc":
      return { name: "browse", uid: steps.at(-1), page };
    case "browse":
      return { name: "browse", path: "/" + steps.slice(1).map(decodeURIComponent).join("/"), page };
    case "admin":
      return { name: "admin", page: steps[1] || "cloud-services" };
  }
  return { name: "browse", path: start, page };
}

// showTab says in the address which tab is open; it is no step in the history.
export function showTab(page) {
  const [path] = location.hash.split("?");
  history.replaceState(null, "", (path || `#!${router.browse(start)}`) + tab(page));
}
