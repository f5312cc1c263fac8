// Package nuxeosim is a stand-in for a Nuxeo server, awkward parts included.
//
// It is for tests, benchmarks and the demo: a client that works against it
// should work against the real system, and one that relies on what the real
// system does not promise should fail here first.
//
// It owns a whole repository in memory — documents, versions, locks, access
// rights, comments, upload batches, users, tokens, audit — and the bytes of
// blobs in files (or nowhere, see [Options.DiscardBlobs]). It speaks Nuxeo's
// REST API below /nuxeo and a small interface of its own below /_sim. Below
// /nuxeo/ui are pages in the manner of Web UI (face, built by `make ui` from
// Nuxeo's own elements), which load what packages bring for Web UI.
//
// Invariants: a write to a document happens whole or not at all; no request
// holds the repository while bytes move or a join takes its time; memory does
// not grow with the size of a file; everything is safe for concurrent use.
//
// Left out: proxies, workflows and tasks (lists of them are empty), collections but
// favorites, tags, renditions that would need conversion, aggregates and bulk actions,
// full-text search but for words in what a document says of itself, groups within groups,
// event handlers, and of Web UI whatever no package of ours meets: search, creation, edit
// forms. Of vocabularies there are some, of page providers those of Web UI, of operations
// those that clients begin with. An operation on several documents that fails midway is
// not rolled back.
package nuxeosim
