package v4_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/diff"
)

func value(f frameio.File, name string) string {
	for _, m := range f.Metadata {
		if m.Name == name {
			return m.Value
		}
	}
	return ""
}

func TestFile(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*frameiosim.Options){
		"as documented": func(*frameiosim.Options) {},
		"numbers text":  func(o *frameiosim.Options) { o.MetadataAsText = true },
		"bare options":  func(o *frameiosim.Options) { o.SelectAsBareIDs = true },
	} {
		w := setup(t, change)
		id := w.sim.AddFile(w.root, "f.mov", w.sim.Pattern(1, 1000), frameiosim.WithStatus("Approved"),
			frameiosim.WithMedia(frameiosim.Media{FPS: 25, Duration: 4}), frameiosim.WithCreator(w.owner))
		f, err := w.File(t.Context(), w.account, id)
		if err != nil || f.ID != id || f.Name != "f.mov" || f.Size != 1000 || f.ParentID != w.root ||
			f.ProjectID != w.film || !f.Uploaded() ||
			f.MediaType == "" || f.ViewURL == "" || f.Created.IsZero() ||
			f.Creator.Name != "Olga Owner" || f.Link != "" {
			t.Errorf("%s: the file is %+v, %v; want %s, f.mov of 1000 bytes by Olga Owner, uploaded, without an "+
				"address of it", name, f, err, id)
		}

		if value(f, "Status") != "Approved" || frameio.FrameRate(value(f, "Frame Rate")) != 25 {
			t.Errorf("%s: the metadata is %+v, want Approved at 25 frames", name, f.Metadata)
		}
	}
}

func TestOriginal(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.sim.AddFile(w.root, "f.mov", w.sim.Pattern(1, 1000))
	f, err := w.Original(t.Context(), w.account, id)
	if err != nil || !strings.HasPrefix(f.Link, w.url+"/assets/") {
		t.Errorf("the original is %+v, %v; want an address at %s/assets/", f, err, w.url)
	}

	w.sim.SetDownloadable(id, false)
	if _, err := w.Original(t.Context(), w.account, id); v4.StatusOf(err) != http.StatusForbidden {
		t.Errorf("the original of what may not be downloaded: got %v, want 403", err)
	}

	marked := w.sim.AddFile(w.root, "g.mov", w.sim.Pattern(1, 1000), frameiosim.Watermarked())
	if f, err := w.Original(t.Context(), w.account, marked); err != nil || f.Link != "" {
		t.Errorf("the original of a marked file is %+v, %v; want no address", f, err)
	}

	pending := w.sim.AddFile(w.root, "h.mov", w.sim.Pattern(1, 1000), frameiosim.NotUploadedYet())
	if f, err := w.File(t.Context(), w.account, pending); err != nil || f.Uploaded() {
		t.Errorf("the file is %+v, %v; want it not uploaded", f, err)
	}
}

func TestStack(t *testing.T) {
	t.Parallel()
	w := setup(t)
	one, two := w.sim.AddFile(w.root, "v1.mov", w.sim.Pattern(1, 10)),
		w.sim.AddFile(w.root, "v2.mov", w.sim.Pattern(2, 20))
	id := w.sim.Stack(one, two)
	w.sim.Rename(two, "renamed.mov")
	s, err := w.Stack(t.Context(), w.account, id)
	if err != nil || s.ID != id || s.Head.ID != two || s.Name != "renamed.mov" || s.Head.Size != 20 {
		t.Errorf("the stack is %+v, %v; want %s with the head %s, renamed.mov of 20 bytes", s, err, id, two)
	}

	var files []string
	for f, err := range w.StackFiles(t.Context(), w.account, id) {
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f.ID)
	}

	slices.Sort(files)
	want := []string{one, two}
	slices.Sort(want)
	diff.Equal(t, "the files of the stack", files, want)

	for _, other := range []string{w.root, one} {
		if _, err := w.Stack(t.Context(), w.account, other); v4.StatusOf(err) != 404 && v4.StatusOf(err) != 422 {
			t.Errorf("%s as a stack: got %v, want 404 or 422", other, err)
		}
	}
}

