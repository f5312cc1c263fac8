// Package conformance tries whether a system behaves as the connector assumes it to: the
// real one or its simulator, by the same cases.
//
// A case is one assumption, with the reason why it matters and where it comes from. It
// is tried in a scene, which the package of the system makes: people, a folder to work
// in and the system's client. A case holds, differs, or is not tried. Where servers may
// legitimately be of several kinds the case says which kind there is, and holds with
// each of them.
//
// It knows neither Nuxeo nor Frame.io; their cases are in packages of their own.
package conformance

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// Word is a random word to begin all names of a run with.
func Word(first string) string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return first + hex.EncodeToString(b[:])
}

// Case is one assumption about a system whose cases are tried in scenes of type S.
type Case[S any] struct {
	// Name is in kebab case and unique within a system.
	Name string
	// What the system does, in one sentence.
	What string
	// Why it matters: what of ours would break.
	Why string
	// Helps says what to set, or to do on the server, where it differs; empty: the case is
	// for who writes the connector, and not for who runs it.
	Helps string
	// Uses names the methods of the client that the case protects.
	Uses []string
	// Source is where the knowledge comes from.
	Source string
	// Admin is set for what only an administrator can try.
	Admin bool
	// Try tries it.
	Try func(S)
}

// Outcome is what became of a case.
type Outcome int

// The outcomes.
const (
	NotTried Outcome = iota
	Holds
	Differs
)

// String names the outcome for people.
func (o Outcome) String() string { return [...]string{"not tried", "holds", "differs"}[o] }

// Result is a case after it was tried.
type Result struct {
	Name, What, Why, Helps, Source string
	Outcome                        Outcome
	// Notes are the differences, or why it was not tried.
	Notes []string
	// Kinds are the kinds of server that were found, such as "search: index".
	Kinds []string
	Took  time.Duration
}

// Trial is a case while it is being tried. Its methods are for the one goroutine that
// tries it.
type Trial struct {
	// Patience is how long Soon waits for what systems do later; 0: a minute.
	Patience time.Duration

	ctx      context.Context
	result   *Result
	cleanups []func()
}

// longest is how long a case may take.
const longest = 2 * time.Minute

// Run tries cases one after another. scene makes what a case is tried in; told, if it is
// set, hears of each result.
func Run[S any](ctx context.Context, cases []Case[S], scene func(*Trial, Case[S]) S, told func(Result)) []Result {
	var all []Result
	for _, k := range cases {
		if ctx.Err() != nil {
			break
		}
		r := try(ctx, k, scene)
		if told != nil {
			told(r)
		}
		all = append(all, r)
	}

	return all
}

// try tries one case in a goroutine of its own, which Stop and NotTried end.
func try[S any](ctx context.Context, k Case[S], scene func(*Trial, Case[S]) S) Result {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	r := Result{Name: k.Name, What: k.What, Why: k.Why, Helps: k.Helps, Source: k.Source, Outcome: Holds}
	t := &Trial{ctx: ctx, result: &r}
	start := time.Now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer t.cleanUp()
		defer func() {
			if p := recover(); p != nil {
				t.Differ("panic: %v\n%s", p, debug.Stack())
			}
		}()
		k.Try(scene(t, k))
	}()

	<-done
	r.Took = time.Since(start)
	return r
}

// Context ends with the time that a case has.
func (t *Trial) Context() context.Context { return t.ctx }

// Cleanup has f called when the case is over, the latest first. The context may have
// ended by then.
func (t *Trial) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }

func (t *Trial) cleanUp() {
	for _, f := range t.cleanups {
		defer f()
	}
}

// Differ notes a difference and goes on.
func (t *Trial) Differ(format string, args ...any) {
	t.result.Outcome = Differs
	t.result.Notes = append(t.result.Notes, fmt.Sprintf(format, args...))
}

// Stop notes a difference and ends the case.
func (t *Trial) Stop(format string, args ...any) {
	t.Differ(format, args...)
	runtime.Goexit()
}

// NotTried ends the case without a verdict, unless there was a difference before.
func (t *Trial) NotTried(format string, args ...any) {
	if t.result.Outcome != Differs {
		t.result.Outcome = NotTried
		t.result.Notes = []string{fmt.Sprintf(format, args...)}
	}
	runtime.Goexit()
}

// Kind notes which kind of server this is; the same once.
func (t *Trial) Kind(format string, args ...any) {
	if kind := fmt.Sprintf(format, args...); !slices.Contains(t.result.Kinds, kind) {
		t.result.Kinds = append(t.result.Kinds, kind)
	}
}

// Must ends the case when err is set.
func (t *Trial) Must(err error) {
	if err != nil {
		t.Stop("%v", err)
	}
}

// Want notes when got is not want. Numbers of different types are told apart.
func (t *Trial) Want(what string, got, want any) {
	if !reflect.DeepEqual(got, want) {
		t.Differ("%s = %s, want %s", what, shown(got), shown(want))
	}
}

// True notes what is not so.
func (t *Trial) True(is bool, format string, args ...any) {
	if !is {
		t.Differ("not so: "+format, args...)
	}
}

const maxShown = 300

func shown(v any) string {
	s := fmt.Sprintf("%#v", v)
	if text, is := v.(string); is {
		s = fmt.Sprintf("%q", text)
	}
	if len(s) > maxShown {
		s = strings.ToValidUTF8(s[:maxShown], "") + "…"
	}
	return s
}

// Soon waits until something that the system does by itself has happened. It tells
// whether it did.
func (t *Trial) Soon(happened func() bool) bool {
	end := time.Now().Add(cmp.Or(t.Patience, time.Minute))
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		if happened() {
			return true
		}
		if time.Now().After(end) || t.ctx.Err() != nil {
			return false
		}
		time.Sleep(wait)
	}
}
