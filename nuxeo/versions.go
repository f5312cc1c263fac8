package nuxeo

import (
	"cmp"
	"context"
	"slices"
)

// CheckIn makes a minor version of a document that is checked out, whatever the
// versioning policies say, and answers with the document (Document.CheckIn,
// CheckInDocument.java). A document that is checked in stays as it is and gets no
// version. An answer of success is no proof: look at LastVersion.
func (c *Client) CheckIn(ctx context.Context, uid string) (*Document, error) {
	return c.onDocument(ctx, "Document.CheckIn", uid, map[string]any{"version": "minor"}, WriteOptions{})
}

// CheckOut makes a document that is checked in ready for another version, and leaves
// one that is checked out as it is (Document.CheckOut).
func (c *Client) CheckOut(ctx context.Context, uid string) (*Document, error) {
	return c.onDocument(ctx, "Document.CheckOut", uid, nil, WriteOptions{})
}

// Versions lists the versions of a document, oldest first. It reads the repository and
// not the search index, in one call however many there are (Document.GetVersions).
func (c *Client) Versions(ctx context.Context, uid string, f Fetch) ([]*Document, error) {
	out := struct {
		Entries members[*Document] `json:"entries"`
	}{Entries: documents(mostInside)}

	f.Schemas = append(slices.Clip(f.Schemas), "uid") // which numbers them
	if err := c.read(ctx, "Document.GetVersions", "doc:"+uid, nil, f, &out); err != nil {
		return nil, err
	}

	list := out.Entries.list

	// The server's order is that of their making on some databases and none on others.
	slices.SortStableFunc(list, func(a, b *Document) int {
		return cmp.Or(cmp.Compare(a.Int("uid:major_version"), b.Int("uid:major_version")),
			cmp.Compare(a.Int("uid:minor_version"), b.Int("uid:minor_version")))
	})

	return list, out.Entries.whole("Document.GetVersions")
}

// LatestVersions lists the newest versions of a document, newest first, at most as many
// as most (Document.GetVersions).
func (c *Client) LatestVersions(ctx context.Context, uid string, most int, f Fetch) ([]*Document, error) {
	list, err := c.Versions(ctx, uid, f)
	slices.Reverse(list)
	return list[:min(most, len(list))], err
}

// LastVersion reads the newest version of a document from the repository; nil when
// there is none (Document.GetLastVersion, which answers 204 then).
func (c *Client) LastVersion(ctx context.Context, uid string, f Fetch) (*Document, error) {
	d := new(Document)
	if err := c.read(ctx, "Document.GetLastVersion", "doc:"+uid, nil, f, d); err != nil || d.UID == "" {
		return nil, err
	}
	return d, nil
}
