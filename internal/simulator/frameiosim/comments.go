package frameiosim

import (
	"slices"
	"time"
)

// CommentSpec describes a comment that is added.
type CommentSpec struct {
	Text       string
	OwnerID    string // empty: a guest, whose name the API does not tell
	Timestamp  *int64 // frame from 0; nil: about the whole file
	Duration   *int64 // frames
	Annotation string // the drawing, a JSON array in a string
	Page       *int64 // of a document, from 1
	Completed  bool
	ParentID   string // a reply to this comment; the API cannot make those
	// Odd are members of the answer that are otherwise than the contract says.
	Odd map[string]any
}

// AddComment makes a comment or a reply.
func (s *Server) AddComment(fileID string, spec CommentSpec) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := &comment{
		file: s.mustFile(fileID), text: spec.Text, owner: spec.OwnerID, timestamp: spec.Timestamp,
		duration: spec.Duration, annotation: spec.Annotation, page: spec.Page, odd: spec.Odd,
	}
	if spec.ParentID != "" {
		k.parent = must(s.comments, "comment", spec.ParentID)
		k.parent.replies = append(k.parent.replies, k)
	}

	if spec.Completed {
		s.setCompleted(k, true, spec.OwnerID)
	}

	s.insertComment(k)
	return k.id
}

// EditComment changes the text.
func (s *Server) EditComment(id, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := must(s.comments, "comment", id)
	k.text, k.updated = text, s.tick()
	k.edited = k.updated
	s.emit("comment.updated", k.id, k.owner)
}

// DeleteComment removes a comment with its replies.
func (s *Server) DeleteComment(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := must(s.comments, "comment", id)
	s.emit("comment.deleted", id, k.owner)
	k.remove()
}

// CompleteComment ticks a comment off, or back.
func (s *Server) CompleteComment(id string, completed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := must(s.comments, "comment", id)
	s.setCompleted(k, completed, k.owner)
	k.updated = s.tick()
}

// CommentView is a comment for inspection.
type CommentView struct {
	ID, FileID, ParentID, OwnerID, Text, Annotation string
	Timestamp, Duration                             *int64 // frames from 0
	Completed                                       bool
}

// Comments lists the comments and replies of a file as they were made.
func (s *Server) Comments(fileID string) []CommentView {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []CommentView
	for _, k := range s.mustFile(fileID).file.comments {
		if k.deleted {
			continue
		}

		v := CommentView{
			ID: k.id, FileID: fileID, OwnerID: k.owner, Text: k.text, Annotation: k.annotation,
			Timestamp: k.timestamp, Duration: k.duration, Completed: !k.completed.IsZero(),
		}
		if k.parent != nil {
			v.ParentID = k.parent.id
		}

		out = append(out, v)
	}

	return out
}

func (s *Server) setCompleted(k *comment, completed bool, by string) {
	if completed == !k.completed.IsZero() {
		return
	}

	k.completed, k.completer = time.Time{}, ""
	if completed {
		k.completed, k.completer = s.now(), by
	}

	if k.id != "" { // one that is just being made is told of as such
		s.emit(map[bool]string{true: "comment.completed", false: "comment.uncompleted"}[completed], k.id, by)
	}
}

func (k *comment) remove() {
	k.deleted = true
	for _, reply := range k.replies {
		reply.remove()
	}
	k.file.file.comments = slices.DeleteFunc(k.file.file.comments, func(other *comment) bool { return other == k })
}

func (s *Server) updateComment(c *call) (any, error) {
	k, err := s.findComment(c)
	if err == nil && !k.project().commentable(c.person.id) {
		err = forbidden("You do not have permission to change this comment")
	}

	if err != nil {
		return nil, err
	}

	in, err := decode[commentBody](c)
	if err == nil && in.Text != nil && *in.Text != k.text && k.owner != c.person.id {
		err = forbidden("Only the owner can change the text of a comment")
	}

	if err != nil {
		return nil, err
	}

	before := k.text
	if err := s.fillComment(c, k, in); err != nil {
		return nil, err
	}

	k.updated = s.tick()
	if k.text != before {
		k.edited = k.updated
	}

	s.emit("comment.updated", k.id, c.person.id)
	return s.commentView(c, k), nil
}

func (k *comment) project() *project { return k.file.project }

func (s *Server) deleteComment(c *call) (any, error) {
	k, err := s.findComment(c)
	if err == nil && k.owner != c.person.id && !k.project().workspace.account.leads(c.person.id) {
		err = forbidden("You do not have permission to delete this comment")
	}

	if err != nil {
		return nil, err
	}

	s.emit("comment.deleted", k.id, c.person.id)
	k.remove()
	return nil, nil
}
