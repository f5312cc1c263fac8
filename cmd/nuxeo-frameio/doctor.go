package main

import (
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/doctor"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

type doctorCmd struct {
	app.Config
	User     string `help:"Login of a Nuxeo administrator, to look deeper." placeholder:"LOGIN"`
	Password string `help:"Password of the administrator." placeholder:"PASSWORD"`
	Fix      bool   `help:"Make what Nuxeo lacks (the OAuth client), and try the versioning policies on a document that is removed again."`
	SendMail string `help:"Send a test mail to this login." placeholder:"LOGIN"`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// Run examines everything; its exit code is 1 when something is broken.
func (c *doctorCmd) Run(t *terminal) error {
	a, err := app.New(t.ctx, c.Config, app.World{})
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }() // nothing was written
	d := &doctor.Doctor{App: a, Now: time.Now}
	if c.User != "" {
		if d.Admin, err = nuxeo.New(c.Nuxeo.URL, http.DefaultClient, nuxeo.Basic(c.User, c.Password)); err != nil {
			return err
		}
	}
	var all []doctor.Finding
	show := func(f doctor.Finding) {
		all = append(all, f)
		if !c.JSON {
			printFinding(t, f)
		}
	}
	if c.Fix {
		if err := d.Fix(t.ctx, show); err != nil {
			return err
		}
	}
	d.Examine(t.ctx, show)
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

func (c *doctorCmd) trySending(t *terminal, d *doctor.Doctor) doctor.Finding {
	if err := d.SendMail(t.ctx, c.SendMail, "doctor-"+time.Now().Format("20060102150405")); err != nil {
		f := fault.From(err)
		return doctor.Finding{Name: "Test mail", Mark: doctor.Broken, Detail: f.Message, Remedy: f.Remedy}
	}
	return doctor.Finding{Name: "Test mail", Mark: doctor.OK, Detail: "sent to " + c.SendMail}
}

var marks = map[doctor.Mark]string{doctor.OK: "✓", doctor.Warning: "!", doctor.Broken: "✗", doctor.Skipped: "–"}

func printFinding(t *terminal, f doctor.Finding) {
	t.printf("%s %-20s %s\n", marks[f.Mark], f.Name, f.Detail)
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
	return fault.New(fault.Refused, "%d of %d checks are broken.", n, len(all)).With("Do what stands behind the arrows, then run the doctor again.")
}
