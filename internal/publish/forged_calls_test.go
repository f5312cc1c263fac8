package publish_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// call posts to an action's address and returns the status and what else a
// stranger could tell answers apart by.
func call(t *testing.T, address, timestamp string, signatures []string, body []byte) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}

	if timestamp != "" {
		req.Header.Set("X-Frameio-Request-Timestamp", timestamp)
	}

	for _, s := range signatures {
		req.Header.Add("X-Frameio-Signature", s)
	}

	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}

	id := resp.Header.Get("X-Correlation-Id")
	resp.Header.Del("X-Correlation-Id")
	resp.Header.Del("Date")
	return resp.StatusCode, fmt.Sprint(resp.Header, strings.ReplaceAll(string(said), id, "ID"))
}

// forgeries are calls that are not Frame.io's, made from one that is.
func forgeries(secret, other string, body []byte) map[string]func() (string, []string, []byte) {
	now := func(d time.Duration) string { return strconv.FormatInt(time.Now().Add(d).Unix(), 10) }
	good := func(ts string, b []byte) string { return frameiosim.Signature(secret, ts, b) }
	with := func(f func(ts string) []string) func() (string, []string, []byte) {
		return func() (string, []string, []byte) { ts := now(0); return ts, f(ts), body }
	}

	return map[string]func() (string, []string, []byte){
		"another secret":  with(func(ts string) []string { return []string{frameiosim.Signature(other, ts, body)} }),
		"no secret":       with(func(ts string) []string { return []string{frameiosim.Signature("", ts, body)} }),
		"another version": with(func(ts string) []string { return []string{"v1=" + good(ts, body)[3:]} }),
		"no version":      with(func(ts string) []string { return []string{good(ts, body)[3:]} }),
		"upper case": with(func(ts string) []string {
			return []string{"v0=" + strings.ToUpper(good(ts, body)[3:])}
		}),
		"shortened":  with(func(ts string) []string { return []string{good(ts, body)[:40]} }),
		"lengthened": with(func(ts string) []string { return []string{good(ts, body) + "00"} }),
		"missing":    with(func(string) []string { return nil }),
		"empty":      with(func(string) []string { return []string{""} }),
		"the good one last": with(func(ts string) []string {
			return []string{frameiosim.Signature(other, ts, body), good(ts, body)}
		}),
		"the good one first": with(func(ts string) []string {
			return []string{good(ts, body), frameiosim.Signature(other, ts, body)}
		}),
		"of another body": with(func(ts string) []string {
			return []string{good(ts, append([]byte(" "), body...))}
		}),
		"of another time": with(func(string) []string { return []string{good(now(-time.Minute), body)} }),
		"no time":         func() (string, []string, []byte) { return "", []string{good("", body)}, body },
		"odd time":        func() (string, []string, []byte) { return "soon", []string{good("soon", body)}, body },
		"negative time":   func() (string, []string, []byte) { return "-5", []string{good("-5", body)}, body },
		"time in millis": func() (string, []string, []byte) {
			ts := now(0) + "000"
			return ts, []string{good(ts, body)}, body
		},
		"old": func() (string, []string, []byte) {
			ts := now(-301 * time.Second)
			return ts, []string{good(ts, body)}, body
		},
		"of the future": func() (string, []string, []byte) {
			ts := now(302 * time.Second)
			return ts, []string{good(ts, body)}, body
		},
		"body written anew": func() (string, []string, []byte) {
			ts := now(0)
			return ts, []string{good(ts, body)}, append(body, '\n')
		},
		"body with one more": func() (string, []string, []byte) {
			ts := now(0)
			return ts, []string{good(ts, body)}, append(body, "x"...)
		},
	}
}

func TestForgedCallsChangeNothingAndTellNothing(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	action := b.Action()
	b.Bind("Other")
	other := b.Frameio.Actions(b.Workspace)[1]
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	body := fmt.Appendf(nil,
		`{"type":"nuxeo.publish","interaction_id":"i","action_id":%q,"account_id":%q,"user":{"id":%q},"resource":{"id":%q,"type":"file"}}`,
		action.ID, b.Account, b.Josh, file)
	unknown := action.URL[:len(action.URL)-36] + "11111111-2222-4333-8444-555555555555"
	ts := strconv.FormatInt(time.Now().Unix(), 10)
	status, nothing := call(t, unknown, ts, []string{frameiosim.Signature(action.Secret, ts, body)}, body)
	if status != http.StatusUnauthorized {
		t.Fatalf("an unknown action answers %d %s, want 401", status, nothing)
	}

	for name, forge := range forgeries(action.Secret, other.Secret, body) {
		for _, address := range []string{action.URL, unknown} {
			ts, signatures, body := forge()
			if status, said := call(t, address, ts, signatures, bytes.Clone(body)); status != http.StatusUnauthorized ||
				said != nothing {
				t.Errorf("%s: answered with %d %s, want 401 %s", name, status, said, nothing)
			}
		}
	}

	for _, secret := range []string{"", "no such action"} { // what an unknown action is compared with
		if status, said := call(t, unknown, ts, []string{frameiosim.Signature(secret, ts, body)},
			body); status != http.StatusUnauthorized || said != nothing {
			t.Errorf("signed with the secret %q: answered with %d %s, want 401 %s", secret, status, said, nothing)
		}
	}

	if n := b.Interactions(); n != 0 {
		t.Errorf("%d interactions were accepted, want none", n)
	}

	if status, said := call(t, action.URL, ts, []string{frameiosim.Signature(action.Secret, ts, body)},
		body); status != http.StatusOK {
		t.Errorf("the true call is answered with %d %s, want 200", status, said)
	}

	b.AllDone()
	b.Check(testenv.Want{"Cut": {Content: testenv.Bytes('1', 1000)}})
	// Of an action that is just being made nobody knows the secret yet.
	if _, err := b.App.DB.Writer.ExecContext(t.Context(), `UPDATE actions SET secret = NULL`); err != nil {
		t.Fatal(err)
	}

	if status, said := call(t, action.URL, ts, []string{frameiosim.Signature("", ts, body)},
		body); status != http.StatusUnauthorized || said != nothing {
		t.Errorf("without a secret: answered with %d %s, want 401 %s", status, said, nothing)
	}
}
