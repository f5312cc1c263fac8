package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// account is the number that the connector has in an image; it is nobody's elsewhere.
const account = 65532

// images writes one for each processor, in the form of `docker save`, without a daemon.
// The Dockerfile of the repository makes the same.
func (r *release) images(context.Context) error {
	for _, p := range r.platforms("linux") {
		image, err := r.image(p)
		if err != nil {
			return err
		}

		tag, err := name.NewTag("nuxeo-frameio:"+imageTag(r.version), name.WithDefaultRegistry(""))
		if err != nil {
			return err
		}

		f, err := r.create(fmt.Sprintf("nuxeo-frameio-%s-image-%s.tar", r.version, p.processor))
		if err != nil {
			return err
		}

		if err := errors.Join(tarball.Write(tag, image, f), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// imageTag is a version as tags may be written.
func imageTag(version string) string {
	return string(bytes.ReplaceAll([]byte(version), []byte("+"), []byte("_")))
}

func (r *release) image(p platform) (v1.Image, error) {
	content, err := r.rootOfImage(p)
	if err != nil {
		return nil, err
	}

	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
	layer, err := tarball.LayerFromOpener(open, tarball.WithCompressionLevel(r.level()))
	if err != nil {
		return nil, err
	}

	image, err := mutate.Append(empty.Image, mutate.Addendum{Layer: layer, History: v1.History{
		Created: v1.Time{Time: r.time}, CreatedBy: "nuxeo-frameio release",
	}})
	if err != nil {
		return nil, err
	}

	return mutate.ConfigFile(image, configOf(image, r, p))
}

// configOf says how the image is run.
func configOf(image v1.Image, r *release, p platform) *v1.ConfigFile {
	c, err := image.ConfigFile()
	if err != nil {
		c = &v1.ConfigFile{}
	}

	c = c.DeepCopy()
	c.OS, c.Architecture, c.Created = p.system, p.processor, v1.Time{Time: r.time}
	c.Config = v1.Config{
		User:         fmt.Sprintf("%d:%d", account, account),
		Env:          []string{"NUXEO_FRAMEIO_DATA=" + dataFolder, "NUXEO_FRAMEIO_LISTEN=0.0.0.0:8090"},
		ExposedPorts: map[string]struct{}{"8090/tcp": {}},
		Volumes:      map[string]struct{}{dataFolder: {}},
		WorkingDir:   dataFolder,
		Entrypoint:   []string{"/nuxeo-frameio"},
		Cmd:          []string{"serve"},
		Labels: map[string]string{
			"org.opencontainers.image.title":    "nuxeo-frameio",
			"org.opencontainers.image.version":  r.version,
			"org.opencontainers.image.licenses": "Apache-2.0",
			"org.opencontainers.image.source":   "https://github.com/nuxeo-frameio/nuxeo-frameio",
		},
	}

	return c
}

// entry is a file or, with a slash at its end, a folder of an image.
type entry struct {
	name  string
	mode  fs.FileMode
	owner int
	body  []byte
}

// entries are the file system: the program, the certificates of public authorities, a name
// for the account, its folder, and one for temporary files.
func (r *release) entries(p platform) ([]entry, error) {
	program, err := os.ReadFile(r.programs[p])
	if err != nil {
		return nil, err
	}

	group := fmt.Sprintf("root:x:0:\nnuxeo-frameio:x:%d:\n", account)
	passwd := fmt.Sprintf("root:x:0:0:root:/:/none\nnuxeo-frameio:x:%d:%d::%s:/none\n", account, account, dataFolder)
	return []entry{
		{"etc/", 0o755, 0, nil},
		{"etc/group", 0o644, 0, []byte(group)},
		{"etc/passwd", 0o644, 0, []byte(passwd)},
		{"etc/ssl/", 0o755, 0, nil},
		{"etc/ssl/certs/", 0o755, 0, nil},
		{"etc/ssl/certs/ca-certificates.crt", 0o644, 0, authorities()},
		{"nuxeo-frameio", 0o755, 0, program},
		{"tmp/", 0o1777, 0, nil},
		{"var/", 0o755, 0, nil},
		{"var/lib/", 0o755, 0, nil},
		{"var/lib/nuxeo-frameio/", 0o700, account, nil},
	}, nil
}

// rootOfImage is the file system as an archive.
func (r *release) rootOfImage(p platform) ([]byte, error) {
	entries, err := r.entries(p)
	if err != nil {
		return nil, err
	}

	var b bytes.Buffer
	t := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{
			Name: e.name, Typeflag: tar.TypeReg, Mode: int64(e.mode), Uid: e.owner, Gid: e.owner,
			Size: int64(len(e.body)), ModTime: r.time,
		}
		if strings.HasSuffix(e.name, "/") {
			h.Typeflag = tar.TypeDir
		}

		if err := t.WriteHeader(h); err != nil {
			return nil, err
		}

		if _, err := t.Write(e.body); err != nil {
			return nil, err
		}
	}

	return b.Bytes(), t.Close()
}

// tree writes the file system of the image into a folder, for the Dockerfile, which gives
// files their owners by itself.
func (r *release) tree(context.Context) error {
	for _, p := range r.platforms("linux") {
		entries, err := r.entries(p)
		if err != nil {
			return err
		}

		for _, e := range entries {
			path := filepath.Join(r.out, e.name)
			if strings.HasSuffix(e.name, "/") {
				err = os.MkdirAll(path, 0o755)
			} else {
				err = os.WriteFile(path, e.body, e.mode)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// authorities are those that Mozilla trusts, as of the version in go.mod, in PEM.
func authorities() []byte {
	var b bytes.Buffer
	for root := range bundle.Roots() {
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // to memory
	}
	return b.Bytes()
}
