package work

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// A Batch is how far the items are that were asked for together: the assets of an interaction, the
// documents of a push. It is made of the items; nothing of it is stored.
type Batch struct {
	Parent string
	// Kind is that of its assets or documents.
	Kind string
	// By is the login of the person who asked for it; if that is not known, of the owner.
	By string
	// Binding is the one that it comes through.
	Binding string
	Created time.Time

	// Items are all, of which so many have arrived, failed, been cancelled and not ended.
	Items, Arrived, Failed, Canceled, Open int
	// Listing says that what was selected is still being listed, so that more may come.
	Listing bool
	// Bytes are those of all items, and Moved those that have arrived. They are Estimated while the
	// size of some is not known.
	Bytes, Moved int64
	Estimated    bool
	// Left is the time left; nil while too little has arrived to estimate it, and once all has ended.
	Left *time.Duration
	// Failures are the latest, up to three.
	Failures []BatchFailure

	sized  int
	todo   float64 // what is left, in bytes including the overhead of items
	recent recentWork
	rate   int64 // bytes a second, lately
}

// A BatchFailure is an item of a batch that failed.
type BatchFailure struct{ Item, Title, Message, Remedy string }

// A BatchFilter selects batches.
type BatchFilter struct {
	// Bindings selects what comes through these bindings; nil: through any.
	Bindings []string
}

const (
	// itemOverhead is what an item costs besides its bytes, in bytes: the calls for it are limited
	// and take as long however small it is.
	itemOverhead = 5e6
	// recentWindow is the shortest time whose work is taken for the speed of the rest. It is a quarter
	// of the time so far: what was before, a pause or a slower line, says little.
	recentWindow = time.Minute
	// maxBatches is how many batches are shown, the newest.
	maxBatches = 20
	// batchKept is how long a batch stays to be seen after an item of it failed.
	batchKept = 24 * time.Hour
	// batchFailures is how many failures of a batch are named.
	batchFailures = 3
)

// Batches lists the batches of several items that are under way, and those of which an item has
// failed within a day, newest first. A viewer sees their own items, administrators all.
func (e *Engine) Batches(ctx context.Context, who Viewer, f BatchFilter) ([]Batch, error) {
	if f.Bindings != nil && len(f.Bindings) == 0 {
		return nil, nil
	}

	q := e.newBatchQuery(who)
	all, err := store.All(ctx, e.db.Reader, scanBatch, q.sums(f), q.args...)
	if err != nil || len(all) == 0 {
		return nil, err
	}

	for i := range all {
		all[i].estimate(e.now())
	}

	return all, e.addFailures(ctx, who, all)
}

// A batchQuery is a statement about batches as it is put together.
type batchQuery struct {
	args []any
	// kinds is the condition of what batches consist of, of that of the viewer's part of it, and
	// listing that of what lists the others.
	kinds, of, listing string
}

