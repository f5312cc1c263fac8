package work

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// A Viewer is a person who looks at items: administrators see all, others their own.
type Viewer struct {
	Login string
	Admin bool
}

// May reports whether the viewer may stop an item or retry it.
func (who Viewer) May(it Item) bool {
	return who.Admin || who.Login == it.Owner || who.Login == it.Actor || who.Login == it.Requester
}

// A Page is a part of a list as a viewer sees it. Next begins the next part; it is empty at the
// end. Hidden is how many are left out of this part because they are about documents that the
// viewer may not see, or that are gone.
type Page[T any] struct {
	List   []T
	Next   string
	Hidden int
}

// A Filter selects items. Empty fields select all. Before is a cursor, the id of the last item of
// the page before. Items come newest first.
type Filter struct {
	Kind, Parent, State string
	// Binding selects the items of a binding and of what came through it, of all people. The
	// caller has checked that the viewer may see it.
	Binding string
	Before  string
	Limit   int // 1 to 500; 0 is 50

	// Search selects the items whose title has these words in it, in letters of any case.
	Search string
	// Person selects the items that belong to a login, act as it or were asked for by it.
	Person string
	// Without leaves out the items of these parents.
	Without []string
	// WithoutHousekeeping leaves out mails and what else follows by itself.
	WithoutHousekeeping bool
	// FailedFirst puts what has failed before the rest.
	FailedFirst bool
}

// A View is an item with the progress of its file.
type View struct {
	Item
	Transfer Transfer
	// Binding is the one that it came through, if any.
	Binding string
	// Housekeeping says that it is a mail, or something else that follows by itself.
	Housekeeping bool
}

// viewColumns are those of an item, and its binding.
const viewColumns = itemColumns + `, COALESCE((SELECT binding_id FROM interactions
	WHERE interactions.id = items.parent), '')`

func scanView(row store.Row) (View, error) {
	var v View
	it, err := scanItem(suffixScanner{row, &v.Binding})
	v.Item = it
	return v, err
}

// A suffixScanner scans one more column after the others.
type suffixScanner struct {
	store.Row
	last any
}

// Scan implements store.Row.
func (a suffixScanner) Scan(to ...any) error { return a.Row.Scan(append(to, a.last)...) }

// An Event is a line of an item's history.
type Event struct {
	At     time.Time `json:"at"`
	Event  string    `json:"event"`
	Detail string    `json:"detail"`
}

// Item returns one item, or a NotFound error if the viewer may not see it.
func (e *Engine) Item(ctx context.Context, who Viewer, id string) (View, error) {
	v, err := scanView(e.db.Reader.QueryRowContext(ctx, `SELECT `+viewColumns+` FROM items
		WHERE id = $1 AND (owner = $2 OR actor = $2 OR requester = $2 OR $3)`, id, who.Login, who.Admin))
	if errors.Is(err, sql.ErrNoRows) {
		return View{}, fault.New(fault.NotFound, "There is no such item.").
			With("See your activity, or `nuxeo-frameio items list`.").At("/activity")
	}

	if err != nil {
		return View{}, err
	}

	v.Housekeeping = e.kinds.keepsHouse(v.Kind)
	v.Transfer, err = transferOf(ctx, e.db.Reader, id)
	return v, err
}

// Items lists items newest first and reports whether more follow. Next begins the page after.
func (e *Engine) Items(ctx context.Context, who Viewer, f Filter) ([]View, bool, error) {
	if f.Limit <= 0 || f.Limit > maxItems {
		f.Limit = 50
	}

	// Who may see a binding may see its items; others see their own.
	q := conditions{}
	if f.Binding == "" {
		q.visible(who)
	} else {
		q.add("(parent = ? OR parent IN (SELECT id FROM interactions WHERE binding_id = ?) OR kind = 'push' AND "+
			"subject IN (SELECT id FROM pushes WHERE binding_id = ?))", f.Binding)
	}

	e.filter(&q, f)
	order := "id DESC"
	if f.FailedFirst {
		order = "CASE state WHEN 'failed' THEN 0 ELSE 1 END, id DESC"
	}

	// One more than asked tells whether others follow.
	out, err := e.views(ctx, q, order, f.Limit+1)
	more := len(out) > f.Limit
	return out[:min(len(out), f.Limit)], more, err
}

