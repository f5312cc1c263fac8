package assetview

import (
	"cmp"
	"context"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/review"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Where a comment was written.
const (
	FromFrameio = "frameio"
	FromNuxeo   = "nuxeo"
)

// A Comment is what a person said about the document, in plain text.
type Comment struct {
	ID, Origin, File string
	review.Shown
	Replies []Comment

	nuxeoID string
}

// Bounds of what is listed: comments that came from Frame.io, those that people
// wrote in Nuxeo, and conversations that are opened for their replies.
const (
	mostImported = 2000
	mostWritten  = 100
	mostThreads  = 50
)

// comments are those of Frame.io by version and place, then people's own.
func (s *Service) comments(ctx context.Context, nx *nuxeo.Client, d Detail) (all []Comment, more bool, err error) {
	// What Frame.io has, from our rows.
	imported, more, err := s.imported(ctx, d)
	if err != nil {
		return nil, false, err
	}

	// What was written in Nuxeo.
	w := writing{nx: nx, left: mostThreads, more: more, known: map[string]bool{}}
	w.knows(imported)
	latest, err := w.latest(ctx, d.UID)
	if err != nil {
		return nil, false, err
	}

	own, err := w.own(ctx, latest)
	if err != nil {
		return nil, false, err
	}

	// Replies in Nuxeo go below what they reply to.
	if err := w.join(ctx, imported, latest); err != nil {
		return nil, false, err
	}

	// What only Nuxeo keeps of Frame.io's goes among the others of Frame.io.
	for _, c := range own {
		if c.Origin == FromFrameio {
			imported = append(imported, c)
		}
	}

	// First those of Frame.io, then people's own.
	order(imported, d.Versions)
	own = slices.DeleteFunc(own, func(c Comment) bool { return c.Origin == FromFrameio })
	return append(imported, own...), w.more, nil
}

// imported are the comments of the document's link as a tree, in no order.
func (s *Service) imported(ctx context.Context, d Detail) ([]Comment, bool, error) {
	l, is, err := s.linkOf(ctx, d.Document)
	if err != nil || !is {
		return []Comment{}, false, err
	}

	rows, more, err := review.List(ctx, s.DB, l.ID, mostImported)
	if err != nil {
		return nil, false, err
	}

	// A reply names what it replies to by its id in Nuxeo.
	top, replies := []Comment{}, map[string][]Comment{}
	for _, r := range rows {
		c := Comment{ID: r.ID, Origin: FromFrameio, File: r.FileID, Shown: r.Shown, nuxeoID: r.NuxeoID}
		if r.ParentID == "" {
			top = append(top, c)
		} else {
			replies[r.ParentID] = append(replies[r.ParentID], c)
		}
	}

	for i := range top {
		top[i].Replies = replies[top[i].nuxeoID]
		slices.SortFunc(top[i].Replies, byTime)
	}

	return top, more, nil
}

// order sorts by version, newest first, then by the place in the medium: what is
// about all of it comes first.
func order(list []Comment, versions []Version) {
	// The version of a file that is unknown comes last.
	age := map[string]int{}
	for i, v := range slices.Backward(versions) {
		age[v.File] = i + 1
	}

	old := func(c Comment) int {
		if n := age[c.File]; n > 0 {
			return n
		}
		return len(versions) + 1
	}

	slices.SortFunc(list, func(a, b Comment) int {
		return cmp.Or(cmp.Compare(old(a), old(b)), cmp.Compare(a.File, b.File),
			cmp.Compare(position(a), position(b)), byTime(a, b))
	})
}

func position(c Comment) int64 {
	switch {
	case c.Frame != nil:
		return *c.Frame
	case c.Page != nil:
		return *c.Page
	}
	return -1
}

func byTime(a, b Comment) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) }

// writing collects what people wrote in Nuxeo. Each conversation costs a call,
// as long as some are left.
type writing struct {
	nx   *nuxeo.Client
	left int
	more bool
	// known are the comments of Frame.io that our rows tell of, by their ids in Nuxeo.
	known map[string]bool
}

