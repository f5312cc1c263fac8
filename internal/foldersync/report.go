package foldersync

import (
	"context"
	"fmt"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/mail"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// A NoticeWorker mails the outcome of a run to the person who asked for it. The mail's key is the
// id of the item, so that a repeat is recognized.
type NoticeWorker struct {
	work.Base
	*Service
}

// Steps describes the only step.
func (w NoticeWorker) Steps() []work.StepInfo {
	return work.OneStep("send the mail", "its key is the id of the item")
}

// Step sends the mail.
func (w NoticeWorker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	var st state
	if err := t.Load(&st); err != nil {
		return work.Next{}, err
	}

	q, err := getDetailed(ctx, w.DB.Reader, st.Sync)
	if err != nil {
		return work.Next{}, err
	}

	one, err := getRun(ctx, w.DB.Reader, st.Run)
	if err != nil {
		return work.Next{}, err
	}

	m := composeMail(q, one)
	m.Key, m.Once, m.Lines[0].Address = t.ID, t.Key("mail"), w.Address(q.FolderUID)
	outcome, err := w.Mail.Send(ctx, m)
	return work.Next{Done: true, Outcome: outcome}, err
}

// composeMail returns the mail about a run.
func composeMail(q Sync, one Run) mail.Message {
	// The ordinary case.
	m := mail.Message{
		To: one.By, Instead: q.Owner, Document: q.FolderUID,
		Lines:   []mail.Line{{Title: q.FolderTitle, Text: Summary(one)}},
		Subject: "Frame.io: your folder is synchronized", Heading: "This folder is as it is on Frame.io:",
		Footer: "You get this mail because you synchronize a Nuxeo folder with Frame.io.",
	}

	// What a person has to know first.
	switch {
	case one.State == Stopped:
		m.Subject, m.Heading = "Frame.io: a synchronization asks you",
			"This folder was not synchronized, since very much is gone on Frame.io:"
		m.Lines[0].Text = one.Message + " " + confirmRemedy
	case one.State == Failed:
		m.Subject, m.Heading, m.Lines[0].Text = "Frame.io: a synchronization is paused",
			"This folder could not be synchronized:", one.Message+" "+q.Remedy
	case one.Message != "" && one.State == Done:
		m.Lines[0].Text += ". " + one.Message
	}

	if one.Failed > 0 && one.State == Done {
		m.Subject, m.Heading = fmt.Sprintf("Frame.io: your folder is synchronized, but for %d", one.Failed),
			"This folder is as it is on Frame.io, but for some assets:"
	}

	return m
}

// Summary returns one line about what a run has done.
func Summary(r Run) string {
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{
		{r.Created, "new"},
		{r.Updated, "updated"},
		{r.Renamed, "renamed"},
		{r.Moved, "moved"},
		{r.Gone, "gone"},
		{r.Conflicting, "in conflict"},
		{r.Failed, "failed"},
	} {
		if p.n > 0 {
			parts = append(parts, plain.Number(p.n)+" "+p.what)
		}
	}

	of := plain.Count(r.Assets, "asset") + " in " + plain.Count(r.Folders, "folder")
	if r.Dry {
		return of + ", only compared"
	}

	switch {
	case len(parts) == 0 && r.Unchanged > 0:
		return of + ": " + plain.Number(r.Unchanged) + " with other metadata"
	case len(parts) == 0:
		return of + ", nothing has changed"
	}

	return of + ": " + strings.Join(parts, ", ")
}
