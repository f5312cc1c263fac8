package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// limit is what `make test` may take on two idle cores.
const limit = 8 * 60

// The shares of a lane are within the limit, and those of all lanes within what two
// processors give in that time.
func TestSharesFitTheLimit(t *testing.T) {
	t.Parallel()
	lanes, cpu := map[int]float64{}, 0.0
	for _, p := range testParts() {
		lanes[p.lane] += p.wall
		cpu += p.cpu
		if p.cpu == 0 || p.wall == 0 {
			t.Errorf("part %q: got %v of CPU and %v of time, want a share of both", p.name, p.cpu, p.wall)
		}
	}

	for lane, wall := range lanes {
		if wall > limit {
			t.Errorf("lane %d has %v seconds, want at most %d", lane, wall, limit)
		}
	}

	if cpu > 2*limit {
		t.Errorf("all parts have %v seconds of processors, want at most %d", cpu, 2*limit)
	}
}

func TestAPartOverItsShareFails(t *testing.T) {
	t.Parallel()
	p := part{name: "scenes", cpu: 100, wall: 60}
	for _, c := range []struct {
		name       string
		cpu, wall  float64
		others     float64
		speed      float64
		complaints string
	}{
		{"within", 100, 60, 0, 1, ""},
		{"half as much again", 150, 90, 0, 1, ""},
		{"too much of the processors", 170, 60, 0, 1, "of processors"},
		{"too much of the processors on a busy machine", 170, 60, 0.5, 1, "of processors"},
		{"too long", 100, 120, 0, 1, "its share is 1m0s"},
		{"too long on a busy machine", 100, 120, 0.5, 1, ""},
		{"a slow machine", 250, 150, 0, 2, ""},
	} {
		err := result{part: p, tookCPU: c.cpu, tookWall: c.wall}.over(use{others: c.others}, c.speed)
		if c.complaints == "" && err != nil || c.complaints != "" &&
			(err == nil || !strings.Contains(err.Error(), c.complaints)) {
			t.Errorf("%s: got %v, want a complaint with %q", c.name, err, c.complaints)
		}
	}
}

// What go test says becomes counts; what was left out without permission is an error.
func TestEventsAreCounted(t *testing.T) {
	t.Parallel()
	s := &suite{mode: "test", tests: map[string]time.Duration{}}
	r := reader{suite: s, output: map[string][]string{}, parents: map[string]bool{}}
	for _, line := range []string{
		`{"Action":"pass","Package":"p","Test":"TestA/one","Elapsed":1}`,
		`{"Action":"pass","Package":"p","Test":"TestA","Elapsed":1}`,
		`{"Action":"output","Package":"p","Test":"TestB","Output":"    why it was left out\n"}`,
		`{"Action":"skip","Package":"p","Test":"TestB"}`,
		`{"Action":"skip","Package":"p","Test":"TestContract"}`,
		`{"Action":"fail","Package":"p","Test":"TestC","Elapsed":2}`,
		`{"Action":"fail","Package":"p"}`,
	} {
		r.line(line)
	}

	if s.passed != 2 || s.failed != 1 || s.skipped != 2 {
		t.Errorf("%d passed, %d failed, %d skipped; want 2, 1, 2", s.passed, s.failed, s.skipped)
	}

	if len(s.errs) != 1 || !strings.Contains(s.errs[0].Error(), "TestB was left out") {
		t.Errorf("errors %v, want that TestB was left out", s.errs)
	}

	if _, ok := s.tests["p TestA"]; ok || s.tests["p TestA/one"] != time.Second {
		t.Errorf("times %v, want those of leaves", s.tests)
	}
}

// Statements that PostgreSQL is never given are not prepared there.
func TestForeignStatements(t *testing.T) {
	t.Parallel()
	all := []string{
		"PRAGMA quick_check(1)", "SELECT 1", "INSERT INTO goose_db_version VALUES (1)",
		"/* x */ SELECT * FROM river_job", "UPDATE items SET state = $1",
	}

	got := slices.DeleteFunc(all, foreign.MatchString)
	if want := []string{"SELECT 1", "UPDATE items SET state = $1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A test that is left out by its name is in the part, lest a pattern leave out nothing, or what is called so by chance.
func TestWhatIsLeftOutExists(t *testing.T) {
	t.Parallel()
	leftOut := 0
	for _, p := range append(testParts(), quickParts()...) {
		args := append(slices.Clone(p.run), p.thin...)
		i := slices.Index(args, "-skip")
		if i < 0 {
			continue
		}

		code := codeOf(t, p.packages)
		for name := range strings.SplitSeq(strings.NewReplacer("^", "", "$", "").Replace(args[i+1]), "|") {
			leftOut++
			top, _, _ := strings.Cut(name, "/")
			if !regexp.MustCompile(`(?m)^func ` + top + `\(`).MatchString(code) {
				t.Errorf("%s: got no %s to be left out, want it", p.name, top)
			}
		}
	}

	if leftOut == 0 {
		t.Error("nothing is left out, want the patterns found")
	}
}

// codeOf is that of the tests of some packages.
func codeOf(t *testing.T, packages []string) string {
	t.Helper()
	var code strings.Builder
	for _, pkg := range packages {
		files, err := filepath.Glob(filepath.Join("../..", pkg, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(text)
		}
	}

	return code.String()
}

// What several programs used of the contract is used, whichever of them did.
func TestCoverageIsSummedUp(t *testing.T) {
	t.Parallel()
	s := &suite{contract: filepath.Join(t.TempDir(), "contract")}
	if sum, err := s.coverage(); sum != nil || err != nil {
		t.Errorf("when nobody has told: got %v, %v; want nothing", sum, err)
	}

	lines := `{"total":3,"unused":["b","c"]}` + "\n" + `{"total":3,"unused":["a","c"]}` + "\n"
	if err := os.WriteFile(s.contract, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}

	sum, err := s.coverage()
	if want := "contract: 2 of 3 operations used, all requests and answers valid"; err != nil || sum.String() != want {
		t.Errorf("got %q, %v; want %q", sum, err, want)
	}
}
