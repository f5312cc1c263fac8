package main

import (
	"encoding/json"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type auditCmd struct {
	List   auditList   `cmd:"" help:"List what people did, newest first." default:"withargs"`
	Export auditExport `cmd:"" help:"Write all of it as lines of JSON, newest first."`
	Verify auditVerify `cmd:"" help:"Look whether entries are missing or were changed."`
}

// auditFilter chooses entries.
type auditFilter struct {
	Who   string `env:"-" help:"Only what this login did." placeholder:"LOGIN"`
	What  string `env:"-" help:"Only this: signed-in, sign-in-failed, connected, disconnected, bound, unbound, took-over, binding-edited, provider-changed, revoked, lifted, paused, resumed, lock-released, conflict-settled, synchronization-added, synchronization-paused, synchronization-resumed, synchronization-removed, synchronization-edited, loss-confirmed, copy-moved, copy-deleted, copy-kept, copy-asked, copy-restored, reacted, retried, canceled, store-copied, store-adopted, keys-rotated, keys-retired, log-level-changed, map-row-set, map-row-removed, channel-set, channel-removed."`
	About string `env:"-" help:"Only what was done to this: a login, a folder, an item."`
	Since string `env:"-" help:"Only what was done since: a date like 2026-11-30, a time like 2026-11-30T14:00:00Z, or how long ago, like 48h." placeholder:"TIME"`
}

func (f auditFilter) params(now time.Time) (*api.ListAuditParams, error) {
	q := &api.ListAuditParams{}
	for to, from := range map[**string]string{&q.Who: f.Who, &q.What: f.What, &q.About: f.About} {
		if from != "" {
			*to = &from
		}
	}

	if f.Since == "" {
		return q, nil
	}

	at, err := moment(f.Since, now)
	q.Since = &at
	return q, err
}

// moment reads a date, a time, or how long ago.
func moment(text string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil {
		return now.Add(-ago), nil
	}

	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}

	at, err := time.ParseInLocation(time.DateOnly, text, time.Local)
	if err != nil {
		return at, fault.Field("since", "Give one like 2026-11-30, 2026-11-30T14:00:00Z or 48h.",
			"%q is neither a date nor a time.", text)
	}

	return at, nil
}

// each hands on the entries, page after page, up to so many; 0: all.
func (f auditFilter) each(t *terminal, k *client, most int, fn func(api.AuditEntry) error) error {
	q, err := f.params(time.Now())
	if err != nil {
		return err
	}

	for n := 0; ; {
		// The last page is as long as what is still wanted.
		page := 500
		if most > 0 {
			page = min(page, most-n)
		}

		q.Limit = &page

		got, err := k.ListAudit(t.ctx, q)
		if err != nil {
			return err
		}

		for _, e := range got.Entries {
			if err := fn(e); err != nil {
				return err
			}
			n++
		}

		if q.Cursor = got.Next; q.Cursor == nil || most > 0 && n >= most {
			return nil
		}
	}
}

type auditList struct {
	clientFlags
	auditFilter
	Limit int `env:"-" help:"How many." default:"50"`
}

// Run lists entries.
func (c *auditList) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		all := []api.AuditEntry{}
		err := c.each(t, k, max(1, c.Limit), func(e api.AuditEntry) error { all = append(all, e); return nil })
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, all)
		}

		var rows [][]string
		for _, e := range all {
			rows = append(rows, []string{
				e.At.Local().Format(time.DateTime), orDash(str(e.Who)), e.What,
				orDash(str(e.About)), str(e.Address), str(e.Detail),
			})
		}

		return table(t, "Nothing was done.", "AT\tWHO\tWHAT\tABOUT\tFROM\tDETAIL", rows)
	})
}

type auditExport struct {
	clientFlags
	auditFilter
}

// Run writes lines of JSON.
func (c *auditExport) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		lines := json.NewEncoder(plain.Writer(t.out))
		return c.each(t, k, 0, func(e api.AuditEntry) error { return lines.Encode(e) })
	})
}

type auditVerify struct{ clientFlags }

// Run verifies every chain.
func (c *auditVerify) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		got, err := k.VerifyAudit(t.ctx)
		if err != nil {
			return err
		}

		found := got

		if c.JSON {
			err = printJSON(t, found)
		} else {
			printVerified(t, found.Entries, found.Nodes, found.Problems)
		}

		if err != nil || len(found.Problems) == 0 {
			return err
		}

		return fault.New(fault.Mismatch, "The audit is not whole: it has %s.",
			plain.Count(len(found.Problems), "problem")).
			With("Compare it with an export, or with a backup.")
	})
}

func printVerified(t *terminal, entries, nodes int, problems []string) {
	for _, p := range problems {
		t.printf("  %s\n", p)
	}
	if len(problems) == 0 {
		t.printf("%s entries of %s are whole.\n", plain.Number(entries), plain.Count(nodes, "node"))
	}
}
