package v4_test

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
)

// says is a client of a service that answers everything with one body.
func says(t *testing.T, body string) *v4.Client {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(srv.Close)
	return client(t, srv.URL, always("token"))
}

// counted reads a listing to its end.
func counted[T any](all iter.Seq2[T, error]) (n int, err error) {
	for _, err := range all {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// listings are all there are, by what each counts.
func listings(ctx context.Context, c *v4.Client) map[string]func() (int, error) {
	return map[string]func() (int, error){
		"accounts":    func() (int, error) { return counted(c.Accounts(ctx)) },
		"workspaces":  func() (int, error) { return counted(c.Workspaces(ctx, "a")) },
		"projects":    func() (int, error) { return counted(c.Projects(ctx, "a", "w")) },
		"invited":     func() (int, error) { return counted(c.InvitedProjects(ctx, "a")) },
		"actions":     func() (int, error) { return counted(c.Actions(ctx, "a", "w")) },
		"webhooks":    func() (int, error) { return counted(c.Webhooks(ctx, "a", "w")) },
		"audit":       func() (int, error) { return counted(c.AuditLog(ctx, "a", "w", time.Now())) },
		"definitions": func() (int, error) { return counted(c.Definitions(ctx, "a")) },
		"children":    func() (int, error) { return counted(c.Children(ctx, "a", "f")) },
		"files":       func() (int, error) { return counted(c.Files(ctx, "a", "f")) },
		"all files":   func() (int, error) { return counted(c.FolderFiles(ctx, "a", "f", true)) },
		"folders":     func() (int, error) { return counted(c.Folders(ctx, "a", "f")) },
		"stacks":      func() (int, error) { return counted(c.FolderStacks(ctx, "a", "f", false)) },
		"stack files": func() (int, error) { return counted(c.StackFiles(ctx, "a", "s")) },
		"comments":    func() (int, error) { return counted(c.Comments(ctx, "a", "f")) },
	}
}

// One member of a list that is odd costs no other. One that decides whether something is
// there is told of: among the rest, or with an error after it.
func TestOneOddMemberCostsNoOther(t *testing.T) {
	t.Parallel()
	fine := func(id string) string { return `{"id":"` + id + `","name":"N","inserted_at":"2026-01-01T00:00:00Z"}` }
	for _, odd := range []string{
		`{"id":{},"name":[],"inserted_at":[]}`, `null`, `7`, `"x"`, `[]`, `{}`,
	} {
		c := says(t, `{"links":{},"total":{"odd":1},"data":[`+fine("a")+","+odd+","+fine("b")+`]}`)
		for name, read := range listings(t.Context(), c) {
			n, err := read()
			switch name {
			case "children", "files", "all files", "folders", "stacks", "stack files", "comments":
				if n != 3 || err != nil {
					t.Errorf("%s with %s: %d members and %v, want the odd one among them", name, odd, n, err)
				}
			case "actions", "webhooks":
				if n != 2 || !v4.Odd(err) {
					t.Errorf("%s with %s: %d members and %v, want both, and then an error", name, odd, n, err)
				}
			default:
				if n != 2 || err != nil {
					t.Errorf("%s with %s: %d members and %v, want 2", name, odd, n, err)
				}
			}
		}
	}
}

// A field of another kind than it should be, which is not needed, costs nothing at all.
func TestOddFieldsAreLeftOut(t *testing.T) {
	t.Parallel()
	c := says(t,
		`{"data":[{"id":"a","name":7,"url":"https://here","active":"yes","events":"all","display_name":[],"roles":{},"field_configuration":3}]}`)
	for w, err := range c.Webhooks(t.Context(), "a", "w") {
		if err != nil || w.ID != "a" || w.URL != "https://here" {
			t.Errorf("the webhook is %+v, %v; want a at https://here", w, err)
		}
	}

	for name, read := range listings(t.Context(), c) {
		if n, err := read(); name != "audit" && (n != 1 || err != nil) {
			t.Errorf("%s: %d members, %v; want 1", name, n, err)
		}
	}
}

// A file that cannot be read is known by its id, and is not taken for an empty one.
func TestUnreadableFiles(t *testing.T) {
	t.Parallel()
	for _, field := range []string{
		`"file_size":"much"`, `"file_size":[]`, `"status":1`,
		`"metadata":"x"`, `"name":{}`,
	} {
		c := says(t, `{"data":[{`+field+`,"id":"a","type":"file"}]}`)
		for f, err := range c.FolderFiles(t.Context(), "a", "f", false) {
			if err != nil || f.ID != "a" || !f.Unreadable {
				t.Errorf("%s: the file is %+v, %v; want a, marked as unreadable", field, f, err)
			}
		}
		if _, err := says(t, `{"data":{`+field+`,"id":"a"}}`).File(t.Context(), "a", "a"); !v4.Odd(err) {
			t.Errorf("%s of one file: got %v, want an odd answer", field, err)
		}
	}

	for f, err := range says(t, `{"data":[{"id":"a","file_size":"12","created_at":"yesterday"}]}`).
		FolderFiles(t.Context(), "a", "f", false) {
		if err != nil || f.Unreadable || f.Size != 12 {
			t.Errorf("a size as text and a date that is none: %+v, %v; want 12 bytes, readable", f, err)
		}
	}
}

// Whatever a page is made of, no more of it is taken than was asked for.
func TestPagesAreBounded(t *testing.T) {
	body := `{"data":[` + strings.Repeat("{},", 10<<20) + `{}]}` // 30 MiB
	c := says(t, body)
	for name, read := range listings(t.Context(), c) {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		n, err := read()
		runtime.ReadMemStats(&after)
		if !v4.Odd(err) || n > 0 {
			t.Errorf("%s: %d members, %v, want a refusal", name, n, err)
		}

		if took := after.TotalAlloc - before.TotalAlloc; took > 256<<20 {
			t.Errorf("%s: 30 MiB of members took %d MiB, want at most 256", name, took>>20)
		}
	}

	for _, within := range []string{"metadata", "replies", "attachments"} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c := says(t, `{"data":[{"id":"a","`+within+`":[`+strings.Repeat("{},", 1<<20)+`{}]}]}`)
		if within == "metadata" {
			_, _ = counted(c.FolderFiles(t.Context(), "a", "f", false))
		} else {
			_, _ = counted(c.Comments(t.Context(), "a", "f"))
		}

		if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 120<<20 {
			t.Errorf("3 MiB of %s took %d MiB, want at most 120", within, (after.TotalAlloc-before.TotalAlloc)>>20)
		}
	}

	if _, err := counted(says(t, `{"data":[{"id":"`+strings.Repeat("x", 40<<20)+`"}]}`).
		Accounts(t.Context())); !v4.Odd(err) {
		t.Errorf("a page of 40 MiB: got %.100v, want an odd answer", err)
	}

	for _, body := range []string{
		`[]`, `{"data":7}`, `{"data":[`, `{"data":[{}`, `{"links":7,"data":[]}`,
		`{"data":[]`, ``,
	} {
		if n, err := counted(says(t, body).Accounts(t.Context())); err == nil || n > 0 {
			t.Errorf("%s: %d members, %v, want an error", body, n, err)
		}
	}

	none := says(t, `{"data":null,"links":{"next":""}}`)
	if n, err := counted(none.Accounts(t.Context())); err != nil || n > 0 {
		t.Errorf("no members: %d, %v; want 0", n, err)
	}
}

// Pages with long members are asked for in smaller ones, and no member is lost or comes
// twice.
func TestLongMembersComeInSmallPages(t *testing.T) {
	t.Parallel()
	const total = 130
	asked := []string{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		asked = append(asked, q.Get("page_size"))
		from, _ := strconv.Atoi(q.Get("after")) // none is 0
		size, _ := strconv.Atoi(q.Get("page_size"))
		to := min(from+size, total)
		next := ""
		if to < total {
			next = fmt.Sprint("/v4/x?after=", to)
		}

		_, _ = fmt.Fprintf(w, `{"links":{"next":%q},"data":[`, next)
		for i := from; i < to; i++ {
			length := 10
			if i >= 100 {
				length = 1 << 20
			}
			_, _ = fmt.Fprintf(w, `%s{"id":"%d","text":%q}`, strings.Repeat(",", min(1, i-from)), i,
				strings.Repeat("x", length))
		}

		_, _ = w.Write([]byte("]}"))
	}))

	t.Cleanup(srv.Close)

	n := 0
	for c, err := range client(t, srv.URL, always("token")).Comments(t.Context(), "a", "f") {
		if err != nil || c.ID != strconv.Itoa(n) {
			t.Fatalf("member %d is %q, %v; want %d", n, c.ID, err, n)
		}
		n++
	}

	if n != total {
		t.Errorf("%d members came, want %d", n, total)
	}

	if got := strings.Join(asked[:4], " "); got != "100 100 25 7" || slices.Contains(asked[4:], "100") {
		t.Errorf("pages of %v were asked for, want 100, 100 again, then 25, 7 and fewer", asked)
	}
}

// An answer whose bytes were lost on the way is no person without a name, and no file.
func TestAnEmptyAnswerIsNotWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	lost := says(t, "")
	if p, err := lost.Me(t.Context()); err == nil {
		t.Errorf("an empty answer is read as the person %+v, want an error", p)
	}
	if f, err := lost.File(t.Context(), "account", "file"); err == nil {
		t.Errorf("an empty answer is read as the file %+v, want an error", f)
	}
}

// A page of something before Frame.io, such as a sign-in, is no success of a write.
func TestAPageIsNoSuccess(t *testing.T) {
	t.Parallel()
	if err := says(t, "<!doctype html><title>Sign in</title>").DeleteAction(t.Context(), "account",
		"action"); err == nil {
		t.Error("a page is taken for a success, want an error")
	}
}
