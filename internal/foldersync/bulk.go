package foldersync

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// metadataOf returns the metadata that a document without content shows of an asset, as stored in
// the database.
func metadataOf(s seenRow, f frameio.File) string {
	stack := ""
	if frameio.Kind(s.Kind) == frameio.KindStack {
		stack = s.Key
	}

	b, err := json.Marshal(ingest.NewFile(f, stack, []string{f.ID}))
	if err != nil {
		// An empty string leaves the asset to an item.
		return ""
	}

	return string(b)
}

// A pendingDoc is a document without content that is about to be created or updated in Nuxeo.
type pendingDoc struct {
	*change
	job   ingest.Job
	link  link.Link
	isNew bool
	hash  string
	err   error
}

// bulkCreate creates or updates the documents of assets that have no content, many at once and
// without an item for each. It returns those it wrote in created; rest needs an item, because it is
// out of the ordinary or because writing it failed.
//
// The links are recorded before anything is created, so that a document whose creation could not be
// recorded is found again by its dc:source.
func (r *run) bulkCreate(ctx context.Context, want []change) (created []pendingDoc, rest []change, err error) {
	// Acquire the links of what qualifies.
	pending, rest, err := r.pendingDocs(ctx, want)
	if err != nil || len(pending) == 0 {
		return nil, rest, err
	}

	// Sort out documents that are not where the database expects them: a new one that exists
	// already, or a recorded one that is missing. Items handle both.
	existing, err := r.existingDocs(ctx, pending)
	if err != nil {
		return nil, nil, err
	}

	var ready []pendingDoc
	for _, s := range pending {
		// A new one was made before, or a known one is gone: an item finds out.
		if existing[s.lookupKey()] != (s.job.Document != "") {
			rest = append(rest, *s.change)
		} else {
			ready = append(ready, s)
		}
	}

	// Write the others and see how each went.
	r.createAll(ctx, ready)
	return r.splitResults(ctx, ready, rest)
}

// lookupKey returns what the document is found by in Nuxeo: its uid, or the dc:source it carries.
func (s *pendingDoc) lookupKey() string {
	if s.job.Document != "" {
		return s.job.Document
	}
	return ingest.Source(s.job.Asset.Account, s.job.File.ID)
}

// pendingDocs returns the assets that can be created in bulk, with their links acquired. The others
// are returned in rest.
func (r *run) pendingDocs(ctx context.Context, want []change) (pending []pendingDoc, rest []change, err error) {
	// Leave to items what may take over the document of a missing asset.
	missing, err := r.filesMissing(ctx)
	if err != nil {
		return nil, nil, err
	}

	for i := range want {
		s := pendingDoc{change: &want[i]}
		if s.had.Document == "" && (missing || r.mayInherit(s)) || !r.prepare(&s) {
			rest = append(rest, want[i])
			continue
		}
		pending = append(pending, s)
	}

	if len(pending) == 0 {
		return nil, rest, nil
	}

	// Acquire the links and record the intent, in one transaction.
	kept := pending[:0]
	err = r.commit(ctx, func(tx *sql.Tx) error {
		for _, s := range pending {
			ok, err := r.acquire(ctx, tx, &s)
			if err != nil {
				return err
			}

			if !ok {
				rest = append(rest, *s.change)
				continue
			}

			kept = append(kept, s)
			if err := r.recordIntent(ctx, tx, s); err != nil {
				return err
			}
		}
		return nil
	})

	return kept, rest, err
}

// recordIntent records an asset that has no document yet, so that its document is looked for if the
// asset disappears before the document is recorded.
func (r *run) recordIntent(ctx context.Context, tx *sql.Tx, s pendingDoc) error {
	if s.had.Document != "" || s.hasEntry {
		return nil
	}
	return putEntry(ctx, tx, r.t.Now(), r.sync.ID, Entry{
		Key:       s.Key,
		Kind:      s.Kind,
		Parent:    s.Parent,
		Name:      s.Name,
		Size:      s.Size,
		changedAt: s.changedAt,
	})
}

