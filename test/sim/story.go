package sim

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
)

// Headers by which the door knows what the story sends.
const (
	interactionHeader = "X-Sim-Interaction"
	replayHeader      = "X-Sim-Replay"
)

// typicalSize is about how large the story's files are.
const typicalSize = 20_000

// story is what people do: drawn from the seed, and remembered for the model.
type story struct {
	w        *world
	d        *rand.Rand
	assets   []*asset
	binding  binding.Binding
	action   string // id of the custom action
	wg       sync.WaitGroup
	mu       sync.Mutex
	runs     []*run
	excuses  map[string]bool // codes that an item may fail with, by what was done
	unbound  bool
	fate     binding.Fate    // of what is under review then
	purged   bool            // upload batches went away
	locked   map[string]bool // documents that olga has locked
	commentN int
}

// asset is a file or stack on Frame.io as the model knows it.
type asset struct {
	name     string
	folder   string // that is selected instead of it; empty: itself
	stack    string
	file     string // the head
	files    []string
	digest   string // of the head
	all      map[string]bool
	changed  time.Time // the head, or the document by a person
	comments []string  // words of the head's comments
}

// run is one interaction.
type run struct {
	id     string
	assets []*asset
}

func digestOf(b []byte) string {
	s := md5.Sum(b)
	return hex.EncodeToString(s[:])
}

func (s *story) content() []byte {
	n := 1 + s.d.IntN(2*typicalSize)
	b := bytes.Repeat([]byte{byte('a' + s.d.IntN(26))}, n)
	copy(b, fmt.Sprint(s.d.Uint64()))
	return b
}

// set puts the assets of the story on Frame.io.
func (s *story) set() {
	w := s.w
	folder := ""
	for i := range 1 + s.d.IntN(4) {
		a := &asset{name: fmt.Sprintf("Asset %d", i+1), all: map[string]bool{}}
		parent := w.Root
		switch s.d.IntN(3) {
		case 0:
			if folder == "" {
				folder = w.Frameio.AddFolder(w.Root, "Day")
			}
			parent, a.folder = folder, folder
			if s.d.IntN(2) == 0 {
				parent = w.Frameio.AddFolder(folder, fmt.Sprintf("Camera %d", i+1))
			}
		case 1:
			s.upload(a, parent)
			s.newHead(a)
			s.assets = append(s.assets, a)
			continue
		}

		s.upload(a, parent)
		s.assets = append(s.assets, a)
	}
}

// upload adds a file that becomes the head of the asset.
func (s *story) upload(a *asset, parent string) {
	data := s.content()
	a.file = s.w.Frameio.AddFile(parent, fmt.Sprintf("%s v%d.mov", a.name, len(a.files)+1), frameiosim.Bytes(data),
		frameiosim.WithMedia(frameiosim.Media{FPS: 25, Duration: 4}), frameiosim.WithCreator(s.w.Josh))
	a.files = append(a.files, a.file)
	a.digest, a.changed, a.comments = digestOf(data), time.Now(), nil
	a.all[a.digest] = true
}

// newHead uploads another version.
func (s *story) newHead(a *asset) {
	first := a.file
	if a.stack != "" {
		s.upload(a, a.stack)
		return
	}

	s.upload(a, s.w.Root)
	a.stack = s.w.Frameio.Stack(first, a.file)
	if a.folder != "" { // it is where its first file is
		return
	}
}

func (s *story) comment(a *asset) {
	s.commentN++
	words := fmt.Sprintf("remark %d", s.commentN)
	at := int64(s.d.IntN(90))
	s.w.Frameio.AddComment(a.file, frameiosim.CommentSpec{Text: words, OwnerID: s.w.Julia, Timestamp: &at})
	a.comments = append(a.comments, words)
}

// tell does the whole story.
func (s *story) tell() {
	end := time.Now().Add(s.w.shape.story)
	s.publish(s.assets[0])
	for _, at := range s.times() {
		if at = min(at, time.Until(end)); at > 0 {
			time.Sleep(at)
		}
		s.next()
	}

	time.Sleep(max(0, time.Until(end)))
	s.wg.Wait()
}

// times are the pauses between what happens.
func (s *story) times() []time.Duration {
	out := make([]time.Duration, 6+s.d.IntN(14))
	for i := range out {
		out[i] = time.Duration(s.d.Int64N(int64(2 * s.w.shape.story / time.Duration(len(out)))))
		if s.d.IntN(4) == 0 {
			out[i] = time.Duration(s.d.Int64N(int64(300 * time.Millisecond))) // at once
		}
	}
	return out
}

// happening is something that a story can hold, and how often it does.
type happening struct {
	name   string
	weight int
	do     func(s *story, a *asset, n *node)
}

