package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// nodeName is this process's name among the nodes. It is kept in the data folder,
// so that a restart finds at once what it held; a second process on the same
// folder gets a name for itself, since a process takes back what its name
// held. release lets the next process have it.
func nodeName(data string) (name string, release func() error, err error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return "", nil, fmt.Errorf("the data folder: %w", err)
	}

	path := filepath.Join(data, "node")
	lock := flock.New(path + ".lock")
	first, err := lock.TryLock()
	if err != nil {
		return "", nil, fmt.Errorf("the data folder: %w", err)
	}

	// Another process has the folder, and with it the name.
	if !first {
		return freshName(), func() error { return nil }, nil
	}

	if b, err := os.ReadFile(path); err == nil && len(b) > 0 {
		return string(b), lock.Unlock, nil
	}

	name = freshName()
	if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
		return "", nil, errors.Join(err, lock.Unlock())
	}

	return name, lock.Unlock, nil
}

func freshName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "node"
	}
	return fmt.Sprintf("%s-%d", host, time.Now().UnixNano())
}
