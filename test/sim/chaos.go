package sim

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/sim/memnet"
)

// toConnector is the system name of what Frame.io calls.
const toConnector = "connector"

// chaos stands on every way between the systems and lets calls suffer.
type chaos struct {
	w  *world
	on atomic.Bool

	mu    sync.Mutex
	tries map[string]int
	seen  map[string]bool // secrets that went over the wire
	// lostToken says that an answer with tokens was lost: the sign-in may be too.
	lostToken bool
	lastToken time.Time
}

// ids are what differs between runs or says nothing: names of documents,
// batches, assets.
var ids = regexp.MustCompile(`(batchId-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{4,27}`)

// call names a call for the seed: by whom, where to, what, and how often so far.
func (c *chaos) call(who, system string, r *http.Request) string {
	name := who + " " + system + " " + r.Method + " " + ids.ReplaceAllString(r.URL.Path, "*")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tries[name]++
	return name + " " + strconv.Itoa(c.tries[name])
}

// note remembers secrets, so that the log can be searched for them.
func (c *chaos) note(r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range []string{"Authorization", "X-Authentication-Token"} {
		if v := strings.TrimPrefix(r.Header.Get(h), "Bearer "); len(v) > 10 {
			c.seen[v] = true
		}
	}

	for _, p := range []string{"Signature", "X-Amz-Signature"} {
		if v := r.URL.Query().Get(p); v != "" {
			c.seen[v] = true
		}
	}
}

// strike decides what befalls a call; nil is nothing. A link is not refused
// twice in a row, since that means that it is forbidden.
func (c *chaos) strike(call, system string, r *http.Request) *trouble {
	if !c.on.Load() || share(c.w.seed.hash("strike", call)) >= c.w.shape.faults {
		return nil
	}

	var fit []int
	for i := range faults {
		if faults[i].fits(c.w, system, r) {
			fit = append(fit, slices.Repeat([]int{i}, max(1, faults[i].weight))...)
		}
	}

	f := &faults[fit[c.w.seed.hash("fault", call)%uint64(len(fit))]]
	if f.status == http.StatusForbidden && !c.first(r.URL.Path) {
		return nil
	}

	return f
}

// first reports whether the last refusal of a link was followed by success.
func (c *chaos) first(path string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	again := c.seen["refused "+path]
	c.seen["refused "+path] = !again
	return !again
}

// around is the network as one node sees it; n is nil for Frame.io itself.
func (c *chaos) around(n *node, system string, next http.RoundTripper) http.RoundTripper {
	who := "frameio"
	if n != nil {
		who = n.name
	}

	return roundTrip(func(r *http.Request) (*http.Response, error) {
		if n != nil {
			if err := n.breathe(); err != nil {
				return nil, err
			}
		}

		call := c.call(who, system, r)
		c.note(r)
		moment := never
		if n != nil {
			moment = n.fatal(call, r)
		}

		if moment == before {
			n.die("before " + call)
			return nil, errDead
		}

		resp, err := c.through(n, call, system, next, r)
		if n != nil {
			if gone := n.breathe(); gone != nil {
				discard(resp)
				return nil, gone
			}
		}

		if moment == after && c.on.Load() {
			discard(resp)
			n.die("after " + call)
			return nil, errDead
		}

		return resp, err
	})
}

// pause waits for an answer that takes a while, as long as the caller does.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

var errDead = errors.New("the process is dead")

func discard(resp *http.Response) {
	if resp != nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
}

// through makes the call on a connection of its own.
func (c *chaos) through(n *node, call, system string, next http.RoundTripper, r *http.Request) (*http.Response, error) {
	draw := c.w.seed.stream("of " + call)
	// Each call takes a time of its own, so that few things happen at once.
	wire := memnet.Fault{Delay: time.Duration(draw.Int64N(int64(20 * time.Millisecond))), Rate: c.w.shape.rate}
	f := c.strike(call, system, r)
	if f != nil {
		c.w.hit(f.name, call)
		c.worry(f, r)
		if f.status != 0 {
			err := pause(r.Context(), wire.Delay)
			if r.Body != nil {
				_ = r.Body.Close() // as a transport must
			}
			if err != nil {
				return nil, err
			}
			return f.synthetic(r), nil
		}
		if f.wire != nil {
			delay := wire.Delay
			wire = f.wire(draw, r)
			wire.Delay += delay
		}
	}

	out := r.Clone(memnet.With(r.Context(), wire))
	out.Close = true
	if f != nil && f.request != nil {
		f.request(draw, out)
	}

	resp, err := next.RoundTrip(out)
	if strings.HasPrefix(r.URL.Path, "/ims/") {
		c.asked(n, err)
	}

	status := "no answer"
	if err == nil {
		status = strconv.Itoa(resp.StatusCode)
		if f != nil && f.answer != nil {
			f.answer(draw, resp)
		}
	}

	c.w.trace("%s: %s", call, status)
	if !isRead(r) {
		c.w.effect(call + ": " + status)
	}

	return resp, err
}

// worry remembers faults after which people may have to sign in again: a
// rotated token whose answer is lost cannot be had twice.
func (c *chaos) worry(f *trouble, r *http.Request) {
	if f.request != nil { // what Nuxeo got is not what was sent, and it will be noticed
		c.w.story.excuse("refused")
		c.w.watch.damage()
	}
	if strings.HasPrefix(r.URL.Path, "/ims/") && f.wire != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.lostToken = true
	}
}

// asked remembers a call for tokens. Who is dead or frozen when they come does not store them in time.
func (c *chaos) asked(n *node, err error) {
	lost := err != nil || n != nil && (n.dead.Load() || n.isFrozen())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastToken = time.Now()
	c.lostToken = c.lostToken || lost
}

// stopped remembers a process that died or froze, and may have had tokens which it had not stored.
func (c *chaos) stopped() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lostToken = c.lostToken || !c.lastToken.IsZero() && time.Since(c.lastToken) < time.Second
}

// awoke remembers that for a process the time stood still: what it had asked for shortly
// before, it may not have stored yet.
func (c *chaos) awoke(after time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.lastToken.IsZero() {
		c.lastToken = c.lastToken.Add(after)
	}
}

func (c *chaos) signInMayBeLost() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lostToken
}

func (c *chaos) secrets() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for s := range c.seen {
		if !strings.HasPrefix(s, "refused ") {
			out = append(out, s)
		}
	}

	slices.Sort(out)
	return out
}

type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip is http.RoundTripper's.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
