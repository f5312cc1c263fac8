package frameiosim

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
)

type part struct {
	size int64
	url  string
}

// create starts an upload and gives the file's id, its media type and parts.
func (w *world) create(name string, size int64) (id, mediaType string, parts []part) {
	w.t.Helper()
	d := w.call("POST", w.acc+"/folders/"+w.root+"/files/local_upload", wrap("name", name, "file_size", size)).want(201).data()
	for _, u := range d["upload_urls"].([]any) {
		m := u.(map[string]any)
		parts = append(parts, part{int64(m["size"].(float64)), m["url"].(string)})
	}
	return d["id"].(string), d["media_type"].(string), parts
}

func (w *world) put(url, mediaType, acl string, body []byte) *reply {
	w.t.Helper()
	req, err := http.NewRequest("PUT", url, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if mediaType != "" {
		req.Header.Set("Content-Type", mediaType)
	}
	if acl != "" {
		req.Header.Set("x-amz-acl", acl)
	}
	return w.do(req)
}

func (w *world) status(id string) (file, complete any) {
	w.t.Helper()
	return w.get(w.acc + "/files/" + id).want(200).data()["status"], w.get(w.acc + "/files/" + id + "/status").want(200).data()["upload_complete"]
}

// original is the signed link of a file's bytes.
func (w *world) original(id string) string {
	w.t.Helper()
	links := w.get(w.acc + "/files/" + id + "?include=media_links.original").want(200).data()["media_links"]
	return links.(map[string]any)["original"].(map[string]any)["download_url"].(string)
}

func (w *world) fetch(url string, header ...string) *reply {
	w.t.Helper()
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return w.do(req)
}

func TestUpload(t *testing.T) {
	t.Parallel()
	w := setup(t, func(o *Options) { o.PartSize = 4 })
	id, mediaType, parts := w.create("cut.MOV", 10)
	if mediaType != "video/quicktime" || len(parts) != 3 || parts[0].size != 4 || parts[1].size != 3 || parts[2].size != 3 {
		t.Fatalf("%s %v", mediaType, parts)
	}
	whole := []byte("0123456789")
	chunks := [][]byte{whole[:4], whole[4:7], whole[7:]}
	for _, i := range []int{2, 0, 2} { // out of order and twice
		r := w.put(parts[i].url, mediaType, "private", chunks[i]).want(200)
		if sum := md5.Sum(chunks[i]); r.Header.Get("ETag") != `"`+hex.EncodeToString(sum[:])+`"` {
			t.Errorf("ETag %s", r.Header.Get("ETag"))
		}
	}
	if file, complete := w.status(id); file != "created" || complete != false {
		t.Errorf("with a part lost: %v %v", file, complete)
	}
	w.put(parts[1].url, mediaType, "private", chunks[1]).want(200)
	if file, complete := w.status(id); file != "transcoded" || complete != true {
		t.Errorf("at the end: %v %v", file, complete)
	}
	if got := w.fetch(w.original(id)).want(200).Raw; !bytes.Equal(got, whole) {
		t.Errorf("bytes %q", got)
	}
}

func TestUploadRefuses(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := setup(t, c.use)
	id, mediaType, parts := w.create("a.mp4", 4)
	u, body := parts[0].url, []byte("abcd")
	for name, r := range map[string]*reply{
		"no acl": w.put(u, mediaType, "", body), "other acl": w.put(u, mediaType, "public-read", body), "other type": w.put(u, "video/x", "private", body),
		"no type": w.put(u, "", "private", body), "short": w.put(u, mediaType, "private", body[:3]), "long": w.put(u, mediaType, "private", []byte("abcde")),
		"other part": w.put(strings.Replace(u, "part_1", "part_2", 1), mediaType, "private", body),
	} {
		if r.Status != 403 || !strings.Contains(string(r.Raw), "<Code>SignatureDoesNotMatch</Code>") {
			t.Errorf("%s: %d %s", name, r.Status, r.Raw)
		}
	}
	c.Add(time.Hour)
	if r := w.put(u, mediaType, "private", body).want(403); !strings.Contains(string(r.Raw), "Request has expired") {
		t.Errorf("expired: %s", r.Raw)
	}
	if file, _ := w.status(id); file != "created" {
		t.Errorf("status %v", file)
	}
	w.call("POST", w.acc+"/folders/"+w.root+"/files/local_upload", wrap("name", "empty", "file_size", 0)).want(422)
	w.call("POST", w.acc+"/folders/"+w.root+"/files/local_upload", wrap("name", "huge", "file_size", int64(5_000_000_000_001))).want(422)
}

func TestPartSizes(t *testing.T) {
	t.Parallel()
	if got := partSizes(50_645_990, 20_000_000); fmt.Sprint(got) != "[16881997 16881997 16881996]" {
		t.Errorf("parts %v", got)
	}
	huge := partSizes(uploadMax, 20_000_000)
	if len(huge) != 10_000 || huge[0] != 500_000_000 {
		t.Errorf("%d parts of %d", len(huge), huge[0])
	}
}

func TestUploadToDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := setup(t, func(o *Options) { o.UploadDir = dir; o.OpaqueETags = true })
	content := pattern.New(7, inMemoryMax+5)
	id, mediaType, parts := w.create("big.bin", content.Size())
	body := make([]byte, content.Size())
	if _, err := content.ReadAt(body, 0); err != nil {
		t.Fatal(err)
	}
	w.put(parts[0].url, mediaType, "private", body).want(200)
	if got := w.fetch(w.original(id)).want(200).Raw; !content.Matches(got, 0) || int64(len(got)) != content.Size() {
		t.Errorf("%d bytes differ", len(got))
	}
	if err := w.sim.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestDiscardedUpload(t *testing.T) {
	t.Parallel()
	w := setup(t, func(o *Options) { o.DiscardUploads = true })
	id, mediaType, parts := w.create("a.bin", 4)
	w.put(parts[0].url, mediaType, "private", []byte("abcd")).want(200)
	if got := w.fetch(w.original(id)).want(200).Raw; string(got) != "\x00\x00\x00\x00" {
		t.Errorf("bytes %q", got)
	}
}

func TestStatusLadder(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := setup(t, c.use, func(o *Options) { o.UploadSettle, o.TranscodeDelay = time.Second, time.Minute })
	id := w.file("a.mp4", NotUploadedYet())
	rendition := func() any {
		return w.get(w.acc + "/files/" + id + "?include=media_links.high_quality").want(200).data()["media_links"].(map[string]any)["high_quality"]
	}
	link := w.original(id)
	if r := w.fetch(link).want(403); !strings.Contains(string(r.Raw), "AccessDenied") {
		t.Errorf("created: %s", r.Raw)
	}
	w.sim.FinishUpload(id)
	for _, step := range []struct {
		after    time.Duration
		file     string
		complete bool
		bytes    int
		proxy    bool
	}{{0, "created", false, 403, false}, {time.Second, "uploaded", true, 200, false}, {time.Minute, "transcoded", true, 200, true}} {
		c.Add(step.after)
		if file, complete := w.status(id); file != step.file || complete != step.complete {
			t.Errorf("%v %v, want %s %v", file, complete, step.file, step.complete)
		}
		w.fetch(link).want(step.bytes)
		if proxy := rendition(); (proxy != nil) != step.proxy {
			t.Errorf("%s: proxy %v", step.file, proxy)
		}
	}
}

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
		t.Errorf("proxy %q", got.Raw)
	}
	if got := get("thumbnail"); http.DetectContentType(got.Raw) != "image/png" {
		t.Errorf("thumbnail %q", got.Raw)
	}
	links = w.get(w.acc + "/files/" + w.file("a.bin") + everything).want(200).data()["media_links"].(map[string]any)
	if links["high_quality"] != nil || links["video_h264_180"] != nil || links["original"] == nil {
		t.Errorf("links of a file without renditions: %v", links)
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.sim.AddFile(w.root, "a.mp4", Bytes([]byte("0123456789")))
	link := w.original(id)
	whole := w.fetch(link).want(200)
	etag, modified := whole.Header.Get("ETag"), whole.Header.Get("Last-Modified")
	if whole.Header.Get("Accept-Ranges") != "bytes" || whole.Header.Get("Content-Disposition") != "attachment; filename=a.mp4" {
		t.Errorf("headers %v", whole.Header)
	}
	for _, c := range []struct {
		header, status, body, at string
	}{
		{"Range: bytes=2-4", "206", "234", "bytes 2-4/10"}, {"Range: bytes=7-", "206", "789", "bytes 7-9/10"}, {"Range: bytes=-2", "206", "89", "bytes 8-9/10"},
		{"Range: bytes=8-99", "206", "89", "bytes 8-9/10"}, {"Range: bytes=0-1,3-4", "200", "0123456789", ""}, {"Range: chapters=1-2", "200", "0123456789", ""},
		{"Range: bytes=2-4|If-Range: " + etag, "206", "234", "bytes 2-4/10"}, {"Range: bytes=2-4|If-Range: " + modified, "206", "234", "bytes 2-4/10"},
		{`Range: bytes=2-4|If-Range: "old"`, "200", "0123456789", ""}, {"Range: bytes=2-4|If-Match: " + etag, "206", "234", "bytes 2-4/10"},
	} {
		var header []string
		for _, h := range strings.Split(c.header, "|") {
			name, value, _ := strings.Cut(h, ": ")
			header = append(header, name, value)
		}
		r := w.fetch(link, header...)
		if fmt.Sprint(r.Status) != c.status || string(r.Raw) != c.body || r.Header.Get("Content-Range") != c.at {
			t.Errorf("%s: %d %q %q", c.header, r.Status, r.Raw, r.Header.Get("Content-Range"))
		}
	}
	if r := w.fetch(link, "Range", "bytes=10-").want(416); r.Header.Get("Content-Range") != "bytes */10" {
		t.Errorf("416: %v", r.Header)
	}
	w.fetch(link, "If-Match", `"old"`).want(412)
	w.fetch(link, "If-None-Match", etag).want(304)
	req, _ := http.NewRequest("HEAD", link, nil)
	if r := w.do(req).want(200); r.Header.Get("Content-Length") != "10" || len(r.Raw) != 0 {
		t.Errorf("HEAD: %v %q", r.Header, r.Raw)
	}
}

