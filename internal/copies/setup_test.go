package copies_test

import (
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/copies"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

const day = 24 * time.Hour

var (
	josh  = work.Viewer{Login: "josh"}
	julia = work.Viewer{Login: "julia"}
)

// stage is a bed whose binding says what becomes of copies.
type stage struct {
	*testenv.Bed
	clock   *testenv.Clock
	binding string
}

func setup(t *testing.T, c binding.Copies, options ...testenv.Option) stage {
	t.Helper()
	s := stage{clock: new(testenv.Clock)}
	options = append(options, testenv.By(s.clock), testenv.Frameio(func(o *frameiosim.Options) {
		o.Now, o.RefreshTTL = s.clock.Now, 365*day
	}))
	s.Bed = testenv.New(t, options...)
	s.binding = s.Bind("Publish").ID
	s.choose(c)
	return s
}

// choose changes what becomes of the copies of the binding.
func (s stage) choose(c binding.Copies) {
	s.T.Helper()
	b, err := s.App.Binding.Get(s.T.Context(), josh, s.binding)
	if err != nil {
		s.T.Fatal(err)
	}
	item, err := s.App.Binding.Edit(s.T.Context(), josh, b.ID, binding.Change{Version: b.Version, Copies: &c})
	if err != nil {
		s.T.Fatal(err)
	}
	if item != "" {
		s.Await(item)
	}
}

// back pushes a document and publishes it back.
func (s stage) back(name string) (document string, p push.Push) {
	s.T.Helper()
	document = s.Kept(name, []byte("the pictures of "+name))
	return document, s.again(document)
}

// again pushes a document, once more perhaps, and publishes it back.
func (s stage) again(document string) push.Push {
	s.T.Helper()
	p := s.Pushed(document).Pushes[0]
	s.Run(s.Julia, p.File)
	s.Settle()
	return s.OnePush(p.ID)
}

// later lets time pass and does the chore.
func (s stage) later(d time.Duration) {
	s.T.Helper()
	s.clock.Move(d)
	if err := s.App.Copies.BeginDue(s.T.Context(), new(maintenance.Report)); err != nil {
		s.T.Fatal(err)
	}
	s.Settle()
}

// is wants the copy of a push in a state, for a reason.
func (s stage) is(push string, want copies.State, reason string) copies.Copy {
	s.T.Helper()
	c, err := s.App.Copies.Get(s.T.Context(), testenv.Viewer, push)
	if err != nil || c.State != want || c.Reason != reason {
		s.T.Errorf("the copy is %q for %q, %v; want %q for %q", c.State, c.Reason, err, want, reason)
	}
	return c
}

// files are how many files Frame.io has.
func (s stage) files() int { return len(s.Assets("file")) }

// parent is where a file is on Frame.io; empty: nowhere.
func (s stage) parent(file string) string {
	for _, a := range s.Assets("file") {
		if a.ID == file {
			return a.ParentID
		}
	}
	return ""
}
