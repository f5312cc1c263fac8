package egress

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// answering is a server that gives one answer on each connection, then hangs up.
func answering(t *testing.T, answer string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 4096)) // the question matters to nobody
			_, _ = io.WriteString(c, answer)
			_ = c.Close()
		}
	}()

	return "http://" + l.Addr().String() + "/"
}

func TestErrorsQuoteNoAnswer(t *testing.T) {
	t.Parallel()
	w, err := New(Settings{Proxy: Proxy{URL: NoProxy}})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for answer, malformed := range map[string]bool{
		"HTTP/1.1 200 OK\r\nSet-Cookie s3cret-word\r\n\r\n":               true,
		"HTTP/1.1 200 OK\r\nContent-Length: s3cret-word\r\n\r\n":          true,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: s3cret-word\r\n\r\n":       true,
		"HTTP/1.1 200 OK\r\n s3cret-word: folded\r\n\r\n":                 true,
		"HTTP/1.1 s3cret-word\r\n\r\n":                                    true,
		"s3cret-word\r\n\r\n":                                             true,
		"HTTP/1.1 200 OK\r\nSet-Cookie: s3cret-word":                      false,
		"HTTP/1.1 200 OK\r\nSet-Cookie: s3cret-word; Path=/\r\nContent-L": true,
		"": false,
	} {
		for name, via := range map[string]http.RoundTripper{"calls": w.Calls(Anywhere), "bytes": w.Bytes(Anywhere)} {
			err := ask(via, answering(t, answer))
			if err == nil || strings.Contains(err.Error(), "s3cret-word") || errors.Is(err, ErrMalformed) != malformed {
				t.Errorf("%s, %q: got %v, want an error without the secret, malformed: %v", name, answer, err,
					malformed)
			}
		}
	}
}
