package push

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// This is the route on which no byte passes through the connector: Nuxeo returns the address of the file in
// its store, and Frame.io fetches it. Frame.io may do so incompletely, late or never, and reports
// little about it; then the file is deleted and the push continues in parts, for good. The address is
// a secret that is not stored.

// createUpload creates the file, from Nuxeo's address if possible.
func (r *run) createUpload(ctx context.Context) (work.Next, error) {
	address, err := r.remoteSource(ctx)
	if err != nil {
		return work.Next{}, err
	}
	if r.st.ByAddress = address != ""; r.st.ByAddress {
		return r.createRemote(ctx, address)
	}
	return r.afterCreate(), r.createFile(ctx)
}

// afterCreate returns the step after the file was created.
func (r *run) afterCreate() work.Next {
	if r.st.ByAddress {
		return work.Next{Step: stepFetch}
	}
	return work.Next{Step: stepTransfer}
}

// remoteSource returns the address from which Frame.io can fetch the file. If there is none, it is
// empty, and the history says why.
func (r *run) remoteSource(ctx context.Context) (string, error) {
	if r.Fetchable == nil || r.st.Ordinary || r.st.Piece.Length > v4.MaxRemote {
		return "", nil
	}

	// Does Nuxeo redirect to an address that may be given away?
	address, err := r.nx.SentOn(ctx, nuxeo.BlobPath(r.p.Document, r.st.Piece.XPath))
	if err == nil && address == "" {
		return "", r.disableFetch(ctx, "Nuxeo sends the file itself.")
	}

	if err == nil {
		err = r.Fetchable(address)
	}

	// Temporary problems are retried; others disable fetching.
	switch fault.Then(err) {
	case fault.Wait, fault.Drop:
		return "", err
	}

	if err != nil {
		return "", r.disableFetch(ctx, fault.From(err).Message)
	}

	return address, r.checkUnchanged(ctx)
}

// checkUnchanged checks that the address, which was obtained after the document was read, is of the
// file that was read.
func (r *run) checkUnchanged(ctx context.Context) error {
	doc, err := r.loadDocument(ctx)
	if err != nil {
		return err
	}

	p, err := choosePiece(doc, r.p.What)
	same, ok := nuxeo.SameDigest(p.Digest, r.st.Piece.Digest)
	if err == nil && (p.Length != r.st.Piece.Length || ok && !same) {
		err = fault.New(fault.Mismatch, "The file changed in Nuxeo while it was sent.").
			With("Push it again when nobody is working on it.")
	}

	return err
}

// createRemote creates a file that Frame.io fetches, and records its id.
func (r *run) createRemote(ctx context.Context, address string) (work.Next, error) {
	c := creation{
		Folder:    r.st.Folder,
		Name:      ingest.SafeName(arrivingName(r.p.ID) + " " + r.st.Name),
		Size:      r.st.Piece.Length,
		ByAddress: true,
	}

	if err := r.recordIntent(ctx, c); err != nil {
		return work.Next{}, err
	}

	// Create it. A refusal means that there is no file.
	f, err := r.fio.CreateRemote(ctx, r.p.Account, r.st.Folder, c.Name, address)
	if failed := r.clearIfRefused(ctx, err); failed != nil {
		return work.Next{}, failed
	}

	// Retry temporary problems; otherwise send it in parts.
	switch fault.Then(err) {
	case fault.Wait, fault.Drop:
		return work.Next{}, err
	}

	if err != nil { // the file may exist nevertheless
		return r.fallBack(ctx, "Frame.io did not take the address: "+fault.From(err).Message)
	}

	return r.afterCreate(), r.recordFile(ctx, frameio.Upload{File: f})
}

// arrivingName begins the name of a file until it is complete. No other file has it, so that one
// whose creation was not answered is recognized, whatever its size and state.
func arrivingName(push string) string { return "(arriving " + push + ")" }

// fetch waits until Frame.io has fetched the file, compares, and renames it.
func (r *run) fetch(ctx context.Context) (work.Next, error) {
	if r.st.Ordinary { // an earlier attempt could not delete the file
		return r.fallBack(ctx, "")
	}

	trouble, err := r.checkFetched(ctx)
	if v4.NotFound(err) {
		trouble, err = "The file was deleted on Frame.io while it was fetched.", nil
	}

	if err != nil {
		return work.Next{}, err
	}

	if trouble != "" {
		return r.fallBack(ctx, trouble)
	}

	return work.Next{Step: stepPlace}, r.save(ctx)
}

// checkFetched returns what is wrong with the file, or the empty string if it is complete and has
// its name.
func (r *run) checkFetched(ctx context.Context) (trouble string, err error) {
	status, err := r.fio.UploadStatus(ctx, r.p.Account, r.st.File)
	switch {
	case err != nil:
		return "", err
	case status.Failed:
		return "Frame.io could not fetch the file.", nil
	case !status.Complete:
		return r.awaitFetch()
	}

	f, err := r.fio.File(ctx, r.p.Account, r.st.File)
	if err != nil {
		return "", err
	}

	if f.Size != r.st.Piece.Length {
		return fmt.Sprintf("Frame.io fetched %d of %d bytes.", f.Size, r.st.Piece.Length), nil
	}

	r.st.ViewURL, r.st.Project, r.st.MediaType = f.ViewURL, f.ProjectID, f.MediaType
	return "", r.fio.RenameFile(ctx, r.p.Account, r.st.File, r.st.Name)
}

// A fetch may take fetchTimeout, and a second for each fetchRate bytes: an hour and a half for 50 GB.
// Frame.io reports no progress, only the end, so that a lost fetch looks like a slow one until then.
const (
	fetchTimeout = 5 * time.Minute
	fetchRate    = 10_000_000
)

func (r *run) awaitFetch() (trouble string, err error) {
	limit := fetchTimeout + time.Duration(r.st.Piece.Length/fetchRate)*time.Second
	waited := r.t.Now().Sub(r.st.Began)
	if waited >= limit {
		return fmt.Sprintf("Frame.io did not fetch the file within %s.", limit), nil
	}
	f := fault.New(fault.NotReady, "Frame.io fetches the file from Nuxeo's store.")
	f.RetryAfter = min(time.Minute, max(time.Second, waited/4))
	return "", f
}

// fallBack deletes the file to be fetched and starts again in parts.
func (r *run) fallBack(ctx context.Context, why string) (work.Next, error) {
	if !r.st.Ordinary {
		if err := r.disableFetch(ctx, why); err != nil {
			return work.Next{}, err
		}
	}
	return work.Next{Step: stepCreate}, r.deleteFile(ctx)
}

// disableFetch decides that the file is sent in parts.
func (r *run) disableFetch(ctx context.Context, why string) error {
	r.st.Ordinary = true
	return errors.Join(r.t.Note(ctx, "through the connector", "%s", why), r.save(ctx))
}
