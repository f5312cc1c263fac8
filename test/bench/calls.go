package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// spent counts what a publish asks of Nuxeo, which has twenty threads for everybody: for
// new documents, and for new versions of them.
func (b *bench) spent(ctx context.Context) error {
	if !b.wanted("calls-new", "calls-version") {
		return nil
	}

	r, err := b.keepingRig(ctx) // what Nuxeo keeps it has digests of, which tell that a version holds it
	if err != nil {
		return err
	}
	defer r.stop()

	var files, stacks []string
	for i := range counted {
		file, err := r.file(fmt.Sprintf("cut %d.mov", i), farTiny)
		if err != nil {
			return err
		}
		files = append(files, file)
	}

	fresh, err := r.asked(ctx, files...)
	if err != nil {
		return err
	}

	for i, file := range files {
		next, err := r.file(fmt.Sprintf("cut %d, second.mov", i), farTiny+1)
		if err != nil {
			return err
		}
		stack, err := r.fio.CreateStack(ctx, r.account, r.Root, file, next)
		if err != nil {
			return err
		}
		stacks = append(stacks, stack.ID)
	}

	again, err := r.asked(ctx, stacks...)
	if err != nil {
		return err
	}

	b.report("calls-new", fresh, 12, false)
	b.report("calls-version", again, 14, false)
	return nil
}

// counted is how many documents are counted over.
const counted = 20

// asked publishes assets and tells how many calls Nuxeo got for each, but for questions
// about people, which are asked once for many.
func (r *rig) asked(ctx context.Context, assets ...string) (float64, error) {
	if _, err := r.recordings(http.MethodPost); err != nil {
		return 0, err
	}

	if _, err := r.throughAll(ctx, assets...); err != nil {
		return 0, err
	}

	calls, err := r.recordings(http.MethodGet)
	n := 0
	for _, c := range calls {
		if !strings.Contains(c.Path, "/user/") && !strings.HasSuffix(c.Path, "/me") {
			n++
		}
	}

	return float64(n) / float64(len(assets)), err
}
