// Package relink makes links again from the facets of documents, after a
// database was lost or restored from an older backup.
//
// It owns the items of kind "rebuild", one for each folder that is bound. What
// must hold: a link that is there is never changed, since the database decides;
// a facet that was copied along with its document is ignored. It leaves the
// links' table to link.
package relink

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/google/uuid"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Kind is the kind of the items.
const Kind = "rebuild"

// People acts on Nuxeo as a person.
type People interface {
	Nuxeo(ctx context.Context, login string) (*nuxeo.Client, error)
}

// Service rebuilds links.
type Service struct {
	DB     *store.DB
	Engine *work.Engine
	People People
}

// state is what an item remembers between its steps.
type state struct {
	Folder               string
	Seen                 int    // documents that were looked at
	After                string // the last of them
	Made, Known, Strange int
}

// Start adds an item for each folder that has or had links to be, and returns
// their parent and how many there are. They act as the login.
func (s *Service) Start(ctx context.Context, login string) (parent string, folders int, err error) {
	parent = uuid.Must(uuid.NewV7()).String()
	var ids []string
	err = s.DB.Tx(ctx, func(tx *sql.Tx) error {
		items, err := list(ctx, tx, parent, login)
		if err != nil {
			return err
		}
		folders = len(items)
		ids, err = s.Engine.Add(ctx, tx, items...)
		return err
	})
	if err != nil {
		return "", 0, err
	}

	if folders == 0 {
		return "", 0, fault.New(fault.Conflict, "No folder is bound, so there are no links to rebuild.")
	}

	s.Engine.Wake(ids...)
	return parent, folders, nil
}

func list(ctx context.Context, tx *sql.Tx, parent, login string) ([]work.New, error) {
	return store.All(ctx, tx, func(row store.Row) (work.New, error) {
		var uid, path string
		err := row.Scan(&uid, &path)
		return work.New{
			Kind: Kind, Parent: parent, Subject: uid, Title: "Rebuild the links of " + path, Owner: login, Actor: login,
			Data: state{Folder: uid},
		}, err
	}, `SELECT folder_uid, MAX(folder_path) FROM bindings WHERE state <> 'failed'
		GROUP BY folder_uid ORDER BY folder_uid`)
}

// Worker does the items.
type Worker struct {
	work.Base
	*Service
}

// stepOn is the step after the first slice.
const stepOn = "go on"

// Steps describes the only step.
func (w Worker) Steps() []work.StepInfo {
	return work.OneStep("read the documents of the folder and make the links that are missing",
		"a link is made once; how far it got is saved with each document", stepOn)
}

// Step looks at documents until there are no more or the slice is over.
func (w Worker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	var st state
	if err := t.Load(&st); err != nil {
		return work.Next{}, err
	}

	nx, err := w.People.Nuxeo(ctx, t.Actor)
	if err != nil {
		return work.Next{}, err
	}

	// Documents come in a fixed order, so that a later step, on whatever node,
	// goes on where this one ended.
	where := "ecm:ancestorId = " + nuxeo.Quote(st.Folder) +
		" AND ecm:mixinType = 'FrameioAsset' AND ecm:isVersion = 0" +
		" AND ecm:isProxy = 0 AND ecm:isTrashed = 0"
	for doc, err := range nx.Query(ctx, where, st.After, nuxeo.Fetch{Schemas: []string{"frameio"}}) {
		if err != nil {
			return work.Next{}, err
		}
		if err := w.look(ctx, t, &st, doc); err != nil {
			return work.Next{}, err
		}
		if t.SliceOver() {
			return work.Next{Step: stepOn}, nil
		}
	}

	return work.Next{Done: true, Outcome: fmt.Sprintf("%d links made, %d were there", st.Made, st.Known)}, nil
}

func (w Worker) look(ctx context.Context, t *work.Task, st *state, doc *nuxeo.Document) error {
	st.Seen++
	st.After = doc.UID
	l := linkOf(doc, st.Folder)
	if l.FileID == "" || doc.Text(schema.DocumentUID) != doc.UID { // the facet came with a copy
		st.Strange++
		return t.Save(ctx, st)
	}

	// Of two documents with one asset, the first that was found keeps the link.
	before := *st
	var taken string
	err := t.Commit(ctx, st, func(tx *sql.Tx) (err error) {
		*st = before // a transaction may be run twice
		var made bool
		made, taken, err = link.Restore(ctx, tx, t.Now(), l)
		if made {
			st.Made++
		} else {
			st.Known++
		}
		return err
	})
	if err != nil || taken == "" {
		return err
	}

	return t.Note(ctx, "left alone", "%s and %s claim the same asset; the latter has the link", doc.UID, taken)
}

func linkOf(doc *nuxeo.Document, folder string) link.Link {
	l := link.Link{
		FolderUID: folder, Account: doc.Text(schema.AccountID), DocumentUID: doc.UID,
		FileID: doc.Text(schema.FileID),
		Digest: doc.Text(schema.Digest), Size: doc.Int(schema.FileSize), AssetKey: doc.Text(schema.StackID),
	}
	if l.AssetKey == "" {
		l.AssetKey = l.FileID
	}

	return l
}
