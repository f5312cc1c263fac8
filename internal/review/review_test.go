package review

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

func TestCommentsArrive(t *testing.T) {
	t.Parallel()
	w := setup(t)
	all := []frameio.Comment{
		comment("c1", "Brighter.", comment("r1", "Yes."), comment("r2", "No.")),
		drawn(comment("c2", "Here.")),
	}

	w.must(all...)
	w.wants("comment c1: Brighter.", "  comment r1: Yes.", "  comment r2: No.", "drawing c2: Here.")
	if w.writes != 4 || w.of("c1").Origin != Origin || w.of("c2").XPath != "file:content" {
		t.Errorf("%d writes, the first of origin %q, the second at %q; want 4, %q and file:content", w.writes,
			w.of("c1").Origin, w.of("c2").XPath, Origin)
	}

	if n := w.calls(func() { w.must(all...) }); n != 0 || w.writes != 4 {
		t.Errorf("an unchanged import made %d calls and %d writes, want none", n, w.writes-4)
	}
}

func TestEditedAndResolved(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.must(comment("c1", "Brighter."), comment("c2", "Louder."))
	id := w.of("c1").ID
	edited, resolved := comment("c1", "Darker."), comment("c2", "Louder.")
	resolved.Completed = true
	if n := w.calls(func() { w.must(edited, resolved) }); n != 2 {
		t.Errorf("%d calls for two changes, want 2", n)
	}

	w.wants("comment c1: Darker.", "comment c2: Louder.")
	if c := w.of("c2"); !strings.HasPrefix(c.Text, "Olga Owner · resolved\n") ||
		!strings.Contains(c.Entity, `"resolved":true`) {
		t.Errorf("the resolved comment is %+v, want it to say so in its text and its entity", c)
	}

	if w.of("c1").ID != id {
		t.Error("made anew instead of changed")
	}

	w.must(edited, comment("c2", "Louder."))
	if c := w.of("c2"); strings.Contains(c.Text, "resolved") {
		t.Errorf("opened again it reads %q, want nothing of resolved", c.Text)
	}
}

func TestDeletedOnFrameio(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.must(comment("c1", "One.", comment("r1", "Yes."), comment("r2", "No.")), drawn(comment("c2", "Two.")),
		comment("c3", "Three."))
	w.must(comment("c1", "One.", comment("r2", "No.")), comment("c3", "Three."))
	w.wants("comment c1: One.", "  comment r2: No.", "comment c3: Three.")
	w.must(comment("c3", "Three."))
	w.wants("comment c3: Three.")
	w.must()
	w.wants("")
	if n := w.calls(func() { w.must() }); n != 0 {
		t.Errorf("%d calls for nothing, want none", n)
	}
}

// A person's words are never deleted, wherever in the thread they are.
func TestDeletedButAnswered(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		on   func(w *world) string
		want []string
	}{
		"the comment": {func(w *world) string {
			return w.of("c1").ID
		}, []string{"comment c1: [removed on Frame.io]", "  comment julia: My answer."}},
		"the reply": {
			func(w *world) string { return w.of("r1").ID },
			[]string{
				"comment c1: [removed on Frame.io]", "  comment r1: [removed on Frame.io]",
				"    comment julia: My answer.",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.must(comment("c1", "Secret plan.", comment("r1", "Yes.")))
			w.reply(tc.on(w), "My answer.")
			w.must()
			w.wants(tc.want...)
			if c := w.of("c1"); strings.Contains(c.Entity, "Secret") {
				t.Errorf("what was removed is kept: %s, want nothing of Secret", c.Entity)
			}

			w.must()
			w.wants(tc.want...)
		})
	}
}

func TestDrawingAddedAndRemovedKeepsReplies(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := comment("c1", "Here.", comment("r1", "Where?"), comment("r2", "There."))
	w.must(c)
	w.must(drawn(c))
	w.wants("drawing c1: Here.", "  comment r1: Where?", "  comment r2: There.")
	w.must(c)
	w.wants("comment c1: Here.", "  comment r1: Where?", "  comment r2: There.")
	if n := w.calls(func() { w.must(c) }); n != 0 {
		t.Errorf("an unchanged import made %d calls, want none", n)
	}
}

func TestDrawingAddedToAnAnsweredComment(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := comment("c1", "Here.", comment("r1", "Where?"))
	w.must(c)
	w.reply(w.of("c1").ID, "My answer.")
	w.must(drawn(c))
	want := []string{
		"comment c1: [removed on Frame.io]", "  comment julia: My answer.", "drawing c1: Here.",
		"  comment r1: Where?",
	}

	w.wants(want...)
	w.must(drawn(c))
	w.wants(want...)
}

func TestDeletedInNuxeoByHand(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]frameio.Comment{
		"then edited":      comment("c1", "One, edited.", comment("r1", "Yes."), comment("r2", "No.")),
		"then replied to":  comment("c1", "One.", comment("r1", "Yes."), comment("r2", "No."), comment("r3", "New.")),
		"a reply edited":   comment("c1", "One.", comment("r1", "Yes, edited."), comment("r2", "No.")),
		"then drawn upon":  drawn(comment("c1", "One.", comment("r1", "Yes."), comment("r2", "No."))),
		"and all is as is": comment("c1", "One.", comment("r1", "Yes."), comment("r2", "No.")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.must(comment("c1", "One.", comment("r1", "Yes."), comment("r2", "No.")))
			if err := w.importer.Nuxeo.DeleteComment(t.Context(), w.doc, w.of("c1").ID, false); err != nil {
				t.Fatal(err)
			}

			w.must(after)
			if name == "and all is as is" { // nobody looks while nothing changes
				w.wants("")
				return
			}

			kind := "comment"
			if after.Annotation != "" {
				kind = "drawing"
			}

			want := []string{kind + " c1: " + after.Text}
			for _, r := range after.Replies {
				want = append(want, "  comment "+r.ID+": "+r.Text)
			}

			w.wants(want...)
			if n := w.calls(func() { w.must(after) }); n != 0 {
				t.Errorf("an unchanged import made %d calls, want none", n)
			}
		})
	}
}

