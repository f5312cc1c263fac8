package upgrade

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// recorder writes down what a program does in a scene.
type recorder struct {
	st *stage

	mu    sync.Mutex
	on    bool
	calls []heard
	stops []moment
	set   map[string]map[string]row // the rows before the deed
}

// heard is a call and its answer.
type heard struct {
	call
	reads  bool
	answer map[string]string // values by place
}

// moment is a stop, with all rows.
type moment struct {
	at    string
	when  time.Time
	calls []heard
	rows  map[string]map[string]row
}

// record plays a scene and writes down each stop.
func record(t *testing.T, s scene) *fixture {
	t.Helper()
	rec := &recorder{}
	st, deed, check := set(t, s,
		testenv.AroundNuxeo(func(next http.Handler) http.Handler { return rec.hearing(next) }),
		testenv.Frameio(func(o *frameiosim.Options) { o.Wrap = rec.hearing }),
		testenv.World(func(w *app.World) {
			w.Worker = func(kind string, inner work.Worker) work.Worker { return marking{inner, kind, rec} }
		}))

	st.nameWhatIsSet()
	rec.st, rec.set = st, st.dump()
	rec.mu.Lock()
	rec.on = true
	rec.mu.Unlock()

	deed()
	st.Settle()
	rec.mu.Lock()
	rec.on = false
	rec.mu.Unlock()
	check()
	return rec.fixture()
}

// marking stops before each step and after it.
type marking struct {
	work.Worker
	kind string
	rec  *recorder
}

// Step is Worker's.
func (m marking) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	at := strings.TrimSpace(m.kind + " " + t.Step)
	m.rec.stop(at)
	next, err := m.Worker.Step(ctx, t)
	m.rec.stop(at + unnoted)
	return next, err
}

// Undo is Worker's.
func (m marking) Undo(ctx context.Context, t *work.Task) error {
	m.rec.stop(m.kind + " undo")
	err := m.Worker.Undo(ctx, t)
	m.rec.stop(m.kind + " undo" + unnoted)
	return err
}

func (r *recorder) stop(at string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.on {
		return
	}
	r.stops = append(r.stops, moment{at: at, when: time.Now(), calls: r.calls, rows: r.st.dump()})
	r.calls = nil
}

// hearing notes calls and their answers.
func (r *recorder) hearing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.mu.Lock()
		on := r.on && !strings.HasPrefix(q.URL.Path, "/ims/") && !strings.Contains(q.URL.Path, "/webhooks") &&
			q.UserAgent() != frameiosim.RemoteAgent
		r.mu.Unlock()
		if !on {
			next.ServeHTTP(w, q)
			return
		}

		body, err := io.ReadAll(q.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}

		q.Body = io.NopCloser(bytes.NewReader(body))
		h := heard{reads: nuxeosim.Reads(q)}
		h.Method, h.Address, h.Header = q.Method, "http://"+q.Host+q.RequestURI, map[string]string{}
		for name := range q.Header {
			if !slices.Contains(unsaid, name) {
				h.Header[name] = q.Header.Get(name)
			}
		}

		if h.JSON = plainJSON(string(body)); h.JSON == nil {
			h.Body = string(body)
		}

		got := &answer{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(got, q)
		h.Status, h.answer = got.status, got.values()
		if h.JSON != nil {
			delete(h.Header, "Content-Type") // make knows it
		}

		r.mu.Lock()
		defer r.mu.Unlock()
		r.calls = append(r.calls, h)
	})
}

// unsaid are headers that say nothing of what a call does.
var unsaid = []string{
	"User-Agent", "Accept", "Accept-Encoding", "Content-Length", "Connection", "Traceparent", "X-Correlation-Id",
	"X-No-Basic-Header",
}

// answer keeps what is answered.
type answer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader is http.ResponseWriter's.
func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Write is http.ResponseWriter's.
func (a *answer) Write(p []byte) (int, error) {
	a.body.Write(p)
	return a.ResponseWriter.Write(p)
}

