package sim

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
)

// ofUnrest reports whether a seed tells of publishes in more unrest: every ninth ten thousand
// does, so that all other seeds tell what they always told.
func (c chance) ofUnrest() bool { return c/10_000%10 == 9 }

// lockFrom is from which length on a new document is locked until it has its content: in
// the unrest each is, elsewhere none, and nobody looks at one that was just made.
func (c chance) lockFrom() int64 {
	if c.ofUnrest() {
		return 1
	}
	return math.MaxInt64
}

// unrest is what more may happen to a publish then.
var unrest = []happening{
	{"odd comment", 25, func(s *story, a *asset, _ *node) { a.comments = append(a.comments, s.oddComment(a.file)) }},
	{"comment that cannot be read", 6, func(s *story, a *asset, _ *node) { s.garble(a.file) }},
	{"database file taken away", 12, func(s *story, _ *asset, _ *node) { s.takeAway() }},
}

// oddities are members of a comment that are not what the contract says.
var oddities = []map[string]any{
	{"timestamp": "00:00:02:05"},
	{"timestamp": 12.5, "duration": "3"},
	{"page": "3", "owner": "Josh"},
	{"created_at": "2026-11-29T10:00:00", "completed_at": "yesterday"},
	{"mentions": 7, "attachments": []any{map[string]any{"name": "notes.pdf", "file_size": 2048}}},
}

// oddComment comments on a file in an odd way, and returns the words, which arrive all the
// same.
func (s *story) oddComment(file string) (words string) {
	s.commentN++
	words = fmt.Sprintf("remark %d", s.commentN)
	s.w.Frameio.AddComment(file, frameiosim.CommentSpec{
		Text:    words,
		OwnerID: s.w.Julia,
		Odd:     oddities[s.d.IntN(len(oddities))],
	})
	return words
}

// garble adds a comment that costs only itself.
func (s *story) garble(file string) {
	s.w.Frameio.AddComment(file, frameiosim.CommentSpec{
		OwnerID: s.w.Julia,
		Odd:     map[string]any{"id": 7, "text": []any{}},
	})
}

// takeAway moves the database file to another place, and back after a while. Who starts
// the connector waits for it.
func (s *story) takeAway() {
	w, long := s.w, time.Duration(s.d.Int64N(int64(20*time.Second)))
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away != nil {
		return
	}

	path, back := filepath.Join(w.config.Data, "connector.db"), make(chan struct{})
	if err := os.Rename(path, path+".away"); err != nil {
		w.violateLocked("database file: %v", err)
		return
	}

	w.away = back
	s.wg.Go(func() {
		time.Sleep(long)
		w.mu.Lock()
		defer w.mu.Unlock()
		if _, err := os.Stat(path); err == nil {
			w.violateLocked("database file: there is another one, where it was")
		}

		if err := os.Rename(path+".away", path); err != nil {
			w.violateLocked("database file: %v", err)
		}

		close(back)
		w.away = nil
	})
}

// whole waits until the database file is where it belongs.
func (w *world) whole() {
	w.mu.Lock()
	away := w.away
	w.mu.Unlock()
	if away != nil {
		<-away
	}
}
