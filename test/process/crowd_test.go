package process

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// Thousands of connections that say nothing, hundreds that say one byte a second,
// bodies without end and headers without end: others are served as before, and
// the process does not grow.
func TestCrowdOfBadClients(t *testing.T) {
	t.Parallel()
	p := newPlant(newSystems(t))
	p.start()
	calm := p.slowest()
	before := p.memory()
	var crowd []net.Conn
	t.Cleanup(func() {
		for _, c := range crowd {
			_ = c.Close()
		}
	})

	join := func(first string) net.Conn {
		c, err := net.Dial("tcp", p.address)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, first) // it may be thrown out already
		crowd = append(crowd, c)
		return c
	}

	for range 1500 {
		join("")
	}

	var slow []net.Conn
	for range 200 {
		slow = append(slow, join("POST /frameio/actions/x HTTP/1.1\r\nHost: x\r\nX-"))
	}

	for range 50 {
		c := join("POST /frameio/actions/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
		// until it is thrown out
		go func() { _, _ = io.Copy(c, endless("10000\r\n"+strings.Repeat("x", 1<<16)+"\r\n")) }()
		d := join("GET / HTTP/1.1\r\nHost: x\r\n")
		go func() { _, _ = io.Copy(d, endless("X-A: "+strings.Repeat("y", 1000)+"\r\n")) }()
	}

	for range 4 { // a byte now and then
		for _, c := range slow {
			_, _ = io.WriteString(c, "a")
		}
		if crowded := p.slowest(); crowded > 20*calm+250*time.Millisecond {
			t.Errorf("others wait %s, want about the %s of before", crowded, calm)
		}
	}

	grown := p.memory() - before
	t.Logf("%d connections: slowest answer %s before, %.0f MiB more memory", len(crowd), calm, grown)
	if grown > 96 {
		t.Errorf("the process grew by %.0f MiB, want at most 96", grown)
	}

	gone := 0
	for _, c := range slow {
		_ = c.SetReadDeadline(time.Now().Add(15 * time.Second))
		if _, err := io.Copy(io.Discard, c); err == nil {
			gone++
		}
	}

	if gone < len(slow)*9/10 {
		t.Errorf("%d of %d that dawdle were thrown out, want nine in ten", gone, len(slow))
	}
}

// endless repeats a text for ever.
func endless(text string) io.Reader { return &repeater{text: text} }

type repeater struct {
	text string
	at   int
}

func (r *repeater) Read(b []byte) (int, error) {
	n := copy(b, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}

// slowest is the 95th of a hundred answers.
func (p *plant) slowest() time.Duration {
	p.t.Helper()
	var took []time.Duration
	for range 100 {
		began := time.Now()
		resp, err := http.Get("http://" + p.address + "/readyz")
		if err != nil {
			p.t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body) // its end is all that matters
		_ = resp.Body.Close()
		took = append(took, time.Since(began))
	}

	slices.Sort(took)
	return took[95]
}

// memory is what the process has resident, in MiB.
func (p *plant) memory() float64 {
	p.t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}

	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	var kib float64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		p.t.Fatal(err)
	}

	return kib / 1024
}
