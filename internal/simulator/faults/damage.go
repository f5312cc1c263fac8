package faults

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// damage wraps w so that the body suffers as the rule says.
func (rule Rule) damage(w http.ResponseWriter) http.ResponseWriter {
	if rule.CutAfter == 0 && rule.ShortBy == 0 && rule.FlipAt == 0 && rule.BytesPerSecond == 0 {
		return w
	}
	return &damaged{ResponseWriter: w, rule: rule}
}

type damaged struct {
	http.ResponseWriter
	rule    Rule
	sent    int64
	left    int64 // bytes still allowed when limited
	limited bool
	started bool
}

// Unwrap lets http.ResponseController reach the connection.
func (d *damaged) Unwrap() http.ResponseWriter { return d.ResponseWriter }

func (d *damaged) WriteHeader(status int) {
	d.started = true
	if n, err := strconv.ParseInt(d.Header().Get("Content-Length"), 10, 64); err == nil && d.rule.ShortBy > 0 {
		d.left, d.limited = max(0, n-d.rule.ShortBy), true
		d.Header().Set("Content-Length", strconv.FormatInt(d.left, 10))
	}
	d.ResponseWriter.WriteHeader(status)
}

func (d *damaged) Write(p []byte) (int, error) {
	if !d.started {
		d.WriteHeader(http.StatusOK)
	}

	asked := len(p)
	p = d.shorten(p)
	if cut := d.rule.CutAfter; cut > 0 && d.sent+int64(len(p)) > cut {
		_, _ = d.ResponseWriter.Write(p[:cut-d.sent]) // the connection ends in the next line anyway
		_ = http.NewResponseController(d.ResponseWriter).Flush()
		abort()
	}

	n, err := d.trickle(d.flip(p))
	d.sent += int64(n)
	if err != nil {
		return n, err
	}

	return asked, nil
}

func (d *damaged) shorten(p []byte) []byte {
	if !d.limited {
		return p
	}
	p = p[:min(int64(len(p)), d.left)]
	d.left -= int64(len(p))
	return p
}

func (d *damaged) flip(p []byte) []byte {
	at := d.rule.FlipAt - 1 - d.sent
	if d.rule.FlipAt == 0 || at < 0 || at >= int64(len(p)) {
		return p
	}
	q := append([]byte(nil), p...)
	q[at] ^= 0xff
	return q
}

// trickle writes as a slow link does: a little each moment, not all after a
// pause.
func (d *damaged) trickle(p []byte) (total int, err error) {
	speed := d.rule.BytesPerSecond
	if speed <= 0 {
		return d.ResponseWriter.Write(p)
	}

	for piece := range slices.Chunk(p, int(max(1, speed/10))) {
		select {
		case <-time.After(time.Duration(len(piece)) * time.Second / time.Duration(speed)):
		case <-d.rule.ended:
		}
		n, err := d.ResponseWriter.Write(piece)
		total += n
		if err != nil {
			return total, err
		}
		_ = http.NewResponseController(d.ResponseWriter).Flush() // what cannot be flushed comes a little later
	}

	return total, nil
}

// discard takes an answer that nobody will see.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}
