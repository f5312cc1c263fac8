package v4

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var at = time.Unix(1_790_000_000, 0)

func stamp(d time.Duration) string { return strconv.FormatInt(at.Add(d).Unix(), 10) }

func TestVerifyAcceptsOnlyTheRealThing(t *testing.T) {
	t.Parallel()
	body := []byte(`{"name":"Ünïcode 🎬"}`)
	good := func(ts string) string { return "v0=" + sign("s3cret", ts, body) }
	for _, tc := range []struct {
		name, ts, sig string
		body          []byte
		ok            bool
	}{
		{"as sent", stamp(0), good(stamp(0)), body, true},
		{"just in the window", stamp(-299 * time.Second), good(stamp(-299 * time.Second)), body, true},
		{"just ahead", stamp(299 * time.Second), good(stamp(299 * time.Second)), body, true},
		{"too old", stamp(-301 * time.Second), good(stamp(-301 * time.Second)), body, false},
		{"too far ahead", stamp(301 * time.Second), good(stamp(301 * time.Second)), body, false},
		{"another timestamp", stamp(1), good(stamp(0)), body, stamp(1) == stamp(0)},
		{"another body", stamp(0), good(stamp(0)), append(bytes.Clone(body), ' '), false},
		{"another secret", stamp(0), "v0=" + sign("other", stamp(0), body), body, false},
		{"the empty secret", stamp(0), "v0=" + sign("", stamp(0), body), body, false},
		{"upper case", stamp(0), strings.ToUpper(good(stamp(0))), body, false},
		{"another version", stamp(0), "v1=" + sign("s3cret", stamp(0), body), body, false},
		{"no version", stamp(0), sign("s3cret", stamp(0), body), body, false},
		{"nothing", stamp(0), "", body, false},
		{"no timestamp", "", good(""), body, false},
		{"a timestamp that is none", "1e9", good("1e9"), body, false},
		{"a negative timestamp", "-5", good("-5"), body, false},
	} {
		if err := Verify(tc.body, tc.ts, tc.sig, at, "", "s3cret", "old"); (err == nil) != tc.ok {
			t.Errorf("%s: got %v, want it accepted: %v", tc.name, err, tc.ok)
		}
	}
}

func TestNoForgeryIsAccepted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOf(rapid.Byte()).Draw(t, "body")
		secret := rapid.StringN(0, 40, 80).Draw(t, "secret")
		sig := rapid.OneOf(rapid.String(), rapid.Just("v0="+sign(secret, stamp(0), body))).Draw(t, "signature")
		if secret != "real" && Verify(body, stamp(0), sig, at, "real") == nil {
			t.Fatalf("a forgery with the secret %q: got it accepted, want an error", secret)
		}
	})
}

func TestParseCall(t *testing.T) {
	t.Parallel()
	one := `{"account_id":"a","action_id":"x","interaction_id":"i","project":{"id":"p"},"resource":{"id":"f","type":"file"},"type":"e","user":{"id":"u"},"workspace":{"id":"w"}}`
	c, err := ParseCall([]byte(one))
	if err != nil || len(c.Selected) != 1 || c.Selected[0].ID != "f" || c.Step != "open" || c.User != "u" {
		t.Fatalf("the call is %+v, %v; want the file f selected by u, at the step open", c, err)
	}

	form, err := ParseCall([]byte(strings.Replace(one, `"type":"e"`, `"type":"e","data":{"k":"v"}`, 1)))
	if err != nil || form.Step == c.Step {
		t.Errorf("the submitted form is %+v, %v; want another step", form, err)
	}

	for _, bad := range []string{
		"", "null", "[]", "{}", one[:len(one)-2],
		strings.Replace(one, `"file"`, `"planet"`, 1), strings.Replace(one, `"id":"u"`, `"id":""`, 1),
	} {
		if _, err := ParseCall([]byte(bad)); err == nil {
			t.Errorf("%q is accepted, want an error", bad)
		}
	}
}

func FuzzParseCall(f *testing.F) {
	f.Add([]byte(`{"interaction_id":"i","resources":[{"id":"f","type":"file"}],"user":{"id":"u"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := ParseCall(body)
		if err == nil && (len(c.Selected) == 0 || len(c.Selected) > MaxSelected || c.Step == "") {
			t.Fatalf("%q is read as %+v, want 1 to %d selected, and a step", body, c, MaxSelected)
		}
	})
}
