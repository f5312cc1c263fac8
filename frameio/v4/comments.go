package v4

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
)

// wireComment takes what is not as it should be for what it says, as far as that goes: a
// file has many comments, and one that is odd is no reason to lose the others.
type wireComment struct {
	ID          string               `json:"id"`
	FileID      string               `json:"file_id"`
	Text        string               `json:"text"`
	Annotation  string               `json:"annotation"`
	Timestamp   moment               `json:"timestamp"`
	Duration    moment               `json:"duration"`
	Page        moment               `json:"page"`
	Completed   looseTime            `json:"completed_at"`
	Created     looseTime            `json:"created_at"`
	Updated     looseTime            `json:"updated_at"`
	Edited      looseTime            `json:"text_edited_at"`
	Owner       *wireUser            `json:"owner"`
	Replies     few[json.RawMessage] `json:"replies"`
	Attachments few[wireAttachment]  `json:"attachments"`
	Proposal    *struct {
		Selection  string `json:"selection_text"`
		Suggestion string `json:"suggested_text"`
	} `json:"text_review_annotation"`
}

type wireAttachment struct {
	Name string `json:"name"`
	Size moment `json:"file_size"`
}

// CommentFile is the file that a comment is about
// (GET /v4/accounts/{a}/comments/{id}); 404 when it is gone, or is a reply.
func (c *Client) CommentFile(ctx context.Context, account, id string) (string, error) {
	w, err := one[struct {
		File string `json:"file_id"`
	}](ctx, c, http.MethodGet, seg("accounts", account, "comments", id), nil, nil)
	return w.File, err
}

// Comments lists the comments of a file with their replies, oldest first
// (GET …/files/{id}/comments?include=owner,replies&sort=created_at_asc). One that cannot
// be read is among them, without an ID.
func (c *Client) Comments(ctx context.Context, account, file string) iter.Seq2[frameio.Comment, error] {
	query := include("owner", "replies")
	query.Set("sort", "created_at_asc")
	raw := list(ctx, c, seg("accounts", account, "files", file, "comments"), query, 100)
	return func(yield func(frameio.Comment, error) bool) {
		for r, err := range raw {
			var k frameio.Comment
			if err == nil {
				k = comment(r)
			}
			if !yield(k, err) || err != nil {
				return
			}
		}
	}
}

func comment(raw json.RawMessage) frameio.Comment {
	var w wireComment
	if !w.read(raw) {
		return frameio.Comment{Raw: without(raw, "replies", "owner", "attachments")}
	}

	k := frameio.Comment{
		ID: w.ID, FileID: w.FileID, Text: w.Text, Annotation: w.Annotation, Timestamp: w.Timestamp.number,
		Timecode: w.Timestamp.text,
		Duration: w.Duration.number, Page: w.Page.number, Completed: w.Completed.set, Created: w.Created.Time,
		Updated: w.Updated.Time,
		Edited:  w.Edited.Time, Owner: w.Owner.user(), Raw: without(raw, "replies", "owner", "attachments"),
	}

	for _, a := range w.Attachments {
		k.Attachments = append(k.Attachments, frameio.Attachment{Name: a.Name, Size: a.Size.or(0)})
	}

	if p := w.Proposal; p != nil {
		k.Proposal = &frameio.Proposal{Selection: p.Selection, Suggestion: p.Suggestion}
	}

	for _, r := range w.Replies {
		k.Replies = append(k.Replies, comment(r))
	}

	return k
}

// read takes each member by itself, and leaves out what is of another kind than it should
// be. It reports whether there is an id, without which a comment is none.
func (w *wireComment) read(raw json.RawMessage) bool {
	if json.Unmarshal(raw, w) == nil {
		return w.ID != ""
	}

	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return false
	}

	// One odd member must not cost the others.
	*w = wireComment{}
	for name, member := range members {
		one, err := json.Marshal(map[string]json.RawMessage{name: member})
		if err != nil {
			continue
		}
		with := *w
		if json.Unmarshal(one, &with) == nil {
			*w = with
		}
	}

	return w.ID != ""
}

// without removes keys of an object: what is kept of a comment neither repeats
// its replies nor holds signed addresses of pictures and attachments.
func without(raw json.RawMessage, keys ...string) []byte {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return raw
	}

	for _, key := range keys {
		delete(m, key)
	}

	b, err := json.Marshal(m)
	if err != nil {
		return raw
	}

	return b
}
