package sim

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/sim/memnet"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/tables"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// shape is what kind of world a seed lives in.
type shape struct {
	nodes, workers int
	verify         string
	faults         float64 // share of calls that suffer
	rate           int64   // bytes a second; 0 is unlimited
	linkTTL        time.Duration
	accessTTL      time.Duration
	attach         time.Duration // how long Nuxeo takes to attach a file
	rateFactor     float64
	skews          bool // the nodes' clocks differ and jump
	story          time.Duration
}

func drawShape(seed chance) shape {
	d := seed.stream("shape")
	pick := func(n int) bool { return d.IntN(n) == 0 }
	s := shape{
		nodes: 1, workers: 1, verify: "digest", linkTTL: time.Hour, accessTTL: 24 * time.Hour, rateFactor: -1,
		faults: []float64{0, 0.03, 0.1, 0.25}[d.IntN(4)],
		story:  90*time.Second + time.Duration(d.Int64N(int64(4*time.Minute))),
	}
	if pick(2) {
		s.nodes = 2
	}

	if pick(2) {
		s.workers = 3
	}

	if pick(3) {
		s.verify = "parts"
	}

	if pick(2) {
		s.rate = 2000 + d.Int64N(30_000)
	}

	if pick(4) {
		s.linkTTL = 20 * time.Second
	}

	if pick(4) {
		s.accessTTL = 3 * time.Minute
	}

	if pick(3) {
		s.attach = time.Duration(d.Int64N(int64(70 * time.Second)))
	}

	if pick(4) {
		s.rateFactor = 1
	}

	s.skews = pick(3)
	return s
}

// world is one seed while it runs.
type world struct {
	*testenv.Systems
	seed    chance
	shape   shape
	net     *memnet.Net
	chaos   *chaos
	nodes   []*node
	config  app.Config
	log     *logged
	watch   *watch
	story   *story
	pushes  *pushes  // nil in the other stories
	mirrors *mirrors // likewise

	mu       sync.Mutex
	began    time.Time
	result   Result
	effects  []string
	doorTry  map[string]int
	offered  map[string]time.Time // when interactions first reached a node that lives
	accepted map[string]time.Time // when they were first answered well
	away     chan struct{}        // closed when the database file is back; nil: it is there
	tracing  bool
}

// Result is what came of one seed.
type Result struct {
	Seed       uint64
	Violations []string
	Simulated  time.Duration
	Faults     map[string]int
	// Crashes counts by the kind and step that was under way.
	Crashes map[string]int
	Died    int
	Ended   map[string]int // items by state
	// Effects is a hash of everything that happened remotely, in no order.
	Effects uint64
	Trace   []string
}

// logged is the connector's log, to be searched for secrets.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// dir is where the database lies: in memory if possible, since a simulated
// crash does not need a disk.
func dir(t testing.TB) string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		if d, err := os.MkdirTemp("/dev/shm", "nuxeo-frameio-sim-"); err == nil {
			t.Cleanup(func() { _ = os.RemoveAll(d) })
			return d
		}
	}
	return t.TempDir()
}

// newWorld builds everything that a seed needs; the connector is not running.
func newWorld(t testing.TB, seed uint64, data string, tracing bool) *world {
	w := &world{
		seed: chance(seed), shape: drawShape(chance(seed)), net: &memnet.Net{Latency: time.Millisecond}, log: &logged{},
		doorTry: map[string]int{}, offered: map[string]time.Time{}, accepted: map[string]time.Time{}, began: time.Now(),
		tracing: tracing,
		result:  Result{Seed: seed, Faults: map[string]int{}, Crashes: map[string]int{}, Ended: map[string]int{}},
	}

	w.chaos = &chaos{w: w, tries: map[string]int{}, seen: map[string]bool{}}
	w.watch = &watch{w: w, docs: map[string]*history{}, batches: map[string]bool{}}
	caller := &http.Client{
		Transport: w.chaos.around(nil, toConnector, &http.Transport{
			DialContext:       w.net.Dial,
			DisableKeepAlives: true,
		}),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}

	w.Systems = testenv.NewSystems(t, w.net, testenv.Loose(), testenv.AroundNuxeo(w.watch.around),
		testenv.Nuxeo(func(o *nuxeosim.Options) {
			o.NewID, o.DataDir = w.newIDs(), data
			o.DirectDownload = w.seed.fetches()
			o.AttachPerGiB = w.shape.attach * (1 << 30 / typicalSize)
		}), testenv.Frameio(func(o *frameiosim.Options) {
			o.Seed, o.RateFactor, o.ActionClient = seed, w.shape.rateFactor, caller
			o.LinkTTL, o.AccessTTL, o.ActionBackoff = w.shape.linkTTL, w.shape.accessTTL, 5*time.Second
			o.Remote = w.seed.fate
		}))

	w.config = app.Defaults()
	w.config.Network.PrivateAddresses = "allow" // the network is one in memory
	w.config.Nuxeo.URL, w.config.Frameio.URL, w.config.Data = w.NuxeoURL, w.FrameioURL, data
	w.config.Transfer.Verify = w.shape.verify
	w.Post(&w.config)
	if seed%4 == 3 && w.seed.ofPushes() {
		w.config.Push.Unlock = "approved"
	}

	if w.seed.fetches() {
		byAddress(&w.config)
	}

	w.config.PublicURL = w.Serve(http.HandlerFunc(w.door))
	w.Expect(w.config.PublicURL)
	if err := tables.Lay(filepath.Join(data, "connector.db")); err != nil {
		t.Fatal(err)
	}

	for i := range w.shape.nodes {
		w.nodes = append(w.nodes, &node{w: w, name: fmt.Sprintf("node-%d", i+1)})
	}

	return w
}

