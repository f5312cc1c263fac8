package support_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/support"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Should a message ever carry a secret, it is taken out.
func TestWhatLooksLikeASecretIsHidden(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "connector.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()

	const kept = "https://nuxeo.example.com/nuxeo failed with status 500"
	s := support.Sources{
		DB: db, Engine: work.NewEngine(db, nil, slog.Default(), time.Now, work.DefaultSettings("node")),
		Maintenance: &maintenance.Service{DB: db, Now: time.Now}, Metrics: http.NotFoundHandler(), Now: time.Now,
		Secrets: []string{`pass"word-of-somebody`},
		Doctor: func(_ context.Context, found func(support.Finding)) {
			found(support.Finding{
				Name: "Made up", Mark: "broken", Detail: "it said pass\"word-of-somebody for " +
					"https://files.example.com/a.mov?X-Amz-Signature=canary-signature&a=b and Authorization: Bearer " +
					"canary-bearer-token at postgres://frameio:canary-password@db/frameio; " + kept,
			})
		},
		Settings: []support.Setting{{Name: "by mistake", Value: `pass"word-of-somebody`}},
	}

	got := written(t, s)
	if text := got["doctor.txt"]; strings.Contains(text, "canary") || !strings.Contains(text, kept) ||
		!strings.Contains(text, "https://files.example.com/a.mov?hidden") {
		t.Errorf("a text with secrets: got %q, want them hidden, and the rest of it", text)
	}

	for name, text := range got {
		if strings.Contains(text, "word-of-somebody") {
			t.Errorf("%s: got a secret of the settings in %q, want it hidden", name, text)
		}
	}
}

// written is what is in the archive of some sources.
func written(t *testing.T, s support.Sources) map[string]string {
	t.Helper()
	var content bytes.Buffer
	if err := s.Write(t.Context(), &content); err != nil {
		t.Fatal(err)
	}

	z, err := zip.NewReader(bytes.NewReader(content.Bytes()), int64(content.Len()))
	if err != nil {
		t.Fatal(err)
	}

	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(b)
	}

	return files
}
