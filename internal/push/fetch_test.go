package push_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/egress"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// store is a Nuxeo that keeps its files in a store, and counts who gets them: us
// or Frame.io.
type store struct {
	*testenv.Bed
	ours, theirs atomic.Int64
	asked        atomic.Int64                           // for addresses
	around       func(w http.ResponseWriter, to string) // changes an answer that sends on
}

// counted counts what is sent of a file, and lets an answer that sends on be changed.
type counted struct {
	http.ResponseWriter
	to     *atomic.Int64
	sentOn func(http.ResponseWriter)
}

// WriteHeader is http.ResponseWriter's.
func (c *counted) WriteHeader(status int) {
	if status/100 == 3 {
		c.sentOn(c.ResponseWriter)
	}
	c.ResponseWriter.WriteHeader(status)
}

// Write is http.ResponseWriter's.
func (c *counted) Write(p []byte) (int, error) {
	c.to.Add(int64(len(p)))
	return c.ResponseWriter.Write(p)
}

func (s *store) counting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		direct := strings.Contains(r.URL.Path, "/_direct/")
		if !direct && !strings.Contains(r.URL.Path, "/nxfile/") {
			next.ServeHTTP(w, r)
			return
		}

		to := &s.ours
		if r.UserAgent() == frameiosim.RemoteAgent {
			to = &s.theirs
		}

		next.ServeHTTP(&counted{w, to, func(w http.ResponseWriter) {
			s.asked.Add(1)
			if s.around != nil {
				s.around(w, w.Header().Get("Location"))
			}
		}}, r)
	})
}

// stored is a bed in which Frame.io may fetch, and does so as each fate says.
func stored(t *testing.T, fates []frameiosim.RemoteFate, more ...testenv.Option) *store {
	t.Helper()
	s := &store{}
	s.Bed = testenv.New(t, append([]testenv.Option{
		testenv.AroundNuxeo(s.counting), testenv.Fetched(), testenv.Frameio(func(o *frameiosim.Options) {
			o.Remote = func(n int) frameiosim.RemoteFate {
				return append(fates, make([]frameiosim.RemoteFate, n)...)[n-1]
			}
		}),
	}, more...)...)

	return s
}

// calls is how often an operation of Frame.io was asked for.
func (s *store) remotes() int { return s.Frameio.Calls("files.create_remote_upload") }

// parts is how many parts were sent to Frame.io.
func (s *store) parts() (n int) {
	for _, r := range s.Frameio.Requests() {
		if r.Method == http.MethodPut {
			n++
		}
	}
	return n
}

// one wants the file on Frame.io once, with its bytes and its name.
func (s *store) one(p push.Push, name string, data []byte) {
	s.T.Helper()
	if p.State != push.Open || p.Size != int64(len(data)) || p.ViewURL == "" {
		s.T.Fatalf("the push is %s with %q, %d bytes, shown at %q; want open, %d, and an address", p.State, p.Reason,
			p.Size, p.ViewURL, len(data))
	}
	left := s.Assets("file")
	if len(left) != 1 || left[0].ID != p.File || left[0].Name != name || !bytes.Equal(s.Uploaded(p.File), data) {
		s.T.Errorf("on Frame.io are %+v, want only %s, named %s, with the bytes that were pushed", left, p.File, name)
	}
}

func TestFrameioFetchesFromTheStore(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 1000, 9<<20 + 1} {
		s := stored(t, nil)
		s.Bind("Publish")
		data := testenv.Bytes('x', size)
		data[size-1] = 'y'
		p := s.Pushed(s.Kept("Teaser", data)).Pushes[0]
		s.AllDone()
		s.one(p, "Teaser.mov", data)
		if s.ours.Load() != 0 || s.theirs.Load() != int64(size) || s.parts() != 0 ||
			s.Frameio.Calls("files.create_local_upload") != 0 {
			t.Errorf("%d bytes came to us, %d to Frame.io, and %d parts were sent; want 0, %d and 0", s.ours.Load(),
				s.theirs.Load(), s.parts(), size)
		}

		if got := s.Frameio.Status(p.File); got != "Needs Review" || s.LockOwner(p.Document) != "josh" {
			t.Errorf("the status is %q, and the document locked by %q; want Needs Review and josh", got,
				s.LockOwner(p.Document))
		}

		s.Published(s.Julia, p.File)
		back(s.Bed, p, data, 1)
	}
}