// BatchOpen reports whether an item of a batch is under way.
func (e *Engine) BatchOpen(ctx context.Context, parent string) (open bool, err error) {
	kinds := e.kinds.ofBatches()
	err = e.db.Reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM items WHERE parent = $1
		AND state IN ('waiting', 'running') AND kind IN (`+store.Marks(2, len(kinds))+`))`,
		append([]any{parent}, store.Anys(kinds)...)...).Scan(&open)
	return open, err
}

func (e *Engine) newBatchQuery(who Viewer) *batchQuery {
	now := e.now()
	q := &batchQuery{
		args: []any{store.Millis(now), store.Millis(now.Add(-batchKept)), who.Admin, who.Login},
	}
	q.kinds = "items.kind IN (" + q.add(e.kinds.ofBatches()) + ")"
	q.of = q.kinds + `
		AND ($3 OR items.owner = $4 OR items.actor = $4 OR items.requester = $4)`
	q.listing = "items.kind IN (" + q.add(e.kinds.Listing) + ")"
	return q
}

// add adds parameters and returns their marks.
func (q *batchQuery) add(values []string) string {
	marks := store.Marks(len(q.args)+1, len(values))
	q.args = append(q.args, store.Anys(values)...)
	return marks
}

// sums is the statement that adds the items of each batch up.
func (q *batchQuery) sums(f BatchFilter) string {
	through := ""
	if f.Bindings != nil {
		marks := q.add(f.Bindings)
		through = ` AND (items.parent IN (SELECT id FROM interactions WHERE binding_id IN (` + marks + `))
			OR items.parent IN (SELECT batch FROM pushes WHERE binding_id IN (` + marks + `)))`
	}

	// What has been listed is counted as what it became. A window is worth a quarter of the time so far.
	return `WITH shown AS (SELECT items.parent AS batch, MIN(items.created) AS created FROM items
			WHERE ` + q.of + through + ` AND items.parent IN (
				SELECT parent FROM items WHERE state IN ('waiting', 'running') AND ` + q.kinds + `
				UNION SELECT parent FROM items WHERE state = 'failed' AND finished > $2 AND ` + q.kinds + `)
			GROUP BY items.parent HAVING COUNT(CASE WHEN items.state <> 'done' OR NOT ` + q.listing + ` THEN 1 END) > 1
			ORDER BY items.parent DESC LIMIT ` + strconv.Itoa(maxBatches) + `),
		part AS (SELECT shown.batch, shown.created, items.kind, items.owner, items.requester, items.state, items.finished,
				CASE WHEN ` + q.listing + ` THEN 1 ELSE 0 END AS listing,
				CASE WHEN items.state IN ('waiting', 'running') THEN 1 ELSE 0 END AS unfinished,
				CASE WHEN transfers.size > 0 THEN transfers.size ELSE items.size END AS size,
				COALESCE(transfers.done, 0) AS moved, COALESCE(transfers.rate, 0) AS rate,
				CASE WHEN items.state <> 'canceled' AND items.finished > CAST($1 AS BIGINT)
					- CASE WHEN (CAST($1 AS BIGINT) - shown.created) / 4 > ` + strconv.Itoa(int(recentWindow.Milliseconds())) + `
						THEN (CAST($1 AS BIGINT) - shown.created) / 4
						ELSE ` + strconv.Itoa(int(recentWindow.Milliseconds())) + ` END THEN 1 ELSE 0 END AS recent
			FROM shown JOIN items ON items.parent = shown.batch LEFT JOIN transfers ON transfers.item_id = items.id
			WHERE ` + q.of + `)
		SELECT batch, MAX(kind), MAX(owner), MAX(requester),
			COALESCE((SELECT binding_id FROM interactions WHERE interactions.id = part.batch),
				(SELECT MIN(binding_id) FROM pushes WHERE pushes.batch = part.batch), ''), MIN(created),
			COUNT(CASE WHEN listing = 0 OR state <> 'done' THEN 1 END),
			COUNT(CASE WHEN listing = 0 AND state = 'done' THEN 1 END),
			COUNT(CASE WHEN state = 'failed' THEN 1 END), COUNT(CASE WHEN state = 'canceled' THEN 1 END),
			SUM(unfinished), SUM(listing * unfinished),
			COUNT(CASE WHEN listing = 0 AND (size > 0 OR state = 'done') THEN 1 END),
			COUNT(CASE WHEN listing = 0 AND unfinished = 1 AND size = 0 THEN 1 END),
			SUM(size), SUM(size * unfinished), SUM(moved * unfinished),
			SUM(CASE WHEN state = 'done' THEN size WHEN unfinished = 1 THEN moved ELSE 0 END),
			SUM(CASE WHEN state = 'running' THEN rate ELSE 0 END),
			SUM(recent), SUM(recent * size), COALESCE(MIN(CASE WHEN recent = 1 THEN finished END), 0)
		FROM part GROUP BY batch ORDER BY batch DESC`
}

// scanBatch reads the sums of a batch.
func scanBatch(row store.Row) (b Batch, err error) {
	var owner, requester string
	var created, listing, unknown, unfinished, onTheWay, first int64
	err = row.Scan(&b.Parent, &b.Kind, &owner, &requester, &b.Binding, &created, &b.Items, &b.Arrived, &b.Failed,
		&b.Canceled, &b.Open, &listing, &b.sized, &unknown, &b.Bytes, &unfinished, &onTheWay, &b.Moved, &b.rate,
		&b.recent.items, &b.recent.bytes, &first)
	if err != nil {
		return b, err
	}

	b.By, b.Created, b.Listing, b.recent.first = cmp.Or(requester, owner), store.Time(created), listing > 0,
		store.Time(first)

	// Items whose size is not known yet are taken to be like the others.
	if unknown > 0 && b.sized > 0 {
		mean := b.Bytes / int64(b.sized)
		b.Bytes, unfinished, b.Estimated = b.Bytes+mean*unknown, unfinished+mean*unknown, true
	}

	b.Estimated = b.Estimated || unknown > 0 || b.Listing
	b.todo = cost(b.Open, unfinished) - float64(onTheWay)
	return b, nil
}

// recentWork is what ended recently, and when the first of that did.
type recentWork struct {
	items int
	bytes int64
	first time.Time
}

func cost(items int, bytes int64) float64 { return float64(bytes) + float64(items)*itemOverhead }

// estimate estimates the time left at the speed of the recent work. Before two items have ended, the
// speed of the bytes is all there is.
func (b *Batch) estimate(now time.Time) {
	done, took := float64(b.rate), time.Second

	// The time begins when an item ended, which does not count itself.
	if n := b.recent.items; n > 1 && now.After(b.recent.first) {
		done, took = cost(n, b.recent.bytes)*float64(n-1)/float64(n), now.Sub(b.recent.first)
	}

	if done > 0 && b.Open > 0 {
		b.Left = new(time.Duration(max(0, b.todo) / done * float64(took)))
	}
}

// addFailures names the latest failures of each batch.
func (e *Engine) addFailures(ctx context.Context, who Viewer, all []Batch) error {
	at := map[string]*Batch{}
	var parents []string
	for i := range all {
		if all[i].Failed > 0 {
			at[all[i].Parent], parents = &all[i], append(parents, all[i].Parent)
		}
	}

	if len(parents) == 0 {
		return nil
	}

	q := conditions{}
	q.visible(who)
	q.in("parent", parents)
	q.in("kind", e.kinds.ofBatches())
	q.equal("state", string(Failed))
	return store.Each(ctx, e.db.Reader, func(row store.Row) error {
		var parent string
		var f BatchFailure
		err := row.Scan(&parent, &f.Item, &f.Title, &f.Message, &f.Remedy)
		if b := at[parent]; b != nil {
			b.Failures = append(b.Failures, f)
		}
		return err
	}, `SELECT parent, id, title, message, remedy FROM (SELECT parent, id, title, message, remedy,
			ROW_NUMBER() OVER (PARTITION BY parent ORDER BY finished DESC, id DESC) AS nth FROM items`+q.where()+`) AS latest
		WHERE nth <= `+strconv.Itoa(batchFailures)+` ORDER BY parent, nth`, q.args...)
}
