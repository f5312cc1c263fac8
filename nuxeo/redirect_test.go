package nuxeo

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Where a blob is sent on to is told and not asked, and no error quotes it.
func TestSentOn(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		"302 https://store.example/a?Signature=s": "https://store.example/a?Signature=s",
		"307 https://store.example/a":             "", // of a sign-in, perhaps
		"302 other?X-Amz-Signature=s":             "/nuxeo/nxfile/default/d/file:content/other?X-Amz-Signature=s",
		"302 ../login.jsp":                        "",
		"302 ":                                    "",
		"302 https://store.example/%zz?hidden":    "",
		"302 https://[hidden":                     "",
		"200 https://store.example/a":             "",
		"206 ":                                    "",
	} {
		asked := 0
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked++
			if r.Method != http.MethodGet || r.Header.Get("Range") != "bytes=0-0" {
				t.Errorf("asked by %s for %s, want GET for bytes=0-0", r.Method, r.Header.Get("Range"))
			}
			w.Header().Set("Location", answer[4:])
			w.Header().Set(sentOn, "https://forged.example/")
			w.WriteHeader(map[string]int{"200": 200, "206": 206, "302": 302, "307": 307}[answer[:3]])
		}))

		c, err := New(s.URL+"/nuxeo", s.Client(), Basic("josh", "josh"))
		if err != nil {
			t.Fatal(err)
		}

		got, err := c.SentOn(t.Context(), BlobPath("d", "file:content"))
		if strings.TrimPrefix(got, s.URL) != want || err != nil || asked != 1 {
			t.Errorf("%s: sent on to %q, %v, asked %d times; want %q and once", answer, got, err, asked, want)
		}

		s.Close()
	}
}

func TestSentOnTellsWhatFailed(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	c, err := New(s.URL+"/nuxeo", s.Client(), nil)
	if err != nil {
		t.Fatal(err)
	}

	if _, err := c.SentOn(t.Context(), "x"); StatusOf(err) != http.StatusNotFound {
		t.Error(err)
	}
}
