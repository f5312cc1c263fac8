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
	"sync"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
)

type part struct {
	size int64
	url  string
}

// create starts an upload and gives the file's id, its media type and parts.
func (w *world) create(name string, size int64) (id, mediaType string, parts []part) {
	w.t.Helper()
	d := w.call("POST", w.acc+"/folders/"+w.root+"/files/local_upload", wrap("name", name, "file_size", size)).
		want(201).data()
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
	return w.get(w.acc + "/files/" + id).want(200).data()["status"],
		w.get(w.acc + "/files/" + id + "/status").want(200).data()["upload_complete"]
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
	if mediaType != "video/quicktime" || len(parts) != 3 || parts[0].size != 4 || parts[1].size != 3 ||
		parts[2].size != 3 {
		t.Fatalf("the upload is of %s in the parts %v, want video/quicktime in 4, 3 and 3 bytes", mediaType, parts)
	}

	whole := []byte("0123456789")
	chunks := [][]byte{whole[:4], whole[4:7], whole[7:]}
	for _, i := range []int{2, 0, 2} { // out of order and twice
		r := w.put(parts[i].url, mediaType, "private", chunks[i]).want(200)
		if sum := md5.Sum(chunks[i]); r.Header.Get("ETag") != `"`+hex.EncodeToString(sum[:])+`"` {
			t.Errorf("the tag of part %d is %s, want %x", i, r.Header.Get("ETag"), sum)
		}
	}

	if file, complete := w.status(id); file != "created" || complete != false {
		t.Errorf("with a part lost the file is %v, complete %v; want created and false", file, complete)
	}

	w.put(parts[1].url, mediaType, "private", chunks[1]).want(200)
	if file, complete := w.status(id); file != "transcoded" || complete != true {
		t.Errorf("at the end the file is %v, complete %v; want transcoded and true", file, complete)
	}

	if got := w.fetch(w.original(id)).want(200).Raw; !bytes.Equal(got, whole) {
		t.Errorf("the original is %q, want %q", got, whole)
	}
}

func TestPartsAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t, func(o *Options) { o.PartSize = 1000 })
	content := pattern.New(9, 50_000)
	id, mediaType, parts := w.create("a.bin", content.Size())
	var group sync.WaitGroup
	off := int64(0)
	for _, p := range parts {
		body := make([]byte, p.size)
		if _, err := content.ReadAt(body, off); err != nil {
			t.Fatal(err)
		}

		off += p.size
		for range 2 { // a repeated part is no other part
			group.Go(func() {
				req, _ := http.NewRequest("PUT", p.url, bytes.NewReader(body))
				req.Header.Set("Content-Type", mediaType)
				req.Header.Set("x-amz-acl", "private")
				if resp, err := http.DefaultClient.Do(req); err != nil || resp.StatusCode != 200 ||
					resp.Body.Close() != nil {
					t.Errorf("sending a part: got %v, want 200", err)
				}
			})
		}

		group.Go(func() { w.sim.State() })
	}

	group.Wait()
	if got := w.fetch(w.original(id)).want(200).Raw; !content.Matches(got, 0) || int64(len(got)) != content.Size() {
		t.Errorf("the original has %d bytes or others, want the %d that were sent", len(got), content.Size())
	}
}

func TestUploadRefuses(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := setup(t, c.use)
	id, mediaType, parts := w.create("a.mp4", 4)
	u, body := parts[0].url, []byte("abcd")
	for name, r := range map[string]*reply{
		"no acl": w.put(u, mediaType, "", body), "other acl": w.put(u, mediaType, "public-read", body),
		"other type": w.put(u, "video/x", "private", body),
		"no type":    w.put(u, "", "private", body), "short": w.put(u, mediaType, "private", body[:3]),
		"long":       w.put(u, mediaType, "private", []byte("abcde")),
		"other part": w.put(strings.Replace(u, "part_1", "part_2", 1), mediaType, "private", body),
	} {
		if r.Status != 403 || !strings.Contains(string(r.Raw), "<Code>SignatureDoesNotMatch</Code>") {
			t.Errorf("%s: answered with %d %s, want 403 SignatureDoesNotMatch", name, r.Status, r.Raw)
		}
	}

	c.Add(time.Hour)
	if r := w.put(u, mediaType, "private", body).want(403); !strings.Contains(string(r.Raw), "Request has expired") {
		t.Errorf("an address that has expired answers %s, want Request has expired", r.Raw)
	}

	if file, _ := w.status(id); file != "created" {
		t.Errorf("the file is %v, want created", file)
	}

	w.call("POST", w.acc+"/folders/"+w.root+"/files/local_upload", wrap("name", "empty", "file_size", 0)).want(422)
	w.call("POST", w.acc+"/folders/"+w.root+"/files/local_upload",
		wrap("name", "huge", "file_size", int64(5_000_000_000_001))).want(422)
}

