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

// Copies the files of a folder whose names pass.
async function copyAll(from, to, passes = () => true) {
  await mkdir(at(to), { recursive: true });
  for (const name of (await readdir(at(from))).filter(passes)) await copyFile(at(from, name), at(to, name));
}

// What is not bundled lies beside the script. The simulated Nuxeo has the texts of
// Nuxeo's own elements, in all their languages.
async function files() {
  await copyAll("ui/messages", "ui/dist/messages");
  await copyAll(
    "node_modules/@nuxeo/nuxeo-ui-elements/i18n", "internal/simulator/nuxeosim/face/dist/i18n",
    (name) => name.endsWith(".json"),
  );
  await copyAll("ui/stories", "ui/dist/stories", (name) => name === "index.html");
  for (const { from, to } of styles) await copyFile(at(from), at(to));
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
