package nuxeosim

import "slices"

func opFetch(oc *opCall) (*answer, error) {
	ref, err := oc.need("value")
	if err != nil {
		return nil, err
	}

	n, err := oc.document(ref)
	if err != nil {
		return nil, err
	}

	return oc.output([]*node{n}), nil
}

func opChildren(oc *opCall) (*answer, error) {
	if len(oc.input) != 1 {
		return nil, badRequest("The operation needs a document as input")
	}

	oc.list = true
	var out []*node
	for _, n := range oc.input[0].children {
		if allowed(oc.user, n, "Browse") {
			out = append(out, n)
		}
	}

	return oc.output(out), nil
}

func opParent(oc *opCall) (*answer, error) {
	if len(oc.input) != 1 || holder(oc.input[0]).parent == nil {
		return nil, notFound("There is no parent")
	}
	return oc.output([]*node{holder(oc.input[0]).parent}), nil
}

// opChild finds a child by its name.
func opChild(oc *opCall) (*answer, error) {
	name, err := oc.need("name")
	if err != nil {
		return nil, err
	}

	found := make([]*node, len(oc.input))
	_, err = oc.each(func(n *node) error {
		child := n.byName[name]
		if child == nil || !allowed(oc.user, child, "Read") {
			return notFound("%s", name)
		}
		found[slices.Index(oc.input, n)] = child
		return nil
	})
	if err != nil {
		return nil, err
	}

	return oc.output(found), nil
}

// opSource is the document that a proxy shows; there are no proxies, and a document that
// is none is answered as it is.
func opSource(oc *opCall) (*answer, error) { return oc.each(func(*node) error { return nil }) }
