package main

import (
	"fmt"
	"sync"
	"testing"
)

// Logins at the same time each keep their sign-in.
func TestSignInsAtTheSameTime(t *testing.T) {
	home := t.TempDir()
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} {
		t.Setenv(name, home)
	}

	const logins = 20
	var all sync.WaitGroup
	for n := range logins {
		all.Go(func() {
			if _, err := changeSignIns(t.Context(), func(s *signIns) {
				s.Stored[fmt.Sprint("http://", n, ".test")] = signIn{User: "josh"}
			}); err != nil {
				t.Error(err)
			}
		})
	}

	all.Wait()
	kept, err := loadSignIns()
	if err != nil || len(kept.Stored) != logins {
		t.Errorf("got %d sign-ins (%v), want %d", len(kept.Stored), err, logins)
	}
}
