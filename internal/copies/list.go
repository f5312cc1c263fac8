package copies

import (
	"context"
	"database/sql"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/rights"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Get returns a copy to who pushed, to people who may read its document, and to administrators.
func (s *Service) Get(ctx context.Context, who work.Viewer, push string) (Copy, error) {
	c, err := s.get(ctx, s.DB.Reader, push)
	if err != nil || who.Admin || who.Login == c.By {
		return c, err
	}

	seen, err := rights.Readable(ctx, s.People, who.Login, c.Document)
	if err == nil && !seen[c.Document] {
		err = notFound()
	}
	if err != nil {
		return Copy{}, err
	}
	return c, nil
}

// Newest returns the copy of the newest push of a document that has one, or nil. The caller has checked that the
// person may read the document.
func (s *Service) Newest(ctx context.Context, document string) (*Copy, error) {
	all, err := s.list(ctx, s.DB.Reader, `WHERE document_uid = $1 ORDER BY returned DESC, push_id DESC LIMIT 1`, document)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// Counts are how many copies a binding has, and how much they are.
type Counts struct {
	Review  Amount // what is under review: it is to come
	Waiting Amount
	Earlier Amount // came back while copies were left: nothing becomes of it unless it is asked for
}

// listMost is how many copies a list has at most.
const listMost = 500

// A List is the copies of a binding.
type List struct {
	Counts
	Choice Choice
	Copies []Copy // the newest first
	More   bool   // there are more than are listed
	Hidden int    // that the viewer may not see the documents of
	// Answers: the viewer may decide about all of them, and else about those that they pushed.
	Answers bool
}

// Of lists the copies of a binding that the viewer may see.
func (s *Service) Of(ctx context.Context, who work.Viewer, binding string) (l List, err error) {
	if l.Copies, err = s.list(ctx, s.DB.Reader, `WHERE binding_id = $1 ORDER BY push_id DESC LIMIT $2`, binding,
		listMost+1); err != nil {
		return l, err
	}

	if l.More = len(l.Copies) > listMost; l.More {
		l.Copies = l.Copies[:listMost]
	}

	if l.Counts, _, err = s.count(ctx, binding); err != nil {
		return l, err
	}

	if l.Choice, err = s.Choice(ctx, s.DB.Reader, binding); err != nil {
		return l, err
	}

	if l.Answers, err = s.answers(ctx, who, binding); err != nil {
		return l, err
	}

	shown, err := s.visible(ctx, who, l.Copies)
	l.Hidden, l.Copies = len(l.Copies)-len(shown), shown
	return l, err
}

// count counts the copies of a binding, and returns what came back before.
func (s *Service) count(ctx context.Context, binding string) (n Counts, earlier []Sent, err error) {
	returned, review, err := s.Pushes.ReturnedOf(ctx, binding)
	if err != nil {
		return n, nil, err
	}

	all, err := s.list(ctx, s.DB.Reader, `WHERE binding_id = $1`, binding)
	if err != nil {
		return n, nil, err
	}

	known := map[string]bool{}
	for _, c := range all {
		known[c.Push] = true
		if c.State == Waiting {
			n.Waiting.add(c.Size)
		}
	}

	n.Review = review
	for _, sent := range returned {
		if !known[sent.Push] {
			n.Earlier.add(sent.Size)
			earlier = append(earlier, sent)
		}
	}

	return n, earlier, nil
}

// visible returns the copies that a viewer may see.
func (s *Service) visible(ctx context.Context, who work.Viewer, all []Copy) ([]Copy, error) {
	own := func(c Copy) bool { return who.Admin || c.By == who.Login }
	var uids []string
	for _, c := range all {
		if !own(c) {
			uids = append(uids, c.Document)
		}
	}

	seen, err := rights.Readable(ctx, s.People, who.Login, uids...)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(all), func(c Copy) bool { return !own(c) && !seen[c.Document] }), nil
}

// mostLooks is how many copies a preview looks at.
const mostLooks = 50

// A Preview is what Include would begin, or what is due, with what would be left and why.
type Preview struct {
	Counts
	Copies []Copy // with the reason why it would be left, if it would be
	More   bool   // there are more than were looked at
	Hidden int    // that the viewer may not see the documents of
	// Answers: the viewer may decide about all of them, and else about those that they pushed.
	Answers bool
}

// Preview looks at the copies of a binding that wait and at those that came back before, and tells what would
// become of them under a choice. It changes nothing.
func (s *Service) Preview(ctx context.Context, who work.Viewer, binding string, choice Choice) (p Preview, err error) {
	counts, earlier, err := s.count(ctx, binding)
	if err != nil {
		return p, err
	}

	p.Counts = counts
	if p.Answers, err = s.answers(ctx, who, binding); err != nil {
		return p, err
	}

	all, err := s.list(ctx, s.DB.Reader, `WHERE binding_id = $1 AND state = 'waiting' ORDER BY due, push_id`, binding)
	if err != nil {
		return p, err
	}

	for _, sent := range earlier {
		all = append(all, Copy{
			Push: sent.Push, Binding: sent.Binding, Document: sent.Document, Title: sent.Title, Account: sent.Account,
			Project: sent.Project, File: sent.File, Size: sent.Size, Digest: sent.Digest, By: sent.By,
			Returned: sent.Returned,
		})
	}

	every := len(all)
	if all, err = s.visible(ctx, who, all); err != nil {
		return p, err
	}

	p.Hidden = every - len(all)
	p.More = len(all) > mostLooks
	for _, c := range all[:min(len(all), mostLooks)] {
		if c, err = s.foresee(ctx, c, choice); err != nil {
			return p, err
		}
		p.Copies = append(p.Copies, c)
	}

	return p, nil
}

// foresee tells what would become of a copy now.
func (s *Service) foresee(ctx context.Context, c Copy, choice Choice) (Copy, error) {
	c.Action, c.Folder, c.Due, c.State = choice.Action, choice.Folder, choice.due(c.Returned), Waiting
	if choice.Action == Leave {
		c.State = Kept
		return c, nil
	}

	at, err := s.connect(ctx, c)
	if err == nil {
		_, err = s.look(ctx, at, c)
	}

	switch {
	case err == nil:
		return c, nil
	case ctx.Err() != nil:
		return c, err
	}

	c.State, c.Reason = Left, fault.From(err).Message
	return c, nil
}

// Include lets something become of the copies that came back to a binding before it said what. It returns how many.
func (s *Service) Include(ctx context.Context, who work.Viewer, binding string) (n int, err error) {
	_, earlier, err := s.count(ctx, binding)
	if err != nil || len(earlier) == 0 {
		return 0, err
	}

	var ids []string
	included := audit.Entry{Who: who.Login, What: audit.CopyAsked, About: binding}
	err = s.Engine.Audited(ctx, included, func(tx *sql.Tx) error {
		n, ids = 0, nil
		choice, err := s.Choice(ctx, tx, binding)
		if err == nil && choice.Action == Leave {
			err = fault.New(fault.Conflict, "The binding leaves copies on Frame.io.").
				With("Change what becomes of them first.")
		}
		if err != nil {
			return err
		}

		for _, sent := range earlier {
			added, err := s.includeOne(ctx, tx, sent, choice, who.Login)
			if err != nil {
				return err
			}
			ids, n = append(ids, added...), n+1
		}
		return nil
	})
	if err == nil {
		s.Engine.Wake(ids...)
	}

	return n, err
}

func (s *Service) includeOne(
	ctx context.Context, tx *sql.Tx, sent Sent, choice Choice, requester string,
) ([]string, error) {
	added, err := insert(ctx, tx, s.Now(), sent, choice)
	if err != nil || !added {
		return nil, err
	}

	c, err := s.get(ctx, tx, sent.Push)
	if err != nil || c.Due.After(s.Now()) {
		return nil, err
	}
	return s.begin(ctx, tx, c, requester)
}
