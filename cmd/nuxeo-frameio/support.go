package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/doctor"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/support"
)

type supportCmd struct {
	clientFlags
	app.Config
	Output  string `short:"o" env:"-" help:"File to write; by default one named by the time." placeholder:"FILE" type:"path"`
	Offline bool   `env:"-" help:"Ask no connector: look at its database and settings here, where it does not run."`
}

// mostSupport bounds an archive, in bytes.
const mostSupport = 64 << 20

// Run writes the archive and says what is in it.
func (c *supportCmd) Run(t *terminal) error {
	if c.Output == "" {
		c.Output = "nuxeo-frameio-support-" + time.Now().Format("20060102-150405") + ".zip"
	}

	if !missingFile(c.Output) {
		return fault.Field("output", "Give another name.", "%s is there already.", c.Output)
	}

	content, err := c.content(t)
	if err != nil {
		return err
	}

	held, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err == nil {
		err = writeNew(c.Output, content)
	}

	if err != nil {
		return fault.New(fault.Unavailable, "The archive cannot be written: %v.", err)
	}

	if c.JSON {
		return printJSON(t, filesOf(c.Output, held))
	}

	t.printf("%s holds:\n", c.Output)
	for _, f := range held.File {
		t.printf("  %-14s %s\n", f.Name, f.Comment)
	}

	t.printf("No secret and no comment is in it; messages may name documents, folders, people and hosts. Look at it " +
		"before you pass it on.\n")
	return nil
}

// content is the archive, from a running connector or from what lies here.
func (c *supportCmd) content(t *terminal) (content []byte, err error) {
	if c.Offline {
		return c.offline(t)
	}

	err = c.session(t, func(k *client) error {
		resp, err := k.Open(t.ctx, http.MethodPost, "/support", nil, nil)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		content, err = io.ReadAll(io.LimitReader(resp.Body, mostSupport))
		return err
	})
	if fault.Is(err, fault.Unavailable) {
		f := fault.From(err)
		return nil, f.With(f.Remedy + " Where it does not run, give --offline with its --config or --data.")
	}

	return content, err
}

// offline looks at a database and its settings, as the doctor does.
func (c *supportCmd) offline(t *terminal) ([]byte, error) {
	if err := usable(&c.Config); err != nil {
		return nil, err
	}

	if c.Database == "" && missingFile(c.DatabaseAddress()) {
		return nil, fault.New(fault.NotFound, "There is no database %s.", c.DatabaseAddress()).
			With("Give the folder of the installation with --data, or its settings with --config.")
	}

	set, undo, err := standIn(c.Config)
	if err != nil {
		return nil, err
	}
	defer undo()
	a, err := app.New(t.ctx, set, app.World{Files: t.files})
	if err != nil {
		return nil, err
	}
	defer func() { _ = a.Close() }() // it only looked

	sources := a.Support()
	sources.Settings = c.Settings()
	sources.Doctor = func(ctx context.Context, found func(support.Finding)) {
		d := &doctor.Doctor{App: a, Given: &c.Config, Now: time.Now}
		d.Examine(ctx, func(f doctor.Finding) {
			found(support.Finding{Name: f.Name, Mark: string(f.Mark), Detail: f.Detail, Remedy: f.Remedy})
		})
	}

	var content bytes.Buffer
	err = sources.Write(t.ctx, &content)
	return content.Bytes(), err
}

// writeNew writes a file that is not there yet, for its owner alone.
func writeNew(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already", path)
	}

	if err != nil {
		return err
	}

	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

// held is what an archive holds, as JSON.
type held struct {
	File string     `json:"file"`
	Held []heldFile `json:"held"`
}

type heldFile struct {
	Name  string `json:"name"`
	What  string `json:"what"`
	Bytes uint64 `json:"bytes"`
}

func filesOf(path string, z *zip.Reader) held {
	all := held{File: path, Held: []heldFile{}}
	for _, f := range z.File {
		all.Held = append(all.Held, heldFile{f.Name, f.Comment, f.UncompressedSize64})
	}
	return all
}