// Cursors are followed to the end, whether the next link carries the other
// parameters along or not.
func TestChildrenFollowAllPages(t *testing.T) {
	t.Parallel()
	for _, full := range []bool{false, true} {
		w := setup(t, func(o *frameiosim.Options) { o.NextLinkFull = full })
		want := map[frameio.Kind]int{frameio.KindFile: 500, frameio.KindFolder: 2, frameio.KindStack: 1}
		w.sim.Stack(w.sim.AddFile(w.root, "a", w.sim.Pattern(1, 1)), w.sim.AddFile(w.root, "b", w.sim.Pattern(1, 1)))
		for i := range 500 {
			w.sim.AddFile(w.root, fmt.Sprint("f", i), w.sim.Pattern(1, 1))
		}

		w.sim.AddFolder(w.root, "one")
		w.sim.AddFolder(w.root, "two")
		got, seen := map[frameio.Kind]int{}, map[string]bool{}
		for a, err := range w.Children(t.Context(), w.account, w.root) {
			if err != nil {
				t.Fatal(err)
			}
			if seen[a.ID] || a.Name == "" || (a.File != nil) != (a.Kind == frameio.KindFile) ||
				(a.Stack != nil) != (a.Kind == frameio.KindStack) ||
				(a.Folder != nil) != (a.Kind == frameio.KindFolder) {
				t.Errorf("the entry is %+v, want it once, with a name, and what its kind says", a)
			}
			seen[a.ID] = true
			got[a.Kind]++
		}

		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

func TestListingsEnd(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]faults.Rule{
		"same cursor again": {Status: http.StatusOK, Body: `{"data":[],"links":{"next":"/v4/x?after=same"}}`},
		"error":             {Status: http.StatusServiceUnavailable},
	} {
		w := setup(t)
		rule.Path = "/children"
		w.sim.Faults().Add(rule)
		var last error
		n := 0
		for _, err := range w.Children(t.Context(), w.account, w.root) {
			n, last = n+1, err
		}

		if last == nil || n != 1 {
			t.Errorf("%s: %d entries, %v; want 1 and an error", name, n, last)
		}
	}

	w := setup(t) // whoever stops early asks for no more
	for range 3 {
		w.sim.AddFile(w.root, "f", w.sim.Pattern(1, 1))
	}

	for range w.Children(t.Context(), w.account, w.root) {
		break
	}

	if n := len(w.sim.Requests()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

func TestComments(t *testing.T) {
	t.Parallel()
	w := setup(t)
	file := w.sim.AddFile(w.root, "f.mov", w.sim.Pattern(1, 1000))
	frame, length := int64(25), int64(50)
	one := w.sim.AddComment(file, frameiosim.CommentSpec{
		Text:       "One.",
		OwnerID:    w.owner,
		Timestamp:  &frame,
		Duration:   &length,
		Annotation: `[{"tool":"line"}]`,
		Completed:  true,
	})

	reply := w.sim.AddComment(file, frameiosim.CommentSpec{Text: "Reply.", ParentID: one})
	for i := range 120 {
		w.sim.AddComment(file, frameiosim.CommentSpec{Text: fmt.Sprint(i), OwnerID: w.owner})
	}

	var got []frameio.Comment
	for c, err := range w.Client.Comments(t.Context(), w.account, file) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, c)
	}

	if len(got) != 121 || got[0].ID != one || got[120].Text != "119" {
		t.Fatalf("%d comments, want 121 from %s to the text 119", len(got), one)
	}

	c := got[0]
	if *c.Timestamp != 25 || *c.Duration != 50 || c.Annotation == "" || !c.Completed || c.Owner.Name != "Olga Owner" ||
		c.FileID != file || c.Created.IsZero() {
		t.Errorf("the comment is %+v at %d for %d; want at 25 for 50, with a drawing, completed, by Olga Owner, of %s",
			c, *c.Timestamp, *c.Duration, file)
	}

	if len(c.Replies) != 1 || c.Replies[0].ID != reply || c.Replies[0].Owner.Name != "" ||
		c.Replies[0].Text != "Reply." {
		t.Errorf("the replies are %+v, want only %s, Reply., by nobody", c.Replies, reply)
	}

	raw := string(c.Raw)
	if !strings.Contains(raw, one) || strings.Contains(raw, "Reply.") || strings.Contains(raw, "olga@example.org") {
		t.Errorf("of the comment %s is kept, want %s, and neither its replies nor addresses of people", raw, one)
	}
}
