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
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil })
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

// rootOfImage is the file system: the program, the certificates of public authorities, a
// name for the account, its folder, and one for temporary files.
func (r *release) rootOfImage(p platform) ([]byte, error) {
	program, err := os.ReadFile(r.programs[p])
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	t := tar.NewWriter(&b)
	add := func(name string, kind byte, mode fs.FileMode, owner int, body []byte) {
		h := &tar.Header{Name: name, Typeflag: kind, Mode: int64(mode), Uid: owner, Gid: owner, Size: int64(len(body)), ModTime: r.time}
		err = errors.Join(err, t.WriteHeader(h))
		_, failed := t.Write(body)
		err = errors.Join(err, failed)
	}
	add("etc/", tar.TypeDir, 0o755, 0, nil)
	add("etc/group", tar.TypeReg, 0o644, 0, fmt.Appendf(nil, "root:x:0:\nnuxeo-frameio:x:%d:\n", account))
	add("etc/passwd", tar.TypeReg, 0o644, 0, fmt.Appendf(nil, "root:x:0:0:root:/:/none\nnuxeo-frameio:x:%d:%d::%s:/none\n", account, account, dataFolder))
	add("etc/ssl/", tar.TypeDir, 0o755, 0, nil)
	add("etc/ssl/certs/", tar.TypeDir, 0o755, 0, nil)
	add("etc/ssl/certs/ca-certificates.crt", tar.TypeReg, 0o644, 0, authorities())
	add("nuxeo-frameio", tar.TypeReg, 0o755, 0, program)
	add("tmp/", tar.TypeDir, 0o777|0o1000, 0, nil)
	add("var/", tar.TypeDir, 0o755, 0, nil)
	add("var/lib/", tar.TypeDir, 0o755, 0, nil)
	add("var/lib/nuxeo-frameio/", tar.TypeDir, 0o700, account, nil)
	return b.Bytes(), errors.Join(err, t.Close())
}

// authorities are those that Mozilla trusts, as of the version in go.mod, in PEM.
func authorities() []byte {
	var b bytes.Buffer
	for root := range bundle.Roots() {
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // to memory
	}
	return b.Bytes()
}
