package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// peers measures a publish beside programs that only move bytes, from the same origin: curl and
// rclone as Debian has them, and a copier as quick as net/http allows. curl and the copier send to
// the same sink; rclone knows no Nuxeo, and sends to a WebDAV server in the same process, which
// compares the bytes as well.
func (b *bench) peers(ctx context.Context) error {
	for _, name := range []string{"curl", "rclone"} {
		if _, err := exec.LookPath(name); err != nil {
			return fmt.Errorf("%s, with which ours is compared: %w", name, err)
		}
	}

	r, err := b.rig(ctx, false, "--transfer-verify", "parts")
	if err != nil {
		return err
	}
	defer r.stop()
	relay, err := b.mover(ctx, r, "relay")
	if err != nil {
		return err
	}
	copier, err := b.mover(ctx, r, "copier")
	if err != nil {
		return err
	}
	file, err := r.file("peers.mov", moved)
	if err != nil {
		return err
	}

	got, err := b.compare(
		ctx, r.contender("parts"), relay, copier,
		contender{"curl", moved, func(ctx context.Context) (figure, error) { return r.curl(ctx, file) }},
		contender{"rclone", moved, func(ctx context.Context) (figure, error) { return r.rclone(ctx, file) }},
	)
	if err != nil {
		return err
	}

	b.report("peers-relay", ratio(got["relay"], got["parts"], seconds), 1.3, true)
	b.report("peers-rclone", ratio(got["rclone"], got["parts"], seconds), 1.3, true)
	b.report("peers-curl", ratio(got["curl"], got["parts"], seconds), 1.3, true)
	b.report("peers-copier", ratio(got["copier"], got["parts"], seconds), 0.8, true)
	b.report("peers-cpu", 1/ratio(got["relay"], got["parts"], cpu), 1, false)
	return nil
}

// curl downloads to a pipe, and uploads from it.
func (r *rig) curl(ctx context.Context, file string) (figure, error) {
	from, to, err := r.ends(ctx, file)
	if err != nil {
		return figure{}, err
	}

	get := exec.CommandContext(ctx, "curl", "--silent", "--show-error", "--fail", from)
	put := exec.CommandContext(ctx, "curl", "--silent", "--show-error", "--fail", "--output", "/dev/null",
		"--request", "POST", "--upload-file", "-", "--header", "Expect:",
		"--header", "Content-Type: application/octet-stream", "--header", "X-File-Name: peer.mov",
		"--header", fmt.Sprintf("X-File-Size: %d", moved), "--header", "X-Authentication-Token: "+r.Token, to)
	get.Stderr, put.Stderr = os.Stderr, os.Stderr
	read, write, err := os.Pipe()
	if err != nil {
		return figure{}, err
	}

	get.Stdout, put.Stdin = write, read
	return cost(func() error {
		if err := errors.Join(get.Start(), put.Start(), read.Close(), write.Close()); err != nil {
			return err
		}
		return errors.Join(get.Wait(), put.Wait())
	}, get, put)
}

// rclone copies from the address to the WebDAV server.
func (r *rig) rclone(ctx context.Context, file string) (figure, error) {
	from, _, err := r.ends(ctx, file)
	if err != nil {
		return figure{}, err
	}

	server := strings.TrimSuffix(r.place.Nuxeo, "/nuxeo") + davPath
	name := fmt.Sprintf("peer-%d.mov", time.Now().UnixNano())
	cmd := exec.CommandContext(ctx, "rclone", "copyurl", "--config", os.DevNull, "--retries", "1", from,
		":webdav,url='"+server+"':"+name)
	cmd.Stderr = os.Stderr
	return cost(cmd.Run, cmd)
}

// ends are the address of a file's bytes, and where Nuxeo takes them.
func (r *rig) ends(ctx context.Context, file string) (from, to string, err error) {
	f, err := r.fio.Original(ctx, r.account, file)
	if err != nil {
		return "", "", err
	}

	nx, err := nuxeo.New(r.place.Nuxeo, r.Client, nuxeo.Token(r.Token))
	if err != nil {
		return "", "", err
	}

	batch, err := nx.NewBatch(ctx)
	return f.Link, r.place.Nuxeo + "/api/v1/upload/" + batch + "/0", err
}

// cost tells what it took to run programs.
func cost(run func() error, programs ...*exec.Cmd) (f figure, err error) {
	begin := time.Now()
	if err := run(); err != nil {
		return f, err
	}

	f.seconds = time.Since(begin).Seconds()
	for _, p := range programs {
		f.cpu += (p.ProcessState.UserTime() + p.ProcessState.SystemTime()).Seconds()
	}

	return f, nil
}
