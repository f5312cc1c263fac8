package faults

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Syntax is the help text for rules in text form.
const Syntax = `a fault is "[METHOD ]PATH-REGEXP key[=value] …" with the keys
  latency=2s  status=503  body=TEXT  retry-after=3  reset  lost  cut=1000  short=1
  flip=17  rate=100000 (bytes a second)  skip=2  times=3  chance=0.5  seed=1
for example "POST /v4/.*/actions lost times=1"`

var setters = map[string]func(*Rule, string) error{
	"latency":     func(r *Rule, v string) (err error) { r.Latency, err = time.ParseDuration(v); return err },
	"status":      func(r *Rule, v string) (err error) { r.Status, err = strconv.Atoi(v); return err },
	"body":        func(r *Rule, v string) error { r.Body = v; return nil },
	"retry-after": func(r *Rule, v string) error { r.RetryAfter = v; return nil },
	"reset":       func(r *Rule, _ string) error { r.Reset = true; return nil },
	"lost":        func(r *Rule, _ string) error { r.Lost = true; return nil },
	"cut":         func(r *Rule, v string) error { return number(&r.CutAfter, v) },
	"short":       func(r *Rule, v string) error { return number(&r.ShortBy, v) },
	"flip":        func(r *Rule, v string) error { return number(&r.FlipAt, v) },
	"rate":        func(r *Rule, v string) error { return number(&r.BytesPerSecond, v) },
	"skip":        func(r *Rule, v string) (err error) { r.Skip, err = strconv.Atoi(v); return err },
	"times":       func(r *Rule, v string) (err error) { r.Times, err = strconv.Atoi(v); return err },
	"chance":      func(r *Rule, v string) (err error) { r.Chance, err = strconv.ParseFloat(v, 64); return err },
	"seed":        func(r *Rule, v string) (err error) { r.Seed, err = strconv.ParseUint(v, 10, 64); return err },
}

func number(to *int64, v string) (err error) {
	*to, err = strconv.ParseInt(v, 10, 64)
	return err
}

// Parse reads one rule in the form that Syntax describes.
func Parse(text string) (Rule, error) {
	words := strings.Fields(text)
	var r Rule
	if len(words) > 0 && words[0] == strings.ToUpper(words[0]) && !strings.ContainsAny(words[0], "/.=") {
		r.Method, words = words[0], words[1:]
	}

	if len(words) < 2 {
		return r, fmt.Errorf("fault %q needs a path and an effect: %s", text, Syntax)
	}

	if _, err := regexp.Compile(words[0]); err != nil {
		return r, fmt.Errorf("fault %q: the path: %w", text, err)
	}

	r.Path = words[0]
	return r, r.set(text, words[1:])
}

func (rule *Rule) set(text string, words []string) error {
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		set, ok := setters[key]
		if !ok {
			return fmt.Errorf("fault %q: unknown key %q: %s", text, key, Syntax)
		}
		if err := set(rule, value); err != nil {
			return fmt.Errorf("fault %q: %s: %w", text, key, err)
		}
	}
	return nil
}