func TestFrameioFetchesRenditions(t *testing.T) {
	t.Parallel()
	s := stored(t, nil)
	s.Bind("Publish")
	r := s.PushRequest(s.Clip("Teaser", testenv.Bytes('m', 5000), testenv.Bytes('r', 700)))
	r.What = testenv.Proxy
	p := s.PushedAs("josh", r).Pushes[0]
	s.one(p, "Teaser (MP4 480p).mp4", testenv.Bytes('r', 700))
	if s.ours.Load() != 0 || s.parts() != 0 {
		t.Errorf("%d bytes came to us and %d parts were sent, want none", s.ours.Load(), s.parts())
	}
}

// Off, nothing of it happens.
func TestNothingIsFetchedUnlessAllowed(t *testing.T) {
	t.Parallel()
	s := stored(t, nil, testenv.Config(func(c *app.Config) { testenv.ByAddress(c); c.Push.ByAddress = false }))
	s.Bind("Publish")
	p := s.Pushed(s.Kept("Teaser", testenv.Bytes('x', 2500))).Pushes[0]
	s.one(p, "Teaser.mov", testenv.Bytes('x', 2500))
	if s.remotes() != 0 || s.ours.Load() != 2500 || s.parts() != 3 {
		t.Errorf("%d remote uploads, %d bytes through us and %d parts; want 0, 2500 and 3", s.remotes(), s.ours.Load(),
			s.parts())
	}
}

// However Frame.io fails to fetch, and whatever Nuxeo gives for an address, the file
// arrives through us, once, and no second fetch is tried.
func TestWhatCannotBeFetchedGoesThroughUs(t *testing.T) {
	t.Parallel()
	const remote = "/remote_upload"
	for name, c := range map[string]struct {
		says   string
		asked  int // remote uploads
		fate   frameiosim.RemoteFate
		fault  faults.Rule
		around func(w http.ResponseWriter, to string)
		change func(s *store)
	}{
		"empty":     {says: "fetched 0 of 2500 bytes", asked: 1, fate: frameiosim.RemoteFate{Empty: true}},
		"truncated": {says: "fetched 2499 of 2500 bytes", asked: 1, fate: frameiosim.RemoteFate{Short: 1}},
		"failed":    {says: "could not fetch", asked: 1, fate: frameiosim.RemoteFate{Failed: true}},
		"refused": {
			says:  "did not take the address",
			asked: 1,
			fault: faults.Rule{Path: remote, Status: 422, Body: `{"errors":[{"detail":"/_direct/?signature=echo"}]}`},
		},
		"broken": {
			says:  "did not take the address",
			asked: 1,
			fault: faults.Rule{Path: remote, Status: 500},
		},
		"no answer": {
			says:  "did not take the address",
			asked: 1,
			fault: faults.Rule{Path: remote, Lost: true},
		},
		"deleted": {
			says:  "deleted on Frame.io",
			asked: 1,
			fault: faults.Rule{Path: "/status$", Status: 404, Times: 1},
		},
		"no redirect": {says: "Nuxeo sends the file itself", around: moved("")},
		"another host": {
			says:   "keeps its files on evil.example",
			around: moved("https://evil.example/_direct/?signature=x"),
		},
		"no encryption": {says: "without encryption", around: moved("ftp://127.0.0.1/_direct/?signature=x")},
		"with a password": {
			says:   "an address that is none",
			around: moved("https://u:signature=@127.0.0.1/_direct/?sig=x"),
		},
		"no address": {says: "an address that is none", around: moved("javascript:alert(1)?signature=x")},
		"unreadable": {
			says:   "Nuxeo sends the file itself",
			around: moved("https://127.0.0.1/%zz_direct/?signature=x"),
		},
		"a private address":  {says: "private or reserved network", change: public},
		"refused at Nuxeo's": {says: "could not fetch", asked: 1, around: signedWrong},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := stored(t, []frameiosim.RemoteFate{c.fate}, testenv.Loose())
			s.Bind("Publish")
			if c.fault.Path != "" {
				s.Frameio.Faults().Add(c.fault)
			}

			if c.change != nil {
				c.change(s)
			}

			s.around = func(w http.ResponseWriter, to string) {
				if c.around != nil && s.asked.Load() == 1 {
					c.around(w, to)
				}
			}

			p := s.Pushed(s.Kept("Teaser", testenv.Bytes('x', 2500))).Pushes[0]
			s.one(p, "Teaser.mov", testenv.Bytes('x', 2500))
			if s.remotes() > c.asked || s.parts() != 3 || s.ours.Load() != 2500 {
				t.Errorf("%d remote uploads, %d parts, %d bytes through us; want at most %d, 3 and 2500", s.remotes(),
					s.parts(), s.ours.Load(), c.asked)
			}

			if text := s.Histories(); strings.Count(text, "through the connector: ") != 1 ||
				!strings.Contains(text, c.says) {
				t.Errorf("the history says %q, want once that it goes through the connector, and %q", text, c.says)
			}

			secretless(s.Bed, "at the end")
		})
	}
}

