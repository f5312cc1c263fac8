package nuxeosim

import (
	"cmp"
	"slices"
)

// sortNodes orders by several keys; what has no value comes first.
func sortNodes(s *Server, list []*node, by []sortBy) {
	if len(by) == 0 {
		return
	}

	keys := make(map[*node][]any, len(list))
	for _, n := range list {
		row := make([]any, len(by))
		for i, b := range by {
			if v := s.valuesOf(n, b.key); len(v) > 0 {
				row[i] = v[0]
			}
		}
		keys[n] = row
	}

	slices.SortStableFunc(list, func(a, b *node) int { return compareRows(keys[a], keys[b], by) })
}

func compareRows(a, b []any, by []sortBy) int {
	for i := range by {
		d := 0
		switch {
		case a[i] == nil || b[i] == nil:
			d = cmp.Compare(map[bool]int{true: 1}[a[i] != nil], map[bool]int{true: 1}[b[i] != nil])
		default:
			d = compareTo(a[i], b[i])
		}

		if d != 0 && by[i].desc {
			d = -d
		}

		if d != 0 {
			return d
		}
	}
	return 0
}
