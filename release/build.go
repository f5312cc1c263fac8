package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// versionVariable is where the program has its version.
const versionVariable = "github.com/nuxeo-frameio/nuxeo-frameio/internal/app.Version"

// timeOf is the time that everything in a release has.
func timeOf(ctx context.Context, root string) (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		out, err := exec.CommandContext(ctx, "git", "-C", root, "log", "-1", "--format=%ct").Output()
		if err != nil {
			return time.Time{}, fmt.Errorf("the time of the last commit is not known; set SOURCE_DATE_EPOCH: %w", err)
		}
		text = strings.TrimSpace(string(out))
	}

	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH is no number of seconds: %w", err)
	}

	return time.Unix(seconds, 0).UTC(), nil
}

// build makes the program for every platform.
func (r *release) build(ctx context.Context) error {
	for _, p := range everywhere {
		to := filepath.Join(r.work, p.system+"-"+p.processor, programName(p))
		fmt.Println("building for", p)
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
			"-ldflags", "-s -w -X "+versionVariable+"="+r.version, "-o", to, "./cmd/nuxeo-frameio")
		cmd.Dir, cmd.Stderr = r.root, os.Stderr
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.system, "GOARCH="+p.processor, "GOFLAGS=")
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("building for %s: %w", p, err)
		}
		r.programs[p] = to
	}
	return nil
}

func programName(p platform) string {
	if p.system == "windows" {
		return "nuxeo-frameio.exe"
	}
	return "nuxeo-frameio"
}

// dataFolder is where a packaged connector keeps its state.
const dataFolder = "/var/lib/nuxeo-frameio"

// describe has the program write what tells about it, below work: man/, completion/ and
// connector.toml, whose data folder is that of the packages.
func (r *release) describe(ctx context.Context) error {
	program, err := r.here()
	if err != nil {
		return err
	}

	for _, dir := range []string{"man", "completion"} {
		if err := os.Mkdir(filepath.Join(r.work, dir), 0o755); err != nil {
			return err
		}
	}

	if _, err := r.ask(ctx, program, "manpages", "-o", filepath.Join(r.work, "man")); err != nil {
		return err
	}

	for _, shell := range []string{"bash", "zsh", "fish"} {
		script, err := r.ask(ctx, program, "completion", shell)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(r.work, "completion", shell), script, 0o644); err != nil {
			return err
		}
	}

	settings, err := r.ask(ctx, program, "config", "--example")
	if err != nil {
		return err
	}

	const usual = `#data = "data"`
	if !strings.Contains(string(settings), usual+"\n") {
		return fmt.Errorf("the example of the settings has no line %s", usual)
	}

	settings = []byte(strings.Replace(string(settings), usual, `data = "`+dataFolder+`"`, 1))
	return os.WriteFile(filepath.Join(r.work, "connector.toml"), settings, 0o644)
}

// ask runs a program without the settings of whoever runs the release.
func (r *release) ask(ctx context.Context, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stderr = os.Stderr
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + r.work}
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", filepath.Base(program), strings.Join(args, " "), err)
	}
	return out, nil
}

// nuxeoPackage has the program write what is installed in Nuxeo.
func (r *release) nuxeoPackage(ctx context.Context) error {
	program, err := r.here()
	if err != nil {
		return err
	}

	out, err := r.ask(ctx, program, "package", "-o", r.out)
	if err != nil {
		return err
	}

	r.made = append(r.made, filepath.Base(strings.TrimSpace(string(out))))
	return nil
}
