package web_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// look opens something of a document; nil when it is refused.
func (f *face) look(session, uid string, file *string) *api.Media {
	f.T.Helper()
	got, err := f.as(session).OpenMedia(f.T.Context(), uid, &api.OpenMediaParams{File: file})
	if err != nil && api.StatusOf(err) == 0 {
		f.T.Fatal(err)
	}
	return got
}

// play opens an address of ours without any credential, as a player does.
func (f *face) play(path string) answer {
	f.T.Helper()
	return f.send(request{method: http.MethodGet, path: path})
}

func TestProxyOfFrameio(t *testing.T) {
	t.Parallel()
	log := new(journal)
	f := open(t, testenv.World(func(w *app.World) {
		w.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}))

	uid, one, two := f.stacked()
	josh := f.SignIn("josh")
	for _, file := range []*string{nil, &one, &two} {
		m := f.look(josh, uid, file)
		if m == nil || m.Kind != api.MediaKindVideo || m.Source != api.MediaSourceFrameio || m.Url == nil ||
			m.Poster == nil || m.NuxeoPath != nil || m.Why != nil {
			t.Fatalf("the media is %s, want a film of Frame.io with an address and a poster", shown(m))
		}

		if a := f.send(request{method: http.MethodHead, path: *m.Url}); a.status != http.StatusNotFound {
			t.Errorf("a look at it: answered with %d, want 404", a.status) // and does not use it up
		}

		for _, path := range []string{*m.Url, *m.Poster} {
			a := f.play(path)
			to := a.header.Get("Location")
			if a.status != http.StatusSeeOther || a.body != "" || a.header.Get("Cache-Control") != "no-store" ||
				a.header.Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("playing it: %d %v %s, want 303 without a body, a cache and a referrer", a.status, a.header,
					a.body)
			}

			f.played(to, map[bool]string{true: "video/mp4", false: "image/png"}[path == *m.Url],
				f.newest(file, one, two))
			at, _ := url.Parse(to)
			for _, secret := range []string{at.RawQuery, at.Query().Get("Signature")} {
				if secret == "" || strings.Contains(log.String(), secret) {
					t.Errorf("the log holds %q, want no signature", secret)
				}
			}
		}
	}
}

func (f *face) newest(file *string, one, two string) string {
	if file == nil {
		return two
	}
	return map[string]string{one: one, two: two}[*file]
}