func (a *answer) values() map[string]string { return valuesOf(a.Header(), a.body.Bytes()) }

// valuesOf are the texts in an answer by place.
func valuesOf(header http.Header, body []byte) map[string]string {
	all := map[string]string{}
	if to := header.Get("Location"); to != "" {
		all["Location"] = to
	}

	var v any
	if json.Unmarshal(body, &v) == nil {
		leaves(v, "", func(place, text string) { all[place] = text })
	}

	return all
}

// remarkable are texts that differ from run to run: ids, addresses, times, tokens.
var remarkable = regexp.MustCompile(`^([0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\dT[0-9:.]+Z` +
	`|https?://\S+|batchId-\S+|[A-Za-z0-9_-]{24,})$`)

// fixture names what is remarkable and keeps what changed.
func (r *recorder) fixture() *fixture {
	r.nameWhatIsGiven()
	f := &fixture{tables: r.st.schema()}
	n := nameAll(r.st.names)
	start := r.stops[0].when.UnixMilli()
	before, seen := map[string]map[string]row{}, map[string]bool{}
	var calls []call // of stops that are left out
	for _, m := range r.stops {
		now := stop{At: m.at, After: m.when.UnixMilli() - start, Rows: map[string][]row{}, Gone: map[string][]row{}}
		for _, c := range m.calls {
			if len(c.Gives) == 0 { // what the answer looks like does not matter
				delete(c.Header, "Fetch-Document")
				delete(c.Header, "Properties")
			}
			if !c.reads || len(c.Gives) > 0 {
				calls = append(calls, n.call(c.call))
			}
		}

		named := map[string]map[string]row{}
		for table, rows := range m.rows {
			named[table] = map[string]row{}
			for k, v := range rows {
				named[table][n.Replace(k)] = n.row(v, start)
			}
		}

		wrote := slices.ContainsFunc(m.calls, func(c heard) bool { return !c.reads })
		if seen[m.at] || strings.HasSuffix(m.at, unnoted) && !wrote {
			continue // there was one like it, or the step did nothing that it might do twice
		}

		seen[m.at] = true
		now.changes(f.Keys, f.Blank, before, named)
		now.Calls, calls, before = calls, nil, named
		f.stops = append(f.stops, now)
	}

	return f
}

// nameWhatIsGiven names the values of answers that a later call or a row knows.
func (r *recorder) nameWhatIsGiven() {
	known := map[string]bool{}
	for _, v := range r.st.names {
		known[v] = true
	}

	for i := range r.stops {
		for j := range r.stops[i].calls {
			c := &r.stops[i].calls[j]
			for place, text := range c.answer {
				if known[text] || strings.HasSuffix(place, "/digest") || !remarkable.MatchString(text) {
					continue
				}

				if r.earlier(i, j, text) || !r.later(i, j, text) {
					continue
				}

				name := fmt.Sprintf("%s %d", place[strings.LastIndex(place, "/")+1:], len(r.st.names))
				known[text], r.st.names[name] = true, text
				if c.Gives == nil {
					c.Gives = map[string]string{}
				}

				c.Gives[place] = name
			}
		}
	}
}

// later reports whether a text comes in a call after the j-th of the i-th stop, or in a row.
func (r *recorder) later(i, j int, text string) bool {
	for k := i; k < len(r.stops); k++ {
		for l, c := range r.stops[k].calls {
			if (k > i || l > j) && (!c.reads || len(c.Gives) > 0) && strings.Contains(line(c.call), text) {
				return true
			}
		}
		if in(r.stops[k].rows, text) {
			return true
		}
	}
	return false
}

