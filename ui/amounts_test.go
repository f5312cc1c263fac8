package ui

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// written bundles the module that writes sizes and has it write those of its input.
const written = `
import { readFileSync } from "node:fs";
import esbuild from "esbuild";
const entry = 'export { size } from "./src/format.ts"; export { language } from "./src/i18n.ts";';
const built = await esbuild.build({ stdin: { contents: entry, resolveDir: process.cwd() }, bundle: true, write: false, format: "esm" });
globalThis.window = { nuxeo: { I18n: { language: "en" } } };
const m = await import("data:text/javascript;base64," + Buffer.from(built.outputFiles[0].text).toString("base64"));
const { sizes, numbers } = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify({ sizes: sizes.map(([n]) => [n, m.size(n)]), numbers: numbers.map(([n]) => [n, n.toLocaleString(m.language())]) }));
`

// Pages write sizes and numbers as mails and the command line do.
func TestPagesWriteAmountsLikeMails(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../internal/plain/testdata/amounts.json")
	if err != nil {
		t.Fatal(err)
	}

	in, err := os.Open("../internal/plain/testdata/amounts.json")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()

	cmd := exec.CommandContext(t.Context(), "node", "--input-type=module", "-e", written)
	cmd.Stdin = in
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("formatting the amounts by the pages' script: %v: %s", err, err.(*exec.ExitError).Stderr)
	}

	var want, got struct{ Sizes, Numbers [][2]any }
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}

	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}

	for i, row := range want.Sizes {
		if got.Sizes[i] != row {
			t.Errorf("%.0f bytes are written %q, want %q", row[0], got.Sizes[i][1], row[1])
		}
	}

	for i, row := range want.Numbers {
		if got.Numbers[i] != row {
			t.Errorf("%.0f is written %q, want %q", row[0], got.Numbers[i][1], row[1])
		}
	}
}
