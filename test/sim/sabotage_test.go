package sim

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/need"
)

// sabotage is a protection that is taken out of the product. Each replacement
// must match exactly once: when the code changes, this list follows it.
type sabotage struct {
	name string
	// hint is a seed that noticed it once, tried first.
	hint uint64
	cuts []cut
}

type cut struct{ file, from, to string }

// The replacements look at a variable of the environment, so that one program
// serves all of them.
const asked = `os.Getenv("SIM_SABOTAGE") == `

var sabotages = []sabotage{
	{"look before create", 728, []cut{
		{
			"internal/ingest/attach.go", `	if r.Job.Intent != nil { // we may have done it already`,
			`	if r.Job.Intent != nil && !(` + asked + `"look before create") {`,
		},
		{"internal/ingest/attach.go", `IdempotencyKey: r.Task.Key(`, `IdempotencyKey: sabotagedKey() + r.Task.Key(`},
		{
			"internal/ingest/attach.go", `func (s *Service) post(`,
			`func sabotagedKey() string {
	if ` + asked + `"look before create" {
		return rand.Text()
	}
	return ""
}

func (s *Service) post(`,
		},
		{"internal/ingest/attach.go", "import (\n", "import (\n\t\"crypto/rand\"\n\t\"os\"\n"},
	}},
	{"generation check", 3, []cut{
		{
			"internal/work/settle.go",
			"`UPDATE items SET updated = $1 WHERE id = $2 AND generation = $3\n\t\t\tAND state = " +
				"'running'`,\n\t\t\tstore.Millis(e.now()), t.ID, t.Generation)",
			"sabotagedFence(), store.Millis(e.now()), t.ID, t.Generation)",
		},
		{
			"internal/work/settle.go", "// fenced runs fn only",
			"func sabotagedFence() string {\n\tif " + asked +
				"\"generation check\" {\n\t\treturn `UPDATE items SET updated = $1 WHERE id = $2 AND $3 > 0`\n\t}\n" +
				"\treturn `UPDATE items SET updated = $1 WHERE id = $2 AND generation = $3 AND state = " +
				"'running'`\n}\n\n// fenced runs fn only",
		},
		{"internal/work/settle.go", "import (\n", "import (\n\t\"os\"\n"},
		{
			"internal/work/lease.go",
			"`UPDATE items SET lease_until = $1 WHERE id = $2 AND generation = $3\n\t\t\tAND state = 'running'",
			"sabotagedLease()+`",
		},
		{
			"internal/work/lease.go", "func (e *Engine) renew(",
			"func sabotagedLease() string {\n\tif " + asked + "\"generation check\" {\n\t\treturn `UPDATE items SET " +
				"lease_until = $1 WHERE id = $2 AND $3 > 0`\n\t}\n" +
				"\treturn `UPDATE items SET lease_until = $1 WHERE id = $2 AND generation = $3 AND state = " +
				"'running'`\n}\n\nfunc (e *Engine) renew(",
		},
		{"internal/work/lease.go", "import (\n", "import (\n\t\"os\"\n"},
	}},
	{"size check", 52, []cut{
		{
			"internal/ingest/content.go", "	if b == nil || b.Length != j.File.length() {",
			"	if b == nil || b.Length != j.File.length() && !(" + asked + "\"size check\") {",
		},
		{"internal/ingest/content.go", "import (\n", "import (\n\t\"os\"\n"},
	}},
	{"check-in before update", 162, []cut{
		{"internal/ingest/version.go", "import (\n", "import (\n\t\"os\"\n"},
		{
			"internal/ingest/version.go", "	if b == nil {\n		return nil, nil\n	}\n",
			"	if b == nil || " + asked + "\"check-in before update\" {\n		return nil, nil\n	}\n",
		},
	}},
	{"replay window", 9, []cut{
		{
			"internal/web/action.go", "only(r.Header, v4.SignatureHeader), s.Now(), secret)",
			"only(r.Header, v4.SignatureHeader), sabotagedNow(s, r), secret)",
		},
		{
			"internal/web/action.go", "// only is the value",
			"func sabotagedNow(s *Server, r *http.Request) time.Time {\n\tif seconds, err := " +
				"strconv.ParseInt(only(r.Header, v4.TimestampHeader), 10, 64); err == nil && " +
				asked + "\"replay window\" {\n\t\treturn time.Unix(seconds, 0)\n\t}\n\treturn s.Now()\n}\n\n// only " +
				"is the value",
		},
		{"internal/web/action.go", "import (\n", "import (\n\t\"os\"\n\t\"strconv\"\n"},
	}},
	{"unlock after a push", 70_000, []cut{
		{
			"internal/push/lock.go", "	if err != nil || !p.ownsLock(doc) {\n",
			"	if err != nil || !p.ownsLock(doc) || " + asked + "\"unlock after a push\" {\n",
		},
	}},
	{"respect for a lock that is not ours", 70_164, []cut{
		{
			"internal/push/lock.go", "	to := Own\n", "	to := Own\n	if " + asked +
				"\"respect for a lock that is not ours\" {\n		to = Ours\n	}\n",
		},
		{"internal/push/lock.go", "import (\n", "import (\n\t\"os\"\n"},
	}},
	{"a document follows its asset onto a stack", 80_042, []cut{
		{
			"internal/foldersync/assetitem.go", "	case st.New && st.ownDocument()",
			"	case !(" + asked + "\"a document follows its asset onto a stack\") && st.New && st.ownDocument()",
		},
		{"internal/foldersync/assetitem.go", "import (\n", "import (\n\t\"os\"\n"},
	}},
	{"a question before everything goes", 80_135, []cut{
		{
			"internal/foldersync/losses.go", "	if one.Sure || lost",
			"	if " + asked + "\"a question before everything goes\" || one.Sure || lost",
		},
		{"internal/foldersync/losses.go", "import (\n", "import (\n\t\"os\"\n"},
	}},
	{"a renamed folder is the same", 80_122, []cut{
		{
			"internal/foldersync/folders.go", "	if e.Document != \"\" {\n		e.Document, err = r.renameAndMove",
			"	if " + asked + "\"a renamed folder is the same\" && c.had.Name != c.Name {\n		e.Document = " +
				"\"\"\n	}\n	if e.Document != \"\" {\n		e.Document, err = r.renameAndMove",
		},
		{"internal/foldersync/folders.go", "	if len(found) > 0 {", "	if len(found) > 0 && !(" + asked +
			"\"a renamed folder is the same\") {"},
		{"internal/foldersync/folders.go", "import (\n", "import (\n\t\"os\"\n"},
	}},
	{"a look before documents without content are made", 85_065, []cut{
		{"internal/foldersync/bulk.go", "		if existing[s.lookupKey()] !=", "		if !(" + asked +
			"\"a look before documents without content are made\") && existing[s.lookupKey()] !="},
		{
			"internal/foldersync/bulk.go", "r.t.Key(\"create\", s.link.ID),",
			"r.t.Key(\"create\", s.link.ID)+sabotagedOnce(),",
		},
		{
			"internal/foldersync/bulk.go", "// createAll writes", "func sabotagedOnce() string {\n	if " + asked +
				"\"a look before documents without content are made\" {\n		return " +
				"rand.Text()\n	}\n	return \"\"\n}\n\n// createAll writes",
		},
		{"internal/foldersync/bulk.go", "import (\n", "import (\n\t\"crypto/rand\"\n\t\"os\"\n"},
	}},
	{"what is being uploaded is there", 88_059, []cut{
		{
			"internal/foldersync/scan.go", "	s.metadata = \"\"\n	var rows []seenRow\n",
			"	if " + asked + "\"what is being uploaded is there\" {\n		return nil, nil\n	}\n	" +
				"s.metadata = \"\"\n	var rows []seenRow\n",
		},
		{"internal/foldersync/scan.go", "import (\n", "import (\n\t\"os\"\n"},
		{"internal/foldersync/deletions.go", "import (\n", "import (\n\t\"os\"\n"},
		{
			"internal/foldersync/deletions.go", "err == nil && notReadyReason(f) == \"\" && !r.isSelected(f) {",
			"err == nil && (notReadyReason(f) == \"\" || " + asked +
				"\"what is being uploaded is there\") && !r.isSelected(f) {",
		},
	}},
	{"a stack keeps its document", 88_093, []cut{
		{
			"internal/ingest/inherit.go", "	default:\n		return false, err\n",
			"	default:\n		return err == nil && " + asked + "\"a stack keeps its document\", err\n",
		},
		{"internal/ingest/inherit.go", "import (\n", "import (\n\t\"os\"\n"},
	}},
	{"a look where else it may be", 488_825, []cut{
		{
			"internal/foldersync/deletions.go", "		above, err = r.parentOf(ctx, above)\n",
			"		if above, err = r.parentOf(ctx, above); " + asked + "\"a look where else it may be\" || " + asked +
				"\"what is being uploaded is there\" {\n			above = \"\"\n		}\n",
		},
	}},
	{"nothing is told before it is so", 151, []cut{
		{
			"internal/work/settle.go", "	var due int64\n	var added []string\n	err := e.fenced(",
			"	if len(p.items) > 0 && " + asked + "\"nothing is told before it is so\" {\n" +
				"		var early []string\n		if err := e.fenced(ctx, t, func(tx *sql.Tx) (err error) { " +
				"early, " +
				"err = e.Add(ctx, tx, p.items...); return err }); err != nil {\n			return err\n		}\n" +
				"		p.items = nil\n		e.Wake(early...)\n		time.Sleep(500 * " +
				"time.Millisecond)\n	}\n	var due int64\n	var added []string\n	err := e.fenced(",
		},
		{
			"internal/publish/owner.go", "	n.NotBefore = t.Now().Add(w.Engine.DefaultWait())\n",
			"	if " + asked + "\"nothing is told before it is so\" " +
				"{\n		t.AddWaiting(n)\n		return\n	}\n" +
				"	n.NotBefore = t.Now().Add(w.Engine.DefaultWait())\n",
		},
		{"internal/publish/owner.go", "import (\n", "import (\n\t\"os\"\n"},
	}},
	{"id of a file before its bytes", 70_293, []cut{
		{
			"internal/push/create.go", "	r.st.File, r.st.MediaType, r.st.Began",
			"	if " + asked + "\"id of a file before its bytes\" {\n" +
				"		src := &blob{nx: r.nx.Over(r.Blobs), document: r.p.Document, piece: r.st.Piece}\n" +
				"		dst := &sink{http: r.Parts, parts: up.Parts, mediaType: up.MediaType}\n" +
				"		if _, _, err := transfer.Run(ctx, planOf(up.Parts), transfer.State{}, src, dst, " +
				"r.options(src, checkpoint{})); err != nil {\n			return err\n		}\n	}\n" +
				"	r.st.File, r.st.MediaType, r.st.Began",
		},
		{
			"internal/push/create.go", "import (\n",
			"import (\n\t\"os\"\n\n\t\"github.com/nuxeo-frameio/nuxeo-frameio/internal/transfer\"\n",
		},
	}},
}

