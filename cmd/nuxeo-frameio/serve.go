package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/addon"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/doctor"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/loglevel"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/mail"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/requestid"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// around is nil in the product; a build for the endurance test ends the process
// at a chosen step.
var around func(kind string, w work.Worker) work.Worker

type serveCmd struct {
	app.Config
}

// Run serves until the process is told to stop.
func (c *serveCmd) Run(t *terminal) error {
	// The heap is small but for buffers that are used again: collecting it more
	// often costs little and keeps the peak low.
	debug.SetGCPercent(50)
	log, level, err := newLeveled(t.err, c.LogLevel, c.LogFormat)
	if err != nil {
		return err
	}

	if err := usable(&c.Config); err != nil {
		return err
	}

	l, admin, err := c.listen()
	if err != nil {
		return err
	}

	a, err := app.New(t.ctx, c.Config, app.World{
		Log: log, Level: level, Worker: around, Doctor: doctor.ForWeb, Files: t.files,
	})
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }() // everything is on disk by then
	if a.Mail.Way() == mail.ViaNone && c.Mail.Via != mail.ViaNone {
		log.Warn("nobody will get mail: none is set up", "remedy",
			"Set mail-smtp-host and mail-from, or nuxeo-service-user (an administrator) and mail-from. With mail-via "+
				"none this is not said.")
	}

	log.Info("the connector runs", "version", app.Version, "listen", l.Addr().String(), "public",
		plain.Address(c.PublicURL), "nuxeo", plain.Address(c.Nuxeo.URL), "frameio", plain.Address(c.Frameio.URL))
	if admin != nil {
		log.Info("administrators have an address of their own", "listen", admin.Addr().String())
	}

	go lookAround(t.ctx, a, log)
	if err := a.Serve(t.ctx, l, admin); err != nil {
		return err
	}

	log.Info("the connector has stopped")
	return nil
}

// listen takes the addresses; admin is nil where there is none.
func (c *serveCmd) listen() (l, admin net.Listener, err error) {
	if l, err = net.Listen("tcp", c.Listen); err != nil {
		return nil, nil, fault.Field("listen", "Give a free address.", "Cannot listen on %s: %v.", c.Listen, err)
	}

	if c.Admin.Listen == "" {
		return l, nil, nil
	}

	if admin, err = net.Listen("tcp", c.Admin.Listen); err != nil {
		_ = l.Close() // nothing has come by it
		return nil, nil, fault.Field("admin-listen", "Give a free address.", "Cannot listen on %s: %v.",
			c.Admin.Listen, err)
	}

	return l, admin, nil
}

// settled is how long after its start the connector looks around: by then it answers at its
// own address.
const settled = 5 * time.Second

// lookAround has the log say at the start what the doctor would find broken.
func lookAround(ctx context.Context, a *app.App, log *slog.Logger) {
	select {
	case <-ctx.Done():
		return
	case <-time.After(settled):
	}

	d := doctor.Doctor{App: a, Now: time.Now}
	d.Examine(ctx, func(f doctor.Finding) {
		if f.Mark == doctor.Broken && ctx.Err() == nil {
			log.WarnContext(ctx, f.Name+": "+f.Detail, "remedy", f.Remedy)
		}
	})
}

// usable finds settings that cannot work before anything is made or opened.
func usable(c *app.Config) error {
	if err := c.Check(); err != nil {
		return err
	}

	if len(c.EncryptionKey) == 0 {
		return nil
	}

	if _, err := identity.NewVault(c.EncryptionKey...); err != nil {
		return fault.Field("encryption-key", "Make one with `openssl rand -base64 32`.",
			"An encryption key must be 32 bytes in base64.")
	}

	return nil
}

func newLog(w io.Writer, level, format string) (*slog.Logger, error) {
	log, _, err := newLeveled(w, level, format)
	return log, err
}

// newLeveled makes a log whose level can be changed.
func newLeveled(w io.Writer, level, format string) (*slog.Logger, *loglevel.Level, error) {
	var configured slog.Level
	if err := configured.UnmarshalText([]byte(level)); err != nil {
		return nil, nil, fault.Field("log-level", "Use debug, info, warn or error.", "There is no log level %q.", level)
	}

	l := loglevel.New(configured, time.Now)
	opt := &slog.HandlerOptions{Level: l}
	var h slog.Handler = slog.NewTextHandler(plain.Writer(w), opt)
	if format == "json" {
		h = slog.NewJSONHandler(plain.Writer(w), opt)
	}

	return slog.New(requestid.Handler(h)), l, nil
}

type versionCmd struct {
	JSON bool `name:"json" env:"-" help:"Print JSON."`
}

// Run prints the version.
func (c *versionCmd) Run(t *terminal) error {
	if c.JSON {
		return printJSON(t, map[string]string{"version": app.Version})
	}
	t.printf("nuxeo-frameio %s\n", app.Version)
	return nil
}

type packageCmd struct {
	Output string `short:"o" env:"-" help:"File or folder to write to." default:"." placeholder:"FILE|FOLDER"`
}

// Run writes the package.
func (c *packageCmd) Run(t *terminal) error {
	path, err := writePackage(c.Output)
	if err != nil {
		return err
	}

	t.printf("%s\n", path)
	if name := addon.FileName(app.Version); strings.Contains(name, "SNAPSHOT") {
		_, _ = fmt.Fprintf(t.err, "This program is %s, which is not a release, so the package is a snapshot: %s.\n",
			app.Version, name)
	}

	if !addon.HasUI() {
		_, _ = fmt.Fprintln(t.err,
			"This program was built without the elements for Web UI, so the package shows nothing there. Build the "+
				"program with `make build`.")
	}

	_, _ = fmt.Fprintf(t.err, "Install it: nuxeoctl stop; nuxeoctl mp-install %s; nuxeoctl start\n", path)
	return nil
}
