package frameiosim

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

func (s *Server) listComments(c *call) (any, error) {
	n, err := s.find(c, "file_id", kindFile)
	if err != nil {
		return nil, err
	}

	top := slices.DeleteFunc(slices.Clone(n.file.comments), func(k *comment) bool {
		return k.deleted || k.parent != nil
	})
	if strings.HasPrefix(c.q("sort"), "owner") && !c.includes()["owner"] {
		return nil, invalid("/sort", "Sorting by owner requires include=owner")
	}

	top, err = sorted(c, top, map[string]func(a, b *comment) int{
		"created_at":   func(a, b *comment) int { return a.created.Compare(b.created) },
		"completed_at": func(a, b *comment) int { return a.completed.Compare(b.completed) },
		"owner":        func(a, b *comment) int { return cmp.Compare(s.ownerName(a), s.ownerName(b)) },
	})
	if err != nil {
		return nil, err
	}

	return list(s, c, top, pageMax, func(k *comment) any { return s.commentWith(c, k) })
}

func (s *Server) ownerName(k *comment) string {
	if p := s.people[k.owner]; p != nil {
		return p.name
	}
	return ""
}

func (s *Server) showComment(c *call) (any, error) {
	k, err := s.findComment(c)
	if err != nil {
		return nil, err
	}
	return s.commentWith(c, k), nil
}

func (s *Server) commentWith(c *call, k *comment) object {
	out, inc := s.commentView(c, k), c.includes()
	if inc["owner"] {
		out["owner"] = s.user(k.owner) // null for a guest
	}
	if inc["replies"] {
		out["replies"] = s.replies(c, k, inc)
	}
	return out
}

func (s *Server) replies(c *call, k *comment, inc map[string]bool) []object {
	replies := []object{}
	for _, r := range k.replies {
		if r.deleted {
			continue
		}
		view := s.commentView(c, r)
		if inc["owner"] {
			view["owner"] = s.user(r.owner)
		}
		replies = append(replies, view)
	}

	return replies
}

func (s *Server) commentView(c *call, k *comment) object {
	out := object{
		"id": k.id, "file_id": k.file.id, "text": k.text, "annotation": nil, "page": k.page,
		"timestamp": s.timestamp(c, k),
		"duration":  k.duration, "text_review_annotation": k.review, "created_at": stamp(k.created),
		"updated_at":     stamp(k.updated),
		"text_edited_at": stampOrNil(k.edited), "completed_at": stampOrNil(k.completed), "completer_id": nil,
		"attachments": []any{}, "mentions": []any{}, "links": linksIn(k),
	}
	if k.annotation != "" {
		out["annotation"] = k.annotation
	}

	if k.completer != "" {
		out["completer_id"] = k.completer
	}

	if k.anchor != nil {
		out["anchor"] = k.anchor
	}

	maps.Copy(out, k.odd)
	return out
}

func (s *Server) timestamp(c *call, k *comment) any {
	if k.timestamp == nil {
		return nil
	}
	if c.flag("timestamp_as_timecode") {
		return timecode(*k.timestamp, k.file.file.fps())
	}
	return *k.timestamp + int64(s.opt.CommentFrameBase)
}

func linksIn(k *comment) []object {
	if k.links == nil {
		return []object{}
	}
	return k.links
}

type commentBody struct {
	Text        *string         `json:"text"`
	Timestamp   json.RawMessage `json:"timestamp"`
	Duration    json.RawMessage `json:"duration"`
	Annotation  json.RawMessage `json:"annotation"`
	Page        json.RawMessage `json:"page"`
	Anchor      json.RawMessage `json:"anchor"`
	Completed   *bool           `json:"completed"`
	Links       []linkBody      `json:"links"`
	Review      json.RawMessage `json:"text_review_annotation"`
	Attachments json.RawMessage `json:"attachments"`
}

type linkBody struct {
	Start int    `json:"start_index"`
	End   int    `json:"end_index"`
	URL   string `json:"url"`
}

