package work

import (
	"context"
	"database/sql"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// StepInfo describes a step for readers: of the code, of the documentation, of traces.
type StepInfo struct {
	Name   string // as it is stored with items; empty for the first
	Does   string // what it does
	Repeat string // why it may be interrupted anywhere and run again
}

// A Step is one step of a flow. R is what the worker makes of an item before it runs a step: the
// state, and the clients of both sides.
type Step[R any] struct {
	Name   string
	Does   string
	Repeat string
	Run    func(R, context.Context) (Next, error)
}

// A Flow is the steps of a kind of items, in the order in which they usually run. Each names its
// successor itself. Names stay as they are: items that wait have them in the database.
type Flow[R any] []Step[R]

// Run runs the step of this name. An unknown name is an error that ends the item.
func (f Flow[R]) Run(ctx context.Context, name string, r R) (Next, error) {
	for _, s := range f {
		if s.Name == name {
			return s.Run(r, ctx)
		}
	}
	return Next{}, fault.New(fault.Internal, "Unknown step %q.", name)
}

// Info describes the steps.
func (f Flow[R]) Info() []StepInfo {
	all := make([]StepInfo, len(f))
	for i, s := range f {
		all[i] = StepInfo{s.Name, s.Does, s.Repeat}
	}
	return all
}

// OneStep describes items that have one step, which may go on under further names.
func OneStep(does, repeat string, further ...string) []StepInfo {
	all := []StepInfo{{"", does, repeat}}
	for _, name := range further {
		all = append(all, StepInfo{name, "go on", repeat})
	}
	return all
}

// NoUndo is embedded in workers that leave nothing half done.
type NoUndo struct{}

// Undo does nothing.
func (NoUndo) Undo(context.Context, *Task) error { return nil }

// NoEnded is embedded in workers that record nothing when an item ends.
type NoEnded struct{}

// Ended does nothing.
func (NoEnded) Ended(context.Context, *sql.Tx, Item) ([]string, error) { return nil, nil }

// A Base is embedded in workers that do neither.
type Base struct {
	NoUndo
	NoEnded
}
