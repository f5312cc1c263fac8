// Package nuxeosim is a stand-in for a Nuxeo server, awkward parts included.
//
// It is for tests, benchmarks and the demo: a client that works against it
// should work against the real system, and one that relies on what the real
// system does not promise should fail here first.
//
// It owns a whole repository in memory — documents, versions, locks, access
// rights, comments, upload batches, users, tokens, audit — and the bytes of
// blobs in files (or nowhere, see [Options.DiscardBlobs]). It speaks Nuxeo's
// REST API below /nuxeo and a small interface of its own below /_sim.
//
// What must hold: a write to a document happens whole or not at all; no request
// holds the repository while bytes move or a join takes its time; memory does
// not grow with the size of a file; everything is safe for concurrent use.
//
// Left out: proxies, workflows, tasks, collections, tags, renditions that would
// need conversion, page providers and bulk actions, full-text search,
// FileManager.Import, @async, event handlers, CORS, and the browser's side of a
// foreign OAuth 2 provider. An operation on several documents that fails midway is
// not rolled back.
package nuxeosim
