package publish_test

import (
	"fmt"
	"strings"
	"testing"

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

// Whoever asked for something sees what comes of it, also when the binder acts.
func TestWhoAskedSeesTheItems(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish to Nuxeo")
	b.Nuxeo.SetACL("/default-domain/workspaces/videos", "julia", "ReadWrite", false)
	b.Nuxeo.SetACL("/default-domain/workspaces/videos", "julia", "Read", true)
	folder := b.Frameio.AddFolder(b.Root, "Reels")
	for i := range 3 {
		b.Frameio.AddFile(folder, fmt.Sprintf("reel %d.mov", i), frameiosim.Bytes([]byte("frames")))
	}

	b.Run(b.Julia, folder)
	b.Settle()
	seen, _, err := b.App.Engine.Items(t.Context(), work.Viewer{Login: "julia"}, work.Filter{})
	if err != nil {
		t.Fatal(err)
	}

	kinds := map[string]int{}
	for _, v := range seen {
		kinds[v.Kind]++
	}

	if kinds["publish"] != 3 || kinds["expand"] != 1 || kinds["notice"] != 1 || kinds["bind"] != 0 {
		t.Errorf("julia sees %v, want 3 publish, 1 expand, 1 notice and no bind", kinds)
	}

	for _, v := range seen {
		if v.Kind == "publish" && v.Actor != "josh" {
			t.Errorf("%s acted as %s, want josh", v.Title, v.Actor)
		}
	}

	others, _, err := b.App.Engine.Items(t.Context(), work.Viewer{Login: "olga"}, work.Filter{})
	if err != nil || len(others) != 0 {
		t.Errorf("olga sees %d items, %v; want none", len(others), err)
	}
}
