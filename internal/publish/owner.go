package publish

import (
	"context"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

const (
	// maxOwnerless is how long an item waits for a person to act as.
	maxOwnerless = 30 * 24 * time.Hour
	// ownerRetry is how often it tries. Taking over the binding starts it at once.
	ownerRetry = 10 * time.Minute
)

// handleLostAccess decides how an item continues when the person it acts as can no longer be acted
// for. A new owner of the binding takes over. Where the binder has delegated, the owner stands in
// for the person who ran the action. Otherwise the item waits, and the binding shows that it needs
// an owner.
func (w Worker) handleLostAccess(ctx context.Context, t *work.Task, st *state, cause error) (work.Next, error) {
	// Is there another person to act as?
	b, err := w.binding(ctx, st.Interaction)
	if err != nil {
		return work.Next{}, err
	}

	if b.Owner != st.Owner || b.Publishers != Connected && (t.Actor != b.Owner || st.Reader != b.Owner) {
		st.Owner, st.Reader, t.Actor = b.Owner, b.Owner, b.Owner
		if err := t.Save(ctx, st); err != nil {
			return work.Next{}, err
		}
		return work.Next{Step: t.Step},
			t.Note(ctx, "acting", "in Nuxeo and on Frame.io as %s, who answers for the binding", b.Owner)
	}

	// Give up after a long wait.
	why := fault.From(cause)
	if !t.WaitingSince.IsZero() && t.Now().Sub(t.WaitingSince) > maxOwnerless {
		return work.Next{}, fault.New(fault.Gone, "Nobody could act for it for 30 days: %s", why.Message).
			With(why.Remedy).Because(cause)
	}

	// Wait, and say so in a mail and at the binding.
	f := fault.New(fault.NeedsOwner, "It waits for somebody to act for it: %s", why.Message).Because(cause)
	f.RetryAfter = ownerRetry
	if t.Code != string(fault.NeedsOwner) { // it may have waited before, for something else
		w.addWaitingNotice(t)
	}

	if b.Publishers == Connected {
		return work.Next{}, f.With("It goes on when that person has signed in and connected again.")
	}

	if err := w.Orphan(ctx, b.ID, why.Message); err != nil {
		return work.Next{}, err
	}

	return work.Next{}, f.With("It will resume when that person has signed in and connected again, or when somebody " +
		"else takes the binding over.")
}

// addWaitingNotice adds the mail about waiting, once per interaction and in the transaction in
// which the item starts to wait: sent earlier, it would find nothing to report. It goes out a
// little later, when more items may be waiting.
func (w Worker) addWaitingNotice(t *work.Task) {
	n := newWaitingNotice(t)
	n.NotBefore = t.Now().Add(w.Engine.DefaultWait())
	t.AddWaiting(n)
}

// binding returns the binding of an interaction as it is now.
func (w Worker) binding(ctx context.Context, interaction string) (Binding, error) {
	var id string
	if err := w.DB.Reader.QueryRowContext(ctx, `SELECT binding_id FROM interactions
		WHERE id = $1`, interaction).Scan(&id); err != nil {
		return Binding{}, err
	}
	return w.Binding(ctx, id)
}
