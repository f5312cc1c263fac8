package main

import (
	"slices"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/need"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// part is a portion of the run: a command, or go test on some packages.
type part struct {
	name string
	// lane is which parts it follows: those of a lane run one after the other, the
	// lanes beside each other. One lane works while another waits.
	lane int
	// cpu and wall are its share of the whole time on two idle cores, in seconds;
	// see shares.go for what a part may take.
	cpu, wall float64

	command  []string // instead of go test
	packages []string // patterns of go list; none: those that no other part names
	run      []string // further arguments of go test
	thin     []string // the same, unless nothing is to be thinned out
	args     []string // arguments of the tests themselves, likewise
	env      []string
	memory   bool // temporary files are in memory: nothing in it is about a disk
	postgres bool // it runs on PostgreSQL
}

// module is what package paths begin with.
const module = "github.com/nuxeo-frameio/nuxeo-frameio/"

// modes are the runs that make knows.
var modes = map[string]func() []part{"test": testParts, "quick": quickParts, "all": allParts}

// storing are the packages with SQL of their own, whose tests run on PostgreSQL as
// well.
var storing = []string{
	"./internal/webhook", "./internal/event", "./internal/identity", "./internal/link", "./internal/review",
	"./internal/store", "./internal/work",
}

// scened are the packages whose tests lay beds: those of the features, and those that cross them.
var scened = []string{
	"./internal/binding", "./internal/copies", "./internal/foldersync", "./internal/metamap", "./internal/notify",
	"./internal/publish", "./internal/push", "./internal/reaction", "./internal/repair", "./test/e2e",
}

// testParts are those of `make test`: everything on SQLite; on PostgreSQL what has
// SQL of its own, the life of an installation, the web, the scenes, and three sweeps.
// The statements that SQLite was given are prepared on PostgreSQL.
func testParts() []part {
	return []part{
		{name: "packages", lane: 1, cpu: 210, wall: 290},
		{
			name: "scenes on PostgreSQL", lane: 1, cpu: 68, wall: 170, packages: scened,
			memory: true, postgres: true,
			thin: []string{"-skip", scenesOnce},
		},

		{name: "scenes", lane: 2, cpu: 155, wall: 310, packages: scened, memory: true},
		{
			name: "packages on PostgreSQL", lane: 2, cpu: 35, wall: 160,
			packages: append(slices.Clone(storing), "./test/lifecycle", "./test/upgrade"),
			run:      []string{"-skip", byFile}, postgres: true,
		},

		{name: "browser", lane: 3, cpu: 165, wall: 200, packages: []string{"./test/browser"}, memory: true},
		{name: "processes", lane: 3, cpu: 65, wall: 110, packages: []string{"./test/process", "./test/lifecycle"}},
		{
			name:     "simulation",
			lane:     3,
			cpu:      110,
			wall:     170,
			packages: []string{"./test/sim"},
			memory:   true,
			args:     []string{"-seeds", "32"},
		},

		{name: "checks", lane: 4, cpu: 95, wall: 240, command: []string{"make", "--no-print-directory", "check-here"}},
		{
			name:     "web on PostgreSQL",
			lane:     4,
			cpu:      25,
			wall:     130,
			packages: []string{"./internal/web", "./test/telemetry"},
			memory:   true,
			postgres: true,
			thin:     []string{"-skip", webOnce},
		},
		{
			name: "web", lane: 4, cpu: 30, wall: 100, packages: []string{"./internal/web", "./test/telemetry"},
			memory: true,
		},
	}
}

// quickParts are those of `make test-quick`: no PostgreSQL, no browser, no sweeps.
func quickParts() []part {
	without := []string{need.EnvWithout + "=" + need.Postgres + "," + need.Chromium}
	return []part{
		{name: "packages", lane: 1, cpu: 110, wall: 60, run: []string{"-short"}, env: without, memory: true},
		{
			name: "scenes", lane: 2, cpu: 60, wall: 40, packages: scened, memory: true,
			run: []string{"-short", "-skip", sweeps}, env: without,
		},
	}
}

// allParts are those of `make test-all`: nothing is thinned out, on either database.
func allParts() []part {
	parts := testParts()
	for i, p := range parts {
		parts[i].cpu, parts[i].wall = 0, 0 // it takes what it takes
		parts[i].thin, parts[i].args = nil, nil
		parts[i].env = append(p.env, testenv.EnvWhole+"=1")
		parts[i].run = append(slices.Clone(p.run), "-timeout", "60m")
	}
	return parts
}

// seconds is a duration for people.
func seconds(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(100 * time.Millisecond).String()
}