// mayInherit reports whether a new stack may take over an existing document: that of a file now on
// the stack, or one that an earlier attempt created without recording it. A listing shows only the
// newest file of a stack.
func (r *run) mayInherit(s pendingDoc) bool {
	return frameio.Kind(s.Kind) == frameio.KindStack && (s.hasEntry || r.st.HadFiles)
}

// filesMissing reports whether files of the sync are missing. They may be on stacks by now, and a
// stack takes over the documents of its files, including unrecorded ones. The answer is cached.
func (r *run) filesMissing(ctx context.Context) (bool, error) {
	if r.sync.Fetch != Metadata {
		return false, nil
	}

	if r.filesGone == nil {
		var n int
		err := r.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM sync_entries e
			WHERE `+r.missingCondition()+` AND e.kind <> 'folder'`, r.sync.ID, r.st.Run).Scan(&n)
		if err != nil {
			return false, err
		}
		some := n > 0
		r.filesGone = &some
	}

	return *r.filesGone, nil
}

// prepare fills in the job of a pending document. It returns false if the asset needs an item.
func (r *run) prepare(s *pendingDoc) bool {
	if r.sync.Fetch != Metadata || s.metadata == "" || s.had.Problem != "" || s.parentUID == "" {
		return false
	}

	file := new(ingest.File)
	if err := json.Unmarshal([]byte(s.metadata), file); err != nil {
		return false
	}

	s.job = r.sync.newJob(*s.change)
	s.job.File, s.job.Document = file, s.had.Document
	return true
}

// acquire acquires the link of a pending document. It returns false if the link is held by an item,
// or does not lead to the document that the sync has recorded.
func (r *run) acquire(ctx context.Context, tx *sql.Tx, s *pendingDoc) (bool, error) {
	f := s.job.File
	a := link.Asset{Account: r.sync.Account, Key: f.Key(), Files: f.Members}
	// An item finds out whether the asset takes over another's document, or gets back one that
	// another had taken over.
	if formers, err := link.FormerLinks(ctx, r.DB, r.sync.FolderUID, a); len(formers) > 0 || err != nil {
		return false, err
	}

	// Acquire it for this run.
	l, err := link.Acquire(ctx, tx, r.t.Now(), r.sync.FolderUID, a, r.t.ID)
	if fault.Is(err, fault.NotReady) {
		return false, nil
	}

	s.link, s.job.LinkID = l, l.ID
	return l.DocumentUID == s.had.Document, err
}

// existingDocs returns the lookup keys of the pending documents that exist in Nuxeo, including
// those whose creation could not be recorded. One search covers many.
func (r *run) existingDocs(ctx context.Context, pending []pendingDoc) (map[string]bool, error) {
	existing := map[string]bool{}
	for some := range slices.Chunk(pending, lookupBatch) {
		var uids, sources []string
		for _, s := range some {
			if s.job.Document != "" {
				uids = append(uids, s.job.Document)
			} else {
				sources = append(sources, nuxeo.Quote(s.lookupKey()))
			}
		}

		found, err := documents(ctx, r.nx, uids, "dublincore")
		if err != nil {
			return nil, err
		}

		for uid := range found {
			existing[uid] = true
		}

		if err := r.findCreated(ctx, sources, existing); err != nil {
			return nil, err
		}
	}

	return existing, nil
}

// findCreated adds the dc:source of each document that was created in the tree for one of sources.
func (r *run) findCreated(ctx context.Context, sources []string, existing map[string]bool) error {
	if len(sources) == 0 {
		return nil
	}

	where := "dc:source IN (" + strings.Join(sources, ", ") + ") AND ecm:ancestorId = " +
		nuxeo.Quote(r.sync.FolderUID) +
		schema.AndLive
	for doc, err := range r.nx.Query(ctx, where, "", nuxeo.Fetch{Schemas: []string{"dublincore"}}) {
		if err != nil {
			return err
		}
		existing[doc.Text("dc:source")] = true
	}

	return nil
}

// createAll writes the documents, with as many calls at once as a run may have open.
func (r *run) createAll(ctx context.Context, pending []pendingDoc) {
	var g errgroup.Group
	g.SetLimit(max(1, r.MaxCalls))
	for i := range pending {
		g.Go(func() error {
			s := &pending[i]
			s.isNew = s.job.Document == ""
			s.hash, s.err = r.Ingest.WriteWithoutContent(ctx, r.nx, &s.job, s.link, r.t.Now(), r.t.Actor,
				r.t.Key("create", s.link.ID), r.t.Attempt >= ingest.MapAttempts)
			return nil // each has its own
		})
	}

	_ = g.Wait()
}

// splitResults divides documents by their result. If Nuxeo is temporarily unavailable, it records
// what was written and returns an error, so that the step is retried.
func (r *run) splitResults(
	ctx context.Context, pending []pendingDoc, rest []change,
) (created []pendingDoc, _ []change, err error) {
	var retry error
	for _, s := range pending {
		switch {
		case s.err == nil:
			created = append(created, s)
		case ctx.Err() != nil || fault.Then(s.err) != fault.Fail:
			retry = errors.Join(retry, s.err)
		default:
			rest = append(rest, *s.change)
		}
	}

	if retry == nil {
		return created, rest, nil
	}

	return nil, nil, errors.Join(
		r.commit(ctx, func(tx *sql.Tx) error { return r.recordCreated(ctx, tx, created) }),
		retry,
	)
}

// recordCreated records documents that were created or updated in bulk, and releases their links.
func (r *run) recordCreated(ctx context.Context, tx *sql.Tx, docs []pendingDoc) error {
	if r.sync.Fetch != Metadata {
		return nil
	}

	created, updated := 0, 0
	for _, s := range docs {
		if err := r.recordCreatedDoc(ctx, tx, s); err != nil {
			return err
		}
		if s.isNew {
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

// recordCreatedDoc records one document, with its link and entry. Comments and poster become stale
// when the document existed before.
func (r *run) recordCreatedDoc(ctx context.Context, tx *sql.Tx, s pendingDoc) error {
	// Record the link. The file stays that of the content, if there is one.
	l, another := s.link, s.link.FileID != s.job.File.ID
	if l.Digest == "" {
		l.FileID = s.job.File.ID
	}

	if err := link.RecordDocument(ctx, tx, r.t.Now(), l, s.job.Document, s.hash); err != nil {
		return err
	}

	// Record the entry.
	e := s.had
	e.Document, e.Parent, e.Name, e.fingerprint = s.job.Document, s.Parent, s.Name, s.fingerprint
	e.Gone, e.Conflict = false, ""
	if s.isNew {
		e.title = s.title()
	}

	if err := putEntry(ctx, tx, r.t.Now(), r.sync.ID, e); err != nil || s.isNew {
		return err
	}

	// What the document showed before may be out of date now.
	if another {
		if err := markPosterStale(ctx, tx, r.sync.ID, s.Key); err != nil {
			return err
		}
	}

	return markCommentsStale(ctx, tx, r.sync.ID, s.Key)
}

// mostUnmapped is how many different problems of the metadata map a page of a run notes.
const mostUnmapped = 10

// noteUnmapped notes in the history of the run what could not be mapped of documents that have no item of their own:
// each problem once, with a document and how many more there are.
func (r *run) noteUnmapped(ctx context.Context, docs []pendingDoc) error {
	var order []string
	about := map[string][]string{}
	for _, s := range docs {
		for _, problem := range s.job.Unmapped {
			if about[problem] == nil {
				order = append(order, problem)
			}
			about[problem] = append(about[problem], s.Name)
		}
	}

	for i, problem := range order {
		if i == mostUnmapped {
			return r.t.Note(ctx, "not mapped", "%d more problems of the metadata map", len(order)-i)
		}

		names := about[problem]
		text := names[0]
		if more := len(names) - 1; more > 0 {
			text = fmt.Sprintf("%s and %d more", text, more)
		}

		if err := r.t.Note(ctx, "not mapped", "%s: %s", text, problem); err != nil {
			return err
		}
	}

	return nil
}
