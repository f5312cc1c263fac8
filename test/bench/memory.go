package main

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// remarks is how many comments the file with many has, and remark how long each is.
const (
	remarks = 3000
	remark  = 38_000
)

// memory measures the peak above idle for one small file, one huge file, many at
// once and one with many long comments, and what the huge one wrote to the disk.
func (b *bench) memory(ctx context.Context) error {
	if !b.wanted("memory-200MiB", "memory-20GiB", "memory-16files", "memory-comments", "disk-per-byte") {
		return nil
	}

	r, err := b.rig(ctx, false, "--workers", "16")
	if err != nil {
		return err
	}
	defer r.stop()
	if _, err := r.peak(ctx, 1, 200<<20); err != nil { // warms up
		return err
	}

	if err := b.memoryOfComments(ctx, r); err != nil {
		return err
	}

	if !b.wanted("memory-200MiB", "memory-20GiB", "memory-16files", "disk-per-byte") {
		return nil
	}

	small, err := r.peak(ctx, 1, 200<<20)
	if err != nil {
		return err
	}

	b.report("memory-200MiB", small.memory, 32, false)
	huge, err := r.peak(ctx, 1, largest)
	if err != nil {
		return err
	}

	b.report("memory-20GiB", huge.memory, 32, false)
	b.report("disk-per-byte", huge.written/largest, 0.001, false)
	many, err := r.peak(ctx, 16, 200<<20)
	if err != nil {
		return err
	}

	b.report("memory-16files", many.memory, 128, false)
	return nil
}

// memoryOfComments measures the peak above idle for a file with many long comments:
// first for a few of them, which shows what is no matter of their number.
func (b *bench) memoryOfComments(ctx context.Context, r *rig) error {
	if !b.wanted("memory-comments") {
		return nil
	}

	var took usage
	for _, n := range []int{10, remarks} {
		id, err := r.file(fmt.Sprintf("film with %d comments.mov", n), 1<<20)
		if err != nil {
			return err
		}

		for i := range n {
			text := fmt.Sprintf("Remark %d. ", i) + strings.Repeat("so it is, ", remark/10)
			if err := r.fio.CreateComment(ctx, r.account, id, text[:remark]); err != nil {
				return err
			}
		}

		if took, err = r.peakOf(ctx, fmt.Sprintf("%d comments", n), id); err != nil {
			return err
		}
	}

	b.report("memory-comments", took.memory, 32, false)
	return nil
}

type usage struct{ memory, written float64 }

// peak publishes so many files of a size and tells what that used above idle.
func (r *rig) peak(ctx context.Context, files int, size int64) (usage, error) {
	var ids []string
	for i := range files {
		id, err := r.file(fmt.Sprintf("clip %d of %d.mov", i, size), size)
		if err != nil {
			return usage{}, err
		}
		ids = append(ids, id)
	}

	return r.peakOf(ctx, fmt.Sprintf("%d × %d MiB", files, size>>20), ids...)
}

// peakOf publishes files and tells what that used above idle.
func (r *rig) peakOf(ctx context.Context, what string, ids ...string) (usage, error) {
	if err := r.connector.idle(ctx); err != nil {
		return usage{}, err
	}

	idle, err := r.connector.memory("VmRSS")
	if err != nil {
		return usage{}, err
	}

	wrote, err := r.connector.written()
	if err != nil {
		return usage{}, err
	}

	if err := r.connector.forgetPeak(); err != nil {
		return usage{}, err
	}

	s, err := r.publish(ctx, ids...)
	if err != nil {
		return usage{}, err
	}

	peak, err := r.connector.memory("VmHWM")
	if err != nil {
		return usage{}, err
	}

	after, err := r.connector.written()
	_, _ = fmt.Fprintf(os.Stderr, "  %s in %.1f s: idle %.1f MiB, peak %.1f MiB\n", what, s, idle, peak)
	return usage{memory: max(0, peak-idle), written: after - wrote}, err
}