// moved sends on to another place.
func moved(to string) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, _ string) { w.Header().Set("Location", to) }
}

func signedWrong(w http.ResponseWriter, to string) { w.Header().Set("Location", to+"0") }

// public is the guard of an installation that is no test: this machine is private.
func public(s *store) {
	s.App.Push.Fetchable = egress.StoreAddress(egress.Hosts{"127.0.0.1"}, egress.Public)
}

// A Nuxeo without a store, and files that are too large, are not tried.
func TestWhatIsNotTriedByAddress(t *testing.T) {
	t.Parallel()
	s := stored(t, nil, testenv.Nuxeo(func(o *nuxeosim.Options) { o.DirectDownload = false }))
	s.Bind("Publish")
	p := s.Pushed(s.Kept("Teaser", testenv.Bytes('x', 2500))).Pushes[0]
	s.one(p, "Teaser.mov", testenv.Bytes('x', 2500))
	if s.remotes() != 0 || s.ours.Load() > 2500+1 {
		t.Errorf("%d remote uploads and %d bytes through us, want 0 and at most 2501", s.remotes(), s.ours.Load())
	}

	for size, want := range map[int64]int{50_000_000_000: 1, 50_000_000_001: 0} {
		s := stored(t, []frameiosim.RemoteFate{{Lost: true}})
		s.Bind("Publish")
		s.Frameio.Faults().Add(faults.Rule{Path: "/local_upload", Status: 403})
		s.Frameio.Faults().Add(faults.Rule{Path: "/status$", Status: 403})
		doc, _ := s.Nuxeo.Doc(s.Folder)
		uid := s.Nuxeo.MkDoc(doc.Path+"/Large", "File", map[string]any{
			"file:content": nuxeosim.Blob{Name: "Large.mov", Content: pattern.New(1, size), Digest: "d"},
		})

		if p := s.Pushed(uid).Pushes[0]; p.State != push.Failed || s.remotes() != want {
			t.Errorf("%d bytes: the push is %s after %d remote uploads, want it failed after %d", size, p.State,
				s.remotes(), want)
		}

		s.Untouched(uid)
	}
}

// The file that is fetched is the one that was looked at.
func TestContentChangesBeforeItIsFetched(t *testing.T) {
	t.Parallel()
	s := stored(t, nil)
	s.Bind("Publish")
	uid := s.Kept("Teaser", testenv.Bytes('a', 500))
	s.Nuxeo.Faults().Add(faults.Rule{Path: "/nxfile/", Times: 1, Hook: testenv.Once(func() {
		_ = s.Nuxeo.SetProps(uid, map[string]any{
			"file:content": nuxeosim.Blob{
				Name:     "Teaser.mov",
				MimeType: "video/quicktime",
				Data:     testenv.Bytes('b', 500),
			},
		})
	})})

	p := s.Pushed(uid).Pushes[0]
	s.one(p, "Teaser.mov", testenv.Bytes('b', 500))
	doc, _ := s.Nuxeo.Doc(uid)
	if got := fmt.Sprint(doc.Properties["file:content"]); !strings.Contains(got, p.Digest) || p.Digest == "" ||
		s.ours.Load() != 0 {
		t.Errorf("the document tells %s, want the digest %q of the push in it; %d bytes came to us, want none", got,
			p.Digest, s.ours.Load())
	}
}

// Somebody's own file of the same name is left alone, whatever is lost.
func TestAnothersFileIsNotTakenForALostOne(t *testing.T) {
	t.Parallel()
	for _, when := range []testenv.Moment{testenv.After, testenv.Lost} {
		s := stored(t, nil, testenv.OneByOne())
		s.Bind("Publish")
		own := s.Add(s.Root, "Teaser.mov", testenv.Bytes('a', 500))
		s.FailAt(2, when)
		if _, err := s.App.Push.Accept(t.Context(), "josh",
			s.PushRequest(s.Kept("Teaser", testenv.Bytes('a', 500)))); err != nil {
			t.Fatal(err)
		}

		s.Survive()
		if w := s.Writes(); !strings.HasSuffix(w[1], "/remote_upload") {
			t.Errorf("what went wrong is %s, want the remote upload", w[1])
		}

		left := s.Assets("file")
		if len(left) != 2 || !slices.ContainsFunc(left, func(a frameiosim.StateAsset) bool { return a.ID == own }) {
			t.Errorf("%s: on Frame.io are %+v, want two files, of which one is people's own, %s", when, left, own)
		}
	}
}
