// Package slips attacks what people lose when two write at once: somebody replaces the
// content of documents over and over while new cuts are published into them, and new
// documents are made while Nuxeo works on them in the background.
//
// It runs against the simulated Nuxeo, and against a real one by address:
//
//	NUXEO_FRAMEIO_PASSWORD=… go test ./test/slips -v -timeout 60m -args -nuxeo URL -updates 1000 -fresh 1000
package slips

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/demo"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

var (
	address = flag.String("nuxeo", "", "a real Nuxeo with the package; the simulated one without")
	login   = flag.String("user", "Administrator", "an administrator of it")
	updates = flag.Int("updates", 20, "how many cuts are published while somebody writes")
	fresh   = flag.Int("fresh", 20, "how many new documents are made")
)

// documents is how many documents the updates are spread over.
const documents = 8

var viewer = work.Viewer{Login: "Administrator", Admin: true}

// field is where it happens.
type field struct {
	*testing.T
	*demo.Stage
	josh, julia *nuxeo.Client
	root        *nuxeo.Client // as an administrator
	folder      string        // uid
	action      string
}

func open(t *testing.T) *field {
	t.Helper()
	opt := demo.Options{Log: slog.New(slog.DiscardHandler), AnyPort: true}
	if *address != "" {
		opt.Real = &demo.Real{URL: *address, Login: *login, Password: os.Getenv("NUXEO_FRAMEIO_PASSWORD")}
		if err := opt.Real.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		opt.Scratch = demo.Plan()
	}

	stage, err := demo.Start(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if err := stage.Stop(); err != nil {
			t.Error(err)
		}
	})

	if err := stage.ConnectEveryone(t.Context()); err != nil {
		t.Fatal(err)
	}

	f := &field{
		T:     t,
		Stage: stage,
		josh:  stage.Person("josh"),
		julia: stage.Person("julia"),
		root:  stage.Administrator(),
	}

	f.bind()
	return f
}

func (f *field) bind() {
	f.Helper()
	doc, err := f.root.GetByPath(f.Context(), f.Folder(), nuxeo.Fetch{})
	if err != nil {
		f.Fatal(err)
	}

	f.folder = doc.UID
	names := f.Names()
	q := binding.Request{Folder: doc.UID, ActionName: "Publish", Workspaces: []string{names["WORKSPACE"]}}
	if _, _, err := f.App.Binding.Bind(f.Context(), f.Login("josh"), q); err != nil {
		f.Fatal(err)
	}

	f.settle()
	f.action = f.Frameio.Actions(names["WORKSPACE"])[0].ID
}

// settle waits until everything has ended.
func (f *field) settle() {
	f.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Minute)
	for {
		open := f.items("waiting", "running")
		if len(open) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			f.Fatalf("open items: got %d, want 0; the first is %s at %q: %s",
				len(open), open[0].State, open[0].Step, open[0].Message)
		}
	}
}

func (f *field) items(states ...string) (all []work.View) {
	f.Helper()
	for _, state := range states {
		some, _, err := f.App.Engine.Items(f.Context(), viewer, work.Filter{Limit: 500, State: state})
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, some...)
	}

	return all
}

func (f *field) failures() {
	f.Helper()
	for _, v := range f.items("failed") {
		f.Errorf("%s: got it failed at %q, want it done: %s %s", v.Title, v.Step, v.Message, v.Remedy)
	}
}

func digest(content []byte) string {
	sum := md5.Sum(content)
	return hex.EncodeToString(sum[:])
}

// Nobody's content is lost while new cuts are published into the documents that they
// write to, and no lock stays.
func TestNobodysContentIsLost(t *testing.T) {
	f := open(t)
	root := f.Names()["ROOT"]
	stacks := make([]string, documents)
	for i := range stacks {
		first := f.Frameio.AddFile(root, fmt.Sprintf("Cut %d.mov", i),
			frameiosim.Bytes(fmt.Appendf(nil, "cut %d.0", i)))
		second := f.Frameio.AddFile(root, fmt.Sprintf("Cut %d next.mov", i),
			frameiosim.Bytes(fmt.Appendf(nil, "cut %d.1", i)))
		stacks[i] = f.Frameio.Stack(first, second)
	}

	f.publish(stacks...)
	uids := f.published(documents)

	// Julia writes by plain updates, as Web UI's forms do, until all is published. What she
	// replaces herself is her own affair; what somebody else has replaced must be kept.
	stop := make(chan struct{})
	var replaced sync.Map // by document and digest, what it was
	var writers sync.WaitGroup
	refused, taken := make([]int, documents), make([]int, documents)
	for i, uid := range uids {
		writers.Go(func() {
			last := ""
			for n := 0; ; n++ {
				live, err := f.root.Get(f.Context(), uid, nuxeo.Fetch{Schemas: []string{"file"}})
				if err != nil {
					f.Error(err)
					return
				}

				if last != "" && live.Blob("file:content").Digest != digest([]byte(last)) {
					replaced.Store(uid+" "+digest([]byte(last)), last)
				}

				select {
				case <-stop:
					return
				default:
				}

				content := fmt.Appendf(nil, "julia writes %d.%d", i, n)
				switch err := f.write(uid, content); nuxeo.StatusOf(err) {
				case 0:
					if err != nil {
						f.Errorf("a write of julia's: %v", err)
						return
					}
					taken[i]++
					last = string(content)
				case http.StatusForbidden, http.StatusConflict:
					refused[i]++
				default:
					f.Errorf("a write of julia's: %v", err)
					return
				}
			}
		})
	}

	for round := 0; round*documents < *updates; round++ {
		for i := range stacks {
			f.Frameio.AddFile(stacks[i], fmt.Sprintf("Cut %d.mov", i),
				frameiosim.Bytes(fmt.Appendf(nil, "cut %d.%d", i, round+2)))
		}
		f.publish(stacks...)
	}

	close(stop)
	writers.Wait()
	f.failures()

	held := f.held(uids)
	lost, kept, sum, no := 0, 0, 0, 0
	replaced.Range(func(key, content any) bool {
		kept++
		if !held[key.(string)] {
			lost++
			f.Errorf("content in the versions: got no %q, want it", content)
		}
		return true
	})

	for i := range uids {
		sum, no = sum+taken[i], no+refused[i]
	}

	if kept == 0 || no == 0 {
		f.Errorf("%d writes were replaced and %d refused, want some of both", kept, no)
	}

	for _, uid := range uids {
		if d, err := f.root.Get(f.Context(), uid, nuxeo.Fetch{Lock: true}); err != nil || d.LockOwner != "" {
			f.Errorf("the lock of %s at the end: got %q, %v, want none", uid, d.LockOwner, err)
		}
	}

	t.Logf("%d cuts published; of julia's writes %d were taken and %d refused; %d of them were replaced, %d of "+
		"these lost",
		(*updates/documents)*documents, sum, no, kept, lost)
}

