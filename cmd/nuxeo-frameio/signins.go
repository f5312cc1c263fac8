package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// signIn is a session of the connector that `login` has begun and kept. It ends by itself
// after the connector's session-ttl; neither a password nor a token of Nuxeo is kept.
type signIn struct {
	User    string `json:"user"`
	Session string `json:"session"`
}

// signIns are those of this account of the machine, by the addresses of connectors. Each is
// sent only to its own.
type signIns struct {
	Last   string            `json:"last"` // the connector that was signed in to last
	Stored map[string]signIn `json:"sign_ins"`
}

// usualServer is the connector when neither a flag nor a sign-in names one.
const usualServer = "http://127.0.0.1:8090"

// signInsFile is where they are kept.
func signInsFile() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fault.New(fault.Invalid, "There is no place to keep a sign-in: %v.", err).With("Set HOME.")
	}
	return filepath.Join(dir, "nuxeo-frameio", "signins.json"), nil
}

// loadSignIns reads them. A file that others can read is not trusted.
func loadSignIns() (s signIns, err error) {
	s.Stored = map[string]signIn{}
	path, err := signInsFile()
	if err != nil {
		return s, nil //nolint:nilerr // no place, no sign-ins
	}

	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}

	if err != nil {
		return s, fault.New(fault.Invalid, "The stored sign-ins cannot be read: %v.",
			err).With("See who may read the file, or remove it.")
	}

	// Whoever could read it may have used it.
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return s, fault.New(fault.Invalid, "Others on this machine can read your stored sign-ins in %s (%#o).", path,
			mode).
			With(fmt.Sprintf("Sign out and in again: chmod go= %s; nuxeo-frameio logout; nuxeo-frameio login.",
				quoted(path)))
	}

	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, &s)
	}

	if err != nil {
		return s, fault.New(fault.Invalid, "The stored sign-ins in %s cannot be read: %v.", path,
			err).With("Remove the file and sign in again.")
	}

	if s.Stored == nil {
		s.Stored = map[string]signIn{}
	}

	return s, nil
}

// save writes them for their owner alone, as a whole.
func (s signIns) save(path string) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}

	f, err := os.CreateTemp(filepath.Dir(path), ".signins-*") // its owner's alone
	if err != nil {
		return fault.New(fault.Invalid, "The sign-in cannot be kept: %v.",
			err).With("See that your configuration folder can be written to.")
	}

	// A reader sees the old file or the new one.
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}

	return nil
}

// changeSignIns changes those that are kept, one change after the other: another one at the same
// time begins with what this one has saved.
func changeSignIns(ctx context.Context, change func(*signIns)) (path string, err error) {
	if path, err = signInsFile(); err != nil {
		return "", err
	}

	const remedy = "See that your configuration folder can be written to."
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fault.New(fault.Invalid, "The sign-in cannot be kept: %v.", err).With(remedy)
	}

	// Two commands at the same time must not lose what the other one saves.
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	if ok, err := lock.TryLockContext(ctx, 20*time.Millisecond); !ok {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fault.New(fault.Invalid, "The sign-in cannot be kept: %v.", err).With(remedy)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()

	all, err := loadSignIns()
	if err != nil {
		return "", err
	}

	change(&all)
	return path, all.save(path)
}

type loginCmd struct{ clientFlags }

// Run signs in and keeps the session.
func (c *loginCmd) Run(t *terminal) error {
	all, err := loadSignIns()
	if err != nil {
		return err
	}

	// A session that is kept already is of no interest here.
	c.fresh = true
	if c.Server == "" {
		c.Server = all.server()
	}

	if c.User == "" && c.Token == "" && t.interactive() {
		if c.User, err = (&questions{t: t}).text("Nuxeo login", all.Stored[base(c.Server)].User, needed); err != nil {
			return err
		}
	}

	// Sign in, and see as whom.
	k, err := c.signIn(t)
	if err != nil {
		return err
	}

	me, err := k.Me(t.ctx)
	if err != nil {
		return err
	}

	// Keep the session for the commands that follow.
	path, err := changeSignIns(t.ctx, func(all *signIns) {
		all.Last = k.base
		all.Stored[k.base] = signIn{User: me.Login, Session: *k.session.Load()}
	})
	if err != nil {
		return err
	}

	t.printf("Signed in to %s as %s. It is kept in %s, which only you can read.\n", k.base, me.Login, path)
	return nil
}

type logoutCmd struct {
	Server string `help:"Address of the connector; by default the one that was signed in to last." placeholder:"URL"`
}

// Run ends the stored session, there and here.
func (c *logoutCmd) Run(t *terminal) error {
	all, err := loadSignIns()
	if err != nil {
		return err
	}

	if c.Server == "" {
		c.Server = all.server()
	}

	server := base(c.Server)
	stored, there := all.Stored[server]
	if !there {
		t.printf("There is no stored sign-in for %s.\n", server)
		return nil
	}

	// Here it is forgotten even if the connector cannot be told.
	if _, err := changeSignIns(t.ctx, func(all *signIns) {
		delete(all.Stored, server)
		if all.Last == server {
			all.Last = ""
		}
	}); err != nil {
		return err
	}

	k, err := newClient(server, t)
	if err != nil {
		return err
	}

	k.session.Store(&stored.Session)
	if err := k.SignOut(t.ctx); err != nil {
		_, _ = fmt.Fprintf(t.err, "%s cannot be told; the session ends there by itself.\n", server)
	}

	t.printf("Signed out of %s.\n", server)
	return nil
}

// server is the connector to speak to when none is named.
func (s signIns) server() string {
	if s.Last != "" {
		return s.Last
	}
	return usualServer
}
