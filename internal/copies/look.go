package copies

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/review"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Sides are Nuxeo and Frame.io as one person.
type sides struct {
	nx    *nuxeo.Client
	fio   *v4.Client
	login string
}

// connect gets access to both sides as the person who pushed, else as who answers for the binding.
func (s *Service) connect(ctx context.Context, c Copy) (sides, error) {
	as := func(login string) (out sides, err error) {
		out.login = login
		if out.nx, err = s.People.Nuxeo(ctx, login); err != nil {
			return out, err
		}
		out.fio, err = s.People.Frameio(ctx, login)
		return out, err
	}

	out, err := as(c.By)
	if !fault.Is(err, fault.NeedsOwner, fault.NotConnected) {
		return out, err
	}

	owner, failed := s.Owner(ctx, c.Binding)
	if failed != nil || owner == "" || owner == c.By {
		return out, errors.Join(err, failed)
	}
	return as(owner)
}

// left is why a copy is left; nil: it is not.
func left(format string, args ...any) *fault.Error {
	return fault.New(fault.Refused, format, args...)
}

// found is what a look has found of a copy on Frame.io.
type found struct {
	file   frameio.File
	folder string // that the file is in, or its version stack
}

// look finds out whether something may be done with a copy. It returns a Refused error that says why not.
// Others say that it could not be found out now.
func (s *Service) look(ctx context.Context, at sides, c Copy) (found, error) {
	// Is it in Nuxeo?
	doc, err := lookInNuxeo(ctx, at.nx, c)
	if err != nil {
		return found{}, err
	}

	again, err := s.Pushes.PushedAgain(ctx, c.Document)
	if err != nil {
		return found{}, err
	}
	if again {
		return found{}, left(pushedAgain)
	}

	// Is what is on Frame.io still what was sent?
	f, stack, err := lookOnFrameio(ctx, at.fio, c)
	if err != nil {
		return f, err
	}

	folder, err := s.Mirrored(ctx, c.Account, []string{c.File, stack})
	if err != nil {
		return f, err
	}
	if folder != "" {
		return f, left("The synchronization of the folder %q mirrors it.", folder)
	}

	other, err := link.OtherDocument(ctx, s.DB, c.File, c.Document)
	if err != nil {
		return f, err
	}
	if other != "" {
		return f, left("Another document in Nuxeo belongs to the same file.")
	}

	if now := s.StatusField.In(f.file.Metadata).Value; now != doc.Text(schema.Status) {
		return f, left("Its status on Frame.io was changed to %q.", now)
	}

	return f, s.lookForComments(ctx, at.fio, c)
}

// lookInNuxeo reads the document and compares its content with what was sent.
func lookInNuxeo(ctx context.Context, nx *nuxeo.Client, c Copy) (*nuxeo.Document, error) {
	doc, err := nx.Get(ctx, c.Document, nuxeo.Fetch{Schemas: []string{"dublincore", "file", "frameio"}})
	if nuxeo.NotFound(err) || nuxeo.StatusOf(err) == http.StatusForbidden {
		return nil, left("The document was deleted in Nuxeo, or %s may not see it any more.", c.By).Because(err)
	}
	if err != nil {
		return nil, err
	}

	b := doc.Blob("file:content")
	switch same, known := sameDigest(b, c); {
	case doc.IsTrashed:
		return nil, left("The document is in the trash.")
	case ingest.CheckColdStorage(doc) != nil:
		return nil, left("The document is in cold storage, where its content cannot be compared.")
	case b == nil:
		return nil, left("The document has no file.")
	case b.Length != c.Size || known && !same:
		return nil, left("The document has another content than the copy.")
	case !known:
		return nil, left("Whether the document has the content of the copy cannot be verified: Nuxeo has no digest " +
			"of it, or one of another algorithm.")
	}

	return doc, readable(ctx, nx, c)
}

// sameDigest compares the digest of a blob with that of what was sent; known is false where that tells nothing.
func sameDigest(b *nuxeo.Blob, c Copy) (same, known bool) {
	if b == nil || !nuxeo.IsDigest(b.Digest) {
		return false, false
	}
	return nuxeo.SameDigest(b.Digest, c.Digest)
}

