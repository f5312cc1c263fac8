package main

import (
	"archive/tar"
	"archive/zip"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// documents of the repository that go with the program.
var documents = []string{
	"README.md", "LICENSE", "NOTICE", "CHANGELOG.md", "SECURITY.md", "doc/manual.md", "doc/install.md",
	"doc/operations.md", "doc/limits.md",
	"doc/package.md", "doc/metrics.md", "doc/reliability.md", "doc/glossary.md",
}

// archives writes one for each platform: tar.gz, and zip for Windows.
func (r *release) archives(context.Context) error {
	for _, p := range r.platforms("") {
		folder := "nuxeo-frameio-" + r.version + "-" + p.system + "-" + p.processor
		files, err := r.archived(p, folder)
		if err != nil {
			return err
		}

		name, write := folder+".tar.gz", writeTarGz
		if p.system == "windows" {
			name, write = folder+".zip", writeZip
		}

		f, err := r.create(name)
		if err != nil {
			return err
		}

		if err := errors.Join(write(f, files, r.time, r.level()), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// archived are the files of an archive, below a folder.
func (r *release) archived(p platform, folder string) (files []file, err error) {
	files = append(files,
		file{r.programs[p], programName(p), 0o755},
		file{filepath.Join(r.work, "connector.toml"), "connector.toml", 0o644})
	if p.system == "linux" {
		files = append(files, file{
			filepath.Join(r.root, "release/files/nuxeo-frameio.service"),
			"nuxeo-frameio.service", 0o644,
		})
	}

	for _, name := range documents {
		files = append(files, file{filepath.Join(r.root, name), name, 0o644})
	}

	for _, dir := range []string{"man", "completion"} {
		entries, err := os.ReadDir(filepath.Join(r.work, dir))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			files = append(files, file{filepath.Join(r.work, dir, e.Name()), dir + "/" + e.Name(), 0o644})
		}
	}

	for i := range files {
		files[i].to = path.Join(folder, files[i].to)
	}

	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.to, b.to) })
	return files, nil
}

// chartVersion stands in the chart for the version.
const chartVersion = "0.0.0"

// chart writes the one for Helm, with the version in place of none.
func (r *release) chart(context.Context) error {
	dir := filepath.Join(r.root, "deploy", "chart")
	var all []file
	err := filepath.WalkDir(dir, func(from string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}

		name, err := filepath.Rel(dir, from)
		if err != nil {
			return err
		}

		if name == "Chart.yaml" {
			if from, err = r.versioned(from); err != nil {
				return err
			}
		}

		all = append(all, file{from, "nuxeo-frameio/" + filepath.ToSlash(name), 0o644})
		return nil
	})
	if err != nil {
		return err
	}

	f, err := r.create("nuxeo-frameio-chart-" + r.version + ".tgz")
	if err != nil {
		return err
	}

	return errors.Join(writeTarGz(f, all, r.time, r.level()), f.Close())
}

// versioned is a copy of a file of the chart with the version in it.
func (r *release) versioned(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}

	if strings.Count(string(b), chartVersion) != 2 {
		return "", fmt.Errorf("%s does not have %s twice", path, chartVersion)
	}

	to := filepath.Join(r.work, filepath.Base(path))
	return to, os.WriteFile(to, []byte(strings.ReplaceAll(string(b), chartVersion, r.version)), 0o644)
}

func writeTarGz(w io.Writer, files []file, at time.Time, level int) error {
	z, err := gzip.NewWriterLevel(w, level)
	if err != nil {
		return err
	}

	t := tar.NewWriter(z)
	for _, f := range files {
		body, err := os.ReadFile(f.from)
		if err != nil {
			return err
		}

		h := &tar.Header{Name: f.to, Mode: int64(f.mode), Size: int64(len(body)), ModTime: at, Format: tar.FormatPAX}
		if err := t.WriteHeader(h); err != nil {
			return err
		}

		if _, err := t.Write(body); err != nil {
			return err
		}
	}

	return errors.Join(t.Close(), z.Close())
}

func writeZip(w io.Writer, files []file, at time.Time, level int) error {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, level) })
	for _, f := range files {
		body, err := os.ReadFile(f.from)
		if err != nil {
			return err
		}

		h := &zip.FileHeader{Name: f.to, Method: zip.Deflate, Modified: at}
		h.SetMode(f.mode)
		entry, err := z.CreateHeader(h)
		if err != nil {
			return err
		}

		if _, err := entry.Write(body); err != nil {
			return err
		}
	}

	return z.Close()
}
