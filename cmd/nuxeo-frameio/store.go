package main

import (
	"path/filepath"
	"strconv"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
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
	Backup storeBackup `cmd:"" help:"Write a copy of the SQLite database into a new file while the connector runs."`
}

type storeCopy struct {
	Data  string `help:"Folder of the installation to move." default:"data" type:"path" placeholder:"FOLDER"`
	To    string `env:"NUXEO_FRAMEIO_DATABASE" help:"The empty database." required:"" placeholder:"URL"`
	Force bool   `env:"-" help:"Copy although a node was seen within the last minute."`
	JSON  bool   `name:"json" env:"-" help:"Print JSON."`
}

// Run copies and compares the rows.
func (c *storeCopy) Run(t *terminal) error {
	if !store.IsPostgres(c.To) {
		return fault.Field("to", "Give one like postgres://user:password@host:5432/name.", "%q is no postgres:// address.", c.To)
	}
	file := filepath.Join(c.Data, "connector.db")
	if missingFile(file) {
		return fault.New(fault.NotFound, "There is no database %s.", file).With("Give the folder of the installation with --data.")
	}
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
		return fault.New(fault.Conflict, "The node %s works on this database.", node).With("Stop it first. After a crash wait a minute, or use --force.")
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
	t.printf("\nCopied; both sides hold the same rows. Set database to the new address and start the connector with the same data folder, which holds its encryption key.\n")
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
	t.printf("%s\nKeep the encryption key (%s) somewhere else: without it the secrets in the backup cannot be read.\n", c.File, filepath.Join(c.Data, "encryption.key"))
	return nil
}