// overlay writes the mutated files and the list that `go test -overlay` takes.
func overlay(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}

	changed, order := map[string]string{}, []string{}
	for _, s := range sabotages {
		for _, c := range s.cuts {
			text, known := changed[c.file]
			if !known {
				b, err := os.ReadFile(filepath.Join(root, c.file))
				if err != nil {
					t.Fatal(err)
				}
				text = string(b)
				order = append(order, c.file)
			}

			if n := strings.Count(text, c.from); n != 1 {
				t.Fatalf("sabotage %q, this in %s: got %d, want 1; bring the list up to date:\n%s",
					s.name, c.file, n, c.from)
			}

			changed[c.file] = strings.Replace(text, c.from, c.to, 1)
		}
	}

	list := struct{ Replace map[string]string }{map[string]string{}}
	dir := t.TempDir()
	for i, file := range order {
		to := filepath.Join(dir, fmt.Sprintf("%d.go", i))
		if err := os.WriteFile(to, []byte(changed[file]), 0o600); err != nil {
			t.Fatal(err)
		}
		list.Replace[filepath.Join(root, file)] = to
	}

	b, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}

	path := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}

	return path
}

// count is for the figures in doc/reliability.md.
var count = flag.Bool("count", false, "with TestSabotageIsNoticed: run all seeds and count those that fail")

