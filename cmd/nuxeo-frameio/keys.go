package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

type keysCmd struct {
	List   keysList   `cmd:"" help:"List the keys of the key file and what each seals." default:"withargs"`
	Rotate keysRotate `cmd:"" help:"Add a new key, which seals from now on; the running connector notices and seals everything anew."`
	Retire keysRetire `cmd:"" help:"Remove keys that seal nothing any more."`
}

type keyFlags struct {
	Data     string `help:"Folder of the installation." default:"data" type:"path" placeholder:"FOLDER"`
	Database string `help:"Its postgres:// URL, if it has one." placeholder:"URL"`
}

func (f keyFlags) file() string { return filepath.Join(f.Data, "encryption.key") }

// used counts what each key seals.
func (f keyFlags) used(t *terminal) (map[string]int, error) {
	c := app.Config{Data: f.Data, Database: f.Database}
	db, err := store.Open(t.ctx, c.DatabaseAddress(), work.Migrate)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }() // it was only read
	return identity.KeysInUse(t.ctx, db, app.Sealed()...)
}

// record writes to the audit what was done, where the database is known.
func (f keyFlags) record(t *terminal, what, detail string) error {
	c := app.Config{Data: f.Data, Database: f.Database}
	if f.Database == "" && missingFile(c.DatabaseAddress()) {
		_, _ = fmt.Fprintln(t.err,
			"The audit does not tell of it: there is no database in the data folder. Give its address with --database.")
		return nil
	}

	// The file of keys and the database may be on two machines.
	db, err := store.Open(t.ctx, c.DatabaseAddress(), work.Migrate)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // everything is committed by then
	log, err := auditOf(t, db, nil, f.Data)
	if err != nil {
		return err
	}

	return log.Write(t.ctx, audit.Entry{Who: operator(), What: what, About: f.file(), Detail: detail})
}

type keysList struct{ keyFlags }

// Run lists keys by the start of their digest; keys themselves are never shown.
func (c *keysList) Run(t *terminal) error {
	names, err := identity.KeyNames(c.file())
	if err != nil {
		return err
	}

	used, err := c.used(t)
	if err != nil {
		return err
	}

	var rows [][]string
	for i, name := range names {
		rows = append(rows, []string{
			name, strconv.Itoa(used[name]), map[bool]string{true: "seals", false: "opens only"}[i == 0],
		})
	}

	return table(t, "", "KEY\tSEALED VALUES\tUSE", rows)
}

type keysRotate struct{ keyFlags }

// Run adds a key.
func (c *keysRotate) Run(t *terminal) error {
	name, err := identity.RotateKey(c.file())
	if err != nil {
		return err
	}

	if err := c.record(t, audit.KeysRotated, name); err != nil {
		return err
	}

	t.printf("The key %s seals from now on. Back up %s.\n", name, c.file())
	t.printf("The running connector seals what it holds anew within minutes, or at once with `nuxeo-frameio chore " +
		"keys`; then remove old keys with `nuxeo-frameio keys retire`.\n")
	return nil
}

type keysRetire struct{ keyFlags }

// Run removes keys that seal nothing.
func (c *keysRetire) Run(t *terminal) error {
	used, err := c.used(t)
	if err != nil {
		return err
	}

	retired, err := identity.RetireKeys(c.file(), used)
	if err != nil {
		return err
	}

	if len(retired) == 0 {
		t.printf("Every key is in use; nothing was removed.\n")
		return nil
	}

	// A backup from before is of no use without them, so that has to be known later.
	if err := c.record(t, audit.KeysRetired, strings.Join(retired, ", ")); err != nil {
		return err
	}

	t.printf("Removed: %s. Backups made before need them still: keep them with those.\n", strings.Join(retired, ", "))
	return nil
}