// publish runs the action and waits for what comes of it.
func (f *field) publish(assets ...string) {
	f.Helper()
	if _, err := f.Frameio.RunAction(f.Context(), f.action, f.Josh(), assets); err != nil {
		f.Fatal(err)
	}
	f.settle()
}

// published are the documents that came of it.
func (f *field) published(want int) (uids []string) {
	f.Helper()
	where := "ecm:ancestorId = " + nuxeo.Quote(f.folder) +
		" AND ecm:mixinType = 'FrameioAsset' AND ecm:isVersion = 0 AND ecm:isTrashed = 0"
	for d, err := range f.root.Query(f.Context(), where, "", nuxeo.Fetch{}) {
		if err != nil {
			f.Fatal(err)
		}
		uids = append(uids, d.UID)
	}

	if len(uids) != want {
		f.failures()
		f.Fatalf("%d documents were published, want %d", len(uids), want)
	}

	return uids
}

// write replaces a content by a plain update as julia.
func (f *field) write(uid string, content []byte) error {
	batch, err := f.julia.NewBatch(f.Context())
	if err != nil {
		return err
	}

	size := int64(len(content))
	chunk := nuxeo.Chunk{Name: "julia.mov", MimeType: "video/quicktime", Size: size, Length: size, Count: 1}
	if err := f.julia.Upload(f.Context(), batch, chunk, bytes.NewReader(content)); err != nil {
		return err
	}

	return f.julia.Update(f.Context(), uid, "", map[string]any{"file:content": nuxeo.Uploading(batch)},
		nuxeo.WriteOptions{})
}

// held are the contents of documents and their versions, by document and digest.
func (f *field) held(uids []string) map[string]bool {
	f.Helper()
	held := map[string]bool{}
	for _, uid := range uids {
		where := "ecm:versionVersionableId = " + nuxeo.Quote(uid) + " AND ecm:isVersion = 1"
		for d, err := range f.root.Query(f.Context(), where, "", nuxeo.Fetch{Schemas: []string{"file"}}) {
			if err != nil {
				f.Fatal(err)
			}
			if b := d.Blob("file:content"); b != nil {
				held[uid+" "+b.Digest] = true
			}
		}

		d, err := f.root.Get(f.Context(), uid, nuxeo.Fetch{Schemas: []string{"file"}})
		if err != nil {
			f.Fatal(err)
		}

		held[uid+" "+d.Blob("file:content").Digest] = true
	}

	return held
}

// Every new document has its facet and metadata when it is done and afterwards, and one
// version that has them as well.
func TestNewDocumentsKeepTheirMetadata(t *testing.T) {
	f := open(t)
	for done := 0; done < *fresh; {
		folder := f.Frameio.AddFolder(f.Names()["ROOT"], fmt.Sprintf("Day %d", done))
		for range min(500, *fresh-done) {
			f.Frameio.AddFile(folder, fmt.Sprintf("Take %d.mp4", done),
				frameiosim.Bytes(fmt.Appendf(nil, "take %d", done)))
			done++
		}
		f.publish(folder)
	}

	f.failures()
	uids := f.published(*fresh)
	select { // what Nuxeo does in the background is through by then
	case <-time.After(3 * time.Second):
	case <-f.Context().Done():
	}

	bad := 0
	for _, uid := range uids {
		d, err := f.root.Get(f.Context(), uid, nuxeo.Fetch{Schemas: []string{"*"}})
		if err != nil {
			f.Fatal(err)
		}

		versions, err := f.root.Versions(f.Context(), uid, nuxeo.Fetch{Schemas: []string{"*"}})
		if err != nil {
			f.Fatal(err)
		}

		b := d.Blob("file:content")
		good := b != nil && d.Has("FrameioAsset") && d.Text("frameio:documentUid") == uid &&
			d.Text("frameio:digest") == b.Digest && len(versions) == 1
		for _, v := range versions {
			good = good && v.Has("FrameioAsset") && v.Text("frameio:digest") == b.Digest &&
				v.Blob("file:content").Digest == b.Digest
		}

		if !good {
			bad++
			f.Errorf("%s has the facets %v, tells of %q, and has %d versions; want the facet, itself and one version "+
				"with both", d.Path, d.Facets, d.Text("frameio:documentUid"), len(versions))
		}
	}

	t.Logf("%d of %d new documents lack something", bad, len(uids))
}
