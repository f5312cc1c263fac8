package process

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testclient"
)

// cluster is several nodes on one PostgreSQL.
type cluster struct {
	*systems
	flags []string
	seeds map[string]*pattern.Content // by the document's title
	first *plant
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	key := base64.StdEncoding.EncodeToString([]byte("the key that all nodes have: 32b"))
	c := &cluster{systems: newSystems(t), seeds: map[string]*pattern.Content{}}
	c.flags = []string{"--database", pg.Database(t), "--encryption-key", key, "--session-ttl", "1h"}
	c.first = c.node(binary)
	// the others are nodes of the same installation
	c.flags = append(c.flags, "--public-url", "http://"+c.first.address)
	c.first.bind()
	return c
}

// node starts one more node.
func (c *cluster) node(binary string) *plant {
	c.t.Helper()
	p := newPlant(c.systems, c.flags...)
	p.binary = binary
	p.start()
	return p
}

// files adds files of a size, each with bytes of its own.
func (c *cluster) files(n int, size int64) (ids []string) {
	for range n {
		title := fmt.Sprintf("film %d", len(c.seeds))
		c.seeds[title] = pattern.New(uint64(len(c.seeds)+10), size)
		ids = append(ids, c.frameio.AddFile(c.root, title+".mov", c.seeds[title]))
	}
	return ids
}

func (c *cluster) publish(d *testclient.Driver, files ...string) (interaction string) {
	c.t.Helper()
	interaction, err := d.Publish(c.t.Context(), files...)
	if err != nil {
		c.t.Fatal(err)
	}
	return interaction
}

func (c *cluster) at(p *plant) *testclient.Driver {
	c.t.Helper()
	return c.first.driver.At("http://" + p.address)
}

// settled waits for interactions and compares everything.
func (c *cluster) settled(d *testclient.Driver, interactions ...string) {
	c.t.Helper()
	for _, i := range interactions {
		if _, err := d.Settle(c.t.Context(), i); err != nil {
			c.t.Fatal(err)
		}
	}

	docs := c.nuxeo.Children(c.folder)
	if len(docs) != len(c.seeds) {
		c.t.Errorf("%d documents for %d assets, want as many", len(docs), len(c.seeds))
	}

	for _, d := range docs {
		if err := equal(c.nuxeo, d, c.seeds[d.Title]); err != nil {
			c.t.Errorf("the content of %s: %v", d.Title, err)
		}
		if v := c.nuxeo.Versions(d.UID); len(v) > 1 {
			c.t.Errorf("%s has %d versions, want at most 1", d.Title, len(v))
		}
	}

	if n := c.nuxeo.FilledBatches(); n != 0 {
		c.t.Errorf("%d upload batches are left, want none", n)
	}
}

// takeOver is how soon another node must have what a node left behind.
const takeOver = 30 * time.Second

// A node is killed, or stopped in the middle of everything, while it holds items:
// the other has them within half a minute, and what the stopped one does when it
// wakes up harms nothing.
func TestNodeIsLost(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "stopped": syscall.SIGSTOP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			slow := c.frameio.Faults().Add(faults.Rule{Path: "^/assets/", BytesPerSecond: 1 << 20})
			i := c.publish(&c.first.driver, c.files(4, 12<<20)...)
			c.running(&c.first.driver, i, 4)
			other := c.node(binary)
			if err := c.first.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}

			lost := time.Now()
			slow()
			c.settled(c.at(other), i)
			t.Logf("%s: everything was done %s after the node was lost", name, time.Since(lost).Round(time.Second))
			if took := time.Since(lost); took > takeOver+15*time.Second {
				t.Errorf("taking over and finishing took %s, want at most %s", took, takeOver+15*time.Second)
			}

			if sig == syscall.SIGSTOP {
				_ = c.first.cmd.Process.Signal(syscall.SIGCONT)
				// It works again, and on nothing that is done.
				c.settled(&c.first.driver, c.publish(&c.first.driver, c.files(1, 1000)...), i)
			}
		})
	}
}

func (c *cluster) running(d *testclient.Driver, interaction string, n int) {
	c.t.Helper()
	if err := d.Until(c.t.Context(), interaction, func(state string, moved int64) bool {
		return state == "running" && moved > 0
	}, n); err != nil {
		c.t.Fatal(err)
	}
}

// Nodes of three versions, each with a schema that the one before does not know,
// work side by side while items are under way; then the oldest comes back.
func TestRollingUpgrade(t *testing.T) {
	t.Parallel()
	next, afterNext := newer(t, 1), newer(t, 2)
	c := newCluster(t)
	c.frameio.Faults().Add(faults.Rule{Path: "^/assets/", BytesPerSecond: 2 << 20})
	began := c.publish(&c.first.driver, c.files(6, 4<<20)...)
	c.running(&c.first.driver, began, 1)
	second := c.node(next)
	between := c.publish(&c.first.driver, c.files(3, 4<<20)...) // the old one accepts on the new schema
	c.first.stop()
	third := c.node(afterNext)
	late := c.publish(c.at(second), c.files(3, 4<<20)...)
	second.stop()
	c.settled(c.at(third), began, between, late)
	third.stop()
	c.first.start() // a step back
	c.settled(&c.first.driver, c.publish(&c.first.driver, c.files(1, 1000)...))
}

// newer builds the program with so many migrations more than there are.
func newer(t *testing.T, more int) string {
	t.Helper()
	dir := t.TempDir()
	there, err := filepath.Glob("../../internal/store/migrations/*.sql")
	if err != nil || len(there) == 0 {
		t.Fatalf("%d migrations, %v; want some", len(there), err)
	}

	newest, err := strconv.Atoi(filepath.Base(slices.Max(there))[:5])
	if err != nil {
		t.Fatal(err)
	}

	replace := map[string]string{}
	for v := newest + 1; v <= newest+more; v++ {
		name := fmt.Sprintf("%05d_next.sql", v)
		text := strings.ReplaceAll("-- +goose Up\nALTER TABLE items ADD COLUMN of_VERSION TEXT NOT NULL DEFAULT "+
			"'';\nCREATE TABLE of_VERSION (id TEXT PRIMARY KEY);\n"+
			"-- +goose Down\nDROP TABLE of_VERSION;\nALTER TABLE items DROP COLUMN of_VERSION;\n",
			"VERSION", fmt.Sprint(v))
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}

		place, err := filepath.Abs("../../internal/store/migrations/" + name)
		if err != nil {
			t.Fatal(err)
		}

		replace[place] = filepath.Join(dir, name)
	}

	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}

	file, to := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "nuxeo-frameio")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}

	if err := build(to, "-overlay", file); err != nil {
		t.Fatal(err)
	}

	return to
}
