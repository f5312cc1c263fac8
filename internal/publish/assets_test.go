package publish_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

func TestLateOriginals(t *testing.T) {
	t.Parallel()
	clock := new(testenv.Clock)
	b := testenv.New(t, testenv.By(clock))
	b.Bind("Publish")
	soon := b.Add(b.Root, "Soon.mov", testenv.Bytes('s', 100), frameiosim.NotUploadedYet())
	never := b.Add(b.Root, "Never.mov", testenv.Bytes('n', 100), frameiosim.NotUploadedYet())
	b.Run(b.Josh, soon, never)
	waiting := b.Until(func(v work.View) bool { return v.Title == "Soon.mov" && v.Code == "not_ready" })
	if waiting.State != work.Waiting || !strings.Contains(waiting.Message, "until the original is uploaded") {
		t.Errorf("while the original is uploaded the item is %s with %q, want it waiting until the original is "+
			"uploaded", waiting.State, waiting.Message)
	}

	b.Frameio.FinishUpload(soon)
	clock.Move(time.Minute)
	if v := b.Await(waiting.ID); v.State != work.Done {
		t.Errorf("once the original is there the item is %s with %q, want it done", v.State, v.Message)
	}

	b.Mails(0) // the other one still waits
	clock.Move(25 * time.Hour)
	late := b.Await(b.Until(func(v work.View) bool { return v.Title == "Never.mov" }).ID)
	if late.State != work.Failed || !strings.Contains(late.Message, "did not arrive") || late.Remedy == "" {
		t.Errorf("after 25 hours the item is %s with %q and the remedy %q, want failed, since the original did not "+
			"arrive, and a remedy", late.State, late.Message, late.Remedy)
	}

	b.Settle()
	b.Check(testenv.Want{"Soon": {Content: testenv.Bytes('s', 100)}})
	b.Mails(1)
	if text := b.LastMail(); !strings.Contains(text, "Soon.mov") || !strings.Contains(text, "did not arrive") {
		t.Errorf("the mail says %q, want Soon.mov, and that the other did not arrive", text)
	}

	// Who finishes the upload after all can retry.
	b.Frameio.FinishUpload(never)
	if err := b.App.Engine.Retry(t.Context(), testenv.Viewer, late.ID); err != nil {
		t.Fatal(err)
	}

	b.AllDone()
	b.Check(testenv.Want{"Soon": {Content: testenv.Bytes('s', 100)}, "Never": {Content: testenv.Bytes('n', 100)}})
}

func TestReasonsWhyAnAssetDoesNotArrive(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code, says string
		opts       []frameiosim.FileOption
		befall     func(b *testenv.Bed, file string)
	}{
		"no permission to download": {
			"forbidden", "may not download",
			[]frameiosim.FileOption{frameiosim.NoOriginal()},
			nil,
		},
		"only with a watermark": {
			"forbidden", "may not download",
			[]frameiosim.FileOption{frameiosim.Watermarked()},
			nil,
		},
		"deleted before it is read": {"gone", "was deleted", nil, func(b *testenv.Bed, file string) {
			b.Before(`/files/`, func() { b.Frameio.Delete(file) })
		}},
		"deleted while it is read": {"gone", "was deleted", nil, func(b *testenv.Bed, file string) {
			b.Before(`/assets/`, func() { b.Frameio.Delete(file) })
		}},
		"folder gone": {"gone", "bound folder is gone", nil, func(b *testenv.Bed, _ string) {
			b.Before(`/assets/`, func() { _ = b.Nuxeo.Remove(b.Folder) })
		}},
		"folder trashed": {"gone", "bound folder is gone", nil, func(b *testenv.Bed, _ string) {
			_ = b.Nuxeo.Trash(b.Folder)
		}},
		"rights lost midway": {"forbidden", "does not allow it", nil, func(b *testenv.Bed, _ string) {
			b.Before(`/assets/`, func() {
				b.Nuxeo.SetACL("/default-domain/workspaces/videos", "josh", "Write", false)
			})
		}},
		"account locked": {"forbidden", "", nil, func(b *testenv.Bed, _ string) {
			b.Before(`/files/`, func() { b.Frameio.LockAccount(b.Account, true) })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t)
			b.Bind("Publish")
			file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 1000), c.opts...)
			if c.befall != nil {
				c.befall(b, file)
			}

			b.Run(b.Josh, file)
			for _, v := range b.Settle() {
				if v.Kind != "publish" {
					continue
				}
				if v.State != work.Failed || c.code != "" && v.Code != c.code || !strings.Contains(v.Message, c.says) ||
					v.Remedy == "" {
					t.Errorf("the item is %s at %q with %s, %q and the remedy %q; want it failed with code %q, %q in "+
						"it, and a remedy", v.State, v.Step, v.Code, v.Message, v.Remedy, c.code, c.says)
				}
				t.Logf("%s: %s %s", v.Code, v.Message, v.Remedy)
			}

			if b.Nuxeo.Batches() != 0 {
				t.Errorf("%d upload batches are left, want none", b.Nuxeo.Batches())
			}

			if docs := b.Documents(); len(docs) != 0 {
				t.Errorf("%d documents, want none", len(docs))
			}

			b.Mails(1)
		})
	}
}

