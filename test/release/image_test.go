package release

import (
	"archive/tar"
	"compress/gzip"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/diff"
)

// runConfig is how an image says that it is run.
type runConfig struct {
	User                 string
	Env, Entrypoint, Cmd []string
	WorkingDir           string
	ExposedPorts         map[string]struct{}
	Volumes              map[string]struct{}
	Labels               map[string]string
}

// unpack reads an image as `docker save` writes it: where its files are put, and how it is
// run.
func unpack(t *testing.T, path string, p place) (c runConfig) {
	t.Helper()
	parts := map[string][]byte{}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if parts[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}

	var manifest []struct {
		Config string
		Layers []string
	}

	var config struct{ Config runConfig }
	if err := errors.Join(json.Unmarshal(parts["manifest.json"], &manifest), json.Unmarshal(parts[manifest[0].Config],
		&config)); err != nil {
		t.Fatal(err)
	}

	for _, layer := range manifest[0].Layers {
		z, err := gzip.NewReader(strings.NewReader(string(parts[layer])))
		if err != nil {
			t.Fatal(err)
		}
		p.extract(tar.NewReader(z))
	}

	return config.Config
}

// extract puts the files of an archive there, with their owners.
func (p place) extract(r *tar.Reader) {
	p.t.Helper()
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}

		if err != nil {
			p.t.Fatal(err)
		}

		to := p.path("/" + h.Name)
		if h.Typeflag == tar.TypeDir {
			err = os.MkdirAll(to, 0o755)
		} else {
			var body []byte
			if body, err = io.ReadAll(r); err == nil {
				err = os.WriteFile(to, body, 0o644)
			}
		}

		if err := errors.Join(err, os.Chown(to, h.Uid, h.Gid), os.Chmod(to, h.FileInfo().Mode())); err != nil {
			p.t.Fatal(err)
		}
	}
}

// nobody is the account of the image.
const nobody = 65532

// The image starts where nothing else is, under its own account, and writes nothing but its
// state: its root may be read-only.
func TestImage(t *testing.T) {
	t.Parallel()
	path := ofProgram(t, "*.tar")
	changer(t)
	p := newPlace(t)
	c := unpack(t, path, p)
	if c.User != "65532:65532" {
		t.Errorf("got the account %s, want 65532:65532", c.User)
	}

	pool := x509.NewCertPool()
	if b := p.read("/etc/ssl/certs/ca-certificates.crt"); !pool.AppendCertsFromPEM([]byte(b)) || strings.Count(b,
		"BEGIN") < 100 {
		t.Errorf("got %d certificates, want those of all public authorities", strings.Count(b, "BEGIN"))
	}

	before := p.tree("/var/lib/nuxeo-frameio")

	nuxeoURL, frameioURL := systems(t, "")
	address := freePort(t)
	env := append(slices.Clone(c.Env), "NUXEO_FRAMEIO_LISTEN="+address, "NUXEO_FRAMEIO_NUXEO_URL="+nuxeoURL,
		"NUXEO_FRAMEIO_FRAMEIO_URL="+frameioURL, "NUXEO_FRAMEIO_NETWORK_PRIVATE_ADDRESSES=allow")
	stop := p.start(nobody, env, slices.Concat(c.Entrypoint, c.Cmd)...)
	answers(t, address)
	stop()
	diff.Equal(t, "the files that are not its state, after it ran", p.tree("/var/lib/nuxeo-frameio"), before)

	if uid, _ := p.owner("/var/lib/nuxeo-frameio/connector.db"); uid != nobody {
		t.Errorf("the database belongs to %d, want %d", uid, nobody)
	}

	composed(t, p, c)
	sameByDocker(t, c)
}

// sameByDocker holds the Dockerfile against how the image says that it is run.
func sameByDocker(t *testing.T, want runConfig) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "deploy", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}

	_, last, _ := strings.Cut(string(b), "FROM scratch\n")
	got := runConfig{ExposedPorts: map[string]struct{}{}, Volumes: map[string]struct{}{}, Labels: map[string]string{}}
	words := func(list string) (all []string) {
		if err := json.Unmarshal([]byte(list), &all); err != nil {
			t.Error(err)
		}
		return all
	}

	for line := range strings.Lines(last) {
		what, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch what {
		case "USER":
			got.User = value
		case "ENV":
			got.Env = append(got.Env, value)
		case "EXPOSE":
			got.ExposedPorts[value] = struct{}{}
		case "VOLUME":
			got.Volumes[value] = struct{}{}
		case "WORKDIR":
			got.WorkingDir = value
		case "LABEL":
			name, label, _ := strings.Cut(value, "=")
			got.Labels[name] = strings.ReplaceAll(label, "$VERSION", version)
		case "ENTRYPOINT":
			got.Entrypoint = words(value)
		case "CMD":
			got.Cmd = words(value)
		}
	}

	diff.Equal(t, "the Dockerfile, as against the image", got, want)
}
