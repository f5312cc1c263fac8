// Serves the stories: every page and dialog with canned data and no connector.
import { readFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../ui/dist/stories/", import.meta.url));
const types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8" };

/** A server of the stories on a free port; close it when done. */
export async function serveStories() {
  const server = http.createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://x");
    const name = pathname === "/" ? "index.html" : path.basename(pathname);
    try {
      const body = await readFile(path.join(folder, name));
      response.setHeader("Content-Type", types[path.extname(name)] ?? "application/octet-stream");
      response.end(body);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${server.address().port}`, close: () => (server.closeAllConnections(), server.close()),
  };
}
