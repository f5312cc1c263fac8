package nuxeosim

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// xpath is where a file is; the main one unless it is said.
func (oc *opCall) xpath() string { return cmp.Or(oc.str("xpath"), "file:content") }

// opBlob answers with the file of a document, or with those of several. A document that
// could have a file and has none is answered with an empty one; one that could not is a
// failure.
func opBlob(oc *opCall) (*answer, error) {
	unable := false
	blobs, err := oc.files(func(n *node) []*blob {
		if b := oc.s.blobAt(n, oc.xpath()); b != nil {
			return []*blob{b}
		}
		sch, f := oc.s.types.lookup(strings.SplitN(oc.xpath(), "/", 2)[0])
		unable = unable || f == nil || !oc.s.repo.hasSchema(n, sch.name)
		return []*blob{made(n.name+".null", "text/plain", nil)}
	})

	switch {
	case err != nil:
		return nil, err
	case unable:
		return nil, oc.s.refused(404, 500, "Property %s not found", oc.xpath())
	case oc.list:
		return sentTogether(blobs), nil
	}

	return blobs[0].sent(), nil
}

// opBlobs answers with all files of the input, together.
func opBlobs(oc *opCall) (*answer, error) {
	blobs, err := oc.files(func(n *node) (all []*blob) {
		for i := 0; ; i++ {
			b := oc.s.heldBlob(n, strconv.Itoa(i))
			if b == nil && i > 0 {
				return all
			}
			if b != nil {
				all = append(all, b)
			}
		}
	})
	if err != nil || len(blobs) == 0 {
		return nil, err // 204
	}

	return sentTogether(blobs), nil
}

func (oc *opCall) files(of func(*node) []*blob) (all []*blob, err error) {
	_, err = oc.each(func(n *node) error {
		all = append(all, of(n)...)
		return nil
	})
	return all, err
}

// opAttach puts files on a document, at the end where there is a list. It answers with
// them.
func opAttach(oc *opCall) (*answer, error) {
	ref, err := oc.need("document")
	if err != nil {
		return nil, err
	}

	if len(oc.blobs) == 0 {
		return nil, oc.s.refused(400, 500, "The operation needs a file as input")
	}

	n, err := oc.document(strings.TrimPrefix(ref, "doc:"))
	if err != nil {
		return nil, err
	}

	if err := oc.demand(n, "WriteProperties"); err != nil {
		return nil, err
	}

	for _, b := range oc.blobs {
		var value any = b
		if _, f := oc.s.types.lookup(oc.xpath()); f != nil && f.typ.kind == kindList {
			old, _ := n.props[oc.xpath()].([]any)
			value = append(slices.Clone(old), map[string]any{"file": b})
		}
		if err := oc.s.updateDocument(oc.user, n, change{props: map[string]any{oc.xpath(): value}}); err != nil {
			return nil, err
		}
	}

	if len(oc.blobs) > 1 {
		return sentTogether(oc.blobs), nil
	}

	return oc.blobs[0].sentNow(), nil
}

// sentNow answers an operation with a blob.
func (b *blob) sentNow() *answer {
	if b == nil || b.data == nil {
		return &answer{status: http.StatusNoContent}
	}
	return b.sent()
}

func opRemoveBlob(oc *opCall) (*answer, error) {
	return oc.writing(func(n *node) error {
		return oc.s.updateDocument(oc.user, n, change{props: map[string]any{oc.xpath(): nil}})
	})
}
