package metrics

import (
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The directions of bytes.
const (
	fromFrameio = "from_frameio"
	toNuxeo     = "to_nuxeo"
)

// Calls counts the calls to a system and the time until they are answered.
func (m *Metrics) Calls(system string, next http.RoundTripper) http.RoundTripper {
	return calls{m, system, next}
}

type calls struct {
	m      *Metrics
	system string
	next   http.RoundTripper
}

// RoundTrip is http.RoundTripper's.
func (c calls) RoundTrip(r *http.Request) (*http.Response, error) {
	class, start := c.m.classes.of(c.system, r), time.Now()
	resp, err := c.next.RoundTrip(r)
	status := 0
	if err == nil {
		status = resp.StatusCode
	}

	c.m.calls.WithLabelValues(c.system, class, strconv.Itoa(status)).Inc()
	took := time.Since(start)
	c.m.seconds.WithLabelValues(c.system, class).Observe(took.Seconds())
	c.m.slow.took(r.Context(), c.system, class, status, took)
	return resp, err
}

// Downloads counts the bytes that come from Frame.io through next.
func (m *Metrics) Downloads(next http.RoundTripper) http.RoundTripper {
	count := m.bytes.WithLabelValues(fromFrameio)
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err == nil {
			resp.Body = &counted{resp.Body, count}
		}
		return resp, err
	})
}

// Uploads counts the bytes that go to Nuxeo through next.
func (m *Metrics) Uploads(next http.RoundTripper) http.RoundTripper {
	count := m.bytes.WithLabelValues(toNuxeo)
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Body != nil && r.Body != http.NoBody {
			r = r.Clone(r.Context())
			r.Body = counting(r.Body, count)
		}
		return next.RoundTrip(r)
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip is http.RoundTripper's.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// counting counts what is read of a body. If the body can lend its bytes to a writer, so can what is
// returned.
func counting(body io.ReadCloser, count prometheus.Counter) io.ReadCloser {
	c := &counted{body, count}
	if from, ok := body.(io.WriterTo); ok {
		return lending{c, from}
	}
	return c
}

type counted struct {
	io.ReadCloser
	count prometheus.Counter
}

type lending struct {
	*counted
	from io.WriterTo
}

// WriteTo is io.WriterTo's.
func (l lending) WriteTo(w io.Writer) (int64, error) {
	n, err := l.from.WriteTo(w)
	l.count.Add(float64(n))
	return n, err
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.count.Add(float64(n))
	return n, err
}