var happenings = []happening{
	{"publish", 30, func(s *story, a *asset, _ *node) { s.publish(a) }},
	{"publish several", 8, func(s *story, _ *asset, _ *node) { s.publish(s.assets...) }},
	{"publish twice at once", 6, func(s *story, a *asset, _ *node) { s.publish(a); s.publish(a) }},
	{"comment", 10, func(s *story, a *asset, _ *node) { s.comment(a) }},
	{"status", 5, func(s *story, a *asset, _ *node) {
		s.w.Frameio.SetStatus(a.file, []string{"Approved", "In Progress"}[s.d.IntN(2)])
	}},
	{"new head", 10, func(s *story, a *asset, _ *node) { s.newHead(a) }},
	{"edit in Nuxeo", 10, func(s *story, a *asset, _ *node) { s.edit(a) }},
	{"lock in Nuxeo", 2, func(s *story, a *asset, _ *node) { s.lock(a) }},
	{"cancel", 3, func(s *story, _ *asset, n *node) { s.cancel(n) }},
	{"unbind", 1, func(s *story, _ *asset, n *node) { s.unbind(n) }},
	{"replay", 5, func(s *story, a *asset, _ *node) { s.replay(a) }},
	{"batches purged", 4, func(s *story, _ *asset, _ *node) { s.purge() }},
	{"links expired", 4, func(s *story, _ *asset, _ *node) { s.w.hit("links expired", ""); s.w.Frameio.ExpireLinks() }},
	{"tokens expired", 4, func(s *story, _ *asset, _ *node) {
		s.w.hit("tokens expired", "")
		s.w.Frameio.ExpireAccess(s.w.Josh)
	}},
	{"tokens revoked", 2, func(s *story, _ *asset, _ *node) { s.revoke() }},
	{"damaged join", 3, func(s *story, _ *asset, _ *node) { s.damage() }},
	{"freeze", 14, func(s *story, _ *asset, n *node) { s.freeze(n) }},
	{"clock jump", 6, func(s *story, _ *asset, n *node) { s.jump(n) }},
	{"crash at a commit", 14, func(s *story, _ *asset, n *node) { n.arm(1+s.d.IntN(30), 0, never) }},
	{"crash before a call", 7, func(s *story, _ *asset, n *node) { n.arm(0, 1+s.d.IntN(25), before) }},
	{"crash after a call", 9, func(s *story, _ *asset, n *node) { n.arm(0, 1+s.d.IntN(25), after) }},
}

func (s *story) next() {
	all, total := happenings, 0
	if s.w.seed.ofUnrest() {
		all = append(slices.Clone(happenings), unrest...)
	}

	for _, h := range all {
		total += h.weight
	}

	at := s.d.IntN(total)
	a, n := s.assets[s.d.IntN(len(s.assets))], s.w.nodes[s.d.IntN(len(s.w.nodes))]
	for _, h := range all {
		if at -= h.weight; at < 0 {
			s.w.trace("story: %s (%s, %s)", h.name, a.name, n.name)
			h.do(s, a, n)
			return
		}
	}
}

// excused reports whether there was a reason for one of the codes.
func (s *story) excused(codes ...string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(codes, func(c string) bool { return s.excuses[c] })
}

func (s *story) excuse(code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.excuses[code] = true
}

// publish runs the action as a person does, and delivers some runs again.
func (s *story) publish(assets ...*asset) {
	if s.unbound {
		return
	}

	who := []string{s.w.Josh, s.w.Julia}[s.d.IntN(2)]
	r := &run{id: fmt.Sprintf("interaction-%d-%08x", len(s.runs), s.d.Uint32()), assets: assets}
	s.runs = append(s.runs, r)
	spec := frameiosim.DeliverSpec{
		ActionID: s.action, PersonID: who, ResourceIDs: s.selected(assets), InteractionID: r.id,
		Header: http.Header{interactionHeader: {r.id}},
	}

	s.deliver(spec, 0)
	for range s.d.IntN(3) { // repeated and reordered
		s.w.hit("delivery repeated", r.id)
		s.deliver(spec, time.Duration(s.d.Int64N(int64(40*time.Second))))
	}
}

func (s *story) selected(assets []*asset) (ids []string) {
	for _, a := range assets {
		id := a.file
		switch {
		case a.folder != "":
			id = a.folder
		case a.stack != "" && s.d.IntN(3) > 0:
			id = a.stack
		}

		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}

		if a.stack != "" && s.d.IntN(4) == 0 { // with a member, it is one asset still
			ids = append(ids, a.files[0])
		}
	}

	slices.Sort(ids)
	return slices.Compact(ids)
}

func (s *story) deliver(spec frameiosim.DeliverSpec, after time.Duration) {
	s.wg.Go(func() {
		time.Sleep(after)
		// What the answer is counts where it is given: at the door.
		_, _ = s.w.Frameio.DeliverAction(s.w.T.Context(), spec)
	})
}

// replay delivers something that was signed too early or too late. Clocks that
// are wrong would have other windows.
func (s *story) replay(a *asset) {
	if s.unbound || s.w.shape.skews {
		return
	}

	skew := []time.Duration{
		-5*time.Minute - 5*time.Second, 5*time.Minute + 30*time.Second, -time.Hour,
		24 * time.Hour,
	}[s.d.IntN(4)]

	id := fmt.Sprintf("replay-%08x", s.d.Uint32())
	s.w.hit("replay outside of the window", id)
	s.deliver(frameiosim.DeliverSpec{
		ActionID: s.action, PersonID: s.w.Josh, ResourceIDs: s.selected([]*asset{a}), InteractionID: id, Skew: skew,
		Header: http.Header{interactionHeader: {id}, replayHeader: {"yes"}}, Tries: 2,
	}, 0)
}

// document is the asset's, when there is one.
func (s *story) document(a *asset) (nuxeosim.DocView, bool) {
	for _, docs := range s.w.Tree() {
		for _, d := range docs {
			if s.owner(d) == a {
				return d, true
			}
		}
	}
	return nuxeosim.DocView{}, false
}

// owner is the asset that a document was made for.
func (s *story) owner(d nuxeosim.DocView) *asset {
	source, _ := d.Properties["dc:source"].(string)
	for _, a := range s.assets {
		for _, f := range a.files {
			if source == "frameio:"+s.w.Account+"/"+f {
				return a
			}
		}
	}

	return nil
}