func TestContentChangesDuringATransfer(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.sim.AddFile(w.root, "a.mp4", Bytes([]byte("old bytes")))
	link := w.original(id)
	etag := w.fetch(link).want(200).Header.Get("ETag")
	w.sim.ReplaceContent(id, Bytes([]byte("new")))
	if r := w.fetch(link, "Range", "bytes=1-", "If-Range", etag).want(200); string(r.Raw) != "new" || r.Header.Get("ETag") == etag {
		t.Errorf("If-Range: %q %s", r.Raw, r.Header.Get("ETag"))
	}
	w.fetch(link, "If-Match", etag).want(412)
	if got := w.get(w.acc + "/files/" + id).want(200).data()["file_size"]; got != 3.0 {
		t.Errorf("size %v", got)
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
	if r := w.fetch(link).want(403); !strings.Contains(string(r.Raw), "<Code>AccessDenied</Code>") || r.Header.Get("Content-Type") != "application/xml" {
		t.Errorf("expired: %s", r.Raw)
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
		t.Errorf("cut: %d bytes, %v", len(got), err)
	}
	if got := w.fetch(link, "Range", "bytes=1048576-").want(206).Raw; !content.Matches(got, 1<<20) || len(got) != 2<<20 {
		t.Errorf("rest: %d bytes", len(got))
	}
}

func TestSeedFolder(t *testing.T) {
	t.Parallel()
	w := setup(t)
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "reels", "one"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "reels", "one", "a.txt"), []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.sim.SeedFolder(dir, w.project); err != nil {
		t.Fatal(err)
	}
	assets := w.sim.State().Accounts[0].Workspaces[0].Projects[0].Assets
	if len(assets) != 3 || assets[0].Name != "reels" || assets[2].Name != "a.txt" || assets[2].ParentID != assets[1].ID {
		t.Fatalf("assets %+v", assets)
	}
	if got := w.fetch(w.original(assets[2].ID)).want(200).Raw; string(got) != "hello" {
		t.Errorf("bytes %q", got)
	}
}

func TestManyAssets(t *testing.T) {
	t.Parallel()
	w := setup(t)
	start := time.Now()
	for range 100_000 {
		w.file("a.mp4")
	}
	if took := time.Since(start); took > 10*time.Second { // far above what it takes, for slow machines
		t.Errorf("100,000 files took %v", took)
	} else {
		t.Logf("100,000 files took %v", took)
	}
	start = time.Now()
	pages, ids := w.all(w.acc+"/folders/"+w.root+"/children", "page_size=500")
	if pages != 200 || len(ids) != 100_000 {
		t.Errorf("%d pages, %d ids", pages, len(ids))
	}
	t.Logf("200 pages of 500 took %v", time.Since(start))
}

func BenchmarkDownload(b *testing.B) {
	sim, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	content := pattern.New(1, 64<<20)
	b.SetBytes(content.Size())
	for b.Loop() {
		if err := send(io.Discard, content, 0, content.Size()); err != nil {
			b.Fatal(err)
		}
	}
	_ = sim.Close()
}
