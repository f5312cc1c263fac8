package nuxeosim

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestIndexStandsStill(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *Options) { o.IndexLag = StandsStill })
	const search = "/api/v1/search/execute?query=SELECT+*+FROM+File"
	f.send("josh", "GET", search, nil).is(200).want(0, "resultsCount")
	uid := f.file("josh", "a.txt", "a")
	f.send("josh", "GET", search, nil).is(200).want(0, "resultsCount")
	f.send("josh", "POST", "/api/v1/automation/Repository.Query", obj{"params": obj{"query": "SELECT * FROM File"}}).
		is(200).want(1, "resultsCount")
	f.sim.MoveIndex()
	f.send("josh", "GET", search, nil).is(200).want(1, "resultsCount")
	f.send("josh", "DELETE", "/api/v1/id/"+uid, nil).is(204)
	f.send("josh", "GET", search, nil).is(200).want(0, "resultsCount") // what is gone is left out
	f.send("josh", "GET", "/api/v1/search/execute?query=SELECT+*+FROM+File+WHERE+no:such='x'", nil).is(200).
		want(0, "resultsCount")
}

func TestDyingLeavesTheKeyInProgress(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.sim.DieWithKeys(1)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.base+"/api/v1/path"+folder,
		strings.NewReader(`{"entity-type":"document","name":"x","type":"File"}`))
	if err != nil {
		t.Fatal(err)
	}

	r.SetBasicAuth("josh", "josh")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", "k")
	resp, err := http.DefaultClient.Do(r)
	if err == nil {
		_ = resp.Body.Close()
		t.Fatalf("got %d, want no answer", resp.StatusCode)
	}

	f.send("josh", "POST", "/api/v1/path"+folder, doc("File", "x", nil), "Idempotency-Key: k").is(409)
	equalInts(t, len(f.sim.Children(folder)), 0, "documents")
	f.send("josh", "POST", "/api/v1/path"+folder, doc("File", "x", nil), "Idempotency-Key: another").is(201)
}

func TestMomentAfterTheAnswer(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *Options) { o.Untrue = nil })
	post := func() *reply {
		return f.send("josh", "POST", "/api/v1/path"+folder, doc("File", "x", nil), "Idempotency-Key: k")
	}

	post().is(201)
	if r := post(); r.status == http.StatusConflict && len(r.body) > 0 { // a slow machine is past the moment
		t.Errorf("the body of 409 is %s, want none", r.body)
	}

	for post().status == http.StatusConflict {
	}

	equalInts(t, len(f.sim.Children(folder)), 1, "documents")
}

func TestTwoWithOneKeyAtTheSameMoment(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *Options) { o.KeyRace = time.Hour })
	if _, first := f.sim.replays.begin("k", time.Now(), 0, 0); !first {
		t.Fatal("a new key: got it taken, want it free")
	}
	f.send("josh", "POST", "/api/v1/path"+folder, doc("File", "x", nil), "Idempotency-Key: k").is(201)
}
