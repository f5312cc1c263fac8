package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb" // registers itself
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm" // registers itself
)

// description is what lists of packages show: a line, then more.
const description = `connects Nuxeo and Frame.io
Nuxeo, where a company keeps its master files, and Frame.io, where video teams review them: assets are published
into bound folders, documents pushed for review and returned as new versions, folder trees mirrored.`

func (r *release) debs(context.Context) error { return r.packages("deb") }
func (r *release) rpms(context.Context) error { return r.packages("rpm") }

// packages writes one package of a format for each processor.
func (r *release) packages(format string) error {
	packager, err := nfpm.Get(format)
	if err != nil {
		return err
	}

	for _, p := range r.platforms("linux") {
		contents, err := r.contents(p, format)
		if err != nil {
			return err
		}

		info := nfpm.WithDefaults(&nfpm.Info{
			Name: "nuxeo-frameio", Arch: p.processor, Platform: "linux", Version: packageVersion(r.version),
			Release: "1",
			Section: "net", Priority: "optional",
			Maintainer:  "The nuxeo-frameio authors <noreply@nuxeo-frameio.invalid>",
			Description: description, Homepage: "https://github.com/nuxeo-frameio/nuxeo-frameio", License: "Apache-2.0",
			MTime: r.time, DisableGlobbing: true,
		})

		info.Recommends = []string{"ca-certificates"}
		info.Contents = contents
		scripts := filepath.Join(r.root, "release/files")
		info.Scripts = nfpm.Scripts{
			PostInstall: filepath.Join(scripts, "postinstall.sh"),
			PreRemove:   filepath.Join(scripts, "preremove.sh"),
			PostRemove:  filepath.Join(scripts, "postremove.sh"),
		}

		info.RPM.BuildHost, info.RPM.Summary = "localhost", strings.SplitN(description, "\n", 2)[0]
		info.Deb.Compression, info.RPM.Compression = "xz", "xz"
		if r.quick {
			info.Deb.Compression, info.RPM.Compression = "none", "gzip:1"
		}

		if err := nfpm.PrepareForPackager(info, format); err != nil {
			return err
		}

		f, err := r.create(packager.ConventionalFileName(info))
		if err != nil {
			return err
		}

		if err := errors.Join(packager.Package(info, f), f.Close()); err != nil {
			return err
		}
	}

	return nil
}

// described is a version that `git describe` makes between two tags: so many commits after
// the tag, which is later than it, where a hyphen would make it earlier.
var described = regexp.MustCompile(`^(\d+\.\d+\.\d+)-(\d+)-g([0-9a-f]+)(-dirty)?$`)

// packageVersion is a version in the order of packages.
func packageVersion(version string) string {
	if m := described.FindStringSubmatch(version); m != nil {
		return m[1] + "+" + m[2] + ".g" + m[3] + strings.Replace(m[4], "-", ".", 1)
	}
	return version
}

// contents are the files of a package.
func (r *release) contents(p platform, format string) (files.Contents, error) {
	own := filepath.Join(r.root, "release/files")
	all := []file{
		{r.programs[p], "/usr/bin/nuxeo-frameio", 0o755},
		{filepath.Join(r.work, "connector.toml"), "/usr/share/nuxeo-frameio/connector.toml", 0o644},
		{filepath.Join(own, "nuxeo-frameio.service"), "/usr/lib/systemd/system/nuxeo-frameio.service", 0o644},
		{filepath.Join(own, "sysusers.conf"), "/usr/lib/sysusers.d/nuxeo-frameio.conf", 0o644},
		{filepath.Join(r.work, "completion/bash"), "/usr/share/bash-completion/completions/nuxeo-frameio", 0o644},
		{filepath.Join(r.work, "completion/zsh"), zshFolder(format) + "/_nuxeo-frameio", 0o644},
		{filepath.Join(r.work, "completion/fish"), "/usr/share/fish/vendor_completions.d/nuxeo-frameio.fish", 0o644},
		{filepath.Join(own, "copyright"), "/usr/share/doc/nuxeo-frameio/copyright", 0o644},
	}

	for _, name := range documents {
		all = append(all, file{filepath.Join(r.root, name), "/usr/share/doc/nuxeo-frameio/" + path.Base(name), 0o644})
	}

	pages, err := r.zippedPages()
	if err != nil {
		return nil, err
	}

	all = append(all, pages...)

	contents := files.Contents{}
	for _, f := range all {
		contents = append(contents, &files.Content{
			Source: f.from, Destination: f.to,
			FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: f.mode, MTime: r.time},
		})
	}

	for _, dir := range []string{"/etc/nuxeo-frameio", "/usr/share/nuxeo-frameio", "/usr/share/doc/nuxeo-frameio"} {
		contents = append(contents, &files.Content{
			Destination: dir, Type: files.TypeDir,
			FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: 0o755, MTime: r.time},
		})
	}

	return contents, nil
}

// zshFolder is where completion for zsh lies.
func zshFolder(format string) string {
	if format == "rpm" {
		return "/usr/share/zsh/site-functions"
	}
	return "/usr/share/zsh/vendor-completions"
}

// zippedPages compresses the manual pages, as packages have them.
func (r *release) zippedPages() (all []file, err error) {
	entries, err := os.ReadDir(filepath.Join(r.work, "man"))
	if err != nil {
		return nil, err
	}

	to := filepath.Join(r.work, "zipped")
	if err := os.MkdirAll(to, 0o755); err != nil {
		return nil, err
	}

	for _, e := range entries {
		page, err := os.ReadFile(filepath.Join(r.work, "man", e.Name()))
		if err != nil {
			return nil, err
		}

		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			return nil, err
		}

		_, err = z.Write(page)
		if err := errors.Join(err, z.Close()); err != nil {
			return nil, err
		}

		zipped := filepath.Join(to, e.Name()+".gz")
		if err := os.WriteFile(zipped, b.Bytes(), 0o644); err != nil {
			return nil, err
		}

		section := strings.TrimPrefix(filepath.Ext(e.Name()), ".")
		all = append(all, file{zipped, "/usr/share/man/man" + section + "/" + e.Name() + ".gz", 0o644})
	}

	return all, nil
}
