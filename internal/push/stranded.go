package push

import (
	"context"
	"errors"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// strandedCondition is a condition on pushes that could not return without binding $1: they are
// unfinished, in a workspace that only this binding connects to their folder.
const strandedCondition = `state IN ('sending', 'open') AND scope_uid = (SELECT folder_uid FROM bindings WHERE id = $1)
	AND workspace_id IN (SELECT workspace_id FROM actions WHERE binding_id = $1
		AND state NOT IN ('adding', 'leaving', 'left'))
	AND workspace_id NOT IN (SELECT a.workspace_id FROM actions a JOIN bindings b ON b.id = a.binding_id
		WHERE b.id <> $1 AND b.state = 'bound' AND b.folder_uid = pushes.scope_uid
		AND a.state NOT IN ('adding', 'leaving', 'left'))`

// Stranded counts the documents on their way to Frame.io or under review there that could not
// return without a binding.
func (s *Service) Stranded(ctx context.Context, binding string) (n int, err error) {
	err = s.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM pushes WHERE `+strandedCondition, binding).Scan(&n)
	return n, err
}

// StrandedIn counts those that are in one workspace of the binding.
func (s *Service) StrandedIn(ctx context.Context, binding, workspace string) (n int, err error) {
	err = s.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM pushes WHERE `+strandedCondition+`
		AND workspace_id = $2`, binding, workspace).Scan(&n)
	return n, err
}

// ReleaseStranded ends these pushes: those on their way are cancelled, those under review are
// unlocked and stay on Frame.io. A lock that cannot be released now is left to the maintenance task
// that compares locks.
func (s *Service) ReleaseStranded(ctx context.Context, binding, why, by string) error {
	all, err := listPushes(ctx, s.DB.Reader, `WHERE `+strandedCondition+` ORDER BY id`, binding)
	if err != nil {
		return err
	}

	var failed error
	for _, p := range all {
		if p.State == Sending {
			err = s.Engine.Cancel(ctx, work.Viewer{Login: p.By}, p.Item)
		} else if p, err = s.release(ctx, p, why, by); err == nil {
			err = s.unlock(ctx, p)
		}
		if err != nil && !fault.Is(err, fault.Conflict, fault.Forbidden) {
			failed = errors.Join(failed, err)
		}
	}

	return failed
}
