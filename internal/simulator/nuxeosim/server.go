package nuxeosim

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
)

// contextPath is the path of the web application in the servlet container.
const contextPath = "/nuxeo"

// Server is a simulated Nuxeo. It is an [http.Handler] for /nuxeo/… and for its
// own interface /_sim/….
type Server struct {
	opt        Options
	faults     faults.Set
	handler    http.Handler
	files      *fileStore
	journal    journal
	replays    replays
	executions executions
	mismatch   atomic.Int64
	dying      atomic.Int64

	// mu guards everything below. It is never held while bytes move.
	mu           sync.RWMutex
	url          string
	props        map[string]string
	config       map[string]string
	types        *typeRegistry
	policies     policySet
	repo         *repository
	users        map[string]*User
	groups       map[string]*group
	saved        []*savedSearch
	vocabularies []*vocabulary
	exports      map[string]*blob // by rendition and digest
	logins       logins
	batches      map[string]*batch
	damage       int
	audit        []auditEntry
	oauth        authorizationServer
	provider     providerRegistry
	packages     []string
	bundles      []string // symbolic names
	disk         disk
	cors         []corsRule
	marks        marks
	works        []*backgroundWork
	closed       bool
	indexed      *indexed
	quiet        bool // who comments is not subscribed
	chains       map[string]Chain
	ran          []ChainCall
}

// New builds a server with the base types and the tree that a fresh Nuxeo has.
func New(opt Options) (*Server, error) {
	opt = opt.withDefaults()
	files, err := newFileStore(opt)
	if err != nil {
		return nil, err
	}

	s := &Server{
		opt: opt, files: files, url: strings.TrimSuffix(opt.URL, "/"),
		props: map[string]string{}, config: map[string]string{},
		types: baseTypes(), users: map[string]*User{}, groups: defaultGroups(), vocabularies: newVocabularies(),
		batches: map[string]*batch{},
		logins:  newLogins(), oauth: newAuthorizationServer(), provider: newProviderRegistry(), disk: disk{},
		marks: marks{}, exports: map[string]*blob{},
	}

	maps.Copy(s.props, opt.Properties)
	s.repo = newRepository(s.types)
	for _, u := range opt.Users {
		s.users[u.Login] = &u
	}

	if err := s.AddContribution([]byte(defaultPolicies)); err != nil {
		return nil, errors.Join(err, files.close())
	}

	if err := s.unpackWebUI(); err != nil {
		return nil, errors.Join(err, files.close())
	}

	s.seed()
	s.handler = s.journaled(s.faults.Middleware(http.HandlerFunc(s.serve)))
	return s, nil
}

// Close removes the bytes of all blobs.
func (s *Server) Close() error {
	s.executions.running.Wait()
	s.endBackground()
	return s.files.close()
}

// SetURL says what the public address is, once a listener is known.
func (s *Server) SetURL(u string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.url = strings.TrimSuffix(u, "/")
}

// Faults is the list of faults that strike requests below /nuxeo.
func (s *Server) Faults() *faults.Set { return &s.faults }

// ServeHTTP serves /nuxeo and /_sim. The latter is beyond the reach of faults,
// so that they can be ended.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/_sim/") {
		s.serveAdmin(w, r)
		return
	}
	s.handler.ServeHTTP(w, r)
}

// call is one request on its way through the server.
type call struct {
	s    *Server
	w    http.ResponseWriter
	r    *http.Request
	user *principal
	rec  *Request
}

// answer is what a handler wants sent. A nil answer means 204.
type answer struct {
	status int
	json   any
	text   string
	html   bool
	header map[string]string
	stream func(*call) error
}

func ok(v any) *answer      { return &answer{status: http.StatusOK, json: v} }
func created(v any) *answer { return &answer{status: http.StatusCreated, json: v} }

// serve finds the handler, sends its answer or its error, and notes the status.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	c := &call{s: s, r: r, rec: recordOf(r)}
	c.w = &statusWriter{ResponseWriter: w, rec: c.rec}
	a, err := s.dispatch(c)
	if err == nil {
		err = c.send(a)
	}

	if err != nil {
		c.fail(err)
	}
}

func (s *Server) dispatch(c *call) (*answer, error) {
	seg, inside := segments(c.r.URL)
	if !inside {
		return nil, notFound("no such page")
	}

	if a, err := s.crossOrigin(c); a != nil || err != nil {
		return a, err
	}

	if h := publicRoute(seg); h != nil {
		return h(c, seg)
	}

	err := c.authenticate(seg)
	if isFile := len(seg) > 0 && seg[0] == "nxfile"; isFile && (err != nil || s.opt.FilesForBrowsers) {
		if a := c.askBrowser(); a != nil {
			return a, nil
		}
	}

	if err != nil {
		return nil, err
	}

	if err := s.checkCSRFToken(c); err != nil {
		return nil, err
	}

	return s.idempotent(c, func() (*answer, error) { return s.route(c, seg) })
}

// segments splits the path below the context; an escaped slash stays inside its
// segment.
func segments(u *url.URL) ([]string, bool) {
	rest, found := strings.CutPrefix(u.EscapedPath(), contextPath)
	if !found || rest != "" && rest[0] != '/' {
		return nil, false
	}

	var out []string
	for part := range strings.SplitSeq(rest, "/") {
		if part == "" {
			continue
		}
		plain, err := url.PathUnescape(part)
		if err != nil {
			plain = part
		}
		out = append(out, plain)
	}

	return out, true
}
