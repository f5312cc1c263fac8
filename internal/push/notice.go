package push

import (
	"context"
	"fmt"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/mail"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

const (
	stepStatus = "status"
	stepMail   = "mail"
)

// A NoticeWorker ends a request. It sets fields and status of what arrived, up to a hundred files in one
// call, and sends the person one mail about all of it.
type NoticeWorker struct {
	work.Base
	*Service
}

// A notice is a request as its worker sees it.
type notice struct {
	NoticeWorker
	t   *work.Task
	all []Push
}

// noticeFlow is what happens when all of a request has been sent.
var noticeFlow = work.Flow[*notice]{
	{
		Does:   "set the fields on Frame.io that properties are mapped to",
		Repeat: "the same values again",
		Run:    (*notice).setFields,
	},
	{
		Name:   stepStatus,
		Does:   "set the status on Frame.io",
		Repeat: "the same values again",
		Run:    (*notice).setStatuses,
	},
	{
		Name:   stepMail,
		Does:   "send the mail",
		Repeat: "its key is the id of the item",
		Run:    (*notice).sendMail,
	},
}

// Steps describes the steps.
func (w NoticeWorker) Steps() []work.StepInfo { return noticeFlow.Info() }

// Step runs the next step.
func (w NoticeWorker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	all, err := listPushes(ctx, w.DB.Reader, `WHERE batch = $1 ORDER BY id`, t.Parent)
	if err != nil {
		return work.Next{}, err
	}
	return noticeFlow.Run(ctx, t.Step, &notice{w, t, all})
}

func (n *notice) setStatuses(ctx context.Context) (work.Next, error) {
	return work.Next{Step: stepMail}, n.setStatus(ctx, n.t, n.all)
}

func (n *notice) sendMail(ctx context.Context) (work.Next, error) {
	if len(n.all) == 0 {
		return work.Next{Done: true, Outcome: "nothing to tell"}, nil
	}

	m := n.composeMail(n.all)
	m.Key, m.Once = n.t.ID, n.t.Key("mail")
	outcome, err := n.Mail.Send(ctx, m)
	return work.Next{Done: true, Outcome: outcome}, err
}

// setStatus sets the status of open pushes. A failure is noted and does not fail the item: the
// assets have arrived.
func (w NoticeWorker) setStatus(ctx context.Context, t *work.Task, all []Push) error {
	all = slices.DeleteFunc(slices.Clone(all), func(p Push) bool {
		return p.State != Open || p.Status == "" || p.Status == "-"
	})
	if len(all) == 0 {
		return nil
	}

	err := w.applyStatus(ctx, t, all)
	if fault.Then(err) == fault.Retry && t.Attempt < 3 || fault.Then(err) == fault.Wait {
		return err
	}

	if err != nil {
		return t.Note(ctx, "no status", "%s", fault.From(err).Message)
	}

	return nil
}

// applyStatus sets the status, project by project.
func (w NoticeWorker) applyStatus(ctx context.Context, t *work.Task, all []Push) error {
	fio, err := w.People.Frameio(ctx, all[0].By)
	if err != nil {
		return fault.New(fault.Forbidden, "%s is not connected any more.", all[0].By).Because(err)
	}

	field, option, err := w.findOption(ctx, fio, all[0].Account, all[0].Status)
	if err != nil {
		return err
	}

	if option == "" {
		return t.Note(ctx, "no status", "Frame.io has no status %q in the field %q", all[0].Status, w.Set.StatusField)
	}

	projects := map[string][]string{}
	for _, p := range all {
		projects[p.Project] = append(projects[p.Project], p.File)
	}

	for project, files := range projects {
		for some := range slices.Chunk(files, v4.MostValued) {
			value := []v4.FieldValue{{Field: field, Value: []string{option}}}
			if err := fio.SetValues(ctx, all[0].Account, project, value, some); err != nil {
				return err
			}
		}
	}

	return nil
}

// findOption returns the ids of the field and of the option with a name. Customers rename them, and
// so do languages.
func (s *Service) findOption(
	ctx context.Context, fio *v4.Client, account, name string,
) (field, option string, err error) {
	for d, err := range fio.Definitions(ctx, account) {
		if err != nil {
			return "", "", err
		}
		if !s.Set.StatusField.Has(d.Name) {
			continue
		}
		i := slices.IndexFunc(d.Options, func(o frameio.Option) bool { return o.Name == name })
		if i >= 0 {
			return d.ID, d.Options[i].ID, nil
		}
	}
	return "", "", nil
}

func (w NoticeWorker) composeMail(all []Push) mail.Message {
	m := mail.Message{
		To:       all[0].By,
		Instead:  all[0].By,
		Document: all[0].Document,
		Footer:   "You get this mail because you pushed from Nuxeo to Frame.io.",
	}

	var wrong, well []mail.Line
	for _, p := range all {
		if p.State == Failed || p.State == Canceled {
			wrong = append(wrong, w.line(p))
		} else {
			well = append(well, w.line(p))
		}
	}

	m.Subject, m.Heading = summary(len(well), len(wrong))
	var more int
	if m.Lines, more = mail.Lines(wrong, well); more > 0 {
		m.Footer = fmt.Sprintf("And %d more. %s", more, m.Footer)
	}

	return m
}

func summary(arrived, failed int) (subject, heading string) {
	switch {
	case failed == 0 && arrived == 1:
		return "Frame.io: your document has arrived", "Your document is on Frame.io for review:"
	case failed == 0:
		return fmt.Sprintf("Frame.io: your %d documents have arrived", arrived),
			"Your documents are on Frame.io for review:"
	case arrived == 0:
		return fmt.Sprintf("Frame.io: not pushed (%d)", failed), "What you pushed did not arrive on Frame.io:"
	}
	return fmt.Sprintf("Frame.io: %d of %d documents have arrived", arrived, arrived+failed),
		"Some of what you pushed did not arrive on Frame.io:"
}

func (w NoticeWorker) line(p Push) mail.Line {
	l := mail.Line{Title: p.Title, Address: w.Address(p.Document), Details: w.PublicURL + "/items/" + p.Item}
	switch p.State {
	case Failed:
		l.Text = "failed: " + p.Reason
	case Canceled:
		l.Text = "was cancelled."
	default:
		l.Text = "is in " + p.WorkspaceName + ", " + p.ProjectName + "."
		if p.Lock == Ours {
			l.Text += " It is locked in Nuxeo until it comes back."
		}
	}

	return l
}