func TestOtherVersionsCommentsStay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.must(comment("c1", "On the first."))
	w.target.FileID = "file-2"
	w.must(comment("c2", "On the second."))
	w.wants("comment c1: On the first.", "comment c2: On the second.")
	w.must()
	w.wants("comment c1: On the first.")
}

// stages are imports one after the other: everything that can change.
func stages() [][]frameio.Comment {
	one := comment("c1", "One.", comment("r1", "Yes."), comment("r2", "No."))
	two, three := comment("c2", "Two.", comment("r3", "Well.")), drawn(comment("c3", "Three."))
	changed := comment("c1", "One, edited.", comment("r2", "No, edited."), comment("r4", "New."))
	return [][]frameio.Comment{{one, two, three}, {changed, drawn(two)}}
}

func staged() []string {
	return []string{
		"comment c1: One, edited.", "  comment r2: No, edited.", "  comment r4: New.", "drawing c2: Two.",
		"  comment r3: Well.",
	}
}

// Each remote call in turn goes wrong, after or before it was done; the import
// is run again, and the end is always the same.
func TestEachCommentExistsOnceWhateverIsLost(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]faults.Rule{"lost": {Lost: true}, "reset": {Reset: true}, "503": {Status: 503}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			struck := true
			for n := 0; struck; n++ {
				if n > 200 {
					t.Fatal("runs with a call struck: got more than 200, want one that meets no more calls")
				}
				struck = strike(t, rule, n)
			}
		})
	}
}

// strike runs the stages with the n-th call struck and reports whether there was one.
func strike(t *testing.T, rule faults.Rule, n int) bool {
	t.Helper()
	w := setup(t)
	rule.Skip, rule.Times = n, 1
	w.sim.Faults().Add(rule)
	for i, stage := range stages() {
		failures := 0
		for w.run(stage...) != nil {
			if failures++; failures > 1 {
				t.Fatalf("call %d, stage %d: got a second failure, %v, want one at most", n, i, w.run(stage...))
			}
		}
	}

	w.wants(staged()...)
	return len(w.sim.Faults().Hits()) > 0
}

// The answer to a creation is lost, and the comment is edited before the next
// try: the key of the first try does not help, the look before does.
func TestLostCreationOfACommentThatChanges(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.sim.Faults().Add(faults.Rule{Method: http.MethodPost, Lost: true, Times: 1})
	if err := w.run(comment("c1", "One.")); err == nil {
		t.Fatal("a creation whose answer is lost: got no error, want one")
	}
	w.must(comment("c1", "One, edited."))
	w.wants("comment c1: One, edited.")
}

// The process dies at each point where something is written to our database.
func TestEachCommentExistsOnceWhereverWeDie(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		w := setup(t)
		seen := 0
		w.importer.DB.Gate = func() error {
			if seen++; seen == n {
				return errKilled
			}
			return nil
		}

		for _, stage := range stages() {
			for range 2 {
				if err := w.run(stage...); err == nil {
					break
				} else if !errors.Is(err, errKilled) {
					t.Fatal(err)
				}
			}
		}

		w.wants(staged()...)
		if seen < n {
			return
		}
	}
}

// Only the author may change a comment. One that an earlier import wrote as
// somebody else is changed as that one, or left as it is.
func TestCommentsOfAnotherWriter(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.must(comment("c1", "One."), comment("c2", "Two."))
	josh := w.importer.Nuxeo
	w.importer.Nuxeo, w.importer.Writer = w.julia, "julia"
	w.must(comment("c1", "One, edited."), drawn(comment("c2", "Two.")))
	w.wants("comment c1: One.", "comment c2: Two.")
	if w.left != 2 {
		t.Errorf("%d comments are left to others, want 2", w.left)
	}

	w.must()
	w.wants("comment c1: One.", "comment c2: Two.")
	w.importer.ClientFor = func(_ context.Context, login string) (Nuxeo, error) {
		if login != "josh" {
			t.Errorf("asked for the client of %s, want josh", login)
		}
		return josh, nil
	}

	w.must(comment("c1", "One, edited."))
	w.wants("comment c1: One, edited.")
	if c := w.of("c1"); c.Author != "josh" {
		t.Errorf("the comment is by %s, want josh", c.Author)
	}
}

func TestDocumentThatIsGoneIsAnError(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.must(comment("c1", "One."))
	if err := w.sim.Remove(w.doc); err != nil {
		t.Fatal(err)
	}

	if err := w.run(comment("c1", "One, edited.")); !nuxeo.NotFound(err) {
		t.Errorf("importing to a document that is gone: got %v, want not found", err)
	}
}

func TestAttackersCannotChangeTheAddress(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := "../../id/" + w.doc + "?x=1#"
	w.must(comment(id, "Hm."))
	w.wants("comment " + id + ": Hm.")
	w.must()
	w.wants("")
	for _, r := range w.sim.Requests() {
		if r.Status >= http.StatusInternalServerError ||
			r.Query != "" && !strings.HasPrefix(r.Query, "currentPageIndex=") {
			t.Errorf("a request: got %v, want no other query than a page, and no 5xx", r)
		}
	}
}
