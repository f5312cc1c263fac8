package conformance

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"
)

// The exit codes of a run.
const (
	AllHold = iota
	SomeDiffer
	NothingTried
)

// ExitCode is that of a run with these results.
func ExitCode(results []Result) int {
	switch count := Count(results); {
	case count[Differs] > 0:
		return SomeDiffer
	case count[Holds] == 0:
		return NothingTried
	}
	return AllHold
}

// Count counts results by outcome.
func Count(results []Result) map[Outcome]int {
	count := map[Outcome]int{}
	for _, r := range results {
		count[r.Outcome]++
	}
	return count
}

// Table writes a table of results, then what differs with the reason why it matters, and
// the kinds of server that were found.
func Table(w io.Writer, results []Result) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range results {
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\n", r.Outcome, r.Name, r.Took.Round(time.Millisecond), r.Source)
	}

	if err := tab.Flush(); err != nil {
		return err
	}

	var kinds []string
	for _, r := range results {
		kinds = append(kinds, r.Kinds...)
		if r.Outcome != Holds {
			fmt.Fprintf(w, "\n%s: %s\n  assumed:  %s\n  matters:  %s\n", r.Outcome, r.Name, r.What, r.Why)
			for _, n := range r.Notes {
				fmt.Fprintf(w, "  %s\n", strings.ReplaceAll(n, "\n", "\n  "))
			}
		}
	}

	slices.Sort(kinds)
	fmt.Fprintf(w, "\nWhat kind of server this is:\n")
	for _, k := range slices.Compact(kinds) {
		fmt.Fprintf(w, "  %s\n", k)
	}

	count := Count(results)
	_, err := fmt.Fprintf(w, "\n%d hold, %d differ, %d not tried\n", count[Holds], count[Differs], count[NotTried])
	return err
}

// Confirm tells what will be made where, and asks for the name of the host unless yes is
// set.
func Confirm(in io.Reader, out io.Writer, host string, plan []string, yes bool) error {
	if len(plan) > 0 {
		fmt.Fprintf(out, "On %s this will be made, and removed at the end:\n", host)
	}

	for _, p := range plan {
		fmt.Fprintf(out, "  %s\n", p)
	}

	if yes {
		return nil
	}

	fmt.Fprintf(out, "Type the name of the host, %s, to go on: ", host)
	line, err := bufio.NewReader(in).ReadString('\n')
	if strings.TrimSpace(line) != host {
		return cmp.Or(err, errors.New("that is not the host: nothing was done"))
	}

	return nil
}

// Secret reads a secret from a file, or from an environment variable, or asks for it
// where somebody sits at a terminal. It is never printed.
func Secret(file, variable, question string) (string, error) {
	if file != "" {
		b, err := os.ReadFile(file)
		return strings.TrimSpace(string(b)), err
	}

	if s := os.Getenv(variable); s != "" || question == "" {
		return s, nil
	}

	in := int(os.Stdin.Fd())
	if !term.IsTerminal(in) {
		return "", fmt.Errorf("give a file or set %s", variable)
	}

	fmt.Fprint(os.Stderr, question+": ")
	b, err := term.ReadPassword(in)
	fmt.Fprintln(os.Stderr)
	return string(b), err
}
