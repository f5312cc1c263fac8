package foldersync

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// factsOf is what a document without content shows of an asset, as the database has
// it.
func factsOf(s seen, f frameio.File) string {
	stack := ""
	if frameio.Kind(s.Kind) == frameio.KindStack {
		stack = s.Key
	}

	b, err := json.Marshal(ingest.FileOf(f, stack, []string{f.ID}))
	if err != nil {
		return "" // an item brings it
	}

	return string(b)
}

// sheet is a document without content on its way into Nuxeo.
type sheet struct {
	*change
	job  ingest.Job
	link link.Link
	made bool
	hash string
	err  error
}

// lay brings assets that become documents without content, many at once and without
// an item for each: that is a matter of a few calls. It says which it has brought; the
// rest is for items, which do it at length: what is out of the ordinary, and what
// failed.
//
// The links are recorded before anything is made, and what was made by an attempt
// that could not record it is found by what it carries in dc:source.
func (r *run) lay(ctx context.Context, want []change) (laid []sheet, rest []change, err error) {
	sheets, rest, err := r.sheets(ctx, want)
	if err != nil || len(sheets) == 0 {
		return nil, rest, err
	}

	there, err := r.inNuxeo(ctx, sheets)
	if err != nil {
		return nil, nil, err
	}

	var right []sheet
	for _, s := range sheets {
		// A new one was made before, or a known one is gone: an item finds out.
		if there[s.name()] != (s.job.Document != "") {
			rest = append(rest, *s.change)
		} else {
			right = append(right, s)
		}
	}

	r.layAll(ctx, right)
	return r.sorted(ctx, right, rest)
}

// name is how the document of a sheet is found in Nuxeo: by its uid, or by what it
// carries in dc:source.
func (s *sheet) name() string {
	if s.job.Document != "" {
		return s.job.Document
	}
	return ingest.Source(s.job.Asset.Account, s.job.File.ID)
}

// sheets holds the links of the assets that can be laid.
func (r *run) sheets(ctx context.Context, want []change) (sheets []sheet, rest []change, err error) {
	stacking, err := r.stacking(ctx)
	if err != nil {
		return nil, nil, err
	}

	for i := range want {
		s := sheet{change: &want[i]}
		if s.had.Document == "" && (stacking || r.inherits(s)) || !r.plain(&s) {
			rest = append(rest, want[i])
			continue
		}
		sheets = append(sheets, s)
	}

	if len(sheets) == 0 {
		return nil, rest, nil
	}

	kept := sheets[:0]
	err = r.commit(ctx, func(tx *sql.Tx) error {
		for _, s := range sheets {
			ok, err := r.hold(ctx, tx, &s)
			if err != nil {
				return err
			}

			if !ok {
				rest = append(rest, *s.change)
				continue
			}

			kept = append(kept, s)
			if err := r.intend(ctx, tx, s); err != nil {
				return err
			}
		}
		return nil
	})

	return kept, rest, err
}

// intend records an asset that has no document yet: should it go before that is recorded,
// what was made of it is looked for.
func (r *run) intend(ctx context.Context, tx *sql.Tx, s sheet) error {
	if s.had.Document != "" || s.known {
		return nil
	}
	return put(ctx, tx, r.t.Now(), r.sync.ID, Entry{
		Key:    s.Key,
		Kind:   s.Kind,
		Parent: s.Parent,
		Name:   s.Name,
		Size:   s.Size,
		stamp:  s.stamp,
	})
}

// inherits reports whether there may be a document for a new stack, of which a listing
// shows only the newest file: that of a file that was put on it, wherever that was, or one
// that an attempt made and did not record.
func (r *run) inherits(s sheet) bool {
	return frameio.Kind(s.Kind) == frameio.KindStack && (s.known || r.st.Brought)
}

