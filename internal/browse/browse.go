// Package browse shows a person the folders of Nuxeo: to pick one, level by level
// or by words of the title, and one by itself with the way to it and the
// documents in it that came from Frame.io.
//
// It owns nothing. Invariants: people see what Nuxeo lets them see, since
// Nuxeo is asked as the person; an answer is bounded, and so is the number of
// calls for it, however many folders there are. It leaves to binding what may be
// done with a folder.
package browse

import (
	"context"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Most is how many folders one answer holds at most.
const Most = 200

// A search needs some letters, or it matches everything.
const shortest, longest = 2, 200

// Folder is a Folderish document.
type Folder struct {
	UID, Path, Title, Type string
}

// A Service asks Nuxeo as the viewer.
type Service struct {
	Nuxeo func(ctx context.Context, login string) (*nuxeo.Client, error)
	// Bindable says why a folder that was read with the enricher "permissions"
	// cannot be bound; nil: it can.
	Bindable func(*nuxeo.Document) error
	Now      func() time.Time

	types types
}

// Root is where browsing begins.
const Root = ""

// Children lists the folders directly in a folder, by title; more says that there
// are others. A folder that one may not see fails like one that is not there.
func (s *Service) Children(ctx context.Context, login, parent string) (all []Folder, more bool, err error) {
	nx, err := s.Nuxeo(ctx, login)
	if err != nil {
		return nil, false, err
	}

	// An empty list must not hide that the folder cannot be seen.
	if parent == Root {
		root, err := nx.GetByPath(ctx, "/", nuxeo.Fetch{})
		if err != nil {
			return nil, false, err
		}
		parent = root.UID
	} else if _, err := nx.Get(ctx, parent, nuxeo.Fetch{}); err != nil {
		return nil, false, gone(err)
	}

	return list(ctx, nx, "ecm:parentId = "+nuxeo.Quote(parent))
}

// Search lists the folders whose titles hold the words.
func (s *Service) Search(ctx context.Context, login, words string) (all []Folder, more bool, err error) {
	words = strings.TrimSpace(words)
	if n := utf8.RuneCountInString(words); n < shortest || n > longest {
		return nil, false, fault.Field("search", "Give 2 to 200 letters of the folder's title.",
			"%d letters cannot be searched for.", n)
	}

	nx, err := s.Nuxeo(ctx, login)
	if err != nil {
		return nil, false, err
	}

	return list(ctx, nx, "dc:title ILIKE "+nuxeo.Quote("%"+literal.Replace(words)+"%"))
}

// literal makes signs with a meaning match one letter, whichever: NXQL does not
// say how to take their meaning from them.
var literal = strings.NewReplacer(`\`, "_", "%", "_")

func list(ctx context.Context, nx *nuxeo.Client, where string) (all []Folder, more bool, err error) {
	q := "SELECT * FROM Document WHERE " + where +
		" AND ecm:mixinType = 'Folderish' AND ecm:mixinType != 'HiddenInNavigation'" +
		schema.AndLive + " ORDER BY dc:title, ecm:uuid"
	docs, more, err := nx.QueryPage(ctx, q, 0, Most, nuxeo.Fetch{})
	for _, d := range docs {
		all = append(all, folderOf(d))
	}
	return all, more, err
}

// gone makes what one may not see look like what is not there.
func gone(err error) error {
	if nuxeo.NotFound(err) || nuxeo.StatusOf(err) == http.StatusForbidden {
		return noFolder()
	}
	return err
}
