package publish

import (
	"context"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

const (
	// ownerless is how long an item waits for somebody who can act for it.
	ownerless = 30 * 24 * time.Hour
	// lookForOwner is how often it looks; who takes over starts it at once.
	lookForOwner = 10 * time.Minute
)

// deserted decides what becomes of an item when the sign-in of those it acts as
// has ended. A new owner of the binding goes on with it; where the binder has
// delegated, the owner stands in for whoever ran the action; otherwise it waits,
// and the binding says that it needs an owner.
func (w Worker) deserted(ctx context.Context, t *work.Task, st *state, cause error) (work.Next, error) {
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

	why := fault.From(cause)
	if !t.WaitingSince.IsZero() && t.Now().Sub(t.WaitingSince) > ownerless {
		return work.Next{}, fault.New(fault.Gone, "Nobody could act for it for 30 days: %s", why.Message).
			With(why.Remedy).Because(cause)
	}

	f := fault.New(fault.NeedsOwner, "It waits for somebody to act for it: %s", why.Message).Because(cause)
	f.RetryAfter = lookForOwner
	if t.Code != string(fault.NeedsOwner) { // it may have waited before, for something else
		w.tellWaiting(t)
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

// tellWaiting has people told once for each interaction, together with the waiting
// itself: a mail of its own, before the item waits, would find nothing to tell. It
// goes out a little later, when more items say what they wait for.
func (w Worker) tellWaiting(t *work.Task) {
	n := waitingNotice(t)
	n.NotBefore = t.Now().Add(w.Engine.Soon())
	t.AddWaiting(n)
}

// binding is the one that an interaction belongs to, as it is now.
func (w Worker) binding(ctx context.Context, interaction string) (Binding, error) {
	var id string
	if err := w.DB.Reader.QueryRowContext(ctx, `SELECT binding_id FROM interactions
		WHERE id = $1`, interaction).Scan(&id); err != nil {
		return Binding{}, err
	}
	return w.Binding(ctx, id)
}