func TestFoldersKeepTheirShape(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Config(func(c *app.Config) { c.Publish.MaxAssets = 6 }))
	b.Bind("Publish")
	day := b.Frameio.AddFolder(b.Root, "Day")
	first, second := b.Frameio.AddFolder(day, "Cam"), b.Frameio.AddFolder(day, "Cam")
	b.Frameio.AddFolder(day, "Empty")
	deep := b.Frameio.AddFolder(b.Frameio.AddFolder(first, "A/B"), "..")
	b.Add(day, "1.mov", testenv.Bytes('1', 10))
	b.Add(first, "2.mov", testenv.Bytes('2', 20))
	b.Add(second, "3.mov", testenv.Bytes('3', 30))
	b.Add(deep, "4.mov", testenv.Bytes('4', 40))
	member := b.Add(second, "5.mov", testenv.Bytes('5', 50))
	b.Frameio.Stack(member, b.Add(second, "6.mov", testenv.Bytes('6', 60)))
	want := testenv.Want{
		"Day/1": {Content: testenv.Bytes('1', 10)}, "Day/Cam/2": {Content: testenv.Bytes('2', 20)},
		"Day/Cam/3":             {Content: testenv.Bytes('3', 30)},
		"Day/Cam/A_B/unnamed/4": {Content: testenv.Bytes('4', 40)}, "Day/Cam/6": {Content: testenv.Bytes('6', 60)},
	}

	for range 2 { // a second time changes nothing
		b.Run(b.Josh, day)
		b.AllDone()
		b.Check(want)
	}

	folders := b.Nuxeo.Children(b.Nuxeo.Children(b.Folder)[0].UID)
	if len(folders) != 3 { // two folders of one name, one file; nothing for the empty one
		t.Errorf("%d folders and files below Day, want 3", len(folders))
	}

	b.Mails(2)
	for i := range 2 {
		b.Add(day, fmt.Sprintf("more %d.mov", i), testenv.Bytes('m', 10))
	}

	b.Run(b.Josh, day)
	if v := b.Settle()[1]; v.Kind != "expand" || v.State != work.Failed ||
		!strings.Contains(v.Message, "more than 6 assets") {
		t.Errorf("the second item is of kind %s and %s with %q, want an expand that failed for more than 6 assets",
			v.Kind, v.State, v.Message)
	}

	b.Check(want)
	if text := b.LastMail(); !strings.Contains(text, "Day") ||
		!strings.Contains(text, "failed: The folder holds more than 6 assets.") {
		t.Errorf("the mail says %q, want that Day failed: The folder holds more than 6 assets.", text)
	}

	if err := b.Nuxeo.Trash(b.Folder); err != nil {
		t.Fatal(err)
	}

	b.Run(b.Josh, first)
	if v := b.Settle()[1]; v.State != work.Failed || v.Code != "gone" || len(b.Nuxeo.Children(b.Folder)) != 1 {
		t.Errorf("publishing into the trash: %s with %s, %q, and %d below the folder; want failed, gone and 1",
			v.State, v.Code, v.Message, len(b.Nuxeo.Children(b.Folder)))
	}

	if err := b.Nuxeo.Untrash(b.Folder); err != nil {
		t.Fatal(err)
	}

	empty := b.Frameio.AddFolder(b.Root, "Void")
	b.Run(b.Josh, empty)
	b.Settle()
	if m := b.Mail.Messages()[4]; !strings.Contains(m.Text(), "holds no files") ||
		len(b.Nuxeo.Children(b.Folder)) != 1 {
		t.Errorf("an empty folder: the mail %q says %q, and %d are below the folder; want that it holds no files, "+
			"and 1", m.Subject, m.Text(), len(b.Nuxeo.Children(b.Folder)))
	}
}

func TestAHundredMixedItems(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	want, assets, bad := testenv.Want{}, []string{}, 0
	for i := range 100 {
		title := fmt.Sprintf("Cut %03d", i)
		data := testenv.Bytes(byte('a'+i%26), 100+i)
		file := b.Add(b.Root, title+".mov", data)
		switch i % 10 {
		case 3:
			b.Frameio.SetDownloadable(file, false)
			bad++
		case 5:
			file = b.Frameio.Stack(file, b.Add(b.Root, title+" b.mov", data))
			want[title+" b"] = testenv.WantDocument{Content: data}
		default:
			want[title] = testenv.WantDocument{Content: data}
		}

		assets = append(assets, file)
	}

	if res := b.Run(b.Josh, assets...); res.Description != "100 assets pushed to Nuxeo." {
		t.Errorf("the answer to 100 assets says %q, want %q", res.Description, "100 assets pushed to Nuxeo.")
	}

	failed := 0
	for _, v := range b.Settle() {
		if v.State == work.Failed {
			failed++
		}
	}

	if failed != bad {
		t.Errorf("%d of the assets failed, want %d", failed, bad)
	}

	b.Check(want)
	b.Mails(1)
	m := b.Mail.Messages()[0]
	if n := strings.Count(m.Text(), "failed: "); m.Subject != "Frame.io: 90 of 100 assets are in Nuxeo" || n != bad ||
		!strings.Contains(m.Text(), "And 85 more.") {
		t.Errorf("the mail %q tells of %d that failed, want all %d and a few of the others:\n%s", m.Subject,
			n, bad, m.Text())
	}
}