func (s *Server) createComment(c *call) (any, error) {
	n, err := s.find(c, "file_id", kindFile)
	if err == nil && !n.project.commentable(c.person.id) {
		err = forbidden("You do not have permission to comment on this file")
	}

	if err != nil {
		return nil, err
	}

	in, err := decode[commentBody](c)
	if err == nil && in.Text == nil {
		err = invalid("/data/text", "Missing field: text")
	}

	if err != nil {
		return nil, err
	}

	draft := &comment{file: n, owner: c.person.id}
	if err := s.fillComment(c, draft, in); err != nil {
		return nil, err
	}

	s.insertComment(draft)
	return s.commentView(c, draft), nil
}

func (s *Server) insertComment(k *comment) {
	k.id = s.ids.uuid()
	k.created = orTime(k.created, s.tick())
	k.updated = k.created
	s.comments[k.id] = k
	k.file.file.comments = append(k.file.file.comments, k)
	s.emit("comment.created", k.id, k.owner)
}

// fillComment takes over what the body has; k is unchanged on error.
func (s *Server) fillComment(c *call, k *comment, in commentBody) error {
	next := *k
	for _, step := range []func() error{
		func() error { return next.setText(in.Text) },
		func() error { return s.setTimestamp(&next, in.Timestamp) },
		func() error { return number(&next.duration, "duration", in.Duration, 1) },
		func() error { return number(&next.page, "page", in.Page, 1) },
		func() error { return next.setDrawing(in) },
		func() error { return next.setLinks(in.Links) },
	} {
		if err := step(); err != nil {
			return err
		}
	}

	if next.duration != nil && next.timestamp == nil {
		return invalid("/data/duration", "duration requires timestamp")
	}

	if in.Completed != nil {
		s.setCompleted(&next, *in.Completed, c.person.id)
	}

	*k = next
	return nil
}

func (k *comment) setText(value *string) error {
	if value == nil {
		return nil
	}
	k.text = *value
	return text("text", k.text, 40_000)
}

// setTimestamp takes a frame number or a timecode.
func (s *Server) setTimestamp(k *comment, raw json.RawMessage) error {
	var code string
	if json.Unmarshal(raw, &code) == nil && code != "" {
		frame, ok := frameOf(code, k.file.file.fps())
		if !ok {
			return invalid("/data/timestamp", "Invalid format. Expected HH:MM:SS:FF")
		}
		k.timestamp = &frame
		return nil
	}

	base := int64(s.opt.CommentFrameBase)
	if err := number(&k.timestamp, "timestamp", raw, base); err != nil || raw == nil || k.timestamp == nil {
		return err
	}

	frame := *k.timestamp - base
	k.timestamp = &frame
	return nil
}

// number reads an optional integer: absent keeps, null clears.
func number(to **int64, name string, raw json.RawMessage, least int64) error {
	if raw == nil {
		return nil
	}

	var v *int64
	if err := json.Unmarshal(raw, &v); err != nil {
		return invalid("/data/"+name, "Invalid type. Expected integer")
	}

	if v != nil && *v < least {
		return invalid("/data/"+name, "%d is smaller than the minimum %d", *v, least)
	}

	*to = v
	return nil
}

func (k *comment) setDrawing(in commentBody) error {
	if in.Annotation != nil {
		k.annotation = ""
		if err := json.Unmarshal(in.Annotation, &k.annotation); err != nil && string(in.Annotation) != "null" {
			return invalid("/data/annotation", "Invalid type. Expected string")
		}
		if len([]rune(k.annotation)) > 200_000 {
			return invalid("/data/annotation", "String length must be at most 200000")
		}
	}

	if in.Anchor != nil {
		_ = json.Unmarshal(in.Anchor, &k.anchor) // it was valid JSON as part of the body
	}

	if in.Review != nil {
		_ = json.Unmarshal(in.Review, &k.review) // likewise
	}

	return nil
}

func (k *comment) setLinks(in []linkBody) error {
	if in == nil {
		return nil
	}

	runes := []rune(k.text)
	k.links = nil
	for _, l := range in {
		if l.Start < 0 || l.End <= l.Start || l.End > len(runes) {
			return invalid("/data/links", "A link must lie within the text")
		}
		k.links = append(k.links, object{
			"start_index": l.Start,
			"end_index":   l.End,
			"url":         l.URL,
			"text":        string(runes[l.Start:l.End]),
		})
	}

	return nil
}