// filter adds what a filter asks for.
func (e *Engine) filter(q *conditions, f Filter) {
	q.equal("kind", f.Kind)
	q.equal("parent", f.Parent)
	q.equal("state", f.State)
	if f.Search != "" {
		q.add(`LOWER(title) LIKE LOWER(?) ESCAPE '\'`, "%"+literally.Replace(f.Search)+"%")
	}

	if f.Person != "" {
		q.add("(owner = ? OR actor = ? OR requester = ?)", f.Person)
	}

	q.notIn("parent", f.Without)
	if f.WithoutHousekeeping {
		q.notIn("kind", e.kinds.Housekeeping)
	}

	// Where failures come first, the cursor says whether it is one.
	id, failed := strings.CutPrefix(f.Before, failedMark)
	switch {
	case id == "":
	case !f.FailedFirst:
		q.add("id < ?", id)
	case failed:
		q.add("(state <> 'failed' OR id < ?)", id)
	default:
		q.add("(state <> 'failed' AND id < ?)", id)
	}
}

// literally makes what has a meaning in a pattern stand for itself.
var literally = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// failedMark begins the cursor of a failure, where these come first.
const failedMark = "failed-"

// Next is the cursor that begins the page after an item.
func (f Filter) Next(v View) string {
	if f.FailedFirst && v.State == Failed {
		return failedMark + v.ID
	}
	return v.ID
}

// maxItems is the largest page.
const maxItems = 500

// Changed lists the items of a parent that changed at a time or later, in the order of their
// changes.
func (e *Engine) Changed(ctx context.Context, who Viewer, parent string, since time.Time) ([]View, error) {
	q := conditions{}
	q.visible(who)
	q.equal("parent", parent)
	q.add("updated >= ?", store.Millis(since))
	return e.views(ctx, q, "updated, id", maxChanged)
}

// maxChanged is far above what an interaction can hold.
const maxChanged = 20_000

// CountOpen returns how many items of a parent are not final, and whether it has any.
func (e *Engine) CountOpen(ctx context.Context, parent string) (open int, some bool, err error) {
	var all int
	err = e.db.Reader.QueryRowContext(ctx, `SELECT COUNT(*), COUNT(CASE WHEN state IN ('waiting', 'running') THEN 1 END)
		FROM items WHERE parent = $1`, parent).Scan(&all, &open)
	return open, all > 0, err
}

// HasVisible reports whether the viewer may see an item of a parent.
func (e *Engine) HasVisible(ctx context.Context, who Viewer, parent string) (bool, error) {
	q := conditions{}
	q.visible(who)
	q.equal("parent", parent)
	return e.hasAny(ctx, q)
}

// conditions build a WHERE clause of only what is asked for, so that an index can be used.
type conditions struct {
	terms []string
	args  []any
}

func (c *conditions) add(term string, arg any) {
	c.args = append(c.args, arg)
	c.terms = append(c.terms, strings.ReplaceAll(term, "?", fmt.Sprintf("$%d", len(c.args))))
}

func (c *conditions) equal(column, value string) {
	if value != "" {
		c.add(column+" = ?", value)
	}
}

func (c *conditions) in(column string, values []string) {
	c.terms = append(c.terms, column+" IN ("+store.Marks(len(c.args)+1, len(values))+")")
	c.args = append(c.args, store.Anys(values)...)
}

func (c *conditions) notIn(column string, values []string) {
	if len(values) > 0 {
		c.in(column+" NOT", values)
	}
}

func (c *conditions) visible(who Viewer) {
	if !who.Admin {
		c.add("(owner = ? OR actor = ? OR requester = ?)", who.Login)
	}
}

