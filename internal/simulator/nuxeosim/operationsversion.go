package nuxeosim

import (
	"net/http"
	"strings"
)

// opCreateVersion saves the document with a versioning option and answers with the
// live document. Without saveDocument the option is never used: the answer is 200 and
// no version is made (CreateVersion.java). A document that is checked in has nothing to
// save, so that it stays as it is.
func opCreateVersion(oc *opCall) (*answer, error) {
	option := strings.ToUpper(oc.str("increment"))
	if !oc.flag("saveDocument", true) || option != "MINOR" && option != "MAJOR" {
		option = ""
	}

	return oc.each(func(n *node) error {
		if !oc.s.repo.hasFacet(n, "Versionable") {
			return failure(http.StatusInternalServerError,
				"The document (id:'%s') with title '%s' doesn't have 'versionable' facet", n.id, n.text("dc:title"))
		}
		return oc.version(n, option, "")
	})
}

// opCheckIn makes a version of what is checked out, whatever the policies say; an
// unknown option counts as minor (CheckInDocument.java).
func opCheckIn(oc *opCall) (*answer, error) {
	option, err := oc.need("version")
	if err != nil {
		return nil, err
	}
	if option = strings.ToUpper(option); option != "NONE" && option != "MAJOR" {
		option = "MINOR"
	}
	return oc.each(func(n *node) error { return oc.version(n, option, oc.str("comment")) })
}

// version checks a document in with an option, if there is one and it is checked out.
func (oc *opCall) version(n *node, option, comment string) error {
	if option == "" || !n.checkedOut {
		return oc.demand(n, "Read")
	}

	if err := oc.demand(n, "WriteVersion"); err != nil {
		return err
	}

	if n.isVersion() {
		return failure(http.StatusInternalServerError, "Cannot check in a version: %s", n.id)
	}

	oc.s.checkIn(oc.user, n, option, comment)
	return nil
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
	if len(oc.input) != 1 {
		return nil, badRequest("The operation needs a document as input")
	}
	last := holder(oc.input[0]).lastVersion()
	if last == nil {
		return nil, nil // 204
	}
	return oc.output([]*node{last}), nil
}

func opVersions(oc *opCall) (*answer, error) {
	if len(oc.input) != 1 {
		return nil, badRequest("The operation needs a document as input")
	}
	oc.list = true
	return oc.output(holder(oc.input[0]).versions), nil
}
