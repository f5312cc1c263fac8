package ingest

import (
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// What a document holds is compared with what was sent now, with what came before (link), and with
// what was there before the write (intent). Digests say something only if they are of one algorithm.

// A match is how a content compares with what was sent.
type match int

const (
	differs match = iota
	unclear       // it is as long, and no digest tells more
	equal
)

// compare compares the content of a document, which may be nil, with what was sent.
func compare(b *nuxeo.Blob, j *Job) match {
	if b == nil || b.Length != j.File.length() {
		return differs
	}

	if j.Digest == "" || b.DigestAlgorithm != digestAlgorithm {
		return unclear
	}

	if b.Digest != j.Digest {
		return differs
	}

	return equal
}

// attached reports whether the write of our intent has happened: the content is what we sent, and
// not what was there before.
func attached(b *nuxeo.Blob, j *Job) bool {
	if j.Intent == nil || j.Intent.Create {
		return false
	}
	m := compare(b, j)
	return m == equal || m == unclear && b.Digest != j.Intent.BeforeDigest
}

// untouched reports whether the write of our intent has changed nothing.
func untouched(b *nuxeo.Blob, j *Job) bool {
	if b == nil {
		return true
	}
	before := j.Intent
	return before != nil && !before.Create && before.BeforeDigest != "" && b.Digest == before.BeforeDigest &&
		compare(b, j) == differs
}

// holdsBefore reports whether the content is what was there before the write.
func holdsBefore(b *nuxeo.Blob, before *Intent) bool {
	if b == nil {
		return before.BeforeDigest == "" && before.BeforeLength == 0
	}
	return b.Digest == before.BeforeDigest && b.Length == before.BeforeLength
}

// linked returns the content that a link records.
func linked(l link.Link) *Linked { return &Linked{File: l.FileID, Digest: l.Digest} }

// superseded reports whether another item has given the document a content since the intent. An
// intent of an older version does not say what the link recorded then: what it records now may be
// what the document holds.
func (i *Intent) superseded(l link.Link, b *nuxeo.Blob) bool {
	if i.Linked != nil {
		return *i.Linked != *linked(l)
	}
	return b != nil && l.Digest != "" && b.Digest == l.Digest && b.Length == l.Size
}

// holds reports whether the content is the file's already, as the link tells.
func holds(b *nuxeo.Blob, l link.Link, f *File) bool {
	return b != nil && l.FileID == f.ID && l.Size == f.length() && b.Length == f.length() && b.Digest == l.Digest
}

// intentWritten reports whether the write of our intent has happened, whatever became of the bytes:
// dc:source, which is written with the content, is ours and was not before.
func intentWritten(doc *nuxeo.Document, j *Job) bool {
	key := sourceKey(j.Asset.Account, j.File.ID)
	return j.Intent != nil && !j.Intent.Create && j.Intent.BeforeSource != key && doc.Text("dc:source") == key
}
