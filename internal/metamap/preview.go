package metamap

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// People gives access to Nuxeo and Frame.io as a person, or the error that they have none.
type People interface {
	Nuxeo(ctx context.Context, login string) (*nuxeo.Client, error)
	Frameio(ctx context.Context, login string) (*v4.Client, error)
}

// A Place is what a document is to the connector. File is empty if it has no asset, and Account too if it is below no
// bound folder. Arriving and Leaving are the tables by which it comes from Frame.io and goes there.
type Place struct {
	Account, File     string
	Arriving, Leaving Scope
}

// A Preview is what the rows that hold for a document would change.
type Preview struct {
	Document, Title string
	File            string // the name of its file on Frame.io; empty if it has none
	Changes         []Change
}

// Test says what the rows that hold for a document would change, as a person, and changes nothing. The document is
// named by its uid or path.
//
// GET /id/{uid} or /path/{path}, GET /config/schemas/{name}; GET …/files/{id}, GET …/metadata/field_definitions.
func (s *Service) Test(ctx context.Context, login, document string) (p Preview, err error) {
	nx, err := s.People.Nuxeo(ctx, login)
	if err != nil {
		return p, err
	}

	get := nx.Get
	if strings.HasPrefix(document, "/") {
		get = nx.GetByPath
	}

	fetch := All
	fetch.Enrichers = []string{"breadcrumb"}
	doc, err := get(ctx, document, fetch)
	if err != nil {
		return p, unseen(err)
	}

	// Which rows hold for it?
	p.Document, p.Title = doc.UID, doc.Title
	place, err := s.Place(ctx, doc)
	if err != nil {
		return p, err
	}

	arriving, err := s.Rows(ctx, place.Arriving)
	if err != nil {
		return p, err
	}

	leaving, err := s.Rows(ctx, place.Leaving)
	if err != nil {
		return p, err
	}

	rows := append(Only(arriving, ToNuxeo), Only(leaving, ToFrameio)...)
	if len(rows) == 0 || place.Account == "" {
		return p, nil
	}

	// What would they do?
	subject, err := s.Subject(ctx, nx, doc, rows)
	if err != nil {
		return p, err
	}

	if err := s.lookAtFile(ctx, login, place, &subject, &p); err != nil {
		return p, err
	}

	if place.File == "" { // it has to be pushed first
		rows = Only(rows, ToFrameio)
	}

	p.Changes = Decide(rows, subject)
	return p, nil
}

// lookAtFile adds what Frame.io has of the document's file, and the fields of the account.
func (s *Service) lookAtFile(ctx context.Context, login string, at Place, subject *Subject, p *Preview) error {
	fio, err := s.People.Frameio(ctx, login)
	if err != nil {
		return err
	}

	if at.File != "" {
		f, err := fio.File(ctx, at.Account, at.File)
		if v4.NotFound(err) {
			return fault.New(fault.Gone, "The document's file was deleted on Frame.io, or is not shared with you.").
				Because(err)
		}
		if err != nil {
			return err
		}
		subject.Fields, p.File = f.Metadata, f.Name
	}

	for d, err := range fio.Definitions(ctx, at.Account) {
		if err != nil {
			return err
		}
		subject.Definitions = append(subject.Definitions, d)
	}

	return nil
}

func unseen(err error) error {
	if nuxeo.NotFound(err) || nuxeo.StatusOf(err) == http.StatusForbidden {
		return fault.New(fault.NotFound, "There is no such document, or you may not see it.").
			With("Give its uid or its path.")
	}
	return err
}

// maxAccounts is how many accounts are asked which fields they have, and maxOffered how many fields are offered.
const (
	maxAccounts = 5
	maxOffered  = 1000
)

// ApprovalStatus is the field in which projects that are linked to Workfront keep decisions.
const ApprovalStatus = "Approval Status"

// Fields returns the fields that a row can name: the status, that of Workfront, and those of the accounts that a person
// sees, by name. Somebody who is not connected to Frame.io gets the first two.
func (s *Service) Fields(ctx context.Context, login string) ([]frameio.Definition, error) {
	out := []frameio.Definition{{Name: string(s.Status), Type: "select"}}
	add := func(d frameio.Definition) {
		same := func(one frameio.Definition) bool {
			return frameio.Names(one.Name).Key() == frameio.Names(d.Name).Key()
		}
		if !slices.ContainsFunc(out, same) && len(out) < maxOffered {
			out = append(out, d)
		}
	}

	add(frameio.Definition{Name: ApprovalStatus, Type: "select"})
	fio, err := s.People.Frameio(ctx, login)
	if fault.Is(err, fault.NotConnected, fault.NeedsOwner) {
		return out, nil
	}

	if err != nil {
		return nil, err
	}

	accounts := 0
	for a, err := range fio.Accounts(ctx) {
		if err != nil {
			return nil, err
		}
		if accounts++; accounts > maxAccounts {
			break
		}
		for d, err := range fio.Definitions(ctx, a.ID) {
			if err != nil {
				return nil, err
			}
			add(d)
		}
	}

	slices.SortStableFunc(out[2:], func(a, b frameio.Definition) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}
