package nuxeosim

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
)

func (f *fixture) chunk(b string, index, count, total int, body []byte) *reply {
	f.Helper()
	return f.send("josh", "POST", "/api/v1/upload/"+b+"/0", body, "X-Upload-Type: chunked", "X-Upload-Chunk-Index: "+
		strconv.Itoa(index),
		"X-Upload-Chunk-Count: "+strconv.Itoa(count), "X-File-Size: "+strconv.Itoa(total), "X-File-Name: a%20b.bin",
		"Content-Type: application/octet-stream")
}

func TestUploadAnswers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	b := f.batch("josh")
	f.send("josh", "GET", "/api/v1/upload/"+b, nil).is(204)
	up := "/api/v1/upload/" + b
	f.send("josh", "POST", up+"/1", "hello", "X-File-Name: h%20i.txt", "Content-Type: application/octet-stream").
		is(201).
		want("true", "uploaded").want("1", "fileIdx").want("5", "uploadedSize").want("normal", "uploadType").
		want(nil, "chunkCount")
	f.chunk(b, 1, 2, 10, []byte("world")).is(202).want([]int{1}, "uploadedChunkIds").want(2, "chunkCount")
	f.send("josh", "GET", up+"/0", nil).is(202).want("a b.bin", "name").want(10, "size")
	f.chunk(b, 0, 2, 10, []byte("hello")).is(201)
	f.send("josh", "GET", up+"/0", nil).is(200)
	f.send("josh", "GET", up+"/info", nil).is(200).want("default", "provider").want("h i.txt", "fileEntries", 1, "name")
	f.send("julia", "DELETE", up+"/1", nil).is(204)
	f.send("josh", "GET", up+"/1", nil).is(404)
	f.send("josh", "DELETE", up, nil).is(204)
	if r := f.send("josh", "GET", up, nil).is(404); len(r.body) != 0 {
		t.Fatalf("the body of 404 is %s, want none", r.body)
	}
}

func TestUploadRefusals(t *testing.T) {
	t.Parallel()
	f := setup(t)
	b := f.batch("josh")
	up := "/api/v1/upload/" + b
	f.send("josh", "POST", "/api/v1/upload/batchId-x/0", "x").is(404)
	f.send("josh", "POST", up+"/x", "x").is(400)
	f.send("josh", "POST", up+"/0", "x", "Content-Type: multipart/form-data; boundary=x").is(400)
	f.send("josh", "POST", up+"/0", "x", "X-Upload-Type: chunked", "X-Upload-Chunk-Index: 0",
		"X-Upload-Chunk-Count: 2").is(400)
	f.send("josh", "POST", up+"/0", "x", "X-Upload-Type: other").is(201).want("normal", "uploadType")
	f.send("josh", "POST", "/api/v1/upload/new/s3", nil).is(400)
	f.send("josh", "POST", "/api/v1/upload/new/default", nil).is(200).want([]any{}, "fileEntries")
	f.send("josh", "GET", "/api/v1/upload/handlers", nil).is(200).want("default", "handlers", 0, "name")
	f.send("josh", "GET", "/api/v1/upload/handlers/s3", nil).is(404)
	f.send("josh", "POST", up+"/0/complete", obj{}).is(409)
	f.send("josh", "POST", up+"/refreshToken", nil).is(501)
}

func TestAChunkIsTakenOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	b := f.batch("josh")
	f.chunk(b, 0, 2, 6, []byte("one")).is(202)
	f.chunk(b, 0, 2, 6, []byte("ONE")).is(500)
	f.chunk(b, 2, 2, 6, []byte("two")).is(500)
	f.send("josh", "GET", "/api/v1/upload/"+b+"/0", nil).is(202).want([]int{0}, "uploadedChunkIds")
	f.chunk(b, 1, 2, 6, []byte("two")).is(201)
	f.chunk(b, 1, 2, 6, []byte("two")).is(500)
	uid := f.send("josh", "POST", "/api/v1/path"+folder,
		doc("File", "f", obj{"file:content": obj{"upload-batch": b, "upload-fileId": "0"}})).is(201).at("uid").(string)
	if d := f.doc(uid).Content; d == nil || d.Digest != fmt.Sprintf("%x", md5.Sum([]byte("onetwo"))) {
		t.Errorf("content %+v, want that of the chunks that came first", d)
	}
}

