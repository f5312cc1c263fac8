package main

import (
	"bytes"
	"context"
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
