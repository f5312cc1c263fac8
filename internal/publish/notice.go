package publish

import (
	"context"
	"fmt"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/mail"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// A notice is the state of a notice item. What the mail says is taken from the items it is about.
type notice struct {
	// Waiting says that the mail is about items that wait for a person to act as.
	Waiting bool `json:"waiting,omitempty"`
}

// newWaitingNotice returns the item of the mail that an interaction is waiting. There is one per
// interaction.
func newWaitingNotice(t *work.Task) work.New {
	return work.New{
		Kind: KindNotice, Parent: t.Parent, Subject: "waiting for somebody",
		Title: "Mail that it waits for somebody to act",
		Owner: t.Owner, Requester: t.Requester, Data: notice{Waiting: true},
	}
}

// A NoticeWorker mails people how an interaction ended: one mail for all of it.
type NoticeWorker struct {
	work.Base
	*Service
	// Address is the page of a document in Nuxeo Web UI.
	Address func(uid string) string
}

// Steps describes the only step.
func (w NoticeWorker) Steps() []work.StepInfo { return work.OneStep("send the mail", repeatedMail) }

// repeatedMail is why a mail may be sent again.
const repeatedMail = "its key is the id of the item"

// Step sends the mail.
func (w NoticeWorker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	items, err := w.Engine.ItemsOf(ctx, t.Parent, KindPublish, KindExpand)
	if err != nil {
		return work.Next{}, err
	}

	var about notice
	if err := t.Load(&about); err != nil {
		return work.Next{}, err
	}

	m, err := w.composeMail(items, t, about.Waiting)
	if err != nil {
		return work.Next{}, err
	}

	if about.Waiting && len(m.Lines) == 0 {
		return work.Next{Done: true, Outcome: "not needed any more"}, nil
	}

	outcome, err := w.Mail.Send(ctx, m)
	return work.Next{Done: true, Outcome: outcome}, err
}

// composeMail returns the mail about an interaction.
func (w NoticeWorker) composeMail(items []work.Item, t *work.Task, waiting bool) (mail.Message, error) {
	m := mail.Message{
		Key:     t.ID,
		Once:    t.Key("mail"),
		To:      t.Owner,
		Instead: t.Owner,
		Footer:  "You get this mail because somebody published into a folder that you have bound.",
	}

	// A line for each item, failures first.
	arrived, unchanged, failed := 0, 0, 0
	var wrong, well []mail.Line
	for _, it := range items {
		var st state
		if err := it.Load(&st); err != nil {
			return m, err
		}

		// The person who ran the action gets the mail, if known.
		if st.Runner != "" {
			m.To, m.Footer = st.Runner, "You get this mail because you published from Frame.io to Nuxeo."
		}

		m.Document = st.Job.Target.Scope
		// A folder is worth a line only if some of it could not be read.
		if unread := st.Tree; it.Kind == KindExpand && it.State == work.Done && unread != nil && unread.Unread > 0 {
			wrong = append(wrong, mail.Line{
				Title: it.Title, Text: fmt.Sprintf("came but for %d: what Frame.io tells of them cannot be read. "+
					"Publish them by themselves.", unread.Unread),
				Details: w.PublicURL + "/items/" + it.ID,
			})
			failed += unread.Unread
		}

		if it.Kind == KindExpand && it.State == work.Done || waiting && it.Code != string(fault.NeedsOwner) {
			continue
		}

		// Count what each came to.
		switch line := w.line(it, st); {
		case waiting || it.State != work.Done:
			wrong = append(wrong, line)
			failed++
		case it.Outcome == ingest.Unchanged:
			well = append(well, line)
			unchanged++
		default:
			well = append(well, line)
			arrived++
		}
	}

	// Cut it to a readable length.
	lines, more := mail.Lines(wrong, well)
	m.Lines = lines
	m.Subject, m.Heading = summary(arrived+unchanged, unchanged, failed)
	if waiting {
		m.Subject, m.Heading = "Frame.io: needs attention", "What was published is waiting; nothing is lost:"
	}

	if more > 0 {
		m.Footer = fmt.Sprintf("And %d more. %s", more, m.Footer)
	}

	return m, nil
}

// summary returns subject and heading; arrived includes the unchanged.
func summary(arrived, unchanged, failed int) (subject, heading string) {
	switch {
	case failed == 0 && arrived == 0:
		return "Frame.io: nothing to publish", "What you published holds no files."
	case failed == 0 && arrived == unchanged:
		return "Frame.io: up to date in Nuxeo", "What you published was in Nuxeo already:"
	case failed == 0 && arrived == 1:
		return "Frame.io: your asset is in Nuxeo", "Your asset is available in Nuxeo:"
	case failed == 0:
		return fmt.Sprintf("Frame.io: your %d assets are in Nuxeo", arrived), "Your assets are available in Nuxeo:"
	case arrived == 0:
		return fmt.Sprintf("Frame.io: not published to Nuxeo (%d)", failed),
			"What you published did not arrive in Nuxeo:"
	}
	return fmt.Sprintf("Frame.io: %d of %d assets are in Nuxeo", arrived, arrived+failed),
		"Some of what you published did not arrive in Nuxeo:"
}

var outcomes = map[string]string{
	ingest.Created:   "is a new document.",
	ingest.Updated:   "has a new version.",
	ingest.Returned:  "is back from its review: a new version records it.",
	ingest.Unchanged: "was up to date; metadata and comments were refreshed.",
}

func (w NoticeWorker) line(it work.Item, st state) mail.Line {
	l := mail.Line{Title: it.Title, Details: w.PublicURL + "/items/" + it.ID}
	switch it.State {
	case work.Done:
		l.Text, l.Address = outcomes[it.Outcome], w.Address(st.Job.Document)
		if n := st.Job.Unread; n > 0 {
			l.Text += fmt.Sprintf(" %s could not be read, and left out; see the details.", plain.Count(n, "comment"))
		}
		if n := len(st.Job.Unmapped); n > 0 {
			l.Text += fmt.Sprintf(" %s of the metadata map could not be applied; see the details.",
				plain.Count(n, "row"))
		}
		if back := st.Job.Return; back != nil && back.Gone {
			l.Text += " The document that was pushed had been deleted in Nuxeo."
		}
	case work.Canceled:
		l.Text = "was cancelled."
	case work.Waiting, work.Running:
		l.Text = it.Message + " " + it.Remedy
	default:
		l.Text = "failed: " + it.Message
		if it.Remedy != "" {
			l.Text += " " + it.Remedy
		}
	}

	return l
}