// readable returns an error if Nuxeo does not give the first byte of the content that it tells of: its store may have
// lost it.
func readable(ctx context.Context, nx *nuxeo.Client, c Copy) error {
	if c.Size == 0 {
		return nil
	}

	resp, err := nx.OpenBlob(ctx, c.Document, "file:content", http.Header{"Range": {"bytes=0-0"}})
	if code := nuxeo.StatusOf(err); code == http.StatusNotFound || code == http.StatusForbidden ||
		code == http.StatusInternalServerError {
		return left("Nuxeo does not give the content of the document.").Because(err)
	}
	if err != nil {
		return err
	}

	n, err := io.CopyN(io.Discard, resp.Body, 1)
	err = errors.Join(ignoreEOF(err), resp.Body.Close())
	if err == nil && n == 0 {
		return left("Nuxeo does not give the content of the document.")
	}
	return err
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// missing reports whether a file is not there for the person.
func missing(err error) bool {
	code := v4.StatusOf(err)
	return code == http.StatusNotFound || code == http.StatusForbidden
}

// lookOnFrameio reads the file and where it is; stack is the version stack that it is the only one of, if any.
func lookOnFrameio(ctx context.Context, fio *v4.Client, c Copy) (f found, stack string, err error) {
	f.file, err = fio.File(ctx, c.Account, c.File)
	switch {
	case missing(err):
		return f, "", left("It is not on Frame.io any more, or %s may not see it there.", c.By).Because(err)
	case err != nil:
		return f, "", err
	case f.file.ID != c.File || f.file.Unreadable:
		return f, "", left("Frame.io does not tell of it as it should.")
	case f.file.Size != c.Size:
		return f, "", left("The file on Frame.io is not the one that was sent: it has %d bytes.", f.file.Size)
	}

	// Is it in a folder, or on a stack?
	f.folder = f.file.ParentID
	s, err := fio.Stack(ctx, c.Account, f.folder)
	switch code := v4.StatusOf(err); {
	case code == http.StatusNotFound || code == http.StatusUnprocessableEntity:
		return f, "", nil
	case err != nil:
		return f, "", err
	}

	n := 0
	for _, err := range fio.StackFiles(ctx, c.Account, s.ID) {
		if err != nil {
			return f, "", err
		}
		n++
	}
	if n != 1 {
		return f, "", left("It is one of %d versions on a version stack on Frame.io.", n)
	}

	stack, f.folder = s.ID, s.ParentID
	return f, stack, nil
}

// lookForComments looks whether something was said that Nuxeo does not have.
func (s *Service) lookForComments(ctx context.Context, fio *v4.Client, c Copy) error {
	known := map[string]bool{}
	id, err := link.IDOfDocument(ctx, s.DB, c.Document)
	if err == nil && id != "" {
		known, err = review.ImportedIDs(ctx, s.DB, id, c.File)
	}
	if err != nil {
		return err
	}

	for comment, err := range fio.Comments(ctx, c.Account, c.File) {
		if err != nil {
			return err
		}
		for _, one := range append([]frameio.Comment{comment}, comment.Replies...) {
			if !known[one.ID] || later(one, c.Returned) {
				return left("There is a new comment on Frame.io that Nuxeo does not have: %s.", short(one))
			}
		}
	}

	return nil
}

// later reports whether a comment was made or changed after a time.
func later(c frameio.Comment, than time.Time) bool {
	return c.Created.After(than) || c.Updated.After(than) || c.Edited.After(than)
}

// short is who said something, and how it begins.
func short(c frameio.Comment) string {
	const most = 60
	text := []rune(strings.Join(strings.Fields(c.Text), " "))
	if len(text) > most {
		text = append(text[:most], '…')
	}
	if c.Owner.Name == "" {
		return fmt.Sprintf("%q", string(text))
	}
	return fmt.Sprintf("%s, %q", c.Owner.Name, string(text))
}

// acquire acquires the link of the document, so that no other item works on it or sends it meanwhile.
func acquire(ctx context.Context, tx *sql.Tx, document, item string) error {
	_, _, err := link.AcquireByDocument(ctx, tx, document, item)
	return err
}
