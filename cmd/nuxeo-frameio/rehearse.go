package main

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/demo"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// rehearsal are the flags of a demo in a real Nuxeo.
type rehearsal struct {
	Nuxeo    string `env:"-" help:"Play it in this real Nuxeo, which has the connector's package: in a workspace of its own, with two people of its own, all of which is removed again. With --once or --story." placeholder:"URL"`
	User     string `env:"NUXEO_FRAMEIO_USER" help:"An administrator of that Nuxeo." default:"Administrator" placeholder:"LOGIN"`
	Password string `env:"NUXEO_FRAMEIO_PASSWORD" help:"Their password; asked for when it is not in the environment." placeholder:"PASSWORD"`
	Yes      bool   `env:"-" help:"Do not ask before something is made in that Nuxeo."`
	CleanUp  bool   `name:"clean-up" env:"-" help:"List what demos that were broken off have left in that Nuxeo, and remove it."`
}

// real is the Nuxeo to play in, after it was looked at.
func (r *rehearsal) real(t *terminal) (demo.Real, error) {
	u, err := url.Parse(r.Nuxeo)
	if err != nil || u.Host == "" {
		return demo.Real{}, fault.Field("nuxeo", "Give a full one, like https://nuxeo.example.com/nuxeo.",
			"%q is not an address of a Nuxeo.", r.Nuxeo)
	}

	asking := clientFlags{User: r.User, Password: r.Password}
	t.printf("Nuxeo: %s, as %s\n", u.Host, r.User)
	password, err := asking.password(t, r.Nuxeo, r.Nuxeo)
	if err != nil {
		return demo.Real{}, err
	}

	out := demo.Real{URL: r.Nuxeo, Login: r.User, Password: password}
	return out, out.Check(t.ctx)
}

// agreed tells what is going to be made, or removed, and asks for the host's name.
func (r *rehearsal) agreed(t *terminal, what string, all ...demo.Scratch) error {
	u, err := url.Parse(r.Nuxeo)
	if err != nil {
		return err
	}

	t.printf("On %s this will %s:\n", u.Host, what)
	for _, s := range all {
		if s.Workspace != "" {
			t.printf("  the workspace %s, with everything in it\n", s.Workspace)
		}
		for _, login := range s.People {
			t.printf("  the person %s\n", login)
		}
	}

	// Only its name shows that the right Nuxeo is meant.
	if r.Yes {
		return nil
	}

	t.printf("Type the name of the host to go on: ")
	line, err := t.line()
	if t.ctx.Err() != nil {
		return t.ctx.Err()
	}

	if err != nil && line == "" {
		return fault.New(fault.Invalid, "It was not confirmed.").With("Give --yes where nobody can be asked.").
			Because(err)
	}

	if strings.TrimSpace(line) != u.Hostname() && strings.TrimSpace(line) != u.Host {
		return fault.New(fault.Invalid, "%q is not %s; nothing was changed.", strings.TrimSpace(line), u.Host)
	}

	return nil
}

// cleanUp removes what is left of demos that were broken off.
func (r *rehearsal) cleanUp(t *terminal) error {
	real, err := r.real(t)
	if err != nil {
		return err
	}

	left, err := real.Left(t.ctx)
	if err != nil {
		return err
	}

	if len(left) == 0 {
		t.printf("Nothing is left of demos.\n")
		return nil
	}

	// What is going to be removed is named first.
	if err := r.agreed(t, "remove", left...); err != nil {
		return err
	}

	for _, s := range left {
		if err := real.Remove(t.ctx, s); err != nil {
			return fmt.Errorf("removing what is left of demos: %w", err)
		}
	}

	t.printf("Removed.\n")
	return nil
}
