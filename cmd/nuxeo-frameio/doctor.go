package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/doctor"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

type doctorCmd struct {
	app.Config
	User     string `help:"Login of a Nuxeo administrator, to look deeper." placeholder:"LOGIN"`
	Password string `help:"Password of the administrator." placeholder:"PASSWORD"`
	Fix      bool   `env:"-" help:"Make what Nuxeo lacks (the OAuth client), and try the versioning policies on a document that is removed again."`
	Probe    string `env:"-" help:"Try in this folder of Nuxeo, as --user, whether the server does what the connector relies on. What is made there is removed again." placeholder:"FOLDER"`
	SendMail string `env:"-" help:"Send a test mail to this login." placeholder:"LOGIN"`
	JSON     bool   `name:"json" env:"-" help:"Print JSON."`
}

// Run examines everything; its exit code is 1 when something is broken.
func (c *doctorCmd) Run(t *terminal) error {
	if err := usable(&c.Config); err != nil {
		return err
	}

	set, undo, err := standIn(c.Config)
	if err != nil {
		return err
	}
	defer undo()
	a, err := app.New(t.ctx, set, app.World{Files: t.files})
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }() // it only looked

	d := &doctor.Doctor{App: a, Given: &c.Config, Now: time.Now}
	if c.User != "" && c.Password == "" && t.interactive() {
		question := fmt.Sprintf("Nuxeo password of %s at %s: ", plain.Line(c.User), plain.Line(hostOf(c.Nuxeo.URL)))
		if c.Password, err = t.hidden(question); err != nil {
			return err
		}
	}

	if c.User != "" {
		d.Admin = a.Nuxeo.As(nuxeo.Basic(c.User, c.Password))
	}

	var all []doctor.Finding
	show := func(f doctor.Finding) {
		all = append(all, f)
		if !c.JSON {
			printFinding(t, f)
		}
	}

	// What is missing is made before everything is looked at.
	if c.Fix {
		if err := d.Fix(t.ctx, show); err != nil {
			return err
		}
	}

	d.Examine(t.ctx, show)
	if c.Probe != "" {
		c.probe(t, a.Nuxeo, show)
	}

	if c.SendMail != "" {
		show(c.trySending(t, d))
	}

	if c.JSON {
		if err := printJSON(t, all); err != nil {
			return err
		}
	}

	return sum(all)
}

// standIn are settings that build an app without making what is not there yet: a
// folder of its own stands in for one without a database or without its key.
// undo removes what was made.
func standIn(c app.Config) (set app.Config, undo func(), err error) {
	missing := func(name string) bool { return missingFile(filepath.Join(c.Data, name)) }
	if c.Database == "" && missing("connector.db") || len(c.EncryptionKey) == 0 && missing("encryption.key") {
		dir, err := os.MkdirTemp("", "nuxeo-frameio-doctor-")
		if err != nil {
			return c, nil, err
		}
		c.Data = dir
		return c, func() { _ = os.RemoveAll(dir) }, nil // it is below the system's temporary folder
	}

	// Even the name of the node is left to the first start.
	if node := filepath.Join(c.Data, "node"); missing("node") {
		return c, func() { _ = os.Remove(node) }, nil // the next start makes one
	}

	return c, func() {}, nil
}

func missingFile(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

func (c *doctorCmd) trySending(t *terminal, d *doctor.Doctor) doctor.Finding {
	if err := d.SendMail(t.ctx, c.SendMail, "doctor-"+time.Now().Format("20060102150405")); err != nil {
		f := fault.From(err)
		return doctor.Finding{Name: "Test mail", Mark: doctor.Broken, Detail: f.Message, Remedy: f.Remedy}
	}
	return doctor.Finding{Name: "Test mail", Mark: doctor.OK, Detail: "sent to " + c.SendMail}
}

var marks = map[doctor.Mark]string{doctor.OK: "✓", doctor.Warning: "!", doctor.Broken: "✗", doctor.Skipped: "–"}

func printFinding(t *terminal, f doctor.Finding) {
	if len(f.Name) > 20 { // of a probe
		t.printf("%s %s\n  %-20s %s\n", t.marked(marks[f.Mark]), f.Name, "", f.Detail)
	} else {
		t.printf("%s %-20s %s\n", t.marked(marks[f.Mark]), f.Name, f.Detail)
	}
	if f.Remedy != "" {
		t.printf("  %-20s → %s\n", "", f.Remedy)
	}
}

func sum(all []doctor.Finding) error {
	n := 0
	for _, f := range all {
		if f.Mark == doctor.Broken {
			n++
		}
	}

	if n == 0 {
		return nil
	}

	return fault.New(fault.Refused, "%d of %d checks failed.", n, len(all)).
		With("Follow the arrows, then run the doctor again.")
}
