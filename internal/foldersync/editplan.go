package foldersync

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
)

// A Plan is what changing a sync means: what is previewed is what is done.
type Plan struct {
	before, after Sync
	Expected      Expected // of a preview of a plan with a run
}

// Expected counts what the run after an edit does: assets that get a document, or get back the one that
// was marked as gone, documents that are left out from then on, and those that get another content.
// Complete is false if there was no time to count them all.
type Expected struct {
	New, LeftOut, Refetched int
	Bytes                   int64 // of what comes
	Complete                bool
}

// What an edit changes.
const (
	ChangeType      = "document_type"
	ChangeFetch     = "fetch"
	ChangeEarlier   = "earlier_versions"
	ChangeEvents    = "events"
	ChangeComments  = "comments"
	ChangeName      = "name"
	ChangeMedia     = "media"
	ChangeMost      = "most"
	ChangeStatus    = "status"
	ChangeGone      = "gone"
	ChangeConflicts = "conflicts"
	ChangeEvery     = "every"
)

// An Effect is one setting that an edit changes. From and To are words of the settings: those of
// enumerations, "true" and "false", lists with commas, bytes, and minutes. An empty one is none.
type Effect struct{ What, From, To string }

// Effects lists what a plan changes. It is empty if nothing changes.
func (p Plan) Effects() []Effect {
	b, a := p.before, p.after
	list := func(words []string) string { return strings.Join(words, ", ") }
	minutes := func(d time.Duration) string { return number(int64(d / time.Minute)) }

	var all []Effect
	for _, e := range []Effect{
		{ChangeType, b.DocumentType, a.DocumentType},
		{ChangeFetch, b.Fetch, a.Fetch},
		{ChangeEarlier, strconv.FormatBool(b.Earlier), strconv.FormatBool(a.Earlier)},
		{ChangeEvents, strconv.FormatBool(b.Events), strconv.FormatBool(a.Events)},
		{ChangeComments, strconv.FormatBool(b.Comments), strconv.FormatBool(a.Comments)},
		{ChangeName, b.Filter.Name, a.Filter.Name},
		{ChangeMedia, list(b.Filter.Media), list(a.Filter.Media)},
		{ChangeMost, number(b.Filter.Most), number(a.Filter.Most)},
		{ChangeStatus, list(b.Filter.Status), list(a.Filter.Status)},
		{ChangeGone, b.Gone, a.Gone},
		{ChangeConflicts, b.Conflicts, a.Conflicts},
		{ChangeEvery, minutes(b.Every), minutes(a.Every)},
	} {
		if e.From != e.To {
			all = append(all, e)
		}
	}

	return all
}

// number formats a number that is none when it is zero.
func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// effectLabels name the settings for people.
var effectLabels = map[string]string{
	ChangeType: "Document type", ChangeFetch: "What is fetched", ChangeEarlier: "Earlier versions",
	ChangeEvents: "Changes are followed", ChangeComments: "Comments", ChangeName: "Names", ChangeMedia: "Media",
	ChangeMost: "Largest file", ChangeStatus: "Approval statuses", ChangeGone: "Documents whose asset is gone",
	ChangeConflicts: "Whose content stays", ChangeEvery: "Runs",
}

// String says what changes, in a sentence.
func (e Effect) String() string {
	return fmt.Sprintf("%s: %s instead of %s.", effectLabels[e.What], e.words(e.To), e.words(e.From))
}

// words are a value of the setting for people.
func (e Effect) words(value string) string {
	n, _ := strconv.ParseInt(value, 10, 64)
	switch {
	case e.What == ChangeEvery && n == 0:
		return "on demand"
	case e.What == ChangeEvery:
		return "every " + strings.TrimSuffix((time.Duration(n)*time.Minute).String(), "0s")
	case value == "":
		return "any"
	case e.What == ChangeMost:
		return plain.Size(n)
	case value == "true":
		return "yes"
	case value == "false":
		return "no"
	}
	return plain.Line(value)
}

// String says in a line what a plan changes.
func (p Plan) String() string {
	var all []string
	for _, e := range p.Effects() {
		all = append(all, strings.TrimSuffix(e.String(), "."))
	}
	return strings.Join(all, "; ")
}

// Version returns the version of the sync that is changed.
func (p Plan) Version() int64 { return p.before.Version }

// Runs reports whether a run follows, since something else is imported from now on.
func (p Plan) Runs() bool {
	b, a := p.before, p.after
	return a.State == Active && (b.Filter.json() != a.Filter.json() || b.Fetch != a.Fetch)
}

// Ends reports whether the run that is under way ends before.
func (p Plan) Ends() bool { return p.Runs() && p.before.busy() }

// refetches reports whether the documents that there are get another content.
func (p Plan) refetches() bool { return p.after.Fetch != p.before.Fetch && p.after.Fetch != Metadata }

// expect counts what a run of a sync as it shall be would do.
func (s *Service) expect(ctx context.Context, q Sync, refetches bool, limit time.Duration) (Expected, error) {
	fio, err := s.People.Frameio(ctx, q.Owner)
	if err != nil {
		return Expected{}, err
	}

	if limit <= 0 || limit > maxPreview {
		limit = maxPreview
	}

	// Count until the time is over.
	in, cancel := context.WithTimeout(ctx, limit)
	defer cancel()

	var e Expected
	_, err = (&run{Service: s, sync: q, fio: fio}).walk(in, func(a seenRow) error {
		have := a.listedSituation()
		if have.had, _, err = getEntry(in, s.DB.Reader, q.ID, a.Key); err != nil {
			return err
		}
		have.had.refetch = have.had.refetch || refetches
		e.count(q.decide(have), have.had.refetch, a.Size)
		return nil
	})
	if in.Err() != nil && ctx.Err() == nil {
		return e, nil // out of time: the counts so far
	}

	e.Complete = err == nil
	return e, err
}

// count adds what a run does about one asset.
func (e *Expected) count(acts []Act, refetch bool, size int64) {
	switch {
	case hasAny(acts, Create):
		e.New, e.Bytes = e.New+1, e.Bytes+size
	case hasAny(acts, Restore):
		e.New++
	case hasAny(acts, MarkGone):
		e.LeftOut++
	case refetch && hasAny(acts, Update):
		e.Refetched, e.Bytes = e.Refetched+1, e.Bytes+size
	}
}
