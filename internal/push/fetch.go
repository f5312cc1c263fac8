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

// The route on which no byte passes through us: Nuxeo tells the address at which
// its store gives the file, and Frame.io fetches it. Frame.io may do so badly, late
// or never, and says little about it; then the file is removed and the push goes
// the ordinary way, for good. The address is a secret that is kept nowhere.

// send makes the file: from Nuxeo's address where that can be.
func (r *run) send(ctx context.Context) (work.Next, error) {
	address, err := r.source(ctx)
	if err != nil {
		return work.Next{}, err
	}
	if r.st.ByAddress = address != ""; r.st.ByAddress {
		return r.makeByAddress(ctx, address)
	}
	return r.onward(), r.make(ctx)
}

// onward is the step after the file was made.
func (r *run) onward() work.Next {
	if r.st.ByAddress {
		return work.Next{Step: stepFetch}
	}
	return work.Next{Step: stepTransfer}
}

// source is the address from which Frame.io can fetch what is sent; empty when
// there is none, which the history then tells.
func (r *run) source(ctx context.Context) (string, error) {
	if r.Fetchable == nil || r.st.Ordinary || r.st.Piece.Length > v4.MaxRemote {
		return "", nil
	}

	address, err := r.nx.SentOn(ctx, nuxeo.BlobPath(r.p.Document, r.st.Piece.XPath))
	if err == nil && address == "" {
		return "", r.goOrdinary(ctx, "Nuxeo sends the file itself.")
	}

	if err == nil {
		err = r.Fetchable(address)
	}

	switch fault.Then(err) {
	case fault.Wait, fault.Drop:
		return "", err
	}

	if err != nil {
		return "", r.goOrdinary(ctx, fault.From(err).Message)
	}

	return address, r.unchanged(ctx)
}

// unchanged makes sure that the address, which was asked for after the document
// was read, is of what was read.
func (r *run) unchanged(ctx context.Context) error {
	doc, err := r.document(ctx)
	if err != nil {
		return err
	}

	p, err := choose(doc, r.p.What)
	same, known := nuxeo.SameDigest(p.Digest, r.st.Piece.Digest)
	if err == nil && (p.Length != r.st.Piece.Length || known && !same) {
		err = fault.New(fault.Mismatch, "The file changed in Nuxeo while it was sent.").
			With("Push it again when nobody is working on it.")
	}

	return err
}

// makeByAddress makes a file that Frame.io fills, and records its id.
func (r *run) makeByAddress(ctx context.Context, address string) (work.Next, error) {
	c := creation{
		Folder:    r.st.Folder,
		Name:      ingest.SafeName(arriving(r.p.ID) + " " + r.st.Name),
		Size:      r.st.Piece.Length,
		ByAddress: true,
	}

	if err := r.intend(ctx, c); err != nil {
		return work.Next{}, err
	}

	f, err := r.fio.CreateRemote(ctx, r.p.Account, r.st.Folder, c.Name, address)
	if settled := r.refused(ctx, err); settled != nil {
		return work.Next{}, settled
	}

	switch fault.Then(err) {
	case fault.Wait, fault.Drop:
		return work.Next{}, err
	}

	if err != nil { // it may have been made nevertheless
		return r.ordinary(ctx, "Frame.io did not take the address: "+fault.From(err).Message)
	}

	return r.onward(), r.made(ctx, frameio.Upload{File: f})
}

// arriving begins the name of a file until all of it is there. No other file has
// it, so that one whose creation was not answered is known again, whatever its size
// and state are by then, and nobody else's is taken for it.
func arriving(push string) string { return "(arriving " + push + ")" }

// fetch waits until Frame.io has fetched the file, compares, and gives it its name.
func (r *run) fetch(ctx context.Context) (work.Next, error) {
	if r.st.Ordinary { // an earlier try could not remove the file
		return r.ordinary(ctx, "")
	}

	trouble, err := r.fetched(ctx)
	if v4.NotFound(err) {
		trouble, err = "The file was deleted on Frame.io while it was fetched.", nil
	}

	if err != nil {
		return work.Next{}, err
	}

	if trouble != "" {
		return r.ordinary(ctx, trouble)
	}

	return work.Next{Step: stepPlace}, r.save(ctx)
}

// fetched says what is wrong with the file; nothing: it is whole and has its name.
func (r *run) fetched(ctx context.Context) (trouble string, err error) {
	status, err := r.fio.UploadStatus(ctx, r.p.Account, r.st.File)
	switch {
	case err != nil:
		return "", err
	case status.Failed:
		return "Frame.io could not fetch the file.", nil
	case !status.Complete:
		return r.fetching()
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

// A fetch may take fetchedWithin, and a second for each fetchedPerSecond bytes: for
// 50 GB an hour and a half. Frame.io tells of no progress, only of the end, so that
// one which it lost looks like a slow one until then.
const (
	fetchedWithin    = 5 * time.Minute
	fetchedPerSecond = 10_000_000
)

func (r *run) fetching() (trouble string, err error) {
	most := fetchedWithin + time.Duration(r.st.Piece.Length/fetchedPerSecond)*time.Second
	waited := r.t.Now().Sub(r.st.Began)
	if waited >= most {
		return fmt.Sprintf("Frame.io did not fetch the file within %s.", most), nil
	}
	f := fault.New(fault.NotReady, "Frame.io fetches the file from Nuxeo's store.")
	f.RetryAfter = min(time.Minute, max(time.Second, waited/4))
	return "", f
}

// ordinary takes back what was made by address and begins again without.
func (r *run) ordinary(ctx context.Context, why string) (work.Next, error) {
	if !r.st.Ordinary {
		if err := r.goOrdinary(ctx, why); err != nil {
			return work.Next{}, err
		}
	}
	return work.Next{Step: stepCreate}, r.removeFile(ctx)
}

// goOrdinary decides that no address is tried for this push any more.
func (r *run) goOrdinary(ctx context.Context, why string) error {
	r.st.Ordinary = true
	return errors.Join(r.t.Note(ctx, "through the connector", "%s", why), r.save(ctx))
}
