package nuxeosim

import (
	"slices"
	"strings"
)

// opCreateVersion answers with the live document.
func opCreateVersion(oc *opCall) (*answer, error) {
	return oc.version(strings.ToUpper(oc.str("increment")), "")
}

func opCheckIn(oc *opCall) (*answer, error) {
	option, err := oc.need("version")
	if err != nil {
		return nil, err
	}
	return oc.version(strings.ToUpper(option), oc.str("comment"))
}

func (oc *opCall) version(option, comment string) (*answer, error) {
	if !slices.Contains([]string{"", "NONE", "MINOR", "MAJOR"}, option) {
		return nil, badRequest("Unknown increment: %s", option)
	}
	return oc.each(func(n *node) error {
		if err := oc.demand(n, "WriteVersion"); err != nil {
			return err
		}
		if n.isVersion() || !oc.s.repo.hasFacet(n, "Versionable") {
			return conflict("Document is not versionable: %s", n.id)
		}
		if !n.checkedOut {
			oc.s.checkOut(oc.user, n)
		}
		oc.s.checkIn(oc.user, n, option, comment)
		return nil
	})
}

func opCheckOut(oc *opCall) (*answer, error) {
	return oc.writing(func(n *node) error { oc.s.checkOut(oc.user, n); return nil })
}

func opRestore(oc *opCall) (*answer, error) {
	if len(oc.input) != 1 || !oc.input[0].isVersion() {
		return nil, badRequest("The input is not a version")
	}
	live := oc.input[0].source
	if live == nil {
		return nil, notFound("The live document does not exist")
	}
	if err := oc.demand(live, "WriteProperties"); err != nil {
		return nil, err
	}
	if err := oc.s.restore(oc.user, oc.input[0]); err != nil {
		return nil, err
	}
	if oc.flag("checkout", false) {
		oc.s.checkOut(oc.user, live)
	}
	return oc.output([]*node{live}), nil
}

func opLastVersion(oc *opCall) (*answer, error) {
	if len(oc.input) != 1 || holder(oc.input[0]).lastVersion() == nil {
		return nil, notFound("There is no version")
	}
	return oc.output([]*node{holder(oc.input[0]).lastVersion()}), nil
}

func opVersions(oc *opCall) (*answer, error) {
	if len(oc.input) != 1 {
		return nil, badRequest("The operation needs a document as input")
	}
	oc.list = true
	return oc.output(holder(oc.input[0]).versions), nil
}
