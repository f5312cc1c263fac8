package foldersync

import (
	"context"
	"net/http"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
)

// deepest is how many folders may be above a thing before nobody asks on.
const deepest = 100

// parentsKept is how many answers about folders and stacks are kept.
const parentsKept = 1000

// within reports whether a missing thing is in the tree after all, and in or below which
// folder of the sync: it was moved while the tree was listed, or to where this run does not
// look, into a folder or onto a stack that is new, or it is a version of an asset that
// could not be brought. One of an asset that has another document is none by itself.
// What cannot be read, or not be seen any more, is somewhere.
func (r *run) within(ctx context.Context, e Entry) (yes bool, folder string, err error) {
	above, err := r.above(ctx, e)
	for range deepest {
		switch {
		case v4.Odd(err):
			return true, e.Parent, nil
		case v4.StatusOf(err) == http.StatusForbidden:
			return true, "", nil
		case above == "" || err != nil:
			return false, "", err
		}

		if known, err := r.knows(ctx, above); known || err != nil {
			return known, above, err
		}

		if other, err := r.broughtAs(ctx, above); other || err != nil {
			return false, "", err
		}

		above, err = r.parent(ctx, above)
	}

	return true, "", nil // nobody knows
}

// above is the folder or stack that a thing is in; empty: it is not there, or not chosen.
func (r *run) above(ctx context.Context, e Entry) (string, error) {
	switch frameio.Kind(e.Kind) {
	case frameio.KindFolder:
		f, err := r.fio.Folder(ctx, r.sync.Account, e.Key)
		return f.ParentID, unlessAbsent(err)
	case frameio.KindStack:
		s, err := r.fio.Stack(ctx, r.sync.Account, e.Key)
		return s.ParentID, unlessAbsent(err)
	}

	f, err := r.fio.File(ctx, r.sync.Account, e.Key)
	if err == nil && notReady(f) == "" && !r.wanted(f) {
		return "", nil
	}

	return f.ParentID, unlessAbsent(err)
}

// knows reports whether a folder is one of the tree: this run has seen it, or it does not
// look at the whole tree and misses it nowhere.
func (r *run) knows(ctx context.Context, folder string) (yes bool, err error) {
	err = r.DB.Reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sync_seen
		WHERE run_id = $1 AND key = $2 AND kind = 'folder')`, r.st.Run, folder).Scan(&yes)
	if yes || err != nil || !r.partial {
		return yes, err
	}

	err = r.DB.Reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sync_entries
			WHERE sync_id = $1 AND key = $3 AND kind = 'folder' AND NOT gone)
		AND NOT EXISTS (SELECT 1 FROM sync_entries e WHERE `+r.missing()+` AND e.key = $3)`,
		r.sync.ID, r.st.Run, folder).Scan(&yes)
	return yes, err
}

// broughtAs reports whether a stack has a document of its own.
func (r *run) broughtAs(ctx context.Context, stack string) (yes bool, err error) {
	err = r.DB.Reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sync_entries
		WHERE sync_id = $1 AND key = $2 AND kind = 'version_stack' AND document_uid <> '' AND problem = '')`,
		r.sync.ID, stack).Scan(&yes)
	return yes, err
}

// parent is what a folder or stack is in; empty: nothing, or it is not there. Many things
// may have been moved to one place, which is asked for once.
func (r *run) parent(ctx context.Context, key string) (string, error) {
	if parent, asked := r.parents[key]; asked {
		return parent, nil
	}

	f, err := r.fio.Folder(ctx, r.sync.Account, key)
	parent := f.ParentID
	if isAbsent(err) { // then it is no folder
		var s frameio.Stack
		s, err = r.fio.Stack(ctx, r.sync.Account, key)
		parent = s.ParentID
	}

	if err = unlessAbsent(err); err != nil {
		return "", err
	}

	if r.parents == nil || len(r.parents) > parentsKept {
		r.parents = map[string]string{}
	}

	r.parents[key] = parent
	return parent, nil
}

// isAbsent reports whether an answer says that there is no such thing, or none of its kind.
func isAbsent(err error) bool {
	return v4.NotFound(err) || v4.StatusOf(err) == http.StatusUnprocessableEntity
}

func unlessAbsent(err error) error {
	if isAbsent(err) {
		return nil
	}
	return err
}
