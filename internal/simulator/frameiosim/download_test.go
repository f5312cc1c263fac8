package frameiosim

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/clip"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
)

func TestDownloadRight(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.file("a.mp4", NoOriginal())
	w.get(w.acc + "/files/" + id + "?include=creator,media_links.original").want(403)
	w.get(w.acc + "/folders/" + w.root + "/children?include=media_links.original").want(403)
	w.get(w.acc + "/files/" + id + "?include=media_links.high_quality").want(200)
	w.sim.SetDownloadable(id, true)
	w.original(id)
}

func TestRenditions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	video := w.file("a.mp4", WithRendition(RenditionHighQuality, Bytes([]byte("proxy"))))
	links := w.get(w.acc + "/files/" + video + everything).want(200).data()["media_links"].(map[string]any)
	get := func(name string) *reply { return w.fetch(links[name].(map[string]any)["url"].(string)).want(200) }
	if got := get("high_quality"); string(got.Raw) != "proxy" || got.Header.Get("Content-Type") != "video/mp4" {
		t.Errorf("the proxy is %q as %s, want \"proxy\" as video/mp4", got.Raw, got.Header.Get("Content-Type"))
	}

	if got := get("thumbnail"); http.DetectContentType(got.Raw) != "image/png" {
		t.Errorf("the thumbnail is %q, want a PNG", got.Raw)
	}

	links = w.get(w.acc + "/files/" + w.file("a.bin") + everything).want(200).data()["media_links"].(map[string]any)
	if links["high_quality"] != nil || links["video_h264_180"] != nil || links["original"] == nil {
		t.Errorf("the links of a file without renditions are %v, want the original only", links)
	}
}