func TestPartSizes(t *testing.T) {
	t.Parallel()
	if got := partSizes(50_645_990, 20_000_000); fmt.Sprint(got) != "[16881997 16881997 16881996]" {
		t.Errorf("the parts are %v, want 16881997 twice and 16881996", got)
	}
	huge := partSizes(uploadMax, 20_000_000)
	if len(huge) != 10_000 || huge[0] != 500_000_000 {
		t.Errorf("the largest file has %d parts of %d bytes, want 10000 of 500000000", len(huge), huge[0])
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
		t.Errorf("the original has %d bytes or others, want the %d that were sent", len(got), content.Size())
	}

	if err := w.sim.Close(); err != nil {
		t.Fatal(err)
	}

	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind are %v, want nothing", left)
	}
}

func TestDiscardedUpload(t *testing.T) {
	t.Parallel()
	w := setup(t, func(o *Options) { o.DiscardUploads = true })
	id, mediaType, parts := w.create("a.bin", 4)
	w.put(parts[0].url, mediaType, "private", []byte("abcd")).want(200)
	if got := w.fetch(w.original(id)).want(200).Raw; string(got) != "\x00\x00\x00\x00" {
		t.Errorf("the original is %q, want zeros, since it is not kept", got)
	}
}

func TestStatusLadder(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := setup(t, c.use, func(o *Options) { o.UploadSettle, o.TranscodeDelay = time.Second, time.Minute })
	id := w.file("a.mp4", NotUploadedYet())
	rendition := func() any {
		return w.get(w.acc + "/files/" + id + "?include=media_links.high_quality").want(200).
			data()["media_links"].(map[string]any)["high_quality"]
	}

	link := w.original(id)
	if r := w.fetch(link).want(403); !strings.Contains(string(r.Raw), "AccessDenied") {
		t.Errorf("the original of a created file: %s, want AccessDenied", r.Raw)
	}

	w.sim.FinishUpload(id)
	for _, step := range []struct {
		after    time.Duration
		file     string
		complete bool
		bytes    int
		proxy    bool
	}{
		{0, "created", false, 403, false},
		{time.Second, "uploaded", true, 200, false},
		{time.Minute, "transcoded", true, 200, true},
	} {
		c.Add(step.after)
		if file, complete := w.status(id); file != step.file || complete != step.complete {
			t.Errorf("%v %v, want %s %v", file, complete, step.file, step.complete)
		}
		w.fetch(link).want(step.bytes)
		if proxy := rendition(); (proxy != nil) != step.proxy {
			t.Errorf("when the file is %s the proxy is %v, want one: %v", step.file, proxy, step.proxy)
		}
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
	if len(assets) != 3 || assets[0].Name != "reels" || assets[2].Name != "a.txt" ||
		assets[2].ParentID != assets[1].ID {
		t.Fatalf("the assets are %+v, want reels, a folder in it, and a.txt in that", assets)
	}

	if got := w.fetch(w.original(assets[2].ID)).want(200).Raw; string(got) != "hello" {
		t.Errorf("the original is %q, want hello", got)
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
		t.Errorf("100,000 files took %v, want at most 10 s", took)
	} else {
		t.Logf("100,000 files took %v", took)
	}

	start = time.Now()
	pages, ids := w.all(w.acc+"/folders/"+w.root+"/children", "page_size=500")
	if pages != 200 || len(ids) != 100_000 {
		t.Errorf("%d pages with %d ids, want 200 with 100,000", pages, len(ids))
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
