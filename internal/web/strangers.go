package web

import (
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// No one who is signed in is kept out by what strangers do: only requests are counted
// without a sign-in, by the address that they come from, and in memory.

const (
	// Sign-ins that one address may begin. An office may be behind one.
	beginEvery, beginMost = time.Second, 100
	// Sign-ins of one address that may fail.
	failEvery, failMost = 3 * time.Second, 30
	// maxAddresses bounds what is remembered; all others share.
	maxAddresses = 10_000
)

// tally counts something by address.
type tally struct {
	every time.Duration
	most  int
	now   func() time.Time

	mu   sync.Mutex
	seen map[string]*rate.Limiter
}

func newTally(every time.Duration, most int, now func() time.Time) *tally {
	return &tally{every: every, most: most, now: now, seen: map[string]*rate.Limiter{}}
}

// others is what addresses share that there is no room for.
const others = "others"

func (t *tally) limiter(address string) *rate.Limiter {
	if l, ok := t.seen[address]; ok {
		return l
	}

	// An attacker with many addresses must not fill the memory.
	if len(t.seen) >= maxAddresses {
		for name, l := range t.seen {
			if l.TokensAt(t.now()) >= float64(t.most) { // as if it had never come
				delete(t.seen, name)
			}
		}
	}

	// All of them are in use: newcomers share one.
	if len(t.seen) >= maxAddresses {
		address = others
		if l, ok := t.seen[address]; ok {
			return l
		}
	}

	l := rate.NewLimiter(rate.Every(t.every), t.most)
	t.seen[address] = l
	return l
}

// full refuses an address that has used up what it may.
func (t *tally) full(address string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	missing := 1 - t.limiter(address).TokensAt(t.now())
	if missing <= 0 {
		return nil
	}

	f := fault.New(fault.Throttled, "Too many sign-ins come from your address at the moment.").
		With("Try again in a moment.")
	f.RetryAfter = time.Duration(missing * float64(t.every))
	return f
}

func (t *tally) count(address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.limiter(address).AllowN(t.now(), 1)
}

// addressOf is where a request comes from: the peer, or the one that a proxy of ours says
// that it passes on for. An IPv6 network of a customer counts as one.
func (s *Server) addressOf(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}

	from := at.Addr().Unmap()
	via := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(via) - 1; i >= 0 && s.isProxy(from); i-- {
		told, err := netip.ParseAddr(strings.TrimSpace(via[i]))
		if err != nil {
			break
		}
		from = told.Unmap()
	}

	if from.Is6() {
		if net, err := from.WithZone("").Prefix(64); err == nil {
			return net.String()
		}
	}

	return from.String()
}

func (s *Server) isProxy(a netip.Addr) bool {
	for _, p := range s.Set.Proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// wrong counts a sign-in that failed through the person's mistake.
func (s *Server) wrong(address string, err error) {
	switch fault.CodeOf(err) {
	case fault.Unauthenticated, fault.Invalid, fault.Forbidden, fault.Refused:
		s.refused.count(address)
	}
}
