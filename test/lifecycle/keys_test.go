package lifecycle

import (
	"path/filepath"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// The encryption key is replaced while the connector runs; nobody has to sign in
// again, and the old key is of no use in the end.
func TestEncryptionKeyIsRotatedWhileRunning(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	file := add(b, "film.mov", "first")
	b.Published(b.Josh, file)
	path := filepath.Join(b.Config.Data, "encryption.key")
	old, err := identity.KeyNames(path)
	if err != nil || len(old) != 1 {
		t.Fatalf("the keys are %v, %v; want 1", old, err)
	}

	name, err := identity.RotateKey(path)
	if err != nil {
		t.Fatal(err)
	}

	if retired, err := identity.RetireKeys(path, used(t, b)); err != nil || len(retired) != 0 {
		t.Fatalf("a key in use: retired %v, %v; want none", retired, err)
	}

	if _, err := b.App.Maintenance.DoNow(t.Context(), "keys"); err != nil {
		t.Fatal(err)
	}

	sealed := used(t, b)
	if sealed[old[0]] != 0 || sealed[name] < 7 {
		t.Errorf("sealed by each key are %v, want none by the old one, and at least 7 by the new one, %s", sealed, name)
	}

	if retired, err := identity.RetireKeys(path, sealed); err != nil || len(retired) != 1 || retired[0] != old[0] {
		t.Fatalf("keys without use: retired %v, %v; want %s", retired, err, old[0])
	}

	b.Frameio.ReplaceContent(file, frameiosim.Bytes([]byte("second")))
	b.Published(b.Josh, file)
	b.Restart()
	b.Published(b.Josh, file)
	b.AllDone()
	b.Check(testenv.Want{"film": {Content: []byte("second"), Versions: [][]byte{[]byte("first"), []byte("second")}}})
}

func used(t *testing.T, b *testenv.Bed) map[string]int {
	t.Helper()
	n, err := identity.KeysInUse(t.Context(), b.App.DB, app.Sealed()...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
