package nuxeo

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Comment is a comment, an annotation (then XPath is set), or a reply to
// either. Nuxeo sets Author to the client's user, and ParentID to whatever the
// call's address leads to. Text is plain text: Nuxeo keeps HTML, which it cleans, and
// the client writes and reads it so that no character is lost. From all other fields
// Nuxeo drops what [Kept] drops.
type Comment struct {
	ID       string
	ParentID string
	Author   string
	Text     string
	EntityID string // our name for it, not checked to be unique
	Origin   string
	Entity   string
	XPath    string
	Created  time.Time
	Modified time.Time
}

type wireComment struct {
	EntityType string `json:"entity-type"`
	ID         string `json:"id,omitempty"`
	ParentID   string `json:"parentId,omitempty"`
	Author     string `json:"author,omitempty"`
	Text       string `json:"text"`
	EntityID   string `json:"entityId,omitempty"`
	Origin     string `json:"origin,omitempty"`
	Entity     string `json:"entity,omitempty"`
	XPath      string `json:"xpath,omitempty"`
	Created    string `json:"creationDate,omitempty"`
	Modified   string `json:"modificationDate,omitempty"`
}

func (k Comment) wire() wireComment {
	w := wireComment{
		EntityType: "comment", ParentID: k.ParentID, Text: markup(k.Text), EntityID: k.EntityID,
		Origin: k.Origin, Entity: k.Entity, XPath: k.XPath, Created: instant(k.Created), Modified: instant(k.Modified),
	}
	if k.XPath != "" {
		w.EntityType = "annotation"
	}
	return w
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

func (w wireComment) comment() Comment {
	created, _ := time.Parse(time.RFC3339, w.Created) // an odd date is not worth failing for
	modified, _ := time.Parse(time.RFC3339, w.Modified)
	return Comment{
		ID: w.ID, ParentID: w.ParentID, Author: w.Author, Text: plain(w.Text), EntityID: w.EntityID,
		Origin: w.Origin, Entity: w.Entity, XPath: w.XPath, Created: created, Modified: modified,
	}
}

func adapter(annotation bool) string {
	if annotation {
		return "/@annotation"
	}
	return "/@comment"
}

// CreateComment adds a comment to a document, or a reply to a comment when uid
// is the comment's (POST /api/v1/id/{uid}/@comment or @annotation). Use a key:
// a repeat without one makes a second comment.
func (c *Client) CreateComment(ctx context.Context, uid string, k Comment, idempotencyKey string) (Comment, error) {
	var out wireComment
	k.ParentID = uid
	h := WriteOptions{IdempotencyKey: idempotencyKey}.header()
	err := c.doJSON(ctx, http.MethodPost, idPath(uid)+adapter(k.XPath != ""), k.wire(), h, &out)
	return out.comment(), err
}

// CommentByEntity finds a comment or annotation of a document, or a reply of a comment, by
// the name we gave it (GET …/@comment/external/{entityId}); 404 when none. Asked as an
// annotation for what is a comment the server fails with 500.
func (c *Client) CommentByEntity(ctx context.Context, uid, entityID string) (Comment, error) {
	var out wireComment
	err := c.get(ctx, idPath(uid)+adapter(false)+"/external/"+url.PathEscape(entityID), nil, nil, &out)
	return out.comment(), err
}

// UpdateComment writes text and entity of a comment (PUT …/@comment/{id}), which hangs
// below uid afterwards: that of a reply is what it replies to. Only its author and
// administrators may.
func (c *Client) UpdateComment(ctx context.Context, uid string, k Comment) error {
	w := k.wire()
	w.ID = k.ID
	return c.doJSON(ctx, http.MethodPut, idPath(uid)+adapter(k.XPath != "")+"/"+url.PathEscape(k.ID), w, nil, nil)
}

// DeleteComment removes a comment with its replies (DELETE …/@comment/{id}).
func (c *Client) DeleteComment(ctx context.Context, uid, id string, annotation bool) error {
	_, err := c.do(ctx, call{
		method: http.MethodDelete,
		path:   idPath(uid) + adapter(annotation) + "/" + url.PathEscape(id),
	}, nil)
	return err
}

// commentPage is how many comments a page holds: few, since each may be long.
const commentPage = 25

// maxCommentPages ends a list that never does.
const maxCommentPages = 4000

// Comments lists the comments and annotations of a document, or the replies of a
// comment, newest first (GET …/@comment), a page at a time. None comes twice, also when
// others write meanwhile.
func (c *Client) Comments(ctx context.Context, uid string) iter.Seq2[Comment, error] {
	return func(yield func(Comment, error) bool) {
		seen := map[string]bool{}
		for page, read := 0, 0; page <= maxCommentPages; page++ {
			list, total, err := c.commentsAt(ctx, uid, page)
			if err != nil {
				yield(Comment{}, err)
				return
			}

			before := len(seen)
			for _, w := range list {
				if seen[w.ID] {
					continue
				}
				seen[w.ID] = true
				if !yield(w.comment(), nil) {
					return
				}
			}

			// Not every server counts, or ends.
			read += len(list)
			if len(list) == 0 || total == 0 && len(seen) == before || total > 0 && read >= total {
				return
			}
		}
	}
}

// commentsAt is a page of comments, and how many there are in all, if the server counts.
func (c *Client) commentsAt(ctx context.Context, uid string, page int) ([]wireComment, int, error) {
	out := struct {
		Entries members[wireComment] `json:"entries"`
		Total   int                  `json:"totalSize"`
	}{Entries: members[wireComment]{most: commentPage, is: func(w wireComment) bool { return w.ID != "" }}}

	query := url.Values{"pageSize": {strconv.Itoa(commentPage)}, "currentPageIndex": {strconv.Itoa(page)}}
	if err := c.get(ctx, idPath(uid)+"/@comment", query, nil, &out); err != nil {
		return nil, 0, err
	}

	return out.Entries.list, out.Total, out.Entries.whole("@comment")
}
