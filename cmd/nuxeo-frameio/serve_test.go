package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
)

// until is a log that ends the program once it has said something.
type until struct {
	bytes.Buffer
	words string
	end   func()
}

func (u *until) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(u.words)) {
		defer u.end()
	}
	return u.Buffer.Write(b)
}

func TestServeSaysOnceThatNobodyWillGetMail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*app.Config)
		want   int
	}{
		"not set up":     {func(*app.Config) {}, 1},
		"by SMTP":        {func(c *app.Config) { c.Mail.SMTPHost, c.Mail.From = "smtp.test", "a@example.com" }, 0},
		"none on demand": {func(c *app.Config) { c.Mail.Via = "none" }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			log := &until{words: "the connector runs", end: cancel}
			serve := serveCmd{app.Defaults()}
			serve.Data, serve.Listen = t.TempDir(), "127.0.0.1:0"
			serve.Nuxeo.URL, serve.Frameio.URL = "http://127.0.0.1:1/nuxeo", "http://127.0.0.1:1"
			c.change(&serve.Config)

			if err := serve.Run(&terminal{ctx: ctx, err: log}); err != nil {
				t.Fatal(err)
			}

			if got := strings.Count(log.String(), "nobody will get mail"); got != c.want {
				t.Errorf("it says %d times that nobody will get mail, want %d:\n%s", got, c.want, log)
			}
		})
	}
}

// While it serves, administrators have the address that was asked for.
func TestServeHasAnAddressForAdministrators(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	serve := serveCmd{app.Defaults()}
	serve.Data, serve.Listen, serve.Admin.Listen = t.TempDir(), "127.0.0.1:0", "127.0.0.1:0"
	serve.Nuxeo.URL, serve.Frameio.URL = "http://127.0.0.1:1/nuxeo", "http://127.0.0.1:1"
	var status int
	log := &until{words: "administrators have an address"}
	log.end = func() {
		address := regexp.MustCompile(`address of their own" listen=(\S+)`).FindStringSubmatch(log.String())
		go func() { // it serves after it has said so
			defer cancel()
			if resp, err := http.Get("http://" + address[1] + "/metrics"); err == nil {
				status = resp.StatusCode
				_ = resp.Body.Close()
			}
		}()
	}

	if err := serve.Run(&terminal{ctx: ctx, err: log}); err != nil || status != http.StatusOK {
		t.Errorf("/metrics at the address for administrators: got %d, %v, want 200:\n%s", status, err, log)
	}

	// An address that is taken is named by its setting.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	serve.Admin.Listen = l.Addr().String()
	if err := serve.Run(&terminal{ctx: t.Context(), err: new(bytes.Buffer)}); err == nil ||
		!strings.Contains(err.Error(), "Cannot listen on "+serve.Admin.Listen) {
		t.Errorf("an address that is taken: got %v, want it named", err)
	}
}
