package identity

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/tables"
)

func keyOf(letter string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 32)))
}

// A key that does not open what is stored is noticed at the start, and a lost
// one is never replaced silently.
func TestOpenVaultKnowsItsDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "encryption.key")
	db, err := store.Open(t.Context(), tables.Address(t, dir))
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = db.Close() })
	if _, err := OpenVault(t.Context(), db, nil, file); err != nil {
		t.Fatal(err)
	}

	if _, err := OpenVault(t.Context(), db, nil, file); err != nil {
		t.Errorf("opening the vault at the second start: got %v, want no error", err)
	}

	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}

	for name, keys := range map[string][]string{"another key": {keyOf("a")}, "no key": {"abc"}} {
		if _, err := OpenVault(t.Context(), db, keys, file); !fault.Is(err, fault.Invalid) {
			t.Errorf("opening the vault with %s: got %v, want an invalid setting", name, err)
		}
	}

	if _, err := OpenVault(t.Context(), db, []string{keyOf("a"), string(kept)}, file); err != nil {
		t.Errorf("a new key before the old one: got %v, want no error", err)
	}

	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}

	if _, err := OpenVault(t.Context(), db, nil, file); !fault.Is(err, fault.Invalid) {
		t.Errorf("without the key file: got %v, want an invalid setting", err)
	}

	if _, err := os.Stat(file); err == nil {
		t.Error("the missing key: got a new one without a word, want none")
	}
}

// The stored client secret goes nowhere but where it was meant for.
func TestSecretDoesNotFollowAnotherTokenAddress(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p, err := w.Provider(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	for address, ok := range map[string]bool{
		"https://elsewhere.example.com/token": false, "http://elsewhere.example.com/token": false,
		p.TokenURL + "?v=2": true, "ftp://x": false,
	} {
		q := p
		q.TokenURL = address
		if err := w.SaveProvider(t.Context(), q); (err == nil) != ok {
			t.Errorf("saving the token address %s without the secret: got %v, want it accepted: %v", address, err, ok)
		}
	}

	p.TokenURL, p.ClientSecret = "https://elsewhere.example.com/token", "new secret"
	if err := w.SaveProvider(t.Context(), p); err != nil {
		t.Errorf("saving another token address with the secret: got %v, want no error", err)
	}
}

// With Nuxeo's own secret at hand nobody's token is kept, nor one from before.
func TestNoTokenIsKeptBesideTheJWTSecret(t *testing.T) {
	t.Parallel()
	w := setup(t, func(nx *nuxeosim.Options, _ *frameiosim.Options) { nx.JWTSecret = "shared" })
	token := func() string {
		tok, err := w.nuxeo.As(nuxeo.Basic("josh", "josh")).NewToken(t.Context(), "nuxeo-frameio", "test", "test")
		if err != nil {
			t.Fatal(err)
		}
		return tok
	}

	kept := func() (n int) {
		if err := w.store.Reader.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM people
			WHERE nuxeo_token IS NOT NULL`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}

	if _, _, err := w.SignIn(t.Context(), token()); err != nil || kept() != 1 {
		t.Fatalf("signed in without the secret of JWTs: %d tokens kept, %v; want 1", kept(), err)
	}

	w.set.JWTSecret = "shared"
	if _, _, err := w.SignIn(t.Context(), token()); err != nil || kept() != 0 {
		t.Errorf("signed in with the secret of JWTs: %d tokens kept, %v; want 0", kept(), err)
	}

	nx, err := w.Nuxeo(t.Context(), "josh")
	if err != nil {
		t.Fatal(err)
	}

	if me, err := nx.Me(t.Context()); err != nil || me.Login != "josh" {
		t.Errorf("acting by JWT as %v, %v; want josh", me, err)
	}
}
