package foldersync

import (
	"net/http"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// ownerGone turns the error that the owner cannot be acted for into one that pauses the sync and
// says who can take it over.
func ownerGone(err error) error {
	if fault.Is(err, fault.NeedsOwner, fault.NotConnected) {
		f := fault.From(err)
		return fault.New(fault.NotConnected, "%s", f.Message).
			With("Let somebody who may write in the folder refresh it: they become its owner.").Because(err)
	}
	return err
}

// retryOnConflict turns a conflict with a concurrent write into an error that is retried.
func retryOnConflict(err error) error {
	if nuxeo.StatusOf(err) != http.StatusConflict || !fault.Is(err, fault.Conflict) {
		return err
	}
	return fault.New(fault.Unavailable, "It was written by somebody else at the same moment.").Because(err)
}

// refusalMessage returns why Nuxeo refuses to change a single document: it is locked, or the owner
// may not write it. That does not keep the other documents from being changed. It returns the empty
// string for other errors.
func refusalMessage(what string, err error) string {
	if !fault.Is(err, fault.Forbidden, fault.Locked) {
		return ""
	}
	return what + ": " + fault.From(err).Message
}

// isMissing reports whether Frame.io says that a resource does not exist, or not as this kind.
func isMissing(err error) bool {
	return v4.NotFound(err) || v4.StatusOf(err) == http.StatusUnprocessableEntity
}

// ignoreMissing returns nil for the errors that isMissing recognizes, and err otherwise.
func ignoreMissing(err error) error {
	if isMissing(err) {
		return nil
	}
	return err
}

// ignoreInaccessible returns nil for errors that say that a resource does not exist or may not be
// seen, and err otherwise.
func ignoreInaccessible(err error) error {
	if isMissing(err) || v4.StatusOf(err) == http.StatusForbidden {
		return nil
	}
	return err
}

// ignoreNotFound returns nil for a folder that disappeared while its parent was being listed, and
// err otherwise.
func ignoreNotFound(err error) error {
	if v4.NotFound(err) {
		return nil
	}
	return err
}

// ignore returns nil for errors with a code, and err otherwise.
func ignore(err error, code fault.Code) error {
	if fault.Is(err, code) {
		return nil
	}
	return err
}
