package web

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
)

// tight is the policy of answers that are no pages.
const tight = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; " +
	"frame-ancestors 'none'"

// policy is that of pages. What plays may come from where Frame.io keeps its
// proxies, since the answer to a ticket leads there; nothing else may.
func (s *Server) policy() string {
	from := strings.Join(append([]string{"'self'"}, s.Set.MediaHosts...), " ")
	pictures := from + " data: blob:"
	if origin := s.nuxeoOrigin(); origin != "" {
		pictures += " " + origin
	}

	return strings.Join([]string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src " + pictures, "media-src " + from,
		"connect-src 'self'",
		"form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
		"trusted-types lit-html",
		"report-uri " + s.at("/csp-report"),
	}, "; ")
}

// reports takes what browsers report of pages that did what their policy forbids.
// Anyone can send some, so that few are recorded, and only the directive and the host
// are told of.
type reports struct {
	server *Server
	limit  *rate.Limiter
	count  *prometheus.CounterVec
}

const maxReport = 16 << 10

func (s *Server) reports() http.Handler {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "nuxeo_frameio_csp_violations_total",
		Help: "Reports of browsers that a page did what its policy forbids, by directive.",
	}, []string{"directive"})
	s.Registry.MustRegister(c)
	return reports{s, rate.NewLimiter(rate.Every(time.Second), 20), c}
}

var directive = regexp.MustCompile(`^[a-z]+(-[a-z]+){0,5}$`)

// ServeHTTP is http.Handler's.
func (p reports) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusNoContent)
	if !p.limit.Allow() {
		return
	}

	var sent struct {
		Report struct {
			Effective string `json:"effective-directive"`
			Violated  string `json:"violated-directive"`
			Blocked   string `json:"blocked-uri"`
		} `json:"csp-report"`
	}

	// Anybody can send such reports: believe little of them.
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxReport))
	if err != nil || json.Unmarshal(body, &sent) != nil {
		return
	}

	name, _, _ := strings.Cut(cmp.Or(sent.Report.Effective, sent.Report.Violated), " ")
	if len(name) > 40 || !directive.MatchString(name) {
		return
	}

	// Count it, and name it in the log without what may be secret.
	p.count.WithLabelValues(knownDirective(name)).Inc()
	p.server.Log.WarnContext(r.Context(), "a page did what its policy forbids", "directive", name, "source",
		blocked(sent.Report.Blocked))
}

// knownDirective keeps made-up names out of the metrics.
func knownDirective(name string) string {
	switch strings.TrimSuffix(strings.TrimSuffix(name, "-elem"), "-attr") {
	case "default-src", "script-src", "style-src", "img-src", "media-src", "connect-src", "font-src", "frame-src",
		"form-action", "base-uri",
		"frame-ancestors", "object-src", "worker-src", "manifest-src", "require-trusted-types-for", "trusted-types":
		return name
	}
	return "other"
}

// blocked is the host of what was blocked, or a word like inline; never more of
// an address, which may be a secret.
func blocked(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return "unreadable"
	case u.Host != "":
		return u.Hostname()[:min(len(u.Hostname()), 100)]
	case directive.MatchString(text) && len(text) <= 40:
		return text
	}

	return "other"
}
