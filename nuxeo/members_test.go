package nuxeo_test

import (
	"iter"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// says is a client of a server that answers everything with one body.
func says(t *testing.T, body string) *nuxeo.Client {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(body))
	}))

	t.Cleanup(srv.Close)
	c, err := nuxeo.New(srv.URL+"/nuxeo", http.DefaultClient, nuxeo.Basic("josh", "josh"))
	if err != nil {
		t.Fatal(err)
	}

	return c
}

// A field of another kind than it should be costs neither its document nor the list. An
// entry that nobody can read may be what is looked for, so that what looks is told of it.
func TestOddEntries(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	odd := says(t,
		`{"entries":[{"uid":"a","title":7,"facets":"x","id":"a","text":[]},{"uid":"b","id":"b"}],"doctypes":{"File":{"schemas":7},"Odd":3}}`)
	docs, err := odd.ByIDs(ctx, []string{"a", "b", "c"}, nuxeo.Fetch{})
	if err != nil || len(docs) != 2 || docs[0].UID != "a" {
		t.Errorf("the documents are %v, %v; want 2 from a", docs, err)
	}

	if all, err := odd.Versions(ctx, "x", nuxeo.Fetch{}); err != nil || len(all) != 2 {
		t.Errorf("the versions are %v, %v; want 2", all, err)
	}

	if r, err := odd.LatestComments(ctx, "x", 10); err != nil || len(r.List) != 2 {
		t.Errorf("the comments are %v, %v; want 2", r, err)
	}

	if types, err := odd.Types(ctx); err != nil || len(types) != 1 {
		t.Errorf("the types are %v, %v; want 1", types, err)
	}

	for _, entry := range []string{`null`, `{}`, `7`, `[]`, `{"uid":5,"id":5}`} {
		c := says(t, `{"entries":[`+entry+`,{"uid":"b","id":"b"}]}`)
		if _, _, err := c.QueryPage(ctx, "SELECT", 0, 10, nuxeo.Fetch{}); err == nil {
			t.Errorf("a query with %s among its entries tells nothing of it, want an error", entry)
		}

		if _, err := c.Versions(ctx, "x", nuxeo.Fetch{}); err == nil {
			t.Errorf("versions with %s among them tell nothing of it, want an error", entry)
		}

		if err := failed(c.Comments(ctx, "x")); err == nil {
			t.Errorf("comments with %s among them tell nothing of it, want an error", entry)
		}

		if r, err := c.LatestComments(ctx, "x", 10); err != nil || len(r.List) != 1 {
			t.Errorf("comments to look at with %s among them: %v, %v; want the other one", entry, r, err)
		}

		n := 0
		for d, err := range c.Query(ctx, "x", "", nuxeo.Fetch{}) {
			if err == nil && d.UID == "b" {
				n++
			}
		}

		if n != 1 {
			t.Errorf("a query with %s among its entries gives the other %d times, want once", entry, n)
		}
	}
}

// failed is what a listing of comments ends with.
func failed(all iter.Seq2[nuxeo.Comment, error]) (err error) {
	for _, err = range all {
	}
	return err
}

// Whatever a list is made of, no more of it is taken than was asked for.
func TestListsAreBounded(t *testing.T) {
	many := strings.Repeat("{},", 1<<20) + "{}"
	ctx := t.Context()
	lists := says(t, `{"uid":"d","entries":[`+many+`]}`)
	inside := says(t, `{"uid":"d","contextParameters":{"breadcrumb":{"entries":[`+many+`]},"subtypes":[`+many+`]}}`)
	keys := says(t, `{"doctypes":{`+strings.TrimSuffix(strings.Repeat(`"a":{},`, 1<<18), ",")+`}}`)
	for name, read := range map[string]func() error{
		"documents": func() error { _, err := lists.ByIDs(ctx, []string{"a"}, nuxeo.Fetch{}); return err },
		"versions":  func() error { _, err := lists.Versions(ctx, "a", nuxeo.Fetch{}); return err },
		"comments":  func() error { return failed(lists.Comments(ctx, "a")) },
		"remarks":   func() error { _, err := lists.LatestComments(ctx, "a", 10); return err },
		"inside": func() error {
			d, err := inside.Get(ctx, "d", nuxeo.Fetch{})
			if err == nil && len(d.Breadcrumb())+len(d.Subtypes()) > 20_000 {
				t.Errorf("lists within a document: got %d names, want 20000 at most",
					len(d.Breadcrumb())+len(d.Subtypes()))
			}
			return err
		},
		"types": func() error { _, err := keys.Types(ctx); return err },
	} {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := read()
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 120<<20 {
			t.Errorf("%s: 3 MiB of members took %d MiB, %v; want at most 120", name, took>>20, err)
		}

		if err == nil && name != "inside" && name != "types" {
			t.Errorf("%s: a million entries are taken, want an error", name)
		}
	}
}
