package nuxeosim

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// corsRule is a contribution to the point corsConfig: which pages of other
// origins may call which addresses. What a real server can do beyond it, such as
// refusing requests without an origin, is left out.
type corsRule struct {
	pattern           *regexp.Regexp
	origins           []string // empty: any
	subdomains        bool
	methods           []string
	headers, exposed  string
	withoutCredential bool
	maxAge            int
}

func (s *Server) contributeCORS(x *element) error {
	if x.name != "corsConfig" {
		return nil
	}

	r := corsRule{
		origins: wordsOf(x.attr("allowOrigin")), subdomains: x.attr("allowSubdomains") == "true",
		methods: wordsOf(x.attr("supportedMethods")),
		headers: x.attr("supportedHeaders"), exposed: x.attr("exposedHeaders"),
		withoutCredential: x.attr("supportsCredentials") == "false",
	}

	r.maxAge, _ = strconv.Atoi(x.attr("maxAge")) // none by default
	return s.addCORS(r, x.text("pattern"))
}

func (s *Server) addCORS(r corsRule, pattern string) (err error) {
	if r.pattern, err = regexp.Compile("^(?:" + pattern + ")$"); err != nil {
		return fmt.Errorf("pattern: %w", err)
	}
	if len(r.methods) == 0 {
		r.methods = wordsOf("GET POST HEAD OPTIONS")
	}
	s.cors = append(s.cors, r)
	return nil
}

func wordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' })
}

// corsFor is the rule for an address: one contributed, or that of nuxeo.conf.
// The caller holds mu.
func (s *Server) corsFor(path string) *corsRule {
	for _, r := range s.cors {
		if r.pattern.MatchString(path) {
			return &r
		}
	}

	origins := wordsOf(s.props["nuxeo.cors.urls"])
	pattern, err := regexp.Compile("^(?:" + s.property("nuxeo.cors.pattern", "/.*") + ")$")
	if len(origins) == 0 || err != nil || !pattern.MatchString(path) {
		return nil
	}

	return &corsRule{
		origins: origins, subdomains: s.property("nuxeo.cors.allowSubdomains", "true") == "true",
		methods: wordsOf(s.property("nuxeo.cors.supportedMethods", "GET,POST,HEAD,OPTIONS,DELETE,PUT")),
	}
}

func (s *Server) property(name, otherwise string) string {
	if v, found := s.props[name]; found {
		return v
	}
	return otherwise
}

func (r *corsRule) allows(origin string) bool {
	return len(r.origins) == 0 || slices.Contains(r.origins, "*") ||
		slices.ContainsFunc(r.origins, func(o string) bool {
			return o == origin || r.subdomains && isSubdomain(origin, o)
		})
}

// isSubdomain is about origins of the same scheme and port.
func isSubdomain(origin, of string) bool {
	a, errA := url.Parse(origin)
	b, errB := url.Parse(of)
	return errA == nil && errB == nil && b.Host != "" && a.Scheme == b.Scheme && strings.HasSuffix(a.Host, "."+b.Host)
}

// crossOrigin is the filter for CORS and CSRF. It answers preflight requests,
// before anybody is asked to sign in, and refuses what it does not allow.
func (s *Server) crossOrigin(c *call) (*answer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	rule, origin := s.corsFor(strings.TrimPrefix(c.r.URL.Path, contextPath)), c.r.Header.Get("Origin")
	if err := s.checkOrigin(c.r, rule); err != nil || rule == nil || origin == "" || s.own(origin) {
		return nil, err
	}

	if !rule.allows(origin) {
		return nil, forbidden("CORS origin denied: %s", origin)
	}

	rule.mark(c.w.Header(), origin)
	if c.r.Method == http.MethodOptions && c.r.Header.Get("Access-Control-Request-Method") != "" {
		return rule.preflight(c)
	}

	return nil, nil
}

func (r *corsRule) mark(h http.Header, origin string) {
	h.Set("Access-Control-Allow-Origin", origin)
	h.Add("Vary", "Origin")
	if !r.withoutCredential {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if r.exposed != "" {
		h.Set("Access-Control-Expose-Headers", r.exposed)
	}
}

func (r *corsRule) preflight(c *call) (*answer, error) {
	method := c.r.Header.Get("Access-Control-Request-Method")
	if !slices.Contains(r.methods, method) {
		return nil, failure(http.StatusMethodNotAllowed, "Unsupported HTTP method: %s", method)
	}

	h := c.w.Header()
	h.Set("Access-Control-Allow-Methods", strings.Join(r.methods, ", "))
	wanted := c.r.Header.Get("Access-Control-Request-Headers")
	if r.headers != "" && r.headers != "*" {
		wanted = r.headers
	}

	h.Set("Access-Control-Allow-Headers", wanted)
	if r.maxAge > 0 {
		h.Set("Access-Control-Max-Age", strconv.Itoa(r.maxAge))
	}

	return &answer{status: http.StatusOK}, nil
}

// checkOrigin is the defence against CSRF: an unsafe request that names where it
// comes from must come from our own pages, or from those that CORS allows.
func (s *Server) checkOrigin(r *http.Request, rule *corsRule) error {
	from := r.Header.Get("Origin")
	if from == "" {
		from = r.Header.Get("Referer")
	}

	switch {
	case safeMethod(r.Method), from == "", s.own(from), rule != nil && rule.allows(originOf(from)):
		return nil
	case from == "null" && s.props["nuxeo.cors.allowNullOrigin"] == "true":
		return nil
	}

	return &restError{status: http.StatusForbidden, msg: "CSRF check failure", page: true}
}

func (s *Server) own(from string) bool {
	own := strings.TrimSuffix(s.url, contextPath)
	return from == own || own != "" && strings.HasPrefix(from, own+"/")
}

func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	return u.Scheme + "://" + u.Host
}
