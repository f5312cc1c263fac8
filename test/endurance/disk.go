package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
)

const diskSize = 48 << 20

// diskFull takes the room away under the database again and again, while calls
// keep coming, and gives it back.
func (e *endurance) diskFull(ctx context.Context) error {
	dir, err := os.MkdirTemp(e.dir, "disk-")
	if err != nil {
		return err
	}

	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", diskSize)); err != nil {
		fmt.Printf("SKIP disk-full: no file system can be mounted here: %v\n", err)
		return nil
	}

	w, err := newWorld(nuxeosim.Options{}, frameiosim.Options{})
	if err != nil {
		return err
	}

	n, err := e.newNode(w, e.product, "")
	if err != nil {
		return err
	}

	n.data = filepath.Join(dir, "data")
	defer func() { n.kill(); _ = w.close(); _ = syscall.Unmount(dir, syscall.MNT_DETACH) }()
	if err := errors.Join(n.start(ctx), n.bind(ctx)); err != nil {
		return fmt.Errorf("%w\n%s", err, n.tail())
	}

	c, err := w.call(ctx, &mix{world: w, seed: 9000}, 4, 150*time.Millisecond)
	if err != nil {
		return err
	}

	longest := time.Duration(0)
	rounds := 0
	for end := time.Now().Add(e.budget); rounds < 2 || time.Now().Before(end); rounds++ {
		took, err := e.fill(ctx, dir, c)
		if err != nil {
			return fmt.Errorf("round %d: %w\n%s", rounds, err, n.tail())
		}
		longest = max(longest, took)
	}

	e.say("the disk was full %d times", rounds)
	if err := e.verdict(ctx, "disk-full", c, n); err != nil {
		return err
	}

	e.atMost("disk-full-recovery-seconds", longest.Seconds(), 10)
	if err := n.rest(ctx, 2*time.Minute); err != nil {
		return err
	}

	failed, err := n.failures(ctx)
	e.atMost("disk-full-items-failed", float64(failed), 0)
	return err
}

// fill leaves no byte free for some seconds, then makes room, and returns how
// long it took until a call was answered well again.
func (e *endurance) fill(ctx context.Context, dir string, c *callers) (time.Duration, error) {
	ballast := filepath.Join(dir, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	page := make([]byte, 4096)
	refused := func() int { c.mu.Lock(); defer c.mu.Unlock(); return c.refused }
	before := refused()
	// What others give back meanwhile is taken as well.
	for end := time.Now().Add(20 * time.Second); refused() < before+20 && time.Now().Before(end) && ctx.Err() == nil; {
		for {
			if _, err := f.Write(page); errors.Is(err, syscall.ENOSPC) {
				break
			} else if err != nil {
				return 0, err
			}
		}
		_ = sleep(ctx, 50*time.Millisecond) // the loop sees the end
	}

	size, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}

	e.say("full with %d KiB of ballast; %d calls were refused", size>>10, refused()-before)
	if err := os.Remove(ballast); err != nil {
		return 0, err
	}

	if err := f.Close(); err != nil {
		return 0, err
	}

	room, good := time.Now(), c.accepted()
	err = until(ctx, time.Minute, "answering well again", func() (bool, error) { return c.accepted() > good, nil })
	took := time.Since(room)
	return took, errors.Join(err, sleep(ctx, time.Second))
}