func (w *writing) knows(list []Comment) {
	for _, c := range list {
		w.known[c.nuxeoID] = true
		w.knows(c.Replies)
	}
}

// latest are comments and annotations, the newest. Nuxeo lists the one among the other;
// where it should not, they are brought together here.
func (w *writing) latest(ctx context.Context, uid string) (nuxeo.Remarks, error) {
	r, err := w.nx.LatestComments(ctx, uid, mostWritten)
	if err != nil {
		return r, err
	}

	drawn, err := w.nx.LatestAnnotations(ctx, uid, mostWritten)
	if nuxeo.NotFound(err) { // a Nuxeo without annotations
		w.more = w.more || r.More
		return r, nil
	}

	// Add what the list of comments does not have.
	for _, k := range drawn.List {
		if _, known := r.Replies[k.ID]; !known {
			r.List = append(r.List, k)
		}
	}

	for id, n := range drawn.Replies {
		if _, known := r.Replies[id]; !known {
			r.Replies[id] = n
		}
	}

	// Of both together, the newest.
	r.More = r.More || drawn.More
	r.Newest(mostWritten)
	w.more = w.more || r.More
	return r, err
}

// own are the comments that our rows do not tell of, oldest first: what people wrote in
// Nuxeo, and of Frame.io's what only Nuxeo keeps, as a version does. When there are too
// many rows to have read all, those of Frame.io are left out.
func (w *writing) own(ctx context.Context, r nuxeo.Remarks) ([]Comment, error) {
	out := []Comment{}
	for _, k := range slices.Backward(r.List) {
		if k.Origin == review.Origin && (w.known[k.ID] || len(w.known) >= mostImported) {
			continue
		}
		c := read(k)
		var err error
		if c.Replies, err = w.replies(ctx, k.ID, r.Replies[k.ID]); err != nil {
			return nil, err
		}
		out = append(out, c)
	}

	slices.SortStableFunc(out, byTime)
	return out, nil
}

// read is a comment from what Nuxeo keeps of it. It sets a date of modification on every
// comment: one that was not modified has that of its creation.
func read(k nuxeo.Comment) Comment {
	if k.Origin == review.Origin {
		kept := review.FromNuxeo(k)
		return Comment{ID: kept.ID, Origin: FromFrameio, File: kept.FileID, Shown: kept.Shown, nuxeoID: k.ID}
	}
	return Comment{ID: k.ID, Origin: FromNuxeo, Shown: review.Shown{
		Author: k.Author, Text: k.Text, Created: k.Created, Edited: k.Modified.After(k.Created),
	}}
}

// replies opens a conversation, if Nuxeo says that there is one.
func (w *writing) replies(ctx context.Context, id string, n int) ([]Comment, error) {
	if n == 0 {
		return nil, nil
	}

	// Each conversation costs a call.
	if w.left == 0 {
		w.more = true
		return nil, nil
	}

	w.left--
	r, err := w.nx.LatestComments(ctx, id, mostWritten)
	if nuxeo.NotFound(err) { // removed meanwhile
		return nil, nil
	}

	if err != nil {
		return nil, err
	}

	w.more = w.more || r.More
	return w.own(ctx, r)
}

// join adds what people replied in Nuxeo to comments of Frame.io: where there
// are more replies than came from there.
func (w *writing) join(ctx context.Context, imported []Comment, r nuxeo.Remarks) error {
	for i := range imported {
		c := &imported[i]
		if n := r.Replies[c.nuxeoID]; n >= 0 && n <= len(c.Replies) {
			continue
		}
		own, err := w.replies(ctx, c.nuxeoID, r.Replies[c.nuxeoID])
		if err != nil {
			return err
		}
		c.Replies = append(c.Replies, own...)
		slices.SortStableFunc(c.Replies, byTime)
	}
	return nil
}
