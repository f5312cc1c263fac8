package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/installation"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

type migrateCmd struct {
	app.Config
}

// Run brings the database up to date, as each start does.
func (c *migrateCmd) Run(t *terminal) error {
	if err := usable(&c.Config); err != nil {
		return err
	}

	db, err := store.Open(t.ctx, c.Config.DatabaseAddress(), work.Migrate)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // it was only looked at since
	version, err := db.Version(t.ctx)
	if err != nil {
		return err
	}

	t.printf("The database is up to date: schema %d.\n", version)
	return nil
}

type storeCmd struct {
	Copy   storeCopy   `cmd:"" help:"Move an installation from its SQLite file into an empty PostgreSQL."`
	Adopt  storeAdopt  `cmd:"" help:"Say that the database has moved to the public address of these settings."`
	Backup storeBackup `cmd:"" help:"Write a copy of the SQLite database into a new file while the connector runs."`
}

type storeCopy struct {
	Data  string `help:"Folder of the installation to move." default:"data" type:"path" placeholder:"FOLDER"`
	To    string `env:"NUXEO_FRAMEIO_DATABASE" help:"The empty database." required:"" placeholder:"URL"`
	Force bool   `env:"-" help:"Copy although a node was seen within the last minute."`
	JSON  bool   `name:"json" env:"-" help:"Print JSON."`

	EncryptionKey []string `help:"Its encryption keys, where they are not in the data folder." secret:"" placeholder:"KEY"`
}

// Run copies and compares the rows.
func (c *storeCopy) Run(t *terminal) error {
	if !store.IsPostgres(c.To) {
		return fault.Field("to", "Give one like postgres://user:password@host:5432/name.",
			"%q is not a postgres:// address.", c.To)
	}

	file := filepath.Join(c.Data, "connector.db")
	if missingFile(file) {
		return fault.New(fault.NotFound, "There is no database %s.", file).
			With("Give the folder of the installation with --data.")
	}

	// What a running node writes could be left behind.
	from, err := store.Open(t.ctx, file, work.Migrate)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }() // it was only read
	node, err := from.InUse(t.ctx, time.Now())
	if err != nil {
		return err
	}

	if node != "" && !c.Force {
		return fault.New(fault.Conflict, "The node %s works on this database.", node).
			With("Stop it first. After a crash wait a minute, or use --force.")
	}

	to, err := store.Open(t.ctx, c.To, work.Migrate)
	if err != nil {
		return err
	}
	defer func() { _ = to.Close() }() // everything is committed by then
	return c.copy(t, from, to)
}

func (c *storeCopy) copy(t *terminal, from, to *store.DB) error {
	var all []store.Copied
	if err := store.Copy(t.ctx, from, to, func(k store.Copied) { all = append(all, k) }); err != nil {
		return err
	}

	// The copy has an audit of its own, which begins with how it came about.
	log, err := auditOf(t, to, c.EncryptionKey, c.Data)
	if err == nil {
		err = log.Write(t.ctx, audit.Entry{Who: operator(), What: audit.StoreCopied, About: c.Data})
	}

	if err != nil { // the copy is whole without
		_, _ = fmt.Fprintf(t.err, "The audit does not tell of it: %s\n", plain.Line(fault.From(err).Message))
	}

	// From now on the old one is neither backed up nor copied by mistake.
	if err := from.MarkMoved(t.ctx, c.To, time.Now()); err != nil {
		return err
	}

	if c.JSON {
		return printJSON(t, all)
	}

	var rows [][]string
	for _, k := range all {
		rows = append(rows, []string{k.Table, strconv.FormatInt(k.Rows, 10)})
	}

	if err := table(t, "", "TABLE\tROWS", rows); err != nil {
		return err
	}

	t.printf("\nCopied; both sides hold the same rows. Set database to the new address and start the connector with " +
		"the same data folder, which holds its encryption key.\n")
	return nil
}

type storeAdopt struct {
	app.Config
	sureFlag
}

// Run makes the database at home at the public address.
func (c *storeAdopt) Run(t *terminal) error {
	if err := usable(&c.Config); err != nil {
		return err
	}

	if c.Database == "" && missingFile(c.DatabaseAddress()) {
		return fault.New(fault.NotFound, "There is no database %s.", c.DatabaseAddress()).
			With("Give the folder of the installation with --data.")
	}

	db, err := store.Open(t.ctx, c.DatabaseAddress(), work.Migrate)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // everything is committed by then

	// It may be at home here already.
	here, err := installation.Look(t.ctx, db, c.PublicURL, time.Now)
	if err != nil {
		return err
	}

	if here.From() == "" {
		t.printf("The database is at home at %s.\n", c.PublicURL)
		return nil
	}

	// Two connectors with one database would call each other's addresses.
	if err := c.sure(t, fmt.Sprintf("This database belongs to the connector at %s. Has that moved to %s, and does it "+
		"not run there any more?", here.From(), c.PublicURL)); err != nil {
		return err
	}

	log, err := auditOf(t, db, c.EncryptionKey, c.Data)
	if err != nil {
		return err
	}

	if err := here.Adopt(audit.By(t.ctx, operator()), log); err != nil {
		return err
	}

	t.printf("The database is at home at %s now. A connector that waits there goes on within seconds.\n", c.PublicURL)
	return nil
}

type storeBackup struct {
	app.Config
	File string `arg:"" help:"The new file." type:"path"`
}

// Run writes the backup of the database that the configuration names.
func (c *storeBackup) Run(t *terminal) error {
	if err := store.Backup(t.ctx, c.Config.DatabaseAddress(), c.File); err != nil {
		return err
	}
	t.printf("%s\nKeep the encryption key (%s) somewhere else: without it the secrets in the backup cannot be read.\n",
		c.File, filepath.Join(c.Data, "encryption.key"))
	return nil
}
