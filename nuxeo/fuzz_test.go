package nuxeo

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// Whatever Nuxeo answers, reading a document does not panic, and what is not
// there reads as empty.
func FuzzDocument(f *testing.F) {
	f.Add(
		[]byte(
			`{"uid":"d","properties":{"file:content":{"name":"a","length":"3","digest":"x"},"dc:title":"t","n":3},"facets":["Folderish"],"contextParameters":{"permissions":["Read"]}}`))
	f.Add([]byte(`{"properties":{"file:content":{"length":"-9"}}}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		var d *Document
		if json.Unmarshal(answer, &d) != nil || d == nil {
			return
		}

		for name := range d.Properties {
			_, _ = d.Text(name), d.Int(name)
			_ = d.Blob(name)
		}

		if d.Text("not:there") != "" || d.Int("not:there") != 0 || d.Blob("not:there") != nil {
			t.Error("a property that is not there: got a value, want none")
		}

		_, _ = d.Permissions(), d.Has("Folderish")
	})
}

// A quoted string stays one string, whatever is in it.
func FuzzQuote(f *testing.F) {
	f.Add(`it's a \ and a "`)
	f.Fuzz(func(t *testing.T, s string) {
		q := Quote(s)
		inner := strings.ReplaceAll(strings.ReplaceAll(q[1:len(q)-1], `\\`, ""), `\'`, "")
		if q[0] != '\'' || q[len(q)-1] != '\'' || strings.ContainsAny(inner, "'\n\r") {
			t.Errorf("%q becomes %s, want one literal", s, q)
		}
	})
}

// A login token that Nuxeo hands out is plain text or refused.
func FuzzReadToken(f *testing.F) {
	f.Add(201, "abc-def")
	f.Add(200, "<html>sign in</html>")
	f.Fuzz(func(t *testing.T, status int, body string) {
		resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody}
		resp.Body = readCloser{strings.NewReader(body)}
		if token, err := readToken(resp); err == nil && strings.ContainsAny(token, " \r\n<>") {
			t.Errorf("%d %q gave the token %q, want none with space or markup", status, body, token)
		}
	})
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }
