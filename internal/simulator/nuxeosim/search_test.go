package nuxeosim

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/need"
)

// names runs a query and lists the names found.
func (f *fixture) names(user, nxql string) string {
	f.Helper()
	r := f.send(user, "GET", "/api/v1/search/execute?query="+url.QueryEscape(nxql), nil).is(200)
	var out []string
	for _, e := range r.at("entries").([]any) {
		path := dig(e, "path").(string)
		out = append(out, path[strings.LastIndex(path, "/")+1:])
	}
	return strings.Join(out, " ")
}

func TestQueries(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *Options) {
		o.Untrue = &Untruths{OrderOfCreation: true, TrashAtOnce: true, TrashKeepsNames: true}
	})

	f.sim.AddEntries("l10nsubjects", "x", "y")
	mk := func(name, typ string, props obj) string { return f.sim.MkDoc(folder+"/"+name, typ, props) }
	a := mk("a", "File", obj{
		"dc:source":      "s1",
		"dc:subjects":    []string{"x", "y"},
		"dc:created":     "2026-01-01",
		"dc:description": "It's",
	})

	mk("b", "Video", obj{
		"dc:source":  "s2",
		"vid:info":   obj{"width": 1920},
		"dc:created": "2026-02-01",
		"dc:title":   "Zebra",
	})

	sub := mk("sub", "Folder", nil)
	mk("sub/c", "Note", obj{"dc:title": "100%"})
	mk("sub/d", "Picture", obj{"files:files": []obj{{"file": Blob{Name: "e"}.must(t)}}})
	if err := f.sim.Lock(a, "josh"); err != nil {
		t.Fatal(err)
	}

	if _, err := f.sim.CheckIn(a, "MINOR"); err != nil {
		t.Fatal(err)
	}

	if err := f.sim.Trash(sub); err != nil {
		t.Fatal(err)
	}

	in := "ecm:path STARTSWITH '" + folder + "'"
	live := " AND ecm:isVersion = 0"
	for query, want := range map[string]string{
		"SELECT * FROM File, Video WHERE " + in + live +
			" ORDER BY dc:created DESC": "b a",
		"select * from Document where dc:source = 's1' and " +
			"ecm:isVersion = 0": "a",
		"SELECT * FROM Document WHERE dc:source = 's1'":  "a a",
		"SELECT * FROM Document WHERE ecm:isVersion = 1": "a",
		"SELECT * FROM Document WHERE dc:source IN ('s1', 's2')" +
			live: "a b",
		"SELECT * FROM Document WHERE dc:source <> 's1' AND " +
			in: "b",
		"SELECT * FROM Document WHERE dc:source LIKE 's_' AND ecm:isTrashed = 0" +
			live: "a b",
		"SELECT * FROM Document WHERE dc:title " +
			"ILIKE 'ZEB%'": "b",
		"SELECT * FROM Document WHERE " + in + " AND dc:source IS NULL" +
			live: "sub c d",
		"SELECT * FROM Document WHERE dc:source IS NOT NULL" +
			live: "a b",
		"SELECT * FROM Document WHERE dc:subjects = 'y'" +
			live: "a",
		"SELECT * FROM Document WHERE dc:subjects/* = 'x'" +
			live: "a",
		"SELECT * FROM Document WHERE dc:description = 'It\\'s'" +
			live: "a",
		"SELECT * FROM Document WHERE vid:info/width " +
			">= 1920": "b",
		"SELECT * FROM Document WHERE files:files/*/file/name = 'e'": "d",
		"SELECT * FROM Document WHERE dc:created > TIMESTAMP '2026-01-15T00:00:00Z' AND dc:created < DATE " +
			"'2026-03-01'": "b",
		"SELECT * FROM Document WHERE dc:created BETWEEN DATE '2025-12-31' AND DATE '2026-01-02'" +
			live: "a",
		"SELECT * FROM Document WHERE ecm:isTrashed = 1": "sub c d",
		"SELECT * FROM Document WHERE ecm:mixinType = 'Video' AND NOT " +
			"ecm:isTrashed = 1": "b",
		"SELECT * FROM Document WHERE ecm:mixinType IN ('Video', " +
			"'Picture')": "b d",
		"SELECT * FROM Document WHERE ecm:primaryType " +
			"= 'Note'": "c",
		"SELECT * FROM Document WHERE ecm:parentId = '" + sub +
			"' ORDER BY ecm:name DESC": "d c",
		"SELECT * FROM Document WHERE ecm:ancestorId = '" + sub +
			"'": "c d",
		"SELECT * FROM Document WHERE ecm:uuid = '" + sub +
			"'": "sub",
		"SELECT * FROM Document WHERE ecm:lockOwner " +
			"= 'josh'": "a",
		"SELECT ecm:uuid, dc:title FROM Note": "c",
		"SELECT * FROM Document WHERE ecm:uuid " +
			"= 'none'": "",
		"SELECT * FROM Folder WHERE (dc:title = 'sub' OR dc:title = 'x') AND (" + in +
			")": "sub",
	} {
		if got := f.names("Administrator", query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

// must stores a blob in memory for properties inside of structures.
func (b Blob) must(t *testing.T) *blob {
	t.Helper()
	out, err := b.stored("MD5")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestBadQueriesAre400(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, q := range []string{
		"", "SELECT", "SELECT * FROM", "SELECT * FROM Nothing", "SELECT * FROM Document WHERE",
		"SELECT * FROM Document WHERE dc:title",
		"SELECT * FROM Document WHERE dc:title = ", "SELECT * FROM Document WHERE dc:title = 'x",
		"SELECT * FROM Document WHERE no:such = 'x'",
		"SELECT * FROM Document WHERE (dc:title = 'x'", "SELECT * FROM Document ORDER dc:title",
		"SELECT * FROM Document WHERE dc:created > TIMESTAMP 'x'",
		"SELECT * FROM Document WHERE dc:title ~ 'x'", "DROP TABLE Document",
		"SELECT * FROM Document WHERE ecm:fulltext = 'x'", "SELECT * FROM Document WHERE " + strings.Repeat("(", 500),
	} {
		f.send("josh", "GET", "/api/v1/search/execute?query="+url.QueryEscape(q), nil).is(400)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *Options) { o.MaxPageSize = 4 })
	for i := range 10 {
		f.sim.MkDoc(fmt.Sprintf("%s/f%d", folder, i), "File", nil)
	}

	at := "/api/v1/search/execute?query=" + url.QueryEscape("SELECT * FROM File ORDER BY dc:title")
	f.send("josh", "GET", at+"&pageSize=3&currentPageIndex=3", nil).is(200).want(10, "resultsCount").want("f9",
		"entries", 0, "title").want(false, "isNextPageAvailable").want(4, "numberOfPages")
	f.send("josh", "GET", at+"&pageSize=100", nil).is(200).want(4, "pageSize").want(true, "isNextPageAvailable").want(4,
		"currentPageSize")
	f.send("josh", "GET", at+"&pageSize=2&offset=5", nil).is(200).want("f5", "entries", 0, "title")
	f.send("josh", "GET", at+"&sortBy=dc:title&sortOrder=desc", nil).is(200).want("f9", "entries", 0, "title")
	f.send("josh", "GET", "/api/v1/path"+folder+
		"/@children?pageSize=2&currentPageIndex=1&sortBy=dc:title&sortOrder=DESC", nil).is(200).want("f7",
		"entries", 0, "title")
	f.send("josh", "POST", "/api/v1/automation/Repository.Query", obj{
		"params": obj{"query": "SELECT * FROM File WHERE dc:title = ?", "queryParams": "f3", "pageSize": 2},
	}).
		is(200).want(1, "resultsCount").want("f3", "entries", 0, "title")
	f.send("josh", "GET", "/api/v1/path"+folder+"/@search?query="+url.QueryEscape("SELECT * FROM File"), nil).is(200).
		want(10, "resultsCount")
	g := setup(t, func(o *Options) { o.UnknownCount = true })
	g.sim.MkDoc(folder+"/x", "File", nil)
	g.send("josh", "GET", at, nil).is(200).want(-2, "resultsCount").want(1, "currentPageSize")
}

func TestListsFollowChanges(t *testing.T) {
	t.Parallel()
	f := setup(t)
	q := "SELECT * FROM File WHERE dc:source = 'k'"
	uid := f.sim.MkDoc(folder+"/x", "File", nil)
	for _, step := range []struct {
		do   func() error
		want string
	}{
		{func() error { return nil }, ""},
		{func() error { return f.sim.SetProps(uid, obj{"dc:source": "k"}) }, "x"},
		{func() error { return f.sim.SetProps(uid, obj{"dc:source": "l"}) }, ""},
		{func() error { f.sim.MkDoc(folder+"/y", "File", obj{"dc:source": "k"}); return nil }, "y"},
		{func() error { return f.sim.Remove(folder + "/y") }, ""},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if got := f.names("josh", q); got != step.want {
			t.Fatalf("found %q, want %q", got, step.want)
		}
	}
}

func TestHundredThousandDocuments(t *testing.T) {
	if testing.Short() {
		need.Skip(t, "it takes seconds")
	}

	t.Parallel()
	f := setup(t)
	const count = 100_000
	start := time.Now()
	for i := range count {
		f.sim.MkDoc(fmt.Sprintf("%s/d%06d", folder, i), "File", obj{"dc:source": fmt.Sprintf("key-%d", i)})
	}

	made := time.Since(start)
	f.names("josh", "SELECT * FROM Document WHERE dc:source = 'key-1'") // builds the index
	start = time.Now()
	if got := f.names("josh", "SELECT * FROM Document WHERE dc:source = 'key-77777'"); got != "d077777" {
		t.Fatalf("found %q, want d077777", got)
	}

	found := time.Since(start)
	start = time.Now()
	seen := 0
	for page := 0; page < count/1000; page += 33 {
		r := f.send("josh", "GET", fmt.Sprintf("/api/v1/path%s/@children?pageSize=1000&currentPageIndex=%d", folder,
			page), nil).is(200)
		r.want(fmt.Sprintf("d%06d", page*1000), "entries", 0, "title")
		seen++
	}

	t.Logf("made in %v, found in %v, %d pages in %v", made, found, seen, time.Since(start))
	// Found by the index: as ratios within this run, since the machine may be busy.
	if found > made/100 {
		t.Errorf("made in %v, found in %v, want at most a hundredth of it", made, found)
	}
}