// Whoever looks at a file in a browser sees or plays something, whatever was uploaded: the
// original where browsers show it, else something with its name on it.
func TestRenditionsCanBeShown(t *testing.T) {
	t.Parallel()
	film, still := clip.Video("original", 24, 1), clip.Still("original")
	for _, test := range []struct {
		file            string
		content         []byte
		rendition, kind string
		original        bool
	}{
		{"a.mov", film, RenditionHighQuality, "video/mp4", true},
		{"a.mov", film, RenditionThumbnail, "image/png", false},
		{"a.mxf", []byte("not a film"), RenditionEfficient, "video/mp4", false},
		{"a.png", still, RenditionHighQuality, "image/png", true},
		{"a.jpg", still, RenditionThumbnail, "image/png", true}, // by what it is, not by its name
		{"a.jpg", []byte("not a picture"), RenditionThumbnail, "image/png", false},
		{"a.pdf", []byte("%PDF-1.7"), RenditionThumbnailHQ, "image/png", false},
	} {
		w := setup(t)
		id := w.sim.AddFile(w.root, test.file, Bytes(test.content))
		links := w.get(w.acc + "/files/" + id + everything).want(200).data()["media_links"].(map[string]any)
		got := w.fetch(links[test.rendition].(map[string]any)["url"].(string)).want(200)
		if kind := got.Header.Get("Content-Type"); kind != test.kind {
			t.Errorf("%s of %s is sent as %s, want %s", test.rendition, test.file, kind, test.kind)
		}

		if same := bytes.Equal(got.Raw, test.content); same != test.original {
			t.Errorf("%s of %s is the original: %v, want %v", test.rendition, test.file, same, test.original)
		}

		seen := clip.Shows(bytes.NewReader(got.Raw)) + clip.Plays(bytes.NewReader(got.Raw))
		if seen != test.kind {
			t.Errorf("%s of %s is shown as %q, want %q", test.rendition, test.file, seen, test.kind)
		}
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.sim.AddFile(w.root, "a.mp4", Bytes([]byte("0123456789")))
	link := w.original(id)
	whole := w.fetch(link).want(200)
	etag, modified := whole.Header.Get("ETag"), whole.Header.Get("Last-Modified")
	if whole.Header.Get("Accept-Ranges") != "bytes" ||
		whole.Header.Get("Content-Disposition") != "attachment; filename=a.mp4" {
		t.Errorf("the headers are %v, want ranges of bytes, and a.mp4 as an attachment", whole.Header)
	}

	for _, c := range []struct {
		header, status, body, at string
	}{
		{"Range: bytes=2-4", "206", "234", "bytes 2-4/10"},
		{"Range: bytes=7-", "206", "789", "bytes 7-9/10"},
		{"Range: bytes=-2", "206", "89", "bytes 8-9/10"},
		{"Range: bytes=8-99", "206", "89", "bytes 8-9/10"},
		{"Range: bytes=0-1,3-4", "200", "0123456789", ""},
		{"Range: chapters=1-2", "200", "0123456789", ""},
		{"Range: bytes=2-4|If-Range: " + etag, "206", "234", "bytes 2-4/10"},
		{"Range: bytes=2-4|If-Range: " + modified, "206", "234", "bytes 2-4/10"},
		{`Range: bytes=2-4|If-Range: "old"`, "200", "0123456789", ""},
		{"Range: bytes=2-4|If-Match: " + etag, "206", "234", "bytes 2-4/10"},
	} {
		var header []string
		for _, h := range strings.Split(c.header, "|") {
			name, value, _ := strings.Cut(h, ": ")
			header = append(header, name, value)
		}
		r := w.fetch(link, header...)
		if fmt.Sprint(r.Status) != c.status || string(r.Raw) != c.body || r.Header.Get("Content-Range") != c.at {
			t.Errorf("%s: %d %q %q, want %s %q %q", c.header, r.Status, r.Raw, r.Header.Get("Content-Range"), c.status,
				c.body, c.at)
		}
	}

	if r := w.fetch(link, "Range", "bytes=10-").want(416); r.Header.Get("Content-Range") != "bytes */10" {
		t.Errorf("416 has the headers %v, want the range bytes */10", r.Header)
	}

	w.fetch(link, "If-Match", `"old"`).want(412)
	w.fetch(link, "If-None-Match", etag).want(304)
	req, _ := http.NewRequest("HEAD", link, nil)
	if r := w.do(req).want(200); r.Header.Get("Content-Length") != "10" || len(r.Raw) != 0 {
		t.Errorf("HEAD: %v %q, want a length of 10 and no body", r.Header, r.Raw)
	}
}

func TestContentChangesDuringATransfer(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.sim.AddFile(w.root, "a.mp4", Bytes([]byte("old bytes")))
	link := w.original(id)
	etag := w.fetch(link).want(200).Header.Get("ETag")
	w.sim.ReplaceContent(id, Bytes([]byte("new")))
	if r := w.fetch(link, "Range", "bytes=1-", "If-Range", etag).want(200); string(r.Raw) != "new" ||
		r.Header.Get("ETag") == etag {
		t.Errorf("If-Range of the old content: %q with the tag %s, want \"new\" with another", r.Raw,
			r.Header.Get("ETag"))
	}

	w.fetch(link, "If-Match", etag).want(412)
	if got := w.get(w.acc + "/files/" + id).want(200).data()["file_size"]; got != 3.0 {
		t.Errorf("the size is %v, want 3", got)
	}
}

func TestLinksExpire(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := setup(t, c.use)
	id := w.file("a.mp4")
	link := w.original(id)
	c.Add(59 * time.Minute)
	w.fetch(link).want(200)
	c.Add(time.Minute)
	if r := w.fetch(link).want(403); !strings.Contains(string(r.Raw), "<Code>AccessDenied</Code>") ||
		r.Header.Get("Content-Type") != "application/xml" {
		t.Errorf("an address that has expired answers %s, want AccessDenied as XML", r.Raw)
	}

	link = w.original(id)
	w.sim.ExpireLinks()
	w.fetch(link).want(403)
	w.fetch(strings.Replace(w.original(id), "Signature=", "Signature=0", 1)).want(403)
	w.fetch(w.web.URL + "/assets/" + id + "/original").want(403)
}

func TestDeletedFileIsGoneFromTheHost(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.file("a.mp4")
	link := w.original(id)
	w.sim.Delete(id)
	w.fetch(link).want(403)
}

func TestDownloadWithFaults(t *testing.T) {
	t.Parallel()
	w := setup(t)
	content := pattern.New(3, 3<<20)
	link := w.original(w.sim.AddFile(w.root, "a.mp4", content))
	w.sim.Faults().Add(faults.Rule{Path: "^/assets/", CutAfter: 1 << 20, Times: 1})
	resp, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}

	got, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err == nil || len(got) != 1<<20 {
		t.Errorf("cut off: %d bytes, %v; want %d and an error", len(got), err, 1<<20)
	}

	if got := w.fetch(link, "Range", "bytes=1048576-").want(206).Raw; !content.Matches(got, 1<<20) ||
		len(got) != 2<<20 {
		t.Errorf("the rest has %d bytes or others, want the last %d", len(got), 2<<20)
	}
}
