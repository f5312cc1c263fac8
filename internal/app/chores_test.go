package app

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// The table in the handbook has each chore, in the words in which it is listed.
func TestChoresAreInTheHandbook(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../doc/operations.md")
	if err != nil {
		t.Fatal(err)
	}

	_, table, _ := strings.Cut(string(b), "| chore | every | does |\n|---|---|---|\n")
	got, _, _ := strings.Cut(table, "\n\n")
	var want []string
	for _, c := range (&App{}).chores() {
		want = append(want, fmt.Sprintf("| `%s` | %s | %s |", c.Name, period(c.Every), c.What))
	}

	if all := strings.Join(want, "\n"); got != all {
		t.Errorf("the table of chores is\n%s\nwant\n%s", got, all)
	}
}

func period(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}
