package v4

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// No error of a remote upload tells its address, even if the answer quotes it.
func TestCreateRemoteKeepsTheAddress(t *testing.T) {
	t.Parallel()
	const source = "https://store.example/a?X-Amz-Signature=hidden"
	for answer, want := range map[string]int{
		`202 {"data":{"id":"f1","name":"a"},"links":{"status":"/s"}}`: 0,
		`202 {"data":{"name":"a"}}`:                                   200,
		`202 {"data":"hidden"}`:                                       200,
		`202 hidden`:                                                  202,
		`422 {"errors":[{"detail":"` + source + ` is none"}]}`:        422,
		`429 {"errors":[{"detail":"` + source + `"}]}`:                429,
		`500 hidden`: 500,
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if body, _ := io.ReadAll(r.Body); !strings.Contains(string(body), source) {
				t.Errorf("asked with %s, want %s in it", body, source)
			}
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(map[string]int{"202": 202, "422": 422, "429": 429, "500": 500}[answer[:3]])
			_, _ = w.Write([]byte(answer[4:]))
		}))

		c, err := New(s.URL, s.Client(), func(context.Context, string) (string, error) { return "t", nil })
		if err != nil {
			t.Fatal(err)
		}

		f, err := c.CreateRemote(t.Context(), "a", "folder", "a.mp4", source)
		if StatusOf(err) != want || (f.ID == "f1") != (want == 0) {
			t.Errorf("%s: the file is %+v, %v; want f1, or the status %d", answer, f, err, want)
		}

		if err != nil && strings.Contains(err.Error(), "hidden") {
			t.Errorf("the error is %v, want no address in it", err)
		}

		if e, is := err.(*Error); is && want == 429 && e.After.Seconds() != 7 {
			t.Errorf("to come back after %s, want 7s", e.After)
		}

		s.Close()
	}
}
