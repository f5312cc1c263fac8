package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// userOf is who ran an interaction on Frame.io, as it was recorded.
func userOf(b *testenv.Bed, v work.View) (user string) {
	b.T.Helper()
	if err := b.App.DB.Reader.QueryRowContext(b.T.Context(), `SELECT user_id FROM interactions
		WHERE id = $1`, v.Parent).Scan(&user); err != nil {
		b.T.Fatal(err)
	}
	return user
}

func creator(b *testenv.Bed) any {
	b.T.Helper()
	return b.Only().Properties["dc:creator"]
}

func TestWhoActs(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	stranger := b.Frameio.AddPerson("Sam Stranger", "sam@example.com")
	b.Frameio.AddMember(b.Account, stranger, frameiosim.RoleMember)
	for _, c := range []struct {
		name, person, actor, told string
		before                    func()
	}{
		{"a person with rights acts alone", b.Julia, "julia", "julia@example.org", func() {}},
		{"a person without a connection acts as the binder", stranger, "josh", "josh@example.org", func() {}},
		{"a person without rights acts as the binder", b.Julia, "josh", "julia@example.org", func() {
			b.Nuxeo.SetACL("/default-domain/workspaces/videos", "julia", "Everything", false)
		}},
		{"a person whose access ended acts as the binder", b.Julia, "josh", "julia@example.org", func() {
			b.Nuxeo.DropTokens("julia")
		}},
	} {
		c.before()
		file := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
		v := b.PublishOne(c.person, "created", file)
		if v.Actor != c.actor || userOf(b, v) != c.person || creator(b) != c.actor {
			t.Errorf("%s: acted as %s for %s, created by %v; want %s, %s and %s", c.name, v.Actor, userOf(b, v),
				creator(b), c.actor, c.person, c.actor)
		}

		mails := b.Mail.Messages()
		if m := mails[len(mails)-1]; m.To[0] != c.told {
			t.Errorf("%s: the mail is to %v, want %s", c.name, m.To, c.told)
		}

		b.AllDone()
		b.Check(testenv.Want{"Cut": {Content: testenv.Bytes('1', 1000)}})
		if err := b.Nuxeo.Remove(b.Only().UID); err != nil {
			t.Fatal(err)
		}

		if _, err := b.App.DB.Writer.ExecContext(t.Context(), `UPDATE links SET document_uid = NULL`); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUnboundFolderTakesNothing(t *testing.T) {
	t.Parallel()
	clock := new(testenv.Clock)
	b := testenv.New(t, testenv.By(clock))
	made := b.Bind("Publish")
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	b.Frameio.Faults().Add(faults.Rule{Method: "DELETE", Path: "/actions/", Status: 503})
	if _, err := b.App.Binding.Unbind(t.Context(), testenv.Viewer, made.ID, ""); err != nil {
		t.Fatal(err)
	}

	res := b.Run(b.Josh, file)
	if res.Description != "This folder is no longer bound to Frame.io." {
		t.Errorf("the answer says %q, want %q", res.Description, "This folder is no longer bound to Frame.io.")
	}

	if n := b.Interactions(); n != 0 || len(b.Documents()) != 0 {
		t.Errorf("%d interactions and %d documents, want none", n, len(b.Documents()))
	}

	b.Until(func(v work.View) bool { return v.Kind == binding.KindUnbind && v.Code == "not_ready" })
	b.Frameio.Faults().Clear()
	clock.Move(time.Hour)
	b.AllDone()
	if left := b.Frameio.Actions(b.Workspace); len(left) != 0 {
		t.Errorf("the custom actions %+v are left, want none", left)
	}
}

func TestBindingThatEndsAfterTheCallTakesNothing(t *testing.T) {
	t.Parallel()
	clock := new(testenv.Clock)
	b := testenv.New(t, testenv.By(clock))
	made := b.Bind("Publish")
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000), frameiosim.NotUploadedYet())
	b.Run(b.Josh, file)
	b.Until(func(v work.View) bool { return v.Title == "Cut.mov" && v.Code == "not_ready" })
	if _, err := b.App.Binding.Unbind(t.Context(), testenv.Viewer, made.ID, ""); err != nil {
		t.Fatal(err)
	}

	b.Frameio.FinishUpload(file)
	clock.Move(time.Minute)
	for _, v := range b.Settle() {
		if v.Kind == "publish" &&
			(v.State != work.Failed || v.Message != "This folder is no longer bound to Frame.io.") {
			t.Errorf("the item is %s with %q, want it failed, since the folder is no longer bound", v.State, v.Message)
		}
	}

	if len(b.Documents()) != 0 || b.Nuxeo.Batches() != 0 {
		t.Errorf("%d documents and %d upload batches, want none", len(b.Documents()), b.Nuxeo.Batches())
	}

	if text := b.LastMail(); !strings.Contains(text, "no longer bound") {
		t.Errorf("the mail says %q, want no longer bound in it", text)
	}
}

// Of a lost refresh nothing worse comes than to connect again.
func TestLostRefreshAsksToConnectAgain(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	b.Frameio.ExpireAccess(b.Josh)
	b.Frameio.Faults().Add(faults.Rule{Path: "/ims/token", Lost: true, Times: 1})
	b.Run(b.Josh, file)
	v := b.Until(func(v work.View) bool { return v.Kind == "publish" && v.Code == "needs_owner" })
	if !strings.Contains(v.Message, "josh is not signed in to Frame.io any more") ||
		!strings.Contains(v.Remedy, "connected again") {
		t.Errorf("people read %q with the remedy %q, want that josh is not signed in to Frame.io any more, and to be "+
			"connected again", v.Message, v.Remedy)
	}

	b.Until(func(v work.View) bool { return v.Kind == "notice" && v.State == work.Done })
	if text := b.LastMail(); !strings.Contains(text, "josh is not signed in") {
		t.Errorf("the mail says %q, want that josh is not signed in", text)
	}

	b.Connect("josh") // it goes on by itself
	b.AllDone()
	b.Check(testenv.Want{"Cut": {Content: testenv.Bytes('1', 1000)}})
}

func TestOneRefreshForEverybodyWhoWaits(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	want, files := testenv.Want{}, []string{}
	for _, c := range "abcdefgh" {
		files = append(files, b.Add(b.Root, string(c)+".mov", testenv.Bytes(byte(c), 1000)))
		want[string(c)] = testenv.WantDocument{Content: testenv.Bytes(byte(c), 1000)}
	}

	before := b.Frameio.TokenRefreshes()
	b.Frameio.ExpireAccess(b.Josh)
	b.Run(b.Josh, files...)
	b.AllDone()
	b.Check(want)
	if n := b.Frameio.TokenRefreshes() - before; n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
}
