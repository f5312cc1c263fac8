package foldersync

import (
	"slices"
	"testing"
)

// What a run does about each way in which a thing can stand.
func TestDecide(t *testing.T) {
	t.Parallel()
	brought := Entry{Document: "uid", Name: "Cut.mov", Parent: "day", fingerprint: "1"}
	with := func(change ...func(*situation)) situation {
		s := situation{kind: "file", listed: true, name: "Cut.mov", parent: "day", fingerprint: "1", had: brought}
		for _, c := range change {
			c(&s)
		}
		return s
	}

	newer := func(s *situation) { s.fingerprint, s.otherFile = "2", true }
	described := func(s *situation) { s.fingerprint = "2" }
	fresh := func(s *situation) { s.had = Entry{} }
	renamed := func(s *situation) { s.name = "Cut 2.mov" }
	moved := func(s *situation) { s.parent = "night" }
	uploads := func(s *situation) { s.notReady = uploading }
	left := func(s *situation) { s.listed = false }
	out := func(s *situation) { s.notReady = filtered }
	gone := func(s *situation) { s.had.Gone = true }
	failed := func(s *situation) { s.had.Problem = "no right" }
	disputed := func(s *situation) { s.had.Conflict = "changed on both sides" }
	edited := func(s *situation) { s.drift.rewritten = true }
	trashed := func(s *situation) { s.drift.missing = true }
	retitled := func(s *situation) { s.drift.retitled = true }
	takes := func(s *situation) { s.takesOver = true }
	taken := func(s *situation) { s.takenOver = true }
	refetched := func(s *situation) { s.had.refetch = true }
	folder := func(s *situation) { s.kind = kindFolder }

	type row struct {
		name string
		of   situation
		want []Act
	}

	for policy, rows := range map[string][]row{
		"": {
			{"the same", with(), nil},
			{"new", with(fresh), []Act{Create}},
			{"new, still being uploaded", with(fresh, uploads), []Act{Await}},
			{"another version is being uploaded", with(newer, uploads), []Act{Await}},
			{"new and not chosen", with(fresh, out), nil},
			{"not chosen any more", with(out), []Act{MarkGone}},
			{"another version", with(newer), []Act{Update}},
			{"other metadata", with(described), []Act{Update}},
			{"renamed", with(renamed), []Act{Rename}},
			{"renamed and moved, with another version", with(newer, renamed, moved), []Act{Update, Rename, Move}},
			{"not there", with(left), []Act{MarkGone}},
			{"not there for long", with(left, gone), nil},
			{"not there, and never brought", with(left, fresh), nil},
			{"there again, in another place", with(gone, moved), []Act{Restore, Move}},
			{"could not be brought", with(failed), []Act{Update}},
			{"fetched otherwise from now on", with(refetched), []Act{Update}},
			{"fetched otherwise from now on, and edited in Nuxeo", with(refetched, edited), []Act{Update}},
			{"a stack that a file was put on", with(fresh, takes), []Act{Update}},
			{"the file that was put on a stack", with(left, taken), nil},
			{"in the trash of Nuxeo", with(trashed), []Act{Leave}},
			{"in the trash of Nuxeo, another version", with(trashed, newer), []Act{Create}},
			{"renamed in Nuxeo", with(retitled), []Act{Leave}},
			{"renamed in Nuxeo and on Frame.io", with(retitled, renamed), []Act{Rename}},
			{"edited in Nuxeo", with(edited), []Act{Leave}},
			{"edited in Nuxeo, other metadata", with(edited, described), []Act{Update}},
			{"a folder that is the same", with(folder, described), nil},
			{"a folder that was renamed", with(folder, renamed), []Act{Rename}},
			{"a new folder", with(folder, fresh), []Act{Create}},
		},
		NuxeoWins: {
			{"both changed it", with(edited, newer), []Act{Conflict}},
			{"both changed it, and it was renamed", with(edited, newer, renamed, moved), []Act{Conflict}},
			{"in conflict and renamed since", with(disputed, renamed), []Act{Conflict}},
			{"in conflict, and yet another version", with(disputed, newer), []Act{Update}},
		},
		FrameioWins: {
			{"both changed it", with(edited, newer, renamed), []Act{Update, Rename}},
			{"in conflict by an earlier rule", with(disputed), []Act{Conflict}},
		},
		KeepBoth: {
			{"both changed it", with(edited, newer), []Act{Split}},
		},
	} {
		for _, r := range rows {
			if got := (Sync{Conflicts: policy}).decide(r.of); !slices.Equal(got, r.want) {
				t.Errorf("%s, conflicts %q: %v, want %v", r.name, policy, got, r.want)
			}
		}
	}
}
