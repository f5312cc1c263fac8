// Package doctor looks whether everything that the connector needs is in place,
// and says what to do where it is not.
//
// It owns the list of checks and their words. Invariants: a check changes
// nothing; what can be made is made only by Fix, with an administrator's
// sign-in; no secret is shown. What cannot be told from here is said to be so,
// never guessed.
package doctor

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Mark is how a check came out.
type Mark string

// The marks.
const (
	OK      Mark = "ok"
	Warning Mark = "warning" // works, but should be looked at
	Broken  Mark = "broken"
	Skipped Mark = "skipped" // cannot be told; Detail says why
)

// Finding is one check.
type Finding struct {
	Name   string `json:"name"`
	Mark   Mark   `json:"mark"`
	Detail string `json:"detail"`
	Remedy string `json:"remedy,omitempty"`
	Page   string `json:"page,omitempty"` // of ours, on which that can be done
}

// on is the finding with the page of ours on which its remedy can be done.
func (f Finding) on(page string) Finding {
	f.Page = page
	return f
}

// Pages of administration where remedies can be done.
const (
	onProvider = "/administration/provider"
	onHealth   = "/administration/health"
)

// Doctor examines an app that is built but need not be running.
type Doctor struct {
	App *app.App
	// Given are the settings as they were given, when the app was built with a
	// data folder that only stands in; nil when they are the app's.
	Given *app.Config
	// Admin is Nuxeo with an administrator's sign-in; nil when there is none.
	Admin *nuxeo.Client
	// Now is the clock.
	Now func() time.Time

	away  bool            // Nuxeo cannot be reached
	unfit string          // why Admin's sign-in is of no use, when it is
	fixed map[string]bool // what Fix has said
}

// Examine runs all checks in order and hands each finding on as it comes.
func (d *Doctor) Examine(ctx context.Context, found func(Finding)) {
	for _, c := range []struct {
		name string
		run  func(context.Context) Finding
	}{
		{"Configuration", d.configuration},
		{"Database", d.database},
		{"Encryption key", d.key},
		{"Private files", d.files},
		{"Clock", d.clock},
		{"Nuxeo", d.nuxeo},
		{"Rights in Nuxeo", d.rights},
		{"Package in Nuxeo", d.pack},
		{"Versioning policies", d.policies},
		{"Sign in with Nuxeo", d.oauthClient},
		{"Frame.io API", d.frameio},
		{"Frame.io sign-in", d.provider},
		{"Public address", d.public},
		{"Metadata fields", d.fields},
		{"Webhooks", d.webhooks},
		{"Files by address", d.address},
		{"What Nuxeo does", d.reactions},
		{"Mail", d.mail},
	} {
		if d.fixed[c.name] {
			continue // Fix has said it
		}
		f := inTime(ctx, c.run)
		f.Name = c.name
		found(f)
	}
}

// checkTime is how long one check may take.
const checkTime = 20 * time.Second

// inTime runs a check. One that the whole had no time left for could only say
// that it was broken off.
func inTime(ctx context.Context, run func(context.Context) Finding) Finding {
	one, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	if ctx.Err() == nil {
		if f := run(one); ctx.Err() == nil {
			return f
		}
	}
	return skipped("there was no time left for it; what came before took too long")
}

// ForWeb is the doctor of a running app, as its pages ask for it.
func ForWeb(a *app.App) web.Doctor {
	return func(ctx context.Context, admin *nuxeo.Client, found func(web.Finding)) {
		d := Doctor{App: a, Admin: admin, Now: time.Now}
		d.Examine(ctx, func(f Finding) {
			found(web.Finding{Name: f.Name, Mark: string(f.Mark), Detail: f.Detail, Remedy: f.Remedy, Page: f.Page})
		})
	}
}

func ok(format string, args ...any) Finding {
	return Finding{Mark: OK, Detail: fmt.Sprintf(format, args...)}
}

func warning(remedy, format string, args ...any) Finding {
	return Finding{Mark: Warning, Detail: fmt.Sprintf(format, args...), Remedy: remedy}
}

func broken(remedy, format string, args ...any) Finding {
	return Finding{Mark: Broken, Detail: fmt.Sprintf(format, args...), Remedy: remedy}
}

func skipped(format string, args ...any) Finding {
	return Finding{Mark: Skipped, Detail: fmt.Sprintf(format, args...)}
}

// because is a finding from an error. The check knows better than the error what
// to do; without a remedy of its own the error's stands in.
func because(err error, remedy string) Finding {
	f := fault.From(err)
	if remedy == "" {
		remedy = f.Remedy
	}

	detail := f.Message
	if f.Code == fault.Internal {
		detail = err.Error()
	}

	return broken(remedy, "%s", strings.TrimRight(detail, ".")).on(f.Page)
}

// given are the settings to judge.
func (d *Doctor) given() *app.Config {
	if d.Given != nil {
		return d.Given
	}
	return &d.App.Config
}

// unread says that there is a database, but the app was built without it, for
// want of its key.
func (d *Doctor) unread() bool {
	return d.started() && d.given().Data != d.App.Config.Data
}

// admin is Nuxeo with an administrator's sign-in, as far as is known.
func (d *Doctor) admin() *nuxeo.Client {
	if d.unfit != "" {
		return nil
	}
	return d.Admin
}

// nx is Nuxeo with the best credential at hand; nil when there is none.
func (d *Doctor) nx() *nuxeo.Client {
	c := d.App.Config.Nuxeo
	switch {
	case d.admin() != nil:
		return d.Admin
	case c.ServiceUser != "":
		return d.App.Nuxeo.As(nuxeo.Basic(c.ServiceUser, c.ServicePassword))
	case c.JWTSecret != "":
		return d.App.Nuxeo.As(nuxeo.JWT([]byte(c.JWTSecret), "Administrator", time.Minute, d.Now))
	}

	return nil
}

const (
	needAdmin = "needs an administrator's sign-in: give --user and --password"
	noNuxeo   = "Nuxeo cannot be reached"
	askAgain  = "If Nuxeo refuses, check --user and --password or the service account; if it fails, its server.log " +
		"says why."
)

// why says why a check of Nuxeo is left out.
func (d *Doctor) why() string {
	if d.away {
		return noNuxeo
	}
	if d.unfit != "" {
		return d.unfit + "; this " + needAdmin + " of one"
	}
	return needAdmin
}

// date asks an address for its clock, on the way that the connector takes. Any
// answer will do.
func date(ctx context.Context, via *http.Client, address string) (time.Time, int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return time.Time{}, 0, err
	}

	resp, err := via.Do(r)
	if err != nil {
		return time.Time{}, 0, err
	}

	_ = resp.Body.Close()
	t, err := http.ParseTime(resp.Header.Get("Date"))
	return t, resp.StatusCode, err
}
