package frameiosim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
)

// Server is the simulated Frame.io. It is an http.Handler, safe for concurrent
// use; Close it to remove what it put on disk.
type Server struct {
	opt     Options
	faults  faults.Set
	handler http.Handler
	ids     *idSource
	limits  *limiter
	journal journal
	ims     *imsState
	signer  *signer

	patternMu sync.Mutex
	patterns  map[uint64]*pattern.Content

	life    context.Context // ends with Close
	end     context.CancelFunc
	sending sync.WaitGroup // events and remote uploads on their way

	dirOnce sync.Once
	dir     string // of large uploads
	dirErr  error
	ownDir  bool

	mu         sync.RWMutex // guards what follows
	url        string
	people     map[string]*person
	order      []*person
	accounts   map[string]*account
	accountSeq []*account
	workspaces map[string]*workspace
	projects   map[string]*project
	nodes      map[string]*node
	comments   map[string]*comment
	actions    map[string]*action
	webhooks   map[string]*webhook
	legacy     map[string]string // legacy token → person id
	lastPos    int64
	lastTime   time.Time
	service    string // person id of the service account
	eventSeq   int    // how many events there were
	remoteSeq  int    // how many remote uploads there were
	auditSeq   int64  // how many entries the audit logs got
}

// New makes a Server without people or accounts.
func New(opt Options) (*Server, error) {
	opt.fill()
	s := &Server{
		opt: opt, url: strings.TrimSuffix(opt.URL, "/"),
		people: map[string]*person{}, accounts: map[string]*account{}, workspaces: map[string]*workspace{},
		projects: map[string]*project{}, nodes: map[string]*node{}, comments: map[string]*comment{},
		actions: map[string]*action{}, webhooks: map[string]*webhook{}, legacy: map[string]string{},
	}

	s.life, s.end = context.WithCancel(context.Background())
	s.ids = newIDSource(opt.Seed)
	s.patterns = map[uint64]*pattern.Content{}
	s.limits = newLimiter(opt.RateFactor, opt.Now)
	s.signer = newSigner(s.ids.secret())
	ims, err := newIMS(&s.opt, s.ids)
	if err != nil {
		return nil, err
	}

	s.ims = ims
	s.handler = s.build()
	return s, nil
}

// ServeHTTP serves all hosts.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close removes uploads from disk. The Server must not be used afterwards.
func (s *Server) Close() error {
	s.end()
	s.sending.Wait()
	var errs []error
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.nodes {
		if n.file != nil && n.file.upload != nil {
			errs = append(errs, n.file.upload.close())
		}
	}

	if s.ownDir {
		errs = append(errs, os.RemoveAll(s.dir))
	}

	return errors.Join(errs...)
}

// SetURL changes the base of links, for servers whose port is known late.
func (s *Server) SetURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.url = strings.TrimSuffix(url, "/")
}

// Faults is the set of rules that strike this server; /_sim is spared.
func (s *Server) Faults() *faults.Set { return &s.faults }

func (s *Server) build() http.Handler {
	mux := http.NewServeMux()
	s.mountAPI(mux)
	s.mountIMS(mux)
	mux.HandleFunc("/upload/", s.serveUpload)
	mux.HandleFunc("/assets/", s.serveDownload)
	var work http.Handler = mux
	if s.opt.Wrap != nil {
		work = s.opt.Wrap(work)
	}

	outer := http.NewServeMux()
	s.mountAdmin(outer)
	s.mountTree(outer)
	s.mountFace(outer)
	outer.Handle("/", s.record(s.faults.Middleware(work), classifier(mux)))
	return outer
}

// now is the server's clock.
func (s *Server) now() time.Time { return s.opt.Now().UTC() }

// tick is the time of a creation: later than every one before, so that order
// by creation is total. The caller holds mu.
func (s *Server) tick() time.Time {
	t := s.now().Truncate(time.Microsecond)
	if !t.After(s.lastTime) {
		t = s.lastTime.Add(time.Microsecond)
	}
	s.lastTime = t
	return t
}

// uploadDir is where large uploads go; made at first use.
func (s *Server) uploadDir() (string, error) {
	s.dirOnce.Do(func() {
		if s.dir = s.opt.UploadDir; s.dir != "" {
			s.dirErr = os.MkdirAll(s.dir, 0o700)
			return
		}
		s.dir, s.dirErr = os.MkdirTemp("", "frameiosim-")
		s.ownDir = s.dirErr == nil
	})
	if s.dirErr != nil {
		return "", fmt.Errorf("directory of uploads: %w", s.dirErr)
	}

	return s.dir, nil
}
