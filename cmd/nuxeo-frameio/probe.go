package main

import (
	"cmp"
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/doctor"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/conformance"
	cases "github.com/nuxeo-frameio/nuxeo-frameio/test/conformance/nuxeo"
)

// probe tries in a folder of Nuxeo whether the server does what the connector relies on,
// before the first publish does. Everything happens in a folder of its own below it,
// which is removed at the end; nothing else is touched, and nobody is made. That nothing
// can be tried there is a finding like others.
func (c *doctorCmd) probe(t *terminal, nx *nuxeo.Client, show func(doctor.Finding)) {
	if c.User == "" {
		show(untried("Nobody is named to try it as.",
			"Give --user and --password of somebody who may write in the folder."))
		return
	}

	setup := cases.Setup{
		URL: strings.TrimRight(c.Nuxeo.URL, "/"), HTTP: nx.HTTP(), Login: c.User, Password: c.Password,
		Parent: c.Probe, Prefix: conformance.Word("p"), Alone: true,
	}

	// What is going to happen, before it does.
	if !c.JSON {
		t.printf("Trying Nuxeo at %s as %s. It makes, and removes again:\n", host(setup.URL), c.User)
		for _, line := range setup.Plan(false) {
			t.printf("  %s\n", line)
		}
	}

	w, err := cases.Prepare(t.ctx, setup)
	if err != nil {
		f := fault.From(err)
		remedy := cmp.Or(f.Remedy, "Name a folder that exists, and in which "+c.User+" may write.")
		show(untried("Nothing can be tried in "+c.Probe+" as "+c.User+": "+f.Message, remedy))
		return
	}

	w.Run(t.ctx, cases.Probes(), func(r conformance.Result) { show(finding(r)) })

	// Also when it was broken off.
	rest, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), time.Minute)
	defer cancel()
	if err := w.Close(rest); err != nil {
		show(untried("What was tried could not be removed: "+fault.From(err).Message, "Delete the "+
			setup.Plan(false)[0]+"."))
	}
}

func untried(detail, remedy string) doctor.Finding {
	return doctor.Finding{Name: "Probe", Mark: doctor.Broken, Detail: detail, Remedy: remedy}
}

func host(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Host
	}
	return address
}

// finding is the result of a case in the words of the doctor. A server that differs is
// looked at, and not broken: the connector may get along with it.
func finding(r conformance.Result) doctor.Finding {
	f := doctor.Finding{Name: r.Name, Mark: doctor.OK, Detail: r.What}
	if len(r.Kinds) > 0 {
		f.Detail += " Here: " + strings.Join(r.Kinds, "; ") + "."
	}

	switch r.Outcome {
	case conformance.Differs:
		f.Mark, f.Remedy = doctor.Warning, r.Helps
		f.Detail = "not so: " + r.What + " What came: " + strings.Join(r.Notes, "; ") + ". " + r.Why
	case conformance.NotTried:
		f.Mark, f.Detail = doctor.Skipped, strings.Join(r.Notes, "; ")
	}

	return f
}