// played wants a player to find what it expects.
func (f *face) played(address, kind, file string) {
	f.T.Helper()
	r, err := http.NewRequestWithContext(f.T.Context(), http.MethodGet, address, nil)
	if err != nil {
		f.T.Fatal(err)
	}

	r.Header.Set("Range", "bytes=0-9")
	resp, err := f.client.Do(r)
	if err != nil {
		f.T.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusPartialContent || resp.Header.Get("Content-Type") != kind ||
		!strings.Contains(address, file) || resp.Header.Get("Content-Disposition") != "inline" {
		f.T.Errorf("%s: %d %v, want 206, %s of %s, inline", address, resp.StatusCode, resp.Header, kind, file)
	}
}

// Used, ended and unknown tickets answer alike.
func TestTicketsOpenOnce(t *testing.T) {
	t.Parallel()
	clock := new(testenv.Clock)
	f := open(t, testenv.By(clock))
	uid, _, _ := f.stacked()
	josh := f.SignIn("josh")
	used, late := *f.look(josh, uid, nil).Url, *f.look(josh, uid, nil).Url
	if a := f.play(used); a.status != http.StatusSeeOther {
		t.Fatalf("played the first time: answered with %d %s, want 303", a.status, a.body)
	}

	if a := f.play(used); a.status != http.StatusNotFound {
		t.Errorf("played a second time: answered with %d, want 404", a.status)
	}

	clock.Move(61 * time.Second)
	want := fmt.Sprint(f.play("/media/" + strings.Repeat("A", 26)).anonymous())
	for name, path := range map[string]string{
		"used":         used,
		"ended":        late,
		"ended, again": late,
		"short":        "/media/x",
		"long":         "/media/" + strings.Repeat("A", 5000),
	} {
		if a := f.play(path); a.status != http.StatusNotFound || fmt.Sprint(a.anonymous()) != want {
			t.Errorf("%s: answered with %d %v %s, want %s", name, a.status, a.header, a.body, want)
		}
	}

	left := *f.look(josh, uid, nil).Url
	clock.Move(2 * time.Minute)
	if n, err := f.App.Media.Clean(t.Context()); err != nil || n == 0 {
		t.Errorf("the chore removed %d tickets, %v; want some", n, err)
	}

	var n int
	if err := f.App.DB.Reader.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM tickets`).Scan(&n); err != nil ||
		n != 0 {
		t.Errorf("%d tickets are left, %v; want none", n, err)
	}

	if a := f.play(left); a.status != http.StatusNotFound {
		t.Errorf("played after the chore: answered with %d, want 404", a.status)
	}
}

// Tickets are known to the database by their digest, and addresses are sealed.
func TestDatabaseDoesNotTellTickets(t *testing.T) {
	t.Parallel()
	f := open(t)
	uid, _, _ := f.stacked()
	ticket := strings.TrimPrefix(*f.look(f.SignIn("josh"), uid, nil).Url, "/media/")
	var id string
	var sealed []byte
	if err := f.App.DB.Reader.QueryRowContext(t.Context(), `SELECT id, address FROM tickets LIMIT 1`).Scan(&id,
		&sealed); err != nil {
		t.Fatal(err)
	}

	if strings.Contains(id, ticket) || strings.Contains(string(sealed), "http") || len(ticket) < 26 {
		t.Errorf("ticket %s, id %s, address %q; want a long ticket that is not in the id, and no address in clear",
			ticket, id, sealed)
	}
}

func TestMediaOfOthersDoesNotExist(t *testing.T) {
	t.Parallel()
	f := open(t)
	uid, _, _ := f.stacked()
	other := f.file("Other.mov", 100)
	f.Published(f.Josh, other)
	josh := f.SignIn("josh")
	for _, file := range []string{other, "none", uid, f.file("Never.mov", 10)} {
		if m := f.look(josh, uid, &file); m != nil {
			t.Errorf("the file %s: got %s, want nothing", file, shown(m))
		}
	}

	for _, id := range []string{"none", f.Folder + "x"} {
		if m := f.look(josh, id, nil); m != nil {
			t.Errorf("the document %s: got %s, want nothing", id, shown(m))
		}
	}
}

func TestWhatNuxeoHas(t *testing.T) {
	t.Parallel()
	f := open(t)
	blob := func(name, is string) nuxeosim.Blob {
		return nuxeosim.Blob{Name: name, MimeType: is, Data: []byte("0123456789")}
	}

	movie := f.Nuxeo.MkDoc(videos+"/movie", "File",
		map[string]any{"dc:title": "Movie", "file:content": blob("a.mp4", "video/mp4")})
	page := f.Nuxeo.MkDoc(videos+"/page", "File",
		map[string]any{"dc:title": "Page", "file:content": blob("a.html", "text/html")})
	drawing := f.Nuxeo.MkDoc(videos+"/drawing", "File",
		map[string]any{"dc:title": "Drawing", "file:content": blob("a.svg", "image/svg+xml")})
	nothing := f.Nuxeo.MkDoc(videos+"/nothing", "File", map[string]any{"dc:title": "Nothing"})
	josh := f.SignIn("josh")
	m := f.look(josh, movie, nil)
	if m == nil || m.Kind != api.MediaKindVideo || m.Source != api.MediaSourceNuxeo || *m.Url != "/media/nuxeo/"+
		movie+"/content" || *m.NuxeoPath != "/nxfile/default/"+movie+"/file:content/file" || m.Why != nil {
		t.Fatalf("the media is %s, want a film of Nuxeo with its content", shown(m))
	}

	whole := f.send(request{method: http.MethodGet, path: *m.Url, cookie: josh})
	for name, want := range map[string]string{
		"Content-Type":            "video/mp4",
		"Content-Security-Policy": "default-src 'none'; sandbox",
		"X-Content-Type-Options":  "nosniff",
		"Content-Length":          "10",
		"Accept-Ranges":           "bytes",
	} {
		if whole.status != http.StatusOK || whole.body != "0123456789" || whole.header.Get(name) != want {
			t.Errorf("the content: %d %q, %s is %q; want 200, 0123456789 and %q", whole.status, whole.body, name,
				whole.header.Get(name), want)
		}
	}

	part := f.send(request{
		method: http.MethodGet,
		path:   *m.Url,
		cookie: josh,
		header: http.Header{"Range": {"bytes=2-4"}},
	})
	if part.status != http.StatusPartialContent || part.body != "234" ||
		part.header.Get("Content-Range") != "bytes 2-4/10" {
		t.Errorf("a part of the content: %d %q %v, want 206, 234 and bytes 2-4/10", part.status, part.body, part.header)
	}

	if a := f.send(request{
		method: http.MethodGet,
		path:   *m.Url,
		cookie: josh,
		header: http.Header{"Range": {"bytes=20-"}},
	}); a.status != http.StatusOK || a.body != "0123456789" {
		t.Errorf("beyond the end: %d %q, want the whole, as Nuxeo answers", a.status, a.body)
	}

	if a := f.send(request{
		method: http.MethodGet,
		path:   *m.Url,
		cookie: josh,
		header: http.Header{"If-None-Match": {whole.header.Get("Etag")}},
	}); a.status != http.StatusNotModified {
		t.Errorf("the content if it has changed: answered with %d, want 304", a.status)
	}

	odd := []string{page, drawing}
	for i, is := range []string{"video/x+xml", "audio/svg+xml", "video/html", "image/svg", "application/xhtml+xml"} {
		odd = append(odd, f.Nuxeo.MkDoc(fmt.Sprintf("%s/odd%d", videos, i), "File",
			map[string]any{"dc:title": "Odd", "file:content": blob("a.mp4", is)}))
	}

	for _, uid := range odd {
		if m := f.look(josh, uid, nil); m == nil || m.Source != api.MediaSourcePoster || m.Url != nil || m.Why == nil ||
			m.PosterPath == nil {
			t.Errorf("the media of %s is %s, want a poster only, and why", uid, shown(m))
		}
		if a := f.send(request{
			method: http.MethodGet,
			path:   "/media/nuxeo/" + uid + "/content",
			cookie: josh,
		}); a.status != http.StatusNotFound || strings.Contains(a.body, "0123") {
			t.Errorf("what could be a page of ours: answered with %d %s, want 404", a.status, a.body)
		}
	}

	if m := f.look(josh, nothing, nil); m == nil || m.Kind != api.MediaKindNone ||
		m.Source != api.MediaSourceNone || m.Why == nil {
		t.Errorf("the media of a document without a file is %s, want none, and why", shown(m))
	}
}

func TestStreamsAreForWhoMaySeeTheDocument(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.private()
	uid := f.Nuxeo.MkDoc(videos+"/movie", "File", map[string]any{
		"file:content": nuxeosim.Blob{Name: "a.mp4", MimeType: "video/mp4", Data: []byte("0123")},
	})

	olga := f.SignIn("olga")
	stranger := f.send(request{method: http.MethodGet, path: "/media/nuxeo/" + uid + "/content", cookie: olga})
	unknown := f.send(request{method: http.MethodGet, path: "/media/nuxeo/0" + uid[1:] + "/content", cookie: olga})
	if stranger.status != http.StatusNotFound || fmt.Sprint(stranger.anonymous()) != fmt.Sprint(unknown.anonymous()) {
		t.Errorf("a stranger gets %d %s, and for an unknown document %d %s; want 404 and the same", stranger.status,
			stranger.body, unknown.status, unknown.body)
	}

	if a := f.play("/media/nuxeo/" + uid + "/content"); a.status != http.StatusUnauthorized {
		t.Errorf("nobody gets %d, want 401", a.status)
	}

	for _, name := range []string{
		"other", "video-x", "video-0000", "view--1", "file:content", "..", "%2e%2e",
		"content%2f..", "thumbnail%2f..%2f..", "video-7",
	} {
		if a := f.send(request{
			method: http.MethodGet,
			path:   "/media/nuxeo/" + uid + "/" + name,
			cookie: f.SignIn("josh"),
		}); a.status < 300 || a.status >= 500 || strings.Contains(a.body, "0123") {
			t.Errorf("the content %s: answered with %d %s, want it redirected or refused", name, a.status, a.body)
		}
	}
}

// Who has no proxy from Frame.io is told why, and sees what Nuxeo has.
func TestWhyThereIsNothingBetter(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Bind("Publish")
	file := f.Frameio.AddFile(f.Root, "Cut.mp4", frameiosim.Bytes([]byte("0123456789")), frameiosim.WithCreator(f.Josh))
	f.Published(f.Josh, file)
	uid := f.Only().UID
	why := func(login, says string) {
		t.Helper()
		m := f.look(f.SignIn(login), uid, nil)
		if m == nil || m.Source != api.MediaSourceNuxeo || m.Kind != api.MediaKindVideo || m.Why == nil ||
			!strings.Contains(*m.Why, says) || strings.Contains(*m.Why, "http") {
			t.Errorf("%s: the media is %s, want Nuxeo's film since %s, without an address", login, shown(m), says)
		}
	}

	why("Administrator", "have not connected")
	f.Frameio.Delete(file)
	why("josh", "no longer on Frame.io")
}

// The file of an older version comes from that version.
func TestOlderFileFromNuxeo(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Bind("Publish")
	add := func(name, text string) string {
		return f.Frameio.AddFile(f.Root, name, frameiosim.Bytes([]byte(text)), frameiosim.WithCreator(f.Josh))
	}

	one := add("Cut.mp4", "first")
	f.Published(f.Josh, one)
	two := add("Cut 2.mp4", "second")
	f.Published(f.Josh, f.Frameio.Stack(one, two))
	admin := f.SignIn("Administrator")
	for file, want := range map[string]string{one: "first", two: "second"} {
		m := f.look(admin, f.Only().UID, &file)
		if m == nil || m.Url == nil {
			t.Fatalf("the media of %s is %s, want one with an address", file, shown(m))
		}
		if a := f.send(request{method: http.MethodGet, path: *m.Url, cookie: admin}); a.body != want {
			t.Errorf("%s: answered with %d %s, want %s", *m.Url, a.status, a.body, want)
		}
	}
}

func TestKindsOfMedia(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Bind("Publish")
	josh := f.SignIn("josh")
	for name, want := range map[string]string{
		"Still.jpg":  "image frameio, a still",
		"Sound.wav":  "audio nuxeo, a still",
		"Script.pdf": "document nuxeo, a still",
		"Notes.txt": "document poster, a still, Frame.io has nothing to play of this file, or not yet. Nuxeo has " +
			"nothing of it that browsers can play.",
		"Picture.tif": "image frameio, a still",
		"Strange.xyz": "document poster, a still, Frame.io has nothing to play of this file, or not yet. Nuxeo has " +
			"nothing of it that browsers can play.",
	} {
		before := f.Documents()
		f.Published(f.Josh, f.file(name, 100))
		for _, d := range f.Documents() {
			if slices.ContainsFunc(before, func(b nuxeosim.DocView) bool { return b.UID == d.UID }) {
				continue
			}

			m := f.look(josh, d.UID, nil)
			if m == nil {
				t.Fatalf("%s: got nothing, want media", name)
			}

			got := string(m.Kind) + " " + string(m.Source)
			if m.Poster != nil {
				got += ", a still"
			}

			if m.Why != nil {
				got += ", " + *m.Why
			}

			if got != want {
				t.Errorf("%s: got %s, want %s", name, got, want)
			}
		}
	}
}

// What Nuxeo made of a file for browsers goes before the file.
func TestRenditionsOfNuxeo(t *testing.T) {
	t.Parallel()
	f := open(t)
	master := nuxeosim.Blob{Name: "a.mov", MimeType: "video/quicktime", Data: []byte("master")}
	josh, nx := f.SignIn("josh"), f.nuxeoAs("josh")
	for _, c := range []struct{ typ, property, name, kind, want string }{
		{"Video", "vid:transcodedVideos", "name", "video/mp4", "video-1"},
		{"Picture", "picture:views", "title", "image/jpeg", "view-1"},
	} {
		uid := f.Nuxeo.MkDoc(videos+"/"+c.typ, c.typ, map[string]any{"file:content": master})
		list := []any{}
		for i, kind := range []string{"video/x-unknown", c.kind} {
			batch, err := nx.NewBatch(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			text := fmt.Sprint("rendition ", i)
			chunk := nuxeo.Chunk{Name: "r", MimeType: kind, Size: int64(len(text)), Length: int64(len(text)), Count: 1}
			if err := nx.Upload(t.Context(), batch, chunk, strings.NewReader(text)); err != nil {
				t.Fatal(err)
			}
			list = append(list, map[string]any{c.name: "Medium", "content": nuxeo.Uploading(batch)})
		}

		if err := nx.Update(t.Context(), uid, "", map[string]any{c.property: list}, nuxeo.WriteOptions{}); err != nil {
			t.Fatal(err)
		}

		m := f.look(josh, uid, nil)
		if m == nil || m.Url == nil || !strings.HasSuffix(*m.Url, "/"+c.want) {
			t.Fatalf("%s: the media is %s, want an address that ends with /%s", c.typ, shown(m), c.want)
		}

		if a := f.send(request{method: http.MethodGet, path: *m.Url, cookie: josh}); a.body != "rendition 1" ||
			a.header.Get("Content-Type") != c.kind {
			t.Errorf("%s: answered with %d %s %v, want rendition 1 as %s", c.typ, a.status, a.body, a.header, c.kind)
		}

		if a := f.send(request{
			method: http.MethodGet,
			path:   strings.Replace(*m.Url, "-1", "-7", 1),
			cookie: josh,
		}); a.status != http.StatusNotFound {
			t.Errorf("a rendition that is not there: answered with %d, want 404", a.status)
		}
	}
}
