package nuxeo

import (
	"context"
	"encoding/json"
	"fmt"
)

// Lock locks a document for the client's user (Document.Lock) and tells the lock. A lock
// that the user holds already stays as it is; one of another user is 409.
func (c *Client) Lock(ctx context.Context, uid string) (*Document, error) {
	return c.onDocument(ctx, "Document.Lock", uid, nil, WriteOptions{})
}

// Unlock takes a lock away (Document.Unlock): the user's own, or another one with the
// permission Unlock; else 409. Where there is none nothing happens.
func (c *Client) Unlock(ctx context.Context, uid string) error {
	_, err := c.onDocument(ctx, "Document.Unlock", uid, nil, WriteOptions{})
	return err
}

// Rendition is something that Nuxeo made of a document's file.
type Rendition struct {
	Name  string
	XPath string // where its blob is, for BlobPath
	Video bool   // a transcoded video; else a view of a picture
	Blob  Blob
}

// Renditions are the transcoded videos and views of a document that was read with
// the schemas video and picture. Those without a blob, or without a name, are
// left out; of two with the same name the first counts.
func (d *Document) Renditions() []Rendition {
	var all []Rendition
	seen := map[string]bool{}
	add := func(property string, video bool) {
		var list []struct {
			Name    string `json:"name"`
			Title   string `json:"title"`
			Content *Blob  `json:"content"`
		}

		_ = json.Unmarshal(d.Properties[property], &list) // absent from most documents
		for i, e := range list {
			if e.Name == "" {
				e.Name = e.Title
			}

			if e.Content == nil || e.Name == "" || seen[e.Name] {
				continue
			}

			// It is addressed by its place in the list.
			seen[e.Name] = true
			all = append(all, Rendition{
				Name:  e.Name,
				XPath: fmt.Sprintf("%s/%d/content", property, i),
				Video: video,
				Blob:  *e.Content,
			})
		}
	}

	add("vid:transcodedVideos", true)
	add("picture:views", false)
	return all
}
