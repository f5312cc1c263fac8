package web_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/requestid"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// accessLine is a line of the access log.
type accessLine struct {
	Msg, Method, Route, Login, Correlation string
	Status                                 int
	Bytes                                  int64
	Took                                   *int64
}

// logged sends a request and returns its line.
func (f *face) logged(log *journal, q request) (lines []accessLine, id string) {
	f.T.Helper()
	a := f.send(q)
	id = a.header.Get("X-Correlation-Id")
	poll(func() bool { return strings.Contains(log.String(), id) }) // it may come after the answer
	for line := range bytes.Lines([]byte(log.String())) {
		var l accessLine
		if err := json.Unmarshal(line, &l); err == nil && l.Msg == "access" && l.Correlation == id {
			lines = append(lines, l)
			if l.Bytes != int64(len(a.body)) || l.Status != a.status || l.Took == nil {
				f.T.Errorf("%s: got the line %s, want %d bytes with status %d", q.path, line, len(a.body), a.status)
			}
		}
	}
	return lines, id
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	log := new(journal)
	f := open(t,
		testenv.World(func(w *app.World) { w.Log = slog.New(requestid.Handler(slog.NewJSONHandler(log, nil))) }),
		testenv.Config(func(c *app.Config) { c.AccessLog = true }))
	session := f.SignIn("josh")
	secret := "canary-" + strings.Repeat("s", 40)
	for _, c := range []struct {
		request
		want accessLine
	}{
		{
			request{method: "GET", path: "/api/v1/items/" + secret + "?cursor=" + secret, session: session},
			accessLine{Method: "GET", Route: "GET /api/v1/items/{id}", Login: "josh"},
		},
		{
			request{method: "GET", path: "/api/v1/me", session: secret},
			accessLine{Method: "GET", Route: "GET /api/v1/me"},
		},
		{
			request{method: "GET", path: "/oauth/nuxeo/callback?code=" + secret + "&state=" + secret},
			accessLine{Method: "GET", Route: "GET /oauth/nuxeo/callback"},
		},
		{request{method: "GET", path: "/media/" + secret}, accessLine{Method: "GET", Route: "GET /media/{ticket}"}},
		{
			request{method: "POST", path: "/frameio/actions/" + secret, body: `{"data":"` + secret + `"}`},
			accessLine{Method: "POST", Route: "POST /frameio/actions/{id}"},
		},
		{request{method: strings.ToUpper(secret), path: "/healthz"}, accessLine{Method: "other", Route: "/"}},
	} {
		lines, id := f.logged(log, c.request)
		if len(lines) != 1 {
			t.Errorf("%s: got %d lines of %s, want one", c.path, len(lines), id)
			continue
		}
		if got := lines[0]; got.Method != c.want.Method || got.Route != c.want.Route || got.Login != c.want.Login {
			t.Errorf("%s: got %s, want %s", c.path, shown(got), shown(c.want))
		}
	}

	if text := log.String(); strings.Contains(strings.ToLower(text), secret) || strings.Contains(text, session) {
		t.Errorf("the access log has a secret in it, want none:\n%s", text)
	}
}

func TestNoAccessLogUnlessItIsAskedFor(t *testing.T) {
	t.Parallel()
	log := new(journal)
	f := open(t, testenv.World(func(w *app.World) { w.Log = slog.New(slog.NewTextHandler(log, nil)) }))
	f.send(request{method: http.MethodGet, path: "/healthz"})
	if strings.Contains(log.String(), "access") {
		t.Errorf("without the setting: got\n%s\nwant no line", log)
	}
}