// sabotagedSeeds are among those that make test runs.
const sabotagedSeeds = 300

var (
	failedSeed = regexp.MustCompile(`-seed (\d+)`)
	whatFailed = regexp.MustCompile(`(?m)^\s+sim_test\.go:\d+: (.*)$`)
)

// The simulation has teeth: without each of these protections of the product its
// seeds fail, and say of which promise.
func TestSabotageIsNoticed(t *testing.T) {
	if testing.Short() || *one != 0 {
		need.Skip(t, "it builds the program anew")
	}

	t.Parallel()
	program := filepath.Join(t.TempDir(), "sabotaged.test")
	if out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-overlay", overlay(t), "-o", program, ".").
		CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}

	for _, s := range sabotages {
		t.Run(s.name, func(t *testing.T) {
			began := time.Now()
			play := func(args ...string) ([]byte, error) {
				run := exec.CommandContext(t.Context(), program,
					append([]string{"-test.run", "TestSeeds$", "-stop"}, args...)...)
				run.Env = append(os.Environ(), "SIM_SABOTAGE="+s.name)
				return run.CombinedOutput()
			}
			if *count {
				// it says what it is by what it prints
				out, _ := play("-stop=false", "-seeds", fmt.Sprint(sabotagedSeeds))
				caught := map[string]bool{}
				for _, m := range failedSeed.FindAllSubmatch(out, -1) {
					caught[string(m[1])] = true
				}
				t.Logf("without the %s %d seeds fail: %v", s.name, len(caught), slices.Sorted(maps.Keys(caught)))
				return
			}

			out, err := play("-seed", fmt.Sprint(s.hint))
			for tries := 0; err == nil && tries < 20; tries++ { // which goroutine comes first may differ
				out, err = play("-seed", fmt.Sprint(s.hint))
			}

			if err == nil {
				out, err = play("-seeds", fmt.Sprint(sabotagedSeeds), "-first", fmt.Sprint(s.hint/10_000*10_000+1))
			}

			seed, what := failedSeed.FindSubmatch(out), whatFailed.FindSubmatch(out)
			if err == nil || seed == nil || what == nil {
				t.Fatalf("without the %s: got no seed that runs and fails (%v), want one:\n%.2000s",
					s.name, err, out)
			}

			t.Logf("without the %s: seed %s after %v: %s", s.name, seed[1],
				time.Since(began).Round(time.Second), what[1])
		})
	}
}
