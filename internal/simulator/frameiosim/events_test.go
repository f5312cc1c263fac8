package frameiosim

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// hooked is a world whose changes are told to a receiver.
type hooked struct {
	*world
	told chan string // "type resource" of each event, as it came
}

// listening sets it up; status is what the nth call, from 1, is answered. Without
// events it is told of all.
func listening(t *testing.T, fate func(int) EventFate, status func(int) int, events ...string) *hooked {
	t.Helper()
	h := &hooked{told: make(chan string, 100)}
	calls := 0
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e struct {
			Type     string
			Resource struct{ ID string }
		}

		body, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(body, &e) != nil {
			t.Errorf("an event cannot be read, want JSON: %s", body)
		}

		calls++
		w.WriteHeader(status(calls))
		h.told <- e.Type + " " + e.Resource.ID
	}))

	t.Cleanup(receiver.Close)
	h.world = setup(t, func(o *Options) { o.Events, o.EventBackoff = fate, time.Millisecond })
	if len(events) == 0 {
		events = webhookEvents
	}

	h.call("POST", h.acc+"/workspaces/"+h.workspace+"/webhooks",
		wrap("name", "H", "url", receiver.URL, "events", events)).want(201)
	return h
}

func fine(int) int { return http.StatusOK }

// hears waits for events, in whatever order they come.
func (h *hooked) hears(want ...string) {
	h.t.Helper()
	left := map[string]int{}
	for _, w := range want {
		left[w]++
	}

	for range want {
		select {
		case got := <-h.told:
			if left[got]--; left[got] < 0 {
				h.t.Errorf("heard %s, want only what is expected, and that once", got)
			}
		case <-time.After(10 * time.Second):
			h.t.Fatalf("never heard %v, want each within 10 s", left)
		}
	}
}

func TestEventsTellOfWhatChanges(t *testing.T) {
	t.Parallel()
	h := listening(t, Healthy, fine)
	folder := h.sim.AddFolder(h.root, "In")
	h.hears("folder.created " + folder)
	file := h.file("a.mp4")
	h.hears("file.created "+file, "file.upload.completed "+file, "file.ready "+file)
	other := h.file("b.mp4")
	h.hears("file.created "+other, "file.upload.completed "+other, "file.ready "+other)
	k := h.sim.AddComment(file, CommentSpec{Text: "x", OwnerID: h.member})
	h.hears("comment.created " + k)
	h.sim.EditComment(k, "y")
	h.hears("comment.updated " + k)
	h.sim.CompleteComment(k, true)
	h.hears("comment.completed " + k)
	h.sim.CompleteComment(k, false)
	h.hears("comment.uncompleted " + k)
	h.sim.DeleteComment(k)
	h.hears("comment.deleted " + k)
	h.sim.SetStatus(file, "Approved")
	h.hears("metadata.value.updated " + file)
	h.sim.Rename(file, "c.mp4")
	h.hears("file.updated " + file)
	h.sim.Stack(file, other)
	h.hears("file.versioned "+file, "file.versioned "+other)
	late := h.file("late.mp4", NotUploadedYet())
	h.hears("file.created " + late)
	h.sim.FinishUpload(late)
	h.hears("file.upload.completed "+late, "file.ready "+late)
	h.call("DELETE", h.acc+"/files/"+late, nil).want(204)
	h.hears("file.deleted " + late)
}

func TestEventsMeetTheirFate(t *testing.T) {
	t.Parallel()
	fates := []EventFate{{Lost: true}, {Times: 2}, {Behind: 50 * time.Millisecond}, {}}
	h := listening(t, func(n int) EventFate { return fates[n-1] }, fine, "comment.created")
	file := h.file("a.mp4")
	var k []string
	for range fates {
		k = append(k, h.sim.AddComment(file, CommentSpec{Text: "x", OwnerID: h.member}))
	}

	h.hears("comment.created "+k[1], "comment.created "+k[1], "comment.created "+k[3])
	h.hears("comment.created " + k[2])
}

func TestEventsAreTriedFiveTimes(t *testing.T) {
	t.Parallel()
	h := listening(t, Healthy, func(n int) int {
		if n <= 7 {
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	}, "comment.created")

	file := h.file("a.mp4")
	given := "comment.created " + h.sim.AddComment(file, CommentSpec{Text: "x", OwnerID: h.member})
	h.hears(given, given, given, given, given) // and is given up
	taken := "comment.created " + h.sim.AddComment(file, CommentSpec{Text: "y", OwnerID: h.member})
	h.hears(taken, taken, taken)
	select {
	case more := <-h.told:
		t.Errorf("heard %s once more, want no more", more)
	default:
	}
}

// A server that ends leaves nothing on its way behind.
func TestEventsEndWithTheServer(t *testing.T) {
	t.Parallel()
	h := listening(t, func(int) EventFate { return EventFate{Behind: time.Hour} }, fine)
	h.sim.AddComment(h.file("a.mp4"), CommentSpec{Text: "x", OwnerID: h.member})
	if err := h.sim.Close(); err != nil { // would wait an hour
		t.Error(err)
	}
}