func TestBatchIsDroppedAfterUse(t *testing.T) {
	t.Parallel()
	f := setup(t)
	uid := f.file("josh", "a.txt", "one")
	equalInts(t, f.sim.Batches(), 0, "batches after use")
	b := f.batch("josh")
	f.chunk(b, 0, 2, 6, []byte("two")).is(202)
	attach := func(headers ...string) *reply {
		return f.send("josh", "PUT", "/api/v1/id/"+uid, put(obj{
			"dc:title":     "t",
			"file:content": obj{"upload-batch": b, "upload-fileId": "0"},
		}),
			append(headers, "properties: *")...)
	}

	attach("X-Batch-No-Drop: true").is(200).want("3", "properties", "file:content", "length") // incomplete: left alone
	f.chunk(b, 1, 2, 6, []byte("two")).is(201)
	attach("X-Batch-No-Drop: true").is(200).want("6", "properties", "file:content", "length")
	equalInts(t, f.sim.Batches(), 1, "batches kept")
	attach().is(200)
	attach().is(200).want("6", "properties", "file:content", "length") // unknown batch: left alone
	f.send("josh", "PUT", "/api/v1/id/"+uid, put(obj{"file:content": nil}), "properties: *").is(200).want(nil,
		"properties", "file:content")
}

func TestChunksInAnyOrderMakeTheSameFile(t *testing.T) {
	t.Parallel()
	f := setup(t)
	content := pattern.New(7, 5<<20+17)
	const size = 1 << 20
	for _, order := range [][]int{{0, 1, 2, 3, 4, 5}, {5, 3, 1, 0, 2, 4}} {
		b := f.batch("josh")
		for _, i := range order {
			p := make([]byte, min(size, content.Size()-int64(i)*size))
			if _, err := content.ReadAt(p, int64(i)*size); err != nil {
				t.Fatal(err)
			}
			f.chunk(b, i, 6, int(content.Size()), p)
		}

		uid := f.send("josh", "POST", "/api/v1/path"+folder,
			doc("File", "f", obj{"file:content": obj{"upload-batch": b, "upload-fileId": "0"}})).is(201).
			at("uid").(string)
		checkContent(f, uid, content)
	}
}

func checkContent(f *fixture, uid string, content *pattern.Content) {
	f.Helper()
	sum := md5.New()
	if _, err := io.Copy(sum, content.Reader(0, content.Size())); err != nil {
		f.Fatal(err)
	}

	if got := f.doc(uid).Content; got == nil || got.Digest != hex.EncodeToString(sum.Sum(nil)) ||
		got.Length != content.Size() {
		f.Fatalf("the content is %+v, want %d bytes with the digest %x", got, content.Size(), sum.Sum(nil))
	}

	r, err := f.sim.OpenBlob(uid, "")
	if err != nil {
		f.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil || int64(len(data)) != content.Size() || !content.Matches(data, 0) {
		f.Fatalf("%d bytes are stored, %v; want the %d that were sent", len(data), err, content.Size())
	}
}

func TestDiscardedBytesAreVerified(t *testing.T) {
	t.Parallel()
	content := pattern.New(3, 3000)
	f := setup(t, func(o *Options) { o.DiscardBlobs, o.Verify = true, content })
	data, _ := io.ReadAll(content.Reader(0, 3000))
	b := f.batch("josh")
	for _, i := range []int{2, 0, 1} {
		f.chunk(b, i, 3, 3000, data[i*1000:(i+1)*1000])
	}

	uid := f.send("josh", "POST", "/api/v1/path"+folder,
		doc("File", "f", obj{"file:content": obj{"upload-batch": b, "upload-fileId": "0"}})).is(201).at("uid").(string)
	if got := f.send("josh", "GET", "/api/v1/id/"+uid+"/@blob/file:content", nil).is(200); !content.Matches(got.body,
		0) {
		t.Fatal("the download: got other bytes, want those that were verified")
	}

	equalInts(t, int(f.sim.Mismatches()), 0, "mismatches")
	f.chunk(f.batch("josh"), 1, 3, 3000, data[:1000]).is(500)
	equalInts(t, int(f.sim.Mismatches()), 1, "mismatches")
}

func TestBatchGoneWhileAChunkArrives(t *testing.T) {
	t.Parallel()
	f := setup(t)
	b := f.batch("josh")
	_, err := f.sim.receive(b, 0, arrival{count: 1}, readerFunc(func(p []byte) (int, error) {
		f.sim.ExpireBatches()
		return 0, io.EOF
	}))

	if e, is := err.(*restError); !is || e.status != 410 {
		t.Fatalf("the upload that was broken off: got %v, want 410", err)
	}
}

type readerFunc func([]byte) (int, error)

func (r readerFunc) Read(p []byte) (int, error) { return r(p) }

func TestJoiningTakesItsTimeWithoutTheLock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{DiscardBlobs: true, DigestAlgorithm: "none", AttachPerGiB: 10 * time.Second})
		if err != nil {
			t.Fatal(err)
		}

		b := s.newBatch("default")
		s.enterChunk(b, 0, arrival{count: 1, chunked: true}, segment{size: 1 << 30}, nil)
		start := time.Now()
		done := make(chan *blob)
		go func() { j, _ := s.join(b.id, 0, 0); done <- j }()
		synctest.Wait()
		if s.Batches() != 1 { // would hang if the lock were held
			t.Errorf("the batches: got %d, want 1", s.Batches())
		}

		if j := <-done; j == nil || time.Since(start) != 10*time.Second {
			t.Errorf("joined %v after %v, want them after 10 s", j, time.Since(start))
		}
	})
}

