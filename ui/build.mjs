// Builds everything that runs in a browser: the elements (one ES module for our
// pages and for Nuxeo Web UI), and the faces of the simulators and the guide of
// the demo, which are not part of the product. `--watch` builds again on a change.
import { existsSync } from "node:fs";
import { readFile, writeFile, copyFile, mkdir, readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import path from "node:path";
import esbuild from "esbuild";
import openapi, { astToString } from "openapi-typescript";

const root = fileURLToPath(new URL("..", import.meta.url));
const at = (...parts) => path.join(root, ...parts);

// Each bundle: where it begins and where it goes.
const bundles = [
  { from: "ui/src/main.ts", to: "ui/dist/nuxeo-frameio.bundle.js" },
  { from: "ui/stories/stories.ts", to: "ui/dist/stories/stories.js" },
  { from: "internal/simulator/nuxeosim/face/src/main.js", to: "internal/simulator/nuxeosim/face/dist/face.js" },
  { from: "internal/simulator/frameiosim/face/src/main.ts", to: "internal/simulator/frameiosim/face/dist/face.js" },
  { from: "internal/demo/guide/src/main.ts", to: "internal/demo/guide/dist/guide.js" },
].filter((b) => existsSync(at(b.from)));

// The types of the REST interface come from its description.
async function types() {
  const description = new URL("../internal/web/api/openapi.yaml", import.meta.url);
  const text = astToString(await openapi(description));
  const file = at("ui/src/api.gen.d.ts");
  if (!existsSync(file) || (await readFile(file, "utf8")) !== text) await writeFile(file, text);
}

// Pages that have a style sheet of their own.
const styles = [
  { from: "internal/simulator/frameiosim/face/src/face.css", to: "internal/simulator/frameiosim/face/dist/face.css" },
  { from: "internal/demo/guide/src/guide.css", to: "internal/demo/guide/dist/guide.css" },
];

// What is not bundled lies beside the script.
async function files() {
  await mkdir(at("ui/dist/messages"), { recursive: true });
  for (const name of await readdir(at("ui/messages"))) await copyFile(at("ui/messages", name), at("ui/dist/messages", name));
  for (const { from, to } of styles.filter((s) => existsSync(at(s.from)))) await copyFile(at(from), at(to));
  await mkdir(at("ui/dist/stories"), { recursive: true });
  await copyFile(at("ui/stories/index.html"), at("ui/dist/stories/index.html"));
}

const options = ({ from, to }) => ({
  entryPoints: [at(from)],
  outfile: at(to),
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "eof",
  logLevel: "warning",
  tsconfigRaw: { compilerOptions: { experimentalDecorators: true, useDefineForClassFields: false } },
});

await types();
await files();
if (process.argv.includes("--watch")) {
  for (const b of bundles) await (await esbuild.context(options(b))).watch();
} else {
  await Promise.all(bundles.map((b) => esbuild.build(options(b))));
}
