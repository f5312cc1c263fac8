package foldersync

import (
	"slices"
	"testing"
)

// What a run does about each way in which a thing can stand.
func TestDecide(t *testing.T) {
	t.Parallel()
	brought := Entry{Document: "uid", Name: "Cut.mov", Parent: "day", print: "1"}
	with := func(change ...func(*standing)) standing {
		s := standing{kind: "file", listed: true, name: "Cut.mov", parent: "day", print: "1", had: brought}
		for _, c := range change {
			c(&s)
		}
		return s
	}

	newer := func(s *standing) { s.print, s.another = "2", true }
	described := func(s *standing) { s.print = "2" }
	fresh := func(s *standing) { s.had = Entry{} }
	renamed := func(s *standing) { s.name = "Cut 2.mov" }
	moved := func(s *standing) { s.parent = "night" }
	uploads := func(s *standing) { s.notReady = uploading }
	left := func(s *standing) { s.listed = false }
	out := func(s *standing) { s.notReady = filtered }
	gone := func(s *standing) { s.had.Gone = true }
	failed := func(s *standing) { s.had.Problem = "no right" }
	disputed := func(s *standing) { s.had.Conflict = "changed on both sides" }
	edited := func(s *standing) { s.drift.rewritten = true }
	trashed := func(s *standing) { s.drift.missing = true }
	retitled := func(s *standing) { s.drift.retitled = true }
	takes := func(s *standing) { s.takes = true }
	taken := func(s *standing) { s.taken = true }
	folder := func(s *standing) { s.kind = kindFolder }

	type row struct {
		name string
		of   standing
		want []Act
	}

	for policy, rows := range map[string][]row{
		"": {
			{"the same", with(), nil},
			{"new", with(fresh), []Act{Create}},
			{"new, still being uploaded", with(fresh, uploads), []Act{Await}},
			{"another version is being uploaded", with(newer, uploads), []Act{Await}},
			{"new and not chosen", with(fresh, out), nil},
			{"not chosen any more", with(out), []Act{Lose}},
			{"another version", with(newer), []Act{Update}},
			{"other metadata", with(described), []Act{Update}},
			{"renamed", with(renamed), []Act{Rename}},
			{"renamed and moved, with another version", with(newer, renamed, moved), []Act{Update, Rename, Move}},
			{"not there", with(left), []Act{Lose}},
			{"not there for long", with(left, gone), nil},
			{"not there, and never brought", with(left, fresh), nil},
			{"there again, in another place", with(gone, moved), []Act{Return, Move}},
			{"could not be brought", with(failed), []Act{Update}},
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
			{"both changed it", with(edited, newer), []Act{Part}},
		},
	} {
		for _, r := range rows {
			if got := (Sync{Conflicts: policy}).decide(r.of); !slices.Equal(got, r.want) {
				t.Errorf("%s, conflicts %q: %v, want %v", r.name, policy, got, r.want)
			}
		}
	}
}
