package nuxeosim

import (
	"slices"
	"time"
)

// backgroundWork is the work on the thumbnail of a document. It has read the facets when
// the content was written, and writes them back later, without its own facet where there
// is no thumbnail to be made: what was added meanwhile is gone with its data
// (ThumbnailHelper.createThumbnailIfNeeded, run by the work updateThumbListener).
type backgroundWork struct {
	document *node
	facets   []string
	timer    *time.Timer
}

// beginBackground lets the work on a document that got a content begin. The repository is
// locked.
func (s *Server) beginBackground(n *node) {
	if s.closed {
		return
	}
	w := &backgroundWork{document: n, facets: slices.Clone(n.extra)}
	s.works = append(s.works, w)
	if s.opt.BackgroundAfter > 0 {
		w.timer = time.AfterFunc(s.opt.BackgroundAfter, func() { s.runWork(w) })
	}
}

func (s *Server) runWork(w *backgroundWork) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.works, w); i >= 0 {
		s.works = slices.Delete(s.works, i, i+1)
		s.writeBack(w)
	}
}

// writeBack makes the facets what they were, and raises the first number of the token.
func (s *Server) writeBack(w *backgroundWork) {
	n := w.document
	if s.repo.byID[n.id] != n {
		return // it was removed meanwhile
	}

	before := s.repo.schemas(n)
	n.extra = slices.Clone(w.facets)
	n.sysToken++
	for _, name := range before {
		if !s.repo.hasSchema(n, name) {
			s.clearSchema(n, name)
		}
	}
}

// RunBackground does what work waits in the background, and tells how much that was.
func (s *Server) RunBackground() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	works := s.works
	s.works = nil
	for _, w := range works {
		s.writeBack(w)
	}
	return len(works)
}

func (s *Server) endBackground() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, w := range s.works {
		if w.timer != nil {
			w.timer.Stop()
		}
	}

	s.works = nil
}
