package foldersync

import "slices"

// Act is something that a run does about one asset or folder.
type Act string

// What a run does. Nothing at all: it is the same on both sides.
const (
	Create   Act = "create"   // make a document
	Return   Act = "return"   // take up again what was gone
	Update   Act = "update"   // bring content or metadata
	Rename   Act = "rename"   // call the document as the asset is called now
	Move     Act = "move"     // put it where the asset is now
	Conflict Act = "conflict" // leave it until somebody says whose content stays
	Part     Act = "part"     // keep both: the document becomes one by itself
	Await    Act = "wait"     // it cannot be brought yet
	Lose     Act = "gone"     // it is not on Frame.io any more, or not chosen any more
	Leave    Act = "left"     // it was changed in Nuxeo only
)

// standing is all that is known of one asset or folder when it is decided what becomes of
// it.
type standing struct {
	kind string

	// On Frame.io: whether it is listed, why it cannot be brought yet, and what it is.
	listed              bool
	notReady            string
	name, parent, print string

	// What the sync has of it. Another thing may take over its document, or it may take
	// over another's, when a file was put on a stack, or a stack is not there any more.
	had   Entry
	takes bool
	taken bool

	// In Nuxeo, as far as somebody looked.
	drift drift
	// another says that the document has the content of another file than Frame.io shows.
	another bool
}

// drift is how a document is not what the sync made of it.
type drift struct{ missing, moved, retitled, rewritten bool }

// decide says what a run does about a thing. Run, check, plan and preview go by it.
func (q Sync) decide(s standing) []Act {
	brought := s.had.Document != ""
	switch {
	case s.taken:
		return nil
	case !s.listed || s.notReady == filtered:
		if brought && !s.had.Gone {
			return []Act{Lose}
		}
		return nil
	case s.notReady != "":
		return []Act{Await}
	case !brought && s.takes:
		return []Act{Update}
	case !brought:
		return []Act{Create}
	}

	news := s.had.print != s.print || s.had.Problem != ""
	if s.kind == kindFolder {
		news = s.had.Problem != ""
	}

	if s.drift.missing && news {
		return []Act{Create}
	}

	acts := q.content(s, news)
	if slices.Contains(acts, Conflict) {
		return acts // its name and place wait, too
	}

	if s.had.Gone {
		acts = append(acts, Return)
	}

	if s.had.Name != s.name {
		acts = append(acts, Rename)
	}

	if s.had.Parent != s.parent {
		acts = append(acts, Move)
	}

	if len(acts) == 0 && s.drift != (drift{}) {
		return []Act{Leave}
	}

	return acts
}

// content says what becomes of the content and the metadata.
func (q Sync) content(s standing, news bool) []Act {
	switch {
	case s.had.Conflict != "" && !news:
		return []Act{Conflict}
	case !news:
		return nil
	case !s.drift.rewritten || !s.another:
		return []Act{Update}
	}

	switch q.Conflicts {
	case FrameioWins:
		return []Act{Update}
	case KeepBoth:
		return []Act{Part}
	}

	return []Act{Conflict}
}

// does reports whether a decision has one of some acts.
func does(acts []Act, some ...Act) bool {
	return slices.ContainsFunc(acts, func(a Act) bool { return slices.Contains(some, a) })
}
