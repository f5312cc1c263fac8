package store

import (
	"fmt"
	"strings"
)

// Marks are n placeholders from $first on, for a list in a statement.
func Marks(first, n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("$%d", first+i)
	}
	return strings.Join(out, ", ")
}

// Anys are strings as the arguments of a statement.
func Anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}