// earlier reports whether a text was there before the j-th call of the i-th stop was
// answered: then the answer only repeats it.
func (r *recorder) earlier(i, j int, text string) bool {
	if in(r.set, text) {
		return true
	}

	for k := range i + 1 {
		for l, c := range r.stops[k].calls {
			if (k < i || l <= j) && strings.Contains(line(c.call), text) {
				return true
			}
		}
		if k < i && in(r.stops[k].rows, text) {
			return true
		}
	}

	return false
}

// in reports whether a text comes in rows.
func in(tables map[string]map[string]row, text string) bool {
	for _, rows := range tables {
		for _, v := range rows {
			if strings.Contains(line(v), text) {
				return true
			}
		}
	}
	return false
}

// changes fills in what differs between two moments, but for what always does.
func (s *stop) changes(keys map[string][]string, blank map[string]row, before, now map[string]map[string]row) {
	for table, rows := range now {
		for k, v := range rows {
			d := row{}
			for column, value := range v {
				old, known := before[table][k]
				switch {
				case !known && !reflect.DeepEqual(blank[table][column], value):
					d[column] = value
				case known && !reflect.DeepEqual(old[column], value) && !(table == "items" && column == "updated"):
					d[column] = lesser(old[column], value)
				}
			}

			if len(d) == 0 {
				continue
			}

			for _, column := range keys[table] {
				d[column] = v[column]
			}

			s.Rows[table] = append(s.Rows[table], d)
		}
	}

	for table, rows := range before {
		for k, v := range rows {
			if now[table][k] != nil {
				continue
			}
			gone := row{}
			for _, column := range keys[table] {
				gone[column] = v[column]
			}
			s.Gone[table] = append(s.Gone[table], gone)
		}
	}

	for _, all := range []map[string][]row{s.Rows, s.Gone} {
		for _, rows := range all {
			slices.SortFunc(rows, func(a, b row) int { return strings.Compare(line(a), line(b)) })
		}
	}
}

// lesser is a value, or what changed of it where that is less.
func lesser(old, now any) any {
	before, after := objectOf(old), objectOf(now)
	if before == nil || after == nil {
		return now
	}
	return value{Patch: patch(before, after)}
}

func (n naming) call(c call) call {
	c.Address, c.Body = n.Replace(c.Address), n.Replace(c.Body)
	if c.JSON != nil {
		c.JSON = json.RawMessage(n.Replace(string(c.JSON)))
	}

	header := map[string]string{}
	for k, v := range c.Header {
		header[k] = n.Replace(v)
	}

	c.Header = header
	return c
}

// millis are times in JSON.
var millis = regexp.MustCompile(`[:\[,]1[5-9]\d{11}[,\]}]`)

var moments = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)

// text names what is in a text, and has its times count from the start.
func (n naming) text(s string, start int64) string {
	return moments.ReplaceAllStringFunc(n.Replace(s), func(at string) string {
		t, err := time.Parse(time.RFC3339Nano, at)
		if err != nil || t.Year() < 2020 {
			return at
		}
		return fmt.Sprintf("{{at %d}}", t.UnixMilli()-start)
	})
}

func (n naming) row(r row, start int64) row {
	out := row{}
	for column, v := range r {
		switch v := v.(type) {
		case int64:
			out[column] = v
			if v > 1_500_000_000_000 && v < 4_000_000_000_000 {
				since := v - start
				out[column] = value{At: &since}
			}
		case sealed:
			text := n.text(string(v), start)
			out[column] = value{Sealed: &text}
		case []byte:
			out[column] = value{Bytes: v}
		case string:
			out[column] = n.text(v, start)
			if j := plainJSON(v); j != nil {
				text := millis.ReplaceAllStringFunc(n.text(string(j), start), func(at string) string {
					ms, _ := strconv.ParseInt(at[1:len(at)-1], 10, 64) // it is digits
					return fmt.Sprintf(`%c"{{ms %d}}"%c`, at[0], ms-start, at[len(at)-1])
				})
				out[column] = value{JSON: json.RawMessage(text)}
			}
		default:
			out[column] = v
		}
	}

	return out
}
