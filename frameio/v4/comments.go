package v4

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
)

type wireComment struct {
	ID         string            `json:"id"`
	FileID     string            `json:"file_id"`
	Text       string            `json:"text"`
	Annotation string            `json:"annotation"`
	Timestamp  *int64            `json:"timestamp"`
	Duration   *int64            `json:"duration"`
	Page       *int64            `json:"page"`
	Completed  *time.Time        `json:"completed_at"`
	Created    time.Time         `json:"created_at"`
	Updated    time.Time         `json:"updated_at"`
	Edited     *time.Time        `json:"text_edited_at"`
	Owner      *wirePerson       `json:"owner"`
	Replies    []json.RawMessage `json:"replies"`
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
// (GET …/files/{id}/comments?include=owner,replies&sort=created_at_asc).
func (c *Client) Comments(ctx context.Context, account, file string) iter.Seq2[frameio.Comment, error] {
	query := include("owner", "replies")
	query.Set("sort", "created_at_asc")
	raw := list[json.RawMessage](ctx, c, seg("accounts", account, "files", file, "comments"), query, 100)
	return func(yield func(frameio.Comment, error) bool) {
		for r, err := range raw {
			var k frameio.Comment
			if err == nil {
				k, err = comment(r)
			}
			if !yield(k, err) || err != nil {
				return
			}
		}
	}
}

func comment(raw json.RawMessage) (frameio.Comment, error) {
	var w wireComment
	if err := json.Unmarshal(raw, &w); err != nil {
		return frameio.Comment{}, &Error{Method: "GET", Path: "comments", Code: 200, Message: "a comment is not what Frame.io sends", Err: err}
	}
	k := frameio.Comment{
		ID: w.ID, FileID: w.FileID, Text: w.Text, Annotation: w.Annotation, Timestamp: w.Timestamp, Duration: w.Duration,
		Page: w.Page, Completed: w.Completed != nil, Created: w.Created, Updated: w.Updated, Owner: w.Owner.person(), Raw: without(raw, "replies", "owner", "attachments"),
	}
	if w.Edited != nil {
		k.Edited = *w.Edited
	}
	for _, r := range w.Replies {
		reply, err := comment(r)
		if err != nil {
			return k, err
		}
		k.Replies = append(k.Replies, reply)
	}
	return k, nil
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
