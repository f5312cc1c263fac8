// Package explain tells from what was recorded why a document and its asset are as
// they are: what ties them, what content came when and from which file, what is
// wrong and what to do about it, and what happened last.
//
// It owns nothing, and only reads: the tables of link, foldersync, push and binding,
// and items by way of work. Invariants: a story is told to those who may read
// the document in Nuxeo, as themselves, and to administrators; to others it is as if
// there were none; nothing is asked of Frame.io, so that a story can be told when
// Frame.io cannot be reached. It is bounded: what is old was forgotten, or is left
// out.
package explain

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Document is what a story is about. Of one that is not in Nuxeo only the UID is
// set, or nothing when there was none yet.
type Document struct{ UID, Title, Path string }

// Nuxeo reads documents.
type Nuxeo interface {
	// Document finds one by its uid or path, as a person; NotFound when there is none
	// that they may read.
	Document(ctx context.Context, login, uidOrPath string) (Document, error)
}

// Items is what explain needs of work.
type Items interface {
	Item(ctx context.Context, who work.Viewer, id string) (work.View, error)
	History(ctx context.Context, id string) ([]work.Event, error)
}

// Service tells stories.
type Service struct {
	DB    *store.DB
	Nuxeo Nuxeo
	Items Items
}

// Story is why a document is as it is.
type Story struct {
	Document
	Ties   []Tie
	Events []Event // oldest first
}

// What ties a document to an asset.
const (
	ByBinding = "binding"
	BySync    = "sync"
	ByPush    = "push"
)

// Where a tie stands.
const (
	InPlace  = "in place"
	UnderWay = "under way"
	Conflict = "conflict"
	Gone     = "gone"
	Failed   = "failed"
)

// Tie is one thing that keeps a document and an asset together: the binding it came
// through, the synchronization it is part of, a push. ID is that thing's, and Name
// what people call it; Folder is the path of its folder in Nuxeo.
type Tie struct {
	Kind, ID, Name, Folder string
	Asset                  string // the asset key
	Files                  []string
	Content                *Content // nil: none came yet
	State                  string   // one of the above, or that of a push
	Why, Remedy            string
	CommentsAt             time.Time // when comments were looked at last; zero: never, or that was forgotten
}

// Content is what a document got, or was sent, last. At is zero when that was
// forgotten.
type Content struct {
	File, Name, Digest string
	Size               int64
	At                 time.Time
}

// Event is something that happened. By is the login of the person who did it or asked for
// it, if any; Item has the details.
type Event struct {
	At       time.Time
	What, By string
	Item     string
}

const (
	mostStories = 20 // of one asset, which may be in several folders
	mostEvents  = 40
	mostItems   = 20
)

// subject is something recorded: a document, or an asset that has none yet, and
// then the folder whose readers may know of it.
type subject struct{ uid, folder, key string }

// Of tells the stories of what is named: a document by uid or path, or an asset by
// the id of its file or stack, which may be in several folders.
func (s *Service) Of(ctx context.Context, who work.Viewer, of string) ([]Story, error) {
	subjects, err := s.find(ctx, who, strings.TrimSpace(of))
	if err != nil {
		return nil, err
	}

	var out []Story
	for _, one := range subjects[:min(len(subjects), mostStories)] {
		// What one may not see is not there.
		doc, sees, err := s.see(ctx, who, one)
		if err != nil {
			return nil, err
		}

		if !sees {
			continue
		}

		story, err := s.story(ctx, who, one, doc)
		if err != nil {
			return nil, err
		}

		out = append(out, story)
	}

	if len(out) == 0 {
		return nil, unknown()
	}

	return out, nil
}

func unknown() error {
	return fault.New(fault.NotFound, "Nothing is known of that here, or you may not see it.").
		With("Give the uid or path of a document, or the id of a file or version stack on Frame.io.")
}

// find is what was recorded of a thing, or else the document of that name.
func (s *Service) find(ctx context.Context, who work.Viewer, of string) ([]subject, error) {
	if of == "" {
		return nil, unknown()
	}

	// An id may be anything that was recorded; a path is Nuxeo's.
	if !strings.HasPrefix(of, "/") {
		if found, err := s.recorded(ctx, of); len(found) > 0 || err != nil {
			return found, err
		}
	}

	doc, err := s.Nuxeo.Document(ctx, who.Login, of)
	if fault.Is(err, fault.NotFound) {
		err = unknown()
	}

	return []subject{{uid: doc.UID}}, err
}

func (s *Service) recorded(ctx context.Context, of string) ([]subject, error) {
	var all []subject
	err := store.Each(ctx, s.DB.Reader, func(row store.Row) error {
		var one subject
		if err := row.Scan(&one.uid, &one.folder, &one.key); err != nil {
			return err
		}
		if one.uid == "" || !slices.ContainsFunc(all, func(o subject) bool { return o.uid == one.uid }) {
			all = append(all, one)
		}
		return nil
	}, `SELECT COALESCE(document_uid, ''), folder_uid, asset_key FROM links
			WHERE document_uid = $1 OR asset_key = $1 OR id IN (SELECT link_id FROM link_files WHERE file_id = $1)
		UNION SELECT e.document_uid, q.folder_uid, e.key FROM sync_entries e JOIN syncs q ON q.id = e.sync_id
		WHERE q.state <> 'removed' AND (e.document_uid = $1 OR e.key = $1)
		UNION SELECT document_uid, scope_uid, '' FROM pushes WHERE document_uid = $1 OR file_id = $1
		ORDER BY 1, 2, 3`, of)
	return all, err
}

// see reads the document as the person, or the folders that it is to come into.
// Administrators are told of documents that are not there any more.
func (s *Service) see(ctx context.Context, who work.Viewer, one subject) (doc Document, sees bool, err error) {
	at := one.uid
	if at == "" {
		at = one.folder
		into, err := s.into(ctx, one)
		if err != nil {
			return doc, false, err
		}
		if sees, err := s.reads(ctx, who, into); err != nil || !sees {
			return doc, false, err
		}
	}

	// Administrators may know what became of what is gone.
	doc, err = s.Nuxeo.Document(ctx, who.Login, at)
	if fault.Is(err, fault.NotFound) {
		return Document{UID: one.uid}, who.Admin, nil
	}

	if one.uid == "" { // it is the folder that was read
		doc = Document{}
	}

	return doc, err == nil, err
}

func (s *Service) story(ctx context.Context, who work.Viewer, one subject, doc Document) (Story, error) {
	story := Story{Document: doc, Ties: []Tie{}, Events: []Event{}}
	tied, err := s.ties(ctx, one)
	if err != nil {
		return story, err
	}

	// Each tie has a story of its own, which its items complete.
	for _, t := range tied {
		items, err := s.items(ctx, who, t, one.uid)
		if err != nil {
			return story, err
		}
		t.learn(items)
		story.Ties = append(story.Ties, t.Tie)
		story.Events = append(story.Events, t.events...)
		for _, it := range items {
			story.Events = append(story.Events, it.events()...)
		}
	}

	reactions, err := s.reactions(ctx, one.uid)
	if err != nil {
		return story, err
	}

	copies, err := s.copies(ctx, one.uid)
	if err != nil {
		return story, err
	}

	// They are told as one, and only the end of it.
	story.Events = slices.Concat(story.Events, reactions, copies)
	slices.SortStableFunc(story.Events, func(a, b Event) int { return a.At.Compare(b.At) })
	story.Events = story.Events[max(0, len(story.Events)-mostEvents):]
	return story, nil
}
