package main

import (
	"os"
	"os/user"
	"path/filepath"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// auditOf is the audit of a database that a command works on by itself. Each machine's
// commands have a chain of their own.
func auditOf(t *terminal, db *store.DB, keys []string, data string) (*audit.Log, error) {
	vault, err := identity.OpenVault(t.ctx, db, keys, filepath.Join(data, "encryption.key"))
	if err != nil {
		return nil, err
	}

	log, err := newLog(t.err, "warn", "text")
	if err != nil {
		return nil, err
	}

	return audit.New(db, vault, time.Now, "command line on "+hostName(), log), nil
}

// operator names the person who runs a command that needs no sign-in, by their account of the machine.
func operator() string {
	name := "somebody"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return name + "@" + hostName()
}

func hostName() string {
	host, err := os.Hostname()
	if err != nil {
		return "this machine"
	}
	return host
}
