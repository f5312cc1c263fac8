package app

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

// update writes the page anew instead of comparing it.
var update = flag.Bool("update-flows", false, "write doc/flows.md")

const flowsPage = "../../doc/flows.md"

// The page of the flows has each step as the program has it, and each step says why it may be repeated.
func TestFlowsAreInTheirPage(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(flowsPage)
	if err != nil {
		t.Fatal(err)
	}

	head, _, ok := strings.Cut(string(b), "\n## ")
	if !ok {
		t.Fatalf("%s: got no flows, want a heading before each", flowsPage)
	}

	var want strings.Builder
	want.WriteString(head)
	for _, k := range (&App{}).kinds() {
		fmt.Fprintf(&want, "\n## `%s`\n\n| step | does | safe to repeat because |\n|---|---|---|\n", k.name)
		for _, s := range k.worker.Steps() {
			name := "(first)"
			if s.Name != "" {
				name = "`" + s.Name + "`"
			}
			if s.Does == "" || s.Repeat == "" {
				t.Errorf("step %s of %s: got Does %q, Repeat %q, want both said", name, k.name, s.Does, s.Repeat)
			}
			fmt.Fprintf(&want, "| %s | %s | %s |\n", name, s.Does, s.Repeat)
		}
	}

	if *update {
		if err := os.WriteFile(flowsPage, []byte(want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}

	if string(b) != want.String() {
		t.Errorf("%s is\n%s\nwant\n%s\n(go test ./internal/app -run Flows -update-flows writes it)",
			flowsPage, b, want.String())
	}
}

// The steps of a kind have different names: an item has nothing but the name.
func TestStepsHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	for _, k := range (&App{}).kinds() {
		seen := map[string]bool{}
		for _, s := range k.worker.Steps() {
			if seen[s.Name] {
				t.Errorf("steps of %s named %q: got two, want one", k.name, s.Name)
			}
			seen[s.Name] = true
		}
	}
}