// stacking reports whether files of the sync are missing: they may be on stacks by now,
// and the stack's document is theirs, also one that nobody could record.
func (r *run) stacking(ctx context.Context) (bool, error) {
	if r.sync.Fetch != Metadata {
		return false, nil
	}

	if r.stacked == nil {
		var n int
		err := r.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM sync_entries e
			WHERE `+r.missing()+` AND e.kind <> 'folder'`, r.sync.ID, r.st.Run).Scan(&n)
		if err != nil {
			return false, err
		}
		some := n > 0
		r.stacked = &some
	}

	return *r.stacked, nil
}

// plain prepares a sheet; false: an item is to bring the asset.
func (r *run) plain(s *sheet) bool {
	if r.sync.Fetch != Metadata || s.facts == "" || s.had.Problem != "" || s.parentIn == "" {
		return false
	}

	file := new(ingest.File)
	if err := json.Unmarshal([]byte(s.facts), file); err != nil {
		return false
	}

	s.job = r.sync.job(*s.change)
	s.job.File, s.job.Document = file, s.had.Document
	return true
}

// hold holds the link of a sheet; false: another has it, or it is not as the sync
// knows it.
func (r *run) hold(ctx context.Context, tx *sql.Tx, s *sheet) (bool, error) {
	f := s.job.File
	a := link.Asset{Account: r.sync.Account, Key: f.Key(), Files: f.Members}
	// An item finds out whether it takes over what another had, or has again what another
	// took over for a moment.
	if formers, err := link.Formers(ctx, r.DB, r.sync.FolderUID, a); len(formers) > 0 || err != nil {
		return false, err
	}

	l, err := link.Claim(ctx, tx, r.t.Now(), r.sync.FolderUID, a, r.t.ID)
	if fault.Is(err, fault.NotReady) {
		return false, nil
	}

	s.link, s.job.LinkID = l, l.ID
	return l.DocumentUID == s.had.Document, err
}

// inNuxeo says by their names which documents of the sheets are there, also those
// that were made although nobody could record it; many with one search.
func (r *run) inNuxeo(ctx context.Context, sheets []sheet) (map[string]bool, error) {
	there := map[string]bool{}
	for some := range slices.Chunk(sheets, looked) {
		var uids, sources []string
		for _, s := range some {
			if s.job.Document != "" {
				uids = append(uids, s.job.Document)
			} else {
				sources = append(sources, nuxeo.Quote(s.name()))
			}
		}

		known, err := documents(ctx, r.nx, uids, "dublincore")
		if err != nil {
			return nil, err
		}

		for uid := range known {
			there[uid] = true
		}

		if err := r.made(ctx, sources, there); err != nil {
			return nil, err
		}
	}

	return there, nil
}

// made notes what was made in the tree, by what it carries in dc:source.
func (r *run) made(ctx context.Context, sources []string, there map[string]bool) error {
	if len(sources) == 0 {
		return nil
	}

	where := "dc:source IN (" + strings.Join(sources, ", ") + ") AND ecm:ancestorId = " +
		nuxeo.Quote(r.sync.FolderUID) +
		" AND ecm:isVersion = 0 AND ecm:isProxy = 0 AND ecm:isTrashed = 0"
	for doc, err := range r.nx.Query(ctx, where, "", nuxeo.Fetch{Schemas: []string{"dublincore"}}) {
		if err != nil {
			return err
		}
		there[doc.Text("dc:source")] = true
	}

	return nil
}

// layAll makes the calls, as many at once as one run may have open.
func (r *run) layAll(ctx context.Context, sheets []sheet) {
	var g errgroup.Group
	g.SetLimit(max(1, r.Lanes))
	for i := range sheets {
		g.Go(func() error {
			s := &sheets[i]
			s.made = s.job.Document == ""
			s.hash, s.err = r.Ingest.Lay(ctx, r.nx, &s.job, s.link, r.t.Now(), r.t.Actor, r.t.Key("create", s.link.ID))
			return nil // each has its own
		})
	}

	_ = g.Wait()
}

// sorted divides sheets by what became of them. While the other side is not well,
// what was done is recorded and the step is tried again.
func (r *run) sorted(ctx context.Context, sheets []sheet, rest []change) (laid []sheet, _ []change, err error) {
	var later error
	for _, s := range sheets {
		switch {
		case s.err == nil:
			laid = append(laid, s)
		case ctx.Err() != nil || fault.Then(s.err) != fault.Fail:
			later = errors.Join(later, s.err)
		default:
			rest = append(rest, *s.change)
		}
	}

	if later == nil {
		return laid, rest, nil
	}

	return nil, nil, errors.Join(r.commit(ctx, func(tx *sql.Tx) error { return r.lain(ctx, tx, laid) }), later)
}

// lain records documents that were laid, and lets go of the links.
func (r *run) lain(ctx context.Context, tx *sql.Tx, laid []sheet) error {
	if r.sync.Fetch != Metadata {
		return nil
	}

	created, updated := 0, 0
	for _, s := range laid {
		if err := r.lainOne(ctx, tx, s); err != nil {
			return err
		}
		if s.made {
			created++
		} else {
			updated++
		}
	}

	if _, err := tx.ExecContext(ctx, `UPDATE sync_runs SET created = created + $1, updated = updated + $2
		WHERE id = $3`, created, updated, r.st.Run); err != nil {
		return err
	}

	return link.Release(ctx, tx, r.t.ID)
}

func (r *run) lainOne(ctx context.Context, tx *sql.Tx, s sheet) error {
	l, another := s.link, s.link.FileID != s.job.File.ID
	if l.Digest == "" {
		l.FileID = s.job.File.ID
	}

	if err := link.Lay(ctx, tx, r.t.Now(), l, s.job.Document, s.hash); err != nil {
		return err
	}

	e := s.had
	e.Document, e.Parent, e.Name, e.print, e.Gone, e.Conflict = s.job.Document, s.Parent, s.Name, s.print, false, ""
	if s.made {
		e.title = s.title()
	}

	if err := put(ctx, tx, r.t.Now(), r.sync.ID, e); err != nil || s.made {
		return err
	}

	if another {
		if err := unpictured(ctx, tx, r.sync.ID, s.Key); err != nil {
			return err
		}
	}

	return unheard(ctx, tx, r.sync.ID, s.Key)
}