func TestBatchesExpire(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f := setup(t, func(o *Options) {
		o.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
		o.BatchTTL = time.Hour
	})

	b := f.batch("josh")
	mu.Lock()
	now = now.Add(time.Hour + time.Second)
	mu.Unlock()
	f.send("josh", "GET", "/api/v1/upload/"+b, nil).is(404)
	equalInts(t, f.sim.Batches(), 0, "batches")
}

func TestExecuteOnBatch(t *testing.T) {
	t.Parallel()
	f := setup(t)
	uid := f.sim.MkDoc(folder+"/doc", "File", nil)
	b := f.batch("josh")
	f.send("josh", "POST", "/api/v1/upload/"+b+"/0", "hello", "X-File-Name: h.txt").is(201)
	f.send("josh", "POST", "/api/v1/upload/"+b+"/0/execute/Blob.AttachOnDocument", obj{"params": obj{"document": uid}}).
		is(200)
	if c := f.doc(uid).Content; c == nil || c.Length != 5 || c.Name != "h.txt" {
		t.Fatalf("the content is %+v, want h.txt with 5 bytes", c)
	}

	equalInts(t, f.sim.Batches(), 0, "batches")
}

func TestDownload(t *testing.T) {
	t.Parallel()
	f := setup(t)
	uid := f.file("josh", "a b.txt", "0123456789")
	at := "/api/v1/id/" + uid + "/@blob/file:content"
	r := f.send("josh", "GET", at, nil).is(200)
	etag := r.header.Get("ETag")
	if string(r.body) != "0123456789" || etag != `"781e5e245d69b566979b86e28d23f2c7"` ||
		r.header.Get("Accept-Ranges") != "bytes" {
		t.Fatalf("the file is %s %v, want 0123456789 with its tag, in ranges", r.body, r.header)
	}

	file := "/nxfile/default/" + uid + "/file:content/a.txt"
	for where, status := range map[string]int{at: 200, file: 206} {
		if r := f.send("josh", "GET", where, nil, "Range: bytes=2-4").is(status); string(r.body) != "234" ||
			r.header.Get("Content-Range") != "bytes 2-4/10" {
			t.Fatalf("a range of %s: %s %v, want 234, bytes 2-4/10", where, r.body, r.header)
		}
		if r := f.send("josh", "GET", where, nil, "Range: bytes=10-").is(200); string(r.body) != "0123456789" {
			t.Fatalf("a range of %s beyond the end: %s, want 0123456789", where, r.body)
		}
	}

	f.send("", "GET", file, nil).is(401)
	if to := f.send("nobody", "GET", file, nil).is(302).header.Get("Location"); !strings.Contains(to,
		"/login.jsp?loginFailed=true&requestedUrl=nxfile") {
		t.Errorf("a wrong password at nxfile leads to %s, want the sign-in page", to)
	}

	f.send("josh", "GET", at, nil, "If-None-Match: "+etag).is(304)
	f.send("josh", "GET", at, nil, "Range: bytes=2-4", `If-Range: "other"`).is(200)
	f.send("", "GET", at, nil).is(401)
	data := f.send("josh", "GET", "/api/v1/id/"+uid, nil, "properties: *").at("properties", "file:content",
		"data").(string)
	if r := f.send("josh", "GET", strings.TrimPrefix(data, f.base), nil).is(200); string(r.body) != "0123456789" {
		t.Fatalf("the file is %s, want 0123456789", r.body)
	}

	f.send("josh", "DELETE", at, nil).is(204)
	f.send("josh", "GET", at, nil).is(404)
}

