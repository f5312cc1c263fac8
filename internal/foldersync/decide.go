package foldersync

import (
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
)

// An Act is something that a run does about an asset or folder.
type Act string

// What a run does. No act at all means that both sides are the same.
const (
	Create   Act = "create"   // create a document
	Restore  Act = "return"   // restore what was marked as gone
	Update   Act = "update"   // import content or metadata
	Rename   Act = "rename"   // give the document the current name of the asset
	Move     Act = "move"     // move the document to where the asset is
	Conflict Act = "conflict" // leave it until a person says whose content stays
	Split    Act = "part"     // keep both: the document is detached from the asset
	Await    Act = "wait"     // it cannot be imported yet
	MarkGone Act = "gone"     // it is gone from Frame.io, or the filter leaves it out now
	Leave    Act = "left"     // it was changed in Nuxeo only
)

// A situation is all that is known of an asset or folder when a run decides what to do about it.
type situation struct {
	kind string

	// On Frame.io: whether it is listed, why it cannot be imported yet, and what it is.
	listed                    bool
	notReady                  string
	name, parent, fingerprint string

	// What the sync has of it. When a file is put on a stack, or the last file taken off one,
	// an asset takes over the document of another.
	had       Entry
	takesOver bool
	takenOver bool

	// In Nuxeo, as far as that was checked.
	drift drift
	// otherFile says that the document has the content of another file than Frame.io shows.
	otherFile bool
}

// A drift is how a document differs from what the sync made of it.
type drift struct{ missing, moved, retitled, rewritten bool }

// decide returns what a run does about an asset or folder. Runs, checks and previews all go by it.
func (q Sync) decide(s situation) []Act {
	// What is not both listed and ready, or has no document.
	brought := s.had.Document != ""
	switch {
	case s.takenOver:
		return nil
	case !s.listed || s.notReady == filtered:
		if brought && !s.had.Gone {
			return []Act{MarkGone}
		}
		return nil
	case s.notReady != "":
		return []Act{Await}
	case !brought && s.takesOver:
		return []Act{Update}
	case !brought:
		return []Act{Create}
	}

	// What has a document.
	news := s.had.fingerprint != s.fingerprint || s.had.Problem != "" || s.had.refetch
	if s.kind == kindFolder {
		news = s.had.Problem != ""
	}

	if s.drift.missing && news {
		return []Act{Create}
	}

	// A conflict keeps name and folder as well.
	acts := q.contentActs(s, news)
	if slices.Contains(acts, Conflict) {
		return acts
	}

	if s.had.Gone {
		acts = append(acts, Restore)
	}

	if s.had.Name != s.name {
		acts = append(acts, Rename)
	}

	if s.had.Parent != s.parent {
		acts = append(acts, Move)
	}

	// What differs only in Nuxeo stays.
	if len(acts) == 0 && s.drift != (drift{}) {
		return []Act{Leave}
	}

	return acts
}

// contentActs returns what a run does about content and metadata.
func (q Sync) contentActs(s situation, news bool) []Act {
	switch {
	case s.had.Conflict != "" && !news:
		return []Act{Conflict}
	case !news:
		return nil
	}

	switch (ingest.Content{
		Exists: true, NewFile: s.otherFile, Edited: s.drift.rewritten, Own: q.Fetch == Metadata,
		Policy: ingest.Policy(q.Conflicts),
	}).Decide() {
	case ingest.Conflict:
		return []Act{Conflict}
	case ingest.SplitDocument:
		return []Act{Split}
	}

	return []Act{Update}
}

// hasAny reports whether acts contains one of some.
func hasAny(acts []Act, some ...Act) bool {
	return slices.ContainsFunc(acts, func(a Act) bool { return slices.Contains(some, a) })
}
