package process

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/demo"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testclient"
)

// The long way can be gone on a real Nuxeo by address:
//
//	NUXEO_FRAMEIO_PASSWORD=… go test ./test/process -run LongWay -v -timeout 60m -args -nuxeo URL -long 2048
var (
	address = flag.String("nuxeo", "", "a real Nuxeo with the package; the simulated one without")
	login   = flag.String("user", "Administrator", "an administrator of it")
	long    = flag.Int64("long", 96, "size in MiB of what goes the long way")
)

const (
	nuxeoPart   = 16 << 20 // what goes to Nuxeo at once, at least
	frameioPart = 32 << 20
	streams     = 2
)

// longWay is where a large file goes from Frame.io to Nuxeo and back, with a leg to Nuxeo
// that can be cut.
type longWay struct {
	*plant
	leg *leg
	nx  *nuxeo.Client // as the person, past the leg
}

func newLongWay(t *testing.T) *longWay {
	t.Helper()
	s := &systems{t: t}
	person, password := "josh", "josh"
	var far *testclient.Far
	if *address == "" {
		s = newSystems(t)
	} else {
		s.frameioWith(frameiosim.Options{RateFactor: -1, PartSize: frameioPart, UploadDir: t.TempDir()})
		var err error
		far, err = testclient.Away(t.Context(), demo.Real{
			URL:      *address,
			Login:    *login,
			Password: os.Getenv("NUXEO_FRAMEIO_PASSWORD"),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := far.Remove(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
		s.nx, s.folder, person, password = *address, far.Folder, far.Person, far.Password
	}

	w := &longWay{}
	nx, err := nuxeo.New(s.nx, &http.Client{}, nuxeo.Basic(person, password))
	if err != nil {
		t.Fatal(err)
	}

	w.nx = nx
	w.leg, s.nx = through(t, s.nx)
	w.plant = newPlant(s, "--transfer-verify", "parts", "--transfer-streams", fmt.Sprint(streams))
	if far != nil {
		far.Use(&w.driver)
	}

	w.start()
	if err := w.driver.SignIn(t.Context(), person); err != nil {
		t.Fatal(err)
	}

	if err := w.driver.Bind(t.Context(), w.folder, w.workspace); err != nil {
		t.Fatal(err)
	}

	return w
}

// moved waits until an item has moved so many bytes, or has ended.
func (w *longWay) moved(item string, bytes int64) {
	w.t.Helper()
	w.until(item, func(v *api.Item) bool { return v.Transfer != nil && v.Transfer.Done >= bytes })
}

func (w *longWay) until(item string, so func(*api.Item) bool) *api.Item {
	w.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		got, err := w.driver.API.GetItem(w.t.Context(), item)
		if err == nil {
			v := got
			if v.State == api.ItemStateFailed {
				w.t.Fatalf("%s: got it failed (%s), want it done", v.Title, *v.Message)
			}
			if so(v) || v.State == api.ItemStateDone {
				return v
			}
		}

		select {
		case <-tick.C:
		case <-w.t.Context().Done():
			w.t.Fatal(w.t.Context().Err())
		}
	}
}

// disturbed kills the connector after a quarter and cuts the leg after a half, and sees
// that no more is sent again than was in flight.
func (w *longWay) disturbed(item string, size, part int64) {
	w.t.Helper()
	w.moved(item, size/4)
	w.kill()
	w.start()
	w.moved(item, size/2)
	cut := w.leg.cut()
	done := w.until(item, func(*api.Item) bool { return false })

	again := done.Transfer.Sent - size
	w.t.Logf("%s: %d MiB, one kill and %d ends of connections cut: %.1f MiB sent again", done.Kind, size>>20, cut,
		float64(again)/(1<<20))
	if most := int64(2*streams) * part; again < 0 || again > most {
		w.t.Errorf("%d bytes were sent again, want at most the parts in flight, %d", again, most)
	}
}

// A large file arrives although the connector is killed and the connections are cut, and
// goes back the same way.
func TestLongWay(t *testing.T) {
	t.Parallel()
	size := *long << 20
	w := newLongWay(t)
	want := pattern.New(3, size)
	file := w.frameio.AddFile(w.root, "long.mov", want)
	interaction, err := w.driver.Publish(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}

	items, err := w.driver.API.ListItems(t.Context(), &api.ListItemsParams{Parent: &interaction})
	if err != nil || len(items.Items) != 1 {
		t.Fatalf("the items of what was published: %d, %v; want 1", len(items.Items), err)
	}

	w.disturbed(items.Items[0].Id, size, max(nuxeoPart, size/64))
	document := w.only(want)

	sent, err := w.driver.API.Push(t.Context(), api.PushJSONRequestBody{
		Documents: []string{document}, Team: w.workspace, Project: w.project, Separate: new(true),
	})
	if err != nil || sent.Pushes[0].Item == nil {
		t.Fatalf("pushing: got %+v, %v; want an item", sent, err)
	}

	w.disturbed(*sent.Pushes[0].Item, size, frameioPart)
	p, err := w.driver.API.GetPush(t.Context(), sent.Pushes[0].Id)
	if err != nil {
		t.Fatalf("the push: %v", err)
	}

	if c := w.frameio.Uploaded(*p.File); c == nil {
		t.Error("what Frame.io has of the push: got nothing, want the file")
	} else if err := sameAs(want, io.NewSectionReader(c, 0, c.Size())); err != nil {
		t.Errorf("what Frame.io has of what was pushed: %v", err)
	}
}

// only is the one document in the folder, whose content it compares.
func (w *longWay) only(want *pattern.Content) string {
	w.t.Helper()
	ctx := w.t.Context()
	var found []string
	for d, err := range w.nx.Query(ctx, "ecm:parentId = "+nuxeo.Quote(w.folder)+" AND ecm:isVersion = 0", "",
		nuxeo.Fetch{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		found = append(found, d.UID)
	}

	if len(found) != 1 {
		w.t.Fatalf("there are %d documents, want 1", len(found))
	}

	resp, err := w.nx.OpenBlob(ctx, found[0], "file:content", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := sameAs(want, resp.Body); err != nil {
		w.t.Errorf("the document's content: %v", err)
	}

	return found[0]
}

// sameAs says where bytes are not those of a pattern.
func sameAs(want *pattern.Content, r io.Reader) error {
	buf := make([]byte, 1<<20)
	for off := int64(0); ; {
		n, err := r.Read(buf)
		if !want.Matches(buf[:n], off) {
			return fmt.Errorf("other bytes at %d", off)
		}
		switch off += int64(n); {
		case err == io.EOF && off == want.Size():
			return nil
		case err != nil:
			return fmt.Errorf("%d bytes, want %d: %w", off, want.Size(), err)
		}
	}
}
