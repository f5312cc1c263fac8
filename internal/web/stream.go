package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Events streams items as they change.
func (s rest) Events(ctx context.Context, q api.EventsRequestObject) (api.EventsResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	st := &stream{
		server: s.Server,
		ctx:    ctx,
		me:     who,
		who:    who,
		item:   val(q.Params.Item),
		parent: val(q.Params.Parent),
		seen:   map[string]string{},
	}

	if err := st.allowed(); err != nil {
		return nil, err
	}

	// Streams are long, so each person has a few only.
	if st.leave, err = s.listeners.enter(who.Login); err != nil {
		return nil, err
	}

	return st, nil
}

// allowed asks as whom the listener may see what they listen to.
func (st *stream) allowed() (err error) {
	if st.item != "" {
		st.who, err = st.server.viewerFor(st.ctx, st.me, st.item)
		return err
	}

	st.who = st.me
	if st.parent == "" {
		return nil
	}

	sees, err := st.server.Engine.HasVisible(st.ctx, st.me, st.parent)
	if err == nil && !sees {
		err = fault.New(fault.NotFound, "There is nothing of yours under this id.").
			With("See your activity, or `nuxeo-frameio items list`.").At("/activity")
	}

	return err
}

// still asks again who listens, and now and then whether they may: a stream is no longer
// open than its session, and tells nothing that its listener may not see any more.
func (st *stream) still(tick int) error {
	if tick%sessionTicks != 0 {
		return nil
	}

	p, err := st.server.Identity.Session(st.ctx, visitorOf(st.ctx).secret)
	if err != nil {
		return err
	}

	// The rights are asked at once when the person changes, and now and then.
	was := st.me
	st.me = work.Viewer{Login: p.Login, Admin: p.Admin}
	if st.me != was || tick%rightsTicks == 0 {
		return st.allowed()
	}

	return nil
}

// listeners counts the streams of each person.
type listeners struct {
	mu   sync.Mutex
	open map[string]int
}

// maxStreams is how many streams one person has open on a node: far more than browsers
// keep open pages of.
const maxStreams = 50

func (l *listeners) enter(login string) (leave func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		l.open = map[string]int{}
	}

	if l.open[login] >= maxStreams {
		f := fault.New(fault.Throttled, "You have %d pages or commands open that watch items.", maxStreams).
			With("Close some of them.")
		f.RetryAfter = keepAlive
		return nil, f
	}

	// The place is given back once, however often it is left.
	l.open[login]++
	return sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.open[login]--; l.open[login] == 0 {
			delete(l.open, login)
		}
	}), nil
}

// stream is one listener. It asks the database, which every node shares, and
// sends what differs from what it sent before.
type stream struct {
	server       *Server
	ctx          context.Context
	me, who      work.Viewer // the caller, and as whom they may see
	item, parent string
	since        time.Time
	ended        bool
	seen         map[string]string
	leave        func()
}

const (
	streamEvery = 300 * time.Millisecond
	streamItems = 100
	// sessionTicks and rightsTicks are after how many looks the session is looked at
	// again, and what may be seen.
	sessionTicks, rightsTicks = 5, 15
	// overlap is how far back each look goes beyond what was seen last; what was
	// sent is not sent again.
	overlap = 10 * time.Second
	// keepAlive is when a silent stream says that it is alive.
	keepAlive = 15 * time.Second
	// writeTime is how long a listener may leave unread what was sent; one that
	// takes longer would hold up the end of the process.
	writeTime = 5 * time.Second
)

// VisitEventsResponse writes until the listener leaves.
func (st *stream) VisitEventsResponse(w http.ResponseWriter) error {
	defer st.leave()
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	w.WriteHeader(http.StatusOK)
	defer func() { _ = out.SetWriteDeadline(time.Time{}) }() // the connection may serve on

	// Look for what has changed, tick by tick.
	tick := time.NewTicker(streamEvery)
	defer tick.Stop()
	last := time.Now()
	for n := 1; ; n++ {
		_ = out.SetWriteDeadline(time.Now().Add(writeTime))
		var sent bool
		err := st.still(n)
		if err == nil {
			sent, err = st.send(w)
		}

		if err == nil {
			err = st.finish(w)
		}

		if err != nil {
			return nil // the listener has left, or may not listen, or the database has; it comes again
		}

		// Proxies cut off what is silent for long.
		if !sent && time.Since(last) > keepAlive {
			if _, err := fmt.Fprint(w, ": alive\n\n"); err != nil {
				return nil
			}
			sent = true
		}

		if sent {
			last = time.Now()
		}

		if err := out.Flush(); err != nil {
			return nil
		}

		select {
		case <-st.ctx.Done():
			return nil
		case <-st.server.Stopping:
			return nil
		case <-tick.C:
		}
	}
}

func (st *stream) send(w http.ResponseWriter) (sent bool, err error) {
	list, err := st.list()
	if err != nil {
		return false, err
	}

	for _, v := range list {
		b, err := json.Marshal(itemJSON(st.me, v, nil))
		if err != nil {
			return sent, err
		}

		// Only what differs from what was sent before.
		if st.seen[v.ID] == string(b) {
			continue
		}

		st.seen[v.ID], sent = string(b), true
		if _, err := fmt.Fprintf(w, "event: item\ndata: %s\n\n", b); err != nil {
			return sent, err
		}
	}

	return sent, nil
}

func (st *stream) list() ([]work.View, error) {
	if st.item != "" {
		v, err := st.server.Engine.Item(st.ctx, st.who, st.item)
		return []work.View{v}, err
	}

	if st.parent != "" {
		list, err := st.server.Engine.Changed(st.ctx, st.who, st.parent, st.since)
		if len(list) > 0 {
			// A change has its time before it can be seen.
			st.since = list[len(list)-1].Updated.Add(-overlap)
		}
		return list, err
	}

	// Of what follows by itself, those hear who may list it.
	list, _, err := st.server.Engine.Items(st.ctx, st.who,
		work.Filter{Limit: streamItems, WithoutHousekeeping: !st.me.Admin})
	return list, err
}

// over reports whether nothing more will come, after everything was sent.
func (st *stream) over() (bool, error) {
	switch {
	case st.item != "":
		v, err := st.server.Engine.Item(st.ctx, st.who, st.item)
		return v.State.Final(), err
	case st.parent != "":
		open, some, err := st.server.Engine.CountOpen(st.ctx, st.parent)
		return some && open == 0, err
	}
	return false, nil
}

// finish says so, for listeners that want to know; the stream itself goes on,
// since a retry may start it all again.
func (st *stream) finish(w http.ResponseWriter) error {
	over, err := st.over()
	if err != nil || over == st.ended {
		return err
	}

	if st.ended = over; !over {
		return nil
	}

	// Something may have ended between the list and the count, or bear the time
	// of a node whose clock is slow.
	st.since = time.Time{}
	if _, err := st.send(w); err != nil {
		return err
	}

	_, err = fmt.Fprint(w, "event: end\ndata:\n\n")
	return err
}