// newIDs makes the ids of Nuxeo follow from the seed.
func (w *world) newIDs() func() string {
	var mu sync.Mutex
	n := uint64(0)
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		n++
		h := w.seed.hash("id", fmt.Sprint(n))
		return fmt.Sprintf("%08x-%04x-4000-8000-%012x", uint32(h>>32), uint16(h>>16), n)
	}
}

// door is the address of the connector: it leads to one of the nodes that live.
func (w *world) door(out http.ResponseWriter, r *http.Request) {
	var alive []*node
	for _, n := range w.nodes {
		if n.current.Load() != nil {
			alive = append(alive, n)
		}
	}

	if len(alive) == 0 {
		http.Error(out, "the connector is down", http.StatusBadGateway)
		return
	}

	key := r.Method + " " + ids.ReplaceAllString(r.URL.Path, "*")
	w.mu.Lock()
	w.doorTry[key]++
	draw := w.seed.hash("door", key, fmt.Sprint(w.doorTry[key]))
	w.mu.Unlock()
	alive[draw%uint64(len(alive))].ServeHTTP(out, r)
}

// answered sees every answer that a living node gives.
func (w *world) answered(n *node, r *http.Request, rec *httptest.ResponseRecorder) {
	id := r.Header.Get(interactionHeader)
	if id == "" || rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), `"Success"`) {
		return
	}

	w.mu.Lock()
	defer w.mu.Unlock()
	if w.accepted[id].IsZero() {
		w.accepted[id] = time.Now()
	}

	w.traceLocked("%s accepts %s", n.name, id)
	if r.Header.Get(replayHeader) != "" {
		w.violateLocked("replay: %s accepted a delivery that was signed outside of the window", n.name)
	}
}

// offer notes when an interaction reaches a node.
func (w *world) offer(r *http.Request) {
	id := r.Header.Get(interactionHeader)
	if id == "" {
		return
	}

	w.mu.Lock()
	defer w.mu.Unlock()
	if w.offered[id].IsZero() {
		w.offered[id] = time.Now()
	}
}

// askedAt is when a node was first asked for an interaction that was accepted. The
// answer may come much later, when the first was lost and the call is repeated: by then
// what was asked for may be done, and is not done again.
func (w *world) askedAt(interaction string) (at time.Time, accepted bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, accepted = w.accepted[interaction]
	return w.offered[interaction], accepted
}

// trace tells what happens, when somebody wants to know.
func (w *world) trace(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.traceLocked(format, args...)
}

func (w *world) traceLocked(format string, args ...any) {
	if w.tracing {
		w.result.Trace = append(w.result.Trace, fmt.Sprintf("%12v  ", time.Since(w.began).Round(time.Millisecond))+
			fmt.Sprintf(format, args...))
	}
}

// violate records that something is not as it must be.
func (w *world) violate(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.violateLocked(format, args...)
}

func (w *world) violateLocked(format string, args ...any) {
	v := fmt.Sprintf(format, args...)
	w.result.Violations = append(w.result.Violations, v)
	w.traceLocked("VIOLATION %s", v)
}

func (w *world) hit(fault, where string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.result.Faults[fault]++
	w.traceLocked("fault %s: %s", fault, where)
}

func (w *world) effect(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.effects = append(w.effects, what)
}

// crashed notes what was under way when a node died.
func (w *world) crashed(n *node) {
	var steps []string
	rows, err := n.app.DB.Reader.QueryContext(w.T.Context(), `SELECT kind || ' ' || step FROM items
		WHERE state = 'running' AND node = $1`, n.name)
	if err != nil {
		w.violate("reading after a crash: %v", err)
		return
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			w.violate("reading after a crash: %v", err)
		}
		steps = append(steps, s)
	}

	if rows.Err() != nil {
		w.violate("reading after a crash: %v", rows.Err())
	}

	w.mu.Lock()
	defer w.mu.Unlock()
	w.result.Died++
	for _, s := range steps {
		w.result.Crashes[s]++
	}

	w.traceLocked("%s dies %s during %q", n.name, *n.why.Load(), steps)
}

// finish sums the result up.
func (w *world) finish() Result {
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.Sort(w.effects)
	h := fnv.New64a()
	for _, e := range append(w.effects, w.result.Violations...) {
		_, _ = h.Write([]byte(e + "\n")) // a hash never fails
	}

	w.result.Effects = h.Sum64()
	return w.result
}
