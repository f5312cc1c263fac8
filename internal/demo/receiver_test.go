package demo

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What was told is shown to people, as text whatever it is, and a busy receiver refuses each message once.
func TestReceiverShowsWhatItWasTold(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(new(receiver))
	t.Cleanup(server.Close)
	page := func(at string) string {
		t.Helper()
		resp, err := server.Client().Get(server.URL + at)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}

	if got := page("/"); !strings.Contains(got, "Nothing was told yet.") {
		t.Errorf("at first the page is %s, want that nothing was told", got)
	}

	var answers []int
	for range 2 {
		resp, err := server.Client().Post(server.URL+"/busy/team", "application/json",
			strings.NewReader(`{"text":"<script>alert(1)</script>"}`))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		answers = append(answers, resp.StatusCode)
	}

	if answers[0] != http.StatusServiceUnavailable || answers[1] != http.StatusOK {
		t.Errorf("it answered with %v, want 503 and then 200", answers)
	}

	got := page("/")
	if strings.Contains(got, "<script>") || !strings.Contains(got, "&lt;script&gt;alert(1)&lt;/script&gt;") ||
		strings.Count(got, "/busy/team") != 2 {
		t.Errorf("the page is %s, want both messages, as text", got)
	}

	var list []received
	if err := json.Unmarshal([]byte(page("/messages.json")), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 {
		t.Fatalf("for programs there are %d messages, want 2", len(list))
	}

	want := `{"text":"\u003cscript\u003ealert(1)\u003c/script\u003e"}`
	for i, m := range list {
		if string(m.Body) != want || m.Status != answers[1-i] {
			t.Errorf("message %d is %s answered with %d, want what came, newest first", i, m.Body, m.Status)
		}
	}
}