func TestDirectDownload(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *Options) { o.DirectDownload = true })
	uid := f.file("josh", "a.txt", "0123456789")
	to := f.send("josh", "GET", "/api/v1/id/"+uid+"/@blob/file:content", nil).is(302).header.Get("Location")
	if r := f.send("", "GET", strings.TrimPrefix(to, f.base), nil, "Range: bytes=1-2").is(206); string(r.body) != "12" {
		t.Fatalf("the range is %s, want 12", r.body)
	}

	f.send("", "GET", strings.TrimPrefix(to, f.base)+"x", nil).is(403)
	f.send("", "HEAD", strings.TrimPrefix(to, f.base), nil).is(403)
}

func TestMkDocWithAContentOfAnySize(t *testing.T) {
	t.Parallel()
	f := setup(t)
	content := pattern.New(1, 1<<40)
	uid := f.sim.MkDoc(folder+"/big", "Video",
		obj{"file:content": Blob{Name: "big.mov", Content: content, Digest: "d"}})
	r := f.send("josh", "GET", "/api/v1/id/"+uid+"/@blob/file:content", nil,
		fmt.Sprintf("Range: bytes=%d-%d", 1<<39, 1<<39+99)).is(200)
	if len(r.body) != 100 || !content.Matches(r.body, 1<<39) {
		t.Fatalf("%d bytes came, want 100 of the middle", len(r.body))
	}
}

func TestDamagedUploads(t *testing.T) {
	t.Parallel()
	for _, discard := range []bool{false, true} {
		f := setup(t, func(o *Options) { o.DiscardBlobs = discard })
		good := f.doc(f.file("josh", "a", "hello")).Content
		f.sim.DamageUploads(1)
		bad := f.doc(f.file("josh", "b", "hello")).Content
		again := f.doc(f.file("josh", "c", "hello")).Content
		if bad.Length != good.Length || bad.Digest == good.Digest || len(bad.Digest) != len(good.Digest) ||
			again.Digest != good.Digest {
			t.Errorf("good %+v, damaged %+v, then %+v; want another digest of the damaged one only", good, bad, again)
		}
	}
}

func TestTransactionTimeout(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *Options) { o.AttachPerGiB, o.TransactionTimeout = 100*time.Hour, time.Millisecond })
	b := f.batch("josh")
	f.chunk(b, 0, 1, 1<<16, make([]byte, 1<<16)).is(201) // joined in 22 s
	body := doc("File", "f", obj{"file:content": obj{"upload-batch": b, "upload-fileId": "0"}})
	f.send("josh", "POST", "/api/v1/path"+folder, body).is(500)
	equalInts(t, len(f.sim.Children(folder)), 0, "documents")
}

// TestParallelWork is for the race detector, and for what must add up.
func TestParallelWork(t *testing.T) {
	t.Parallel()
	f := setup(t)
	shared := f.file("josh", "shared", "x")
	var wg sync.WaitGroup
	const workers, rounds = 6, 10
	for w := range workers {
		wg.Go(func() {
			user := []string{"josh", "julia", "olga"}[w%3]
			for i := range rounds {
				uid := f.file(user, fmt.Sprintf("w%d-%d", w, i), "content")
				f.send(user, "PUT", "/api/v1/id/"+shared, put(obj{"dc:title": uid}), "X-Versioning-Option: MINOR")
				f.send(user, "POST", "/api/v1/id/"+shared+"/@comment", obj{"text": uid})
				f.send(user, "GET", "/api/v1/search/execute?query=SELECT+*+FROM+File+WHERE+dc:title='"+uid+"'", nil,
					"properties: *")
				f.send(user, "GET", "/api/v1/path"+folder+"/@children", nil,
					"enrichers-document: permissions,breadcrumb")
			}
		})
	}

	wg.Wait()
	equalInts(t, len(f.sim.Children(folder)), workers*rounds+1, "documents")
	equalInts(t, len(f.sim.Comments(shared)), workers*rounds, "comments")
	if n := len(f.sim.Versions(shared)); n < workers*rounds {
		t.Errorf("%d versions, want at least %d", n, workers*rounds)
	}

	equalInts(t, f.sim.Batches(), 0, "batches")
}

func BenchmarkUpload(b *testing.B) {
	for name, opt := range map[string]Options{
		"discard":     {DiscardBlobs: true, DigestAlgorithm: "none"},
		"discard-md5": {DiscardBlobs: true},
		"disk-md5":    {},
	} {
		b.Run(name, func(b *testing.B) {
			s, err := New(opt)
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			content := pattern.New(1, 64<<20)
			b.SetBytes(content.Size())
			for b.Loop() {
				id := s.newBatch("default").id
				if _, err := s.receive(id, 0, arrival{count: 1, length: content.Size()},
					content.Reader(0, content.Size())); err != nil {
					b.Fatal(err)
				}
				s.ExpireBatches()
			}
		})
	}
}
