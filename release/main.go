// Command release makes what a version is handed out as: programs for each platform in
// archives, packages for Debian and Red Hat, container images, the package of Nuxeo, a
// list of what is inside, and the checksums of it all.
//
// It is a module of its own, so that what it needs is no part of the product. All that is
// told about commands and settings (manual pages, completion, the file of settings) it has
// the program itself write, so it runs a program for this machine.
//
// Invariant: the same sources, version and Go give the same bytes, wherever and whenever it
// runs. Times in archives are SOURCE_DATE_EPOCH, or the time of the last commit; owners are
// numbers; files are in the order of their names.
package main

import (
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// what can be made, in this order.
var products = []struct {
	name string
	make func(*release, context.Context) error
}{
	{"archive", (*release).archives},
	{"deb", (*release).debs},
	{"rpm", (*release).rpms},
	{"image", (*release).images},
	{"chart", (*release).chart},
	{"nuxeo", (*release).nuxeoPackage},
	{"sbom", (*release).sboms},
	{"notes", (*release).notes},
	{"sums", (*release).sums},
	{"tree", (*release).tree}, // only when it is asked for
}

// platform is a system and a processor, as Go calls them.
type platform struct{ system, processor string }

func (p platform) String() string { return p.system + "/" + p.processor }

// everywhere are the platforms of a release.
var everywhere = []platform{
	{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}, {"windows", "amd64"},
}

// release is one run.
type release struct {
	root    string // of the repository
	version string // without the v of a tag
	out     string
	work    string // removed at the end
	time    time.Time
	quick   bool // what is made is not made small

	programs map[platform]string // paths
	made     []string            // names of files in out
}

func run(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	version := flags.String("version", "", "version to make, such as v1.2.3")
	root := flags.String("root", "..", "root of the repository")
	out := flags.String("out", "../dist", "folder to write to")
	program := flags.String("program", "", "a program for this machine to take, instead of building for every platform")
	only := flags.String("only", "", "make only these, parted by commas: "+productNames())
	changelog := flags.Bool("changelog", false, "only move what is in changes/ into CHANGELOG.md, as this version's")
	quick := flags.Bool("quick", false, "do not spend time on making packages small")
	if err := flags.Parse(args); err != nil {
		return err
	}

	if *version == "" {
		return errors.New("give a -version, such as v1.2.3")
	}

	r := &release{version: strings.TrimPrefix(*version, "v"), quick: *quick, programs: map[platform]string{}}
	if r.root, err = filepath.Abs(*root); err != nil {
		return err
	}

	if *changelog {
		return r.changelog()
	}

	if r.out, err = filepath.Abs(*out); err != nil {
		return err
	}

	if r.time, err = timeOf(ctx, r.root); err != nil {
		return err
	}

	if r.work, err = os.MkdirTemp("", "nuxeo-frameio-release-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.work)) }()
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}

	if *program != "" {
		r.programs[platform{"linux", runtime.GOARCH}] = *program
	} else if err := r.build(ctx); err != nil {
		return err
	}

	if err := r.describe(ctx); err != nil {
		return err
	}

	return r.products(ctx, strings.FieldsFunc(*only, func(c rune) bool { return c == ',' }))
}

// products makes those that were asked for, or all.
func (r *release) products(ctx context.Context, only []string) error {
	for _, p := range products {
		if len(only) > 0 && !slices.Contains(only, p.name) || len(only) == 0 && p.name == "tree" {
			continue
		}
		if err := p.make(r, ctx); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}

	for _, name := range r.made {
		info, err := os.Stat(filepath.Join(r.out, name))
		if err != nil {
			return err
		}
		fmt.Printf("%6.1f MB  %s\n", float64(info.Size())/1e6, name)
	}

	return nil
}

func productNames() string {
	var names []string
	for _, p := range products {
		names = append(names, p.name)
	}
	return strings.Join(names, ",")
}

// platforms are those that there is a program for, in order.
func (r *release) platforms(system string) (all []platform) {
	for p := range r.programs {
		if system == "" || p.system == system {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b platform) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// here is the program that runs on this machine.
func (r *release) here() (string, error) {
	if path := r.programs[platform{runtime.GOOS, runtime.GOARCH}]; path != "" {
		return path, nil
	}
	return "", fmt.Errorf("there is no program for %s/%s, which writes its manual pages", runtime.GOOS, runtime.GOARCH)
}

// level is how hard archives are compressed.
func (r *release) level() int {
	if r.quick {
		return gzip.NoCompression
	}
	return gzip.BestCompression
}

// create begins a file of the release.
func (r *release) create(name string) (*os.File, error) {
	r.made = append(r.made, name)
	return os.Create(filepath.Join(r.out, name))
}

// file is a file of an archive or a package: where it comes from, where it goes, and who may
// do what with it.
type file struct {
	from, to string
	mode     fs.FileMode
}