func (c *conditions) where() string {
	if len(c.terms) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.terms, " AND ")
}

func (e *Engine) views(ctx context.Context, q conditions, order string, limit int) ([]View, error) {
	out, err := store.All(ctx, e.db.Reader, scanView, fmt.Sprintf("SELECT %s FROM items%s ORDER BY %s LIMIT %d",
		viewColumns, q.where(), order, limit), q.args...)
	if err != nil {
		return nil, err
	}

	for i := range out {
		out[i].Housekeeping = e.kinds.keepsHouse(out[i].Kind)
	}

	return out, e.withTransfers(ctx, out)
}

// transfersAtOnce bounds the parameters of one query.
const transfersAtOnce = 500

// withTransfers fills in the progress of a page of items with one query.
func (e *Engine) withTransfers(ctx context.Context, views []View) error {
	for some := range slices.Chunk(views, transfersAtOnce) {
		found, err := e.transfers(ctx, some)
		if err != nil {
			return err
		}
		for i := range some {
			some[i].Transfer = found[some[i].ID]
		}
	}
	return nil
}

func (e *Engine) transfers(ctx context.Context, views []View) (map[string]Transfer, error) {
	var ids []any
	for _, v := range views {
		ids = append(ids, v.ID)
	}

	return store.Map(ctx, e.db.Reader, func(row store.Row) (id string, p Transfer, err error) {
		p, err = scanTransfer(suffixScanner{row, &id})
		return id, p, err
	}, `SELECT `+transferColumns+`, item_id FROM transfers
		WHERE item_id IN (`+store.Marks(1, len(ids))+`)`, ids...)
}

// ItemsOf lists the items of a parent, oldest first, for workers that summarize them.
func (e *Engine) ItemsOf(ctx context.Context, parent string, kinds ...string) ([]Item, error) {
	var out []Item
	err := store.Each(ctx, e.db.Reader, func(row store.Row) error {
		it, err := scanItem(row)
		if slices.Contains(kinds, it.Kind) {
			out = append(out, it)
		}
		return err
	}, `SELECT `+itemColumns+` FROM items WHERE parent = $1 ORDER BY id`, parent)
	return out, err
}

// awaitPoll is how often Await looks.
const awaitPoll = 50 * time.Millisecond

// Await waits until an item is final, or for timeout, and returns it as it is then.
func (e *Engine) Await(ctx context.Context, who Viewer, id string, timeout time.Duration) (View, error) {
	deadline := time.Now().Add(timeout)
	for {
		v, err := e.Item(ctx, who, id)
		if err != nil || v.State.Final() || time.Now().After(deadline) {
			return v, err
		}
		select {
		case <-time.After(awaitPoll):
		case <-ctx.Done():
			return v, ctx.Err()
		}
	}
}

// History lists what happened to an item, oldest first. The caller has checked with Item that the
// viewer may see it.
func (e *Engine) History(ctx context.Context, id string) ([]Event, error) {
	return store.All(ctx, e.db.Reader, func(row store.Row) (v Event, err error) {
		var at int64
		err = row.Scan(&at, &v.Event, &v.Detail)
		v.At = store.Time(at)
		return v, err
	}, `SELECT at, event, detail FROM item_history WHERE item_id = $1
		ORDER BY seq`, id)
}

// Counts returns how many items are in each state, and since when the oldest waiting one has been
// due.
func (e *Engine) Counts(ctx context.Context) (map[State]int, time.Time, error) {
	oldest := time.Time{}
	counts, err := store.Map(ctx, e.db.Reader, func(row store.Row) (s State, n int, err error) {
		var due int64
		if err = row.Scan(&s, &n, &due); s == Waiting {
			oldest = store.Time(due)
		}
		return s, n, err
	}, `SELECT state, COUNT(*), MIN(not_before) FROM items GROUP BY state`)
	return counts, oldest, err
}
