package nuxeosim

import "net/http"

// taskRoute serves /api/v1/task: there are no workflows, so nobody has a task.
func taskRoute(c *call, seg []string) (*answer, error) {
	switch {
	case c.r.Method != http.MethodGet:
		return nil, methodNotAllowed()
	case len(seg) > 0:
		return nil, notFound("%s", seg[0])
	}
	return ok(c.entityPage("tasks", nil, true)), nil
}

// workflowRoute serves /api/v1/workflow: none runs.
func workflowRoute(c *call, seg []string) (*answer, error) {
	switch {
	case c.r.Method != http.MethodGet:
		return nil, methodNotAllowed()
	case len(seg) > 0:
		return nil, notFound("%s", seg[0])
	}
	return ok(noEntries("workflows")), nil
}

func noEntries(entity string) map[string]any {
	return map[string]any{"entity-type": entity, "entries": []any{}}
}
