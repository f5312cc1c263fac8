package nuxeosim

import (
	"errors"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// object is something with properties that expressions can see.
type object interface {
	property(name string) any
}

// function is something an expression can call.
type function func(args []any) (any, error)

// scope holds the variables of an evaluation.
type scope struct {
	dialect dialect
	vars    map[string]any
}

var errUndefined = errors.New("the following has evaluated to null or missing")

// eval computes an expression.
func (s scope) eval(e *expr) (any, error) {
	switch e.op {
	case "lit":
		return e.lit, nil
	case "name":
		return s.vars[e.text], nil
	case "group":
		return s.eval(e.args[0])
	case ".", "[]":
		return s.member(e)
	case "()":
		return s.call(e)
	case "!", "??":
		return s.orElse(e)
	case "&&", "||":
		return s.logic(e)
	case "cond":
		return s.choose(e)
	}
	return s.strict(e)
}

// strict are the operators that need all their operands.
func (s scope) strict(e *expr) (any, error) {
	args := make([]any, len(e.args))
	for i, a := range e.args {
		v, err := s.eval(a)
		if err != nil {
			return nil, err
		}
		if v == nil && s.dialect == dialectFTL {
			return nil, fmt.Errorf("%w: %s", errUndefined, a)
		}
		args[i] = v
	}

	switch e.op {
	case "?":
		return builtin(e.text, args[0])
	case "u!":
		return !truth(args[0]), nil
	case "u-":
		f, err := number(args[0])
		return -f, err
	case "empty":
		return empty(args[0]), nil
	case "==", "!=":
		return sameValue(args[0], args[1]) == (e.op == "=="), nil
	}

	return arithmetic(e.op, args[0], args[1])
}

// String is the expression for error messages.
func (e *expr) String() string {
	switch {
	case e.op == "name":
		return e.text
	case e.op == "." || e.op == "?":
		return e.args[0].String() + e.op + e.text
	case e.op == "lit":
		return fmt.Sprint(e.lit)
	}
	return "(" + e.op + ")"
}

func (s scope) member(e *expr) (any, error) {
	of, err := s.eval(e.args[0])
	if err != nil {
		return nil, err
	}

	if of == nil && s.dialect == dialectFTL {
		return nil, fmt.Errorf("%w: %s", errUndefined, e.args[0])
	}

	name := any(e.text)
	if e.op == "[]" {
		if name, err = s.eval(e.args[1]); err != nil {
			return nil, err
		}
	}

	return memberOf(of, name), nil
}

func memberOf(of, name any) any {
	switch of := of.(type) {
	case object:
		return of.property(fmt.Sprint(name))
	case map[string]any:
		return of[fmt.Sprint(name)]
	case []any:
		if i, err := number(name); err == nil && i >= 0 && int(i) < len(of) {
			return of[int(i)]
		}
	}
	return nil
}

func (s scope) call(e *expr) (any, error) {
	f, err := s.eval(e.args[0])
	if err != nil {
		return nil, err
	}

	fn, is := f.(function)
	if !is {
		return nil, fmt.Errorf("not a method: %s", e.args[0])
	}

	var args []any
	for _, a := range e.args[1:] {
		v, err := s.eval(a)
		if err != nil {
			return nil, err
		}
		args = append(args, v)
	}

	return fn(args)
}

// orElse handles a missing value. In parentheses, what is missing further left
// is forgiven too.
func (s scope) orElse(e *expr) (any, error) {
	v, err := s.eval(e.args[0])
	if errors.Is(err, errUndefined) && e.args[0].op == "group" {
		v, err = nil, nil
	}

	switch {
	case err != nil:
		return nil, err
	case e.op == "??":
		return v != nil, nil
	case v != nil:
		return v, nil
	case len(e.args) == 1:
		return "", nil
	}

	return s.eval(e.args[1])
}

func (s scope) logic(e *expr) (any, error) {
	v, err := s.eval(e.args[0])
	if err != nil {
		return nil, err
	}

	if truth(v) == (e.op == "||") {
		return truth(v), nil
	}

	v, err = s.eval(e.args[1])
	return truth(v), err
}

func (s scope) choose(e *expr) (any, error) {
	v, err := s.eval(e.args[0])
	if err != nil {
		return nil, err
	}
	if truth(v) {
		return s.eval(e.args[1])
	}
	return s.eval(e.args[2])
}

func truth(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		return v == "true"
	}
	return false
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

func number(v any) (float64, error) {
	switch v := v.(type) {
	case float64:
		return v, nil
	case int64:
		return float64(v), nil
	case int:
		return float64(v), nil
	case string:
		return strconv.ParseFloat(v, 64)
	}
	return 0, fmt.Errorf("not a number: %v", v)
}

func sameValue(a, b any) bool {
	switch a.(type) {
	case float64, int64, int:
		x, _ := number(a)
		y, err := number(b)
		return b != nil && err == nil && x == y
	}

	switch b.(type) {
	case float64, int64, int:
		return a != nil && sameValue(b, a)
	}

	if opaque(a) || opaque(b) {
		x, isDoc := a.(docObject)
		y, both := b.(docObject)
		return isDoc && both && x.n == y.n
	}

	return equal(a, b)
}

// opaque values have no equality of their own.
func opaque(v any) bool {
	switch v.(type) {
	case object, function:
		return true
	}
	return false
}

func arithmetic(op string, a, b any) (any, error) {
	x, errA := number(a)
	y, errB := number(b)
	_, text := a.(string)
	if op == "+" && (text || errA != nil || errB != nil) {
		return printed(a) + printed(b), nil
	}

	if err := errors.Join(errA, errB); err != nil {
		return nil, err
	}

	switch op {
	case "+":
		return x + y, nil
	case "-":
		return x - y, nil
	case "*":
		return x * y, nil
	case "<":
		return x < y, nil
	case ">":
		return x > y, nil
	case "<=":
		return x <= y, nil
	case ">=":
		return x >= y, nil
	}

	return divide(op, x, y)
}

func divide(op string, x, y float64) (any, error) {
	if int64(y) == 0 {
		return nil, errors.New("division by zero")
	}
	if op == "/" {
		return x / y, nil
	}
	return float64(int64(x) % int64(y)), nil
}

// printed is how a value looks in text.
func printed(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return formatTime(v)
	}
	return fmt.Sprint(v)
}

var textBuiltins = map[string]func(string) any{
	"html": func(s string) any {
		return html.EscapeString(s)
	}, "xhtml": func(s string) any { return html.EscapeString(s) },
	"xml": func(s string) any { return html.EscapeString(s) }, "url": func(s string) any { return url.QueryEscape(s) },
	"upper_case": func(s string) any {
		return strings.ToUpper(s)
	}, "lower_case": func(s string) any { return strings.ToLower(s) },
	"trim": func(s string) any {
		return strings.TrimSpace(s)
	}, "length": func(s string) any { return float64(len([]rune(s))) },
	"string": func(s string) any { return s }, "c": func(s string) any { return s },
}

// builtin is FreeMarker's x?name.
func builtin(name string, v any) (any, error) {
	if f, found := textBuiltins[name]; found {
		return f(printed(v)), nil
	}

	switch name {
	case "has_content":
		return !empty(v), nil
	case "number":
		return number(v)
	}

	list, is := asList(v)
	if m, isMap := v.(map[string]any); isMap {
		list, is = make([]any, len(m)), true
	}

	if !is {
		return nil, fmt.Errorf("unknown built-in ?%s for %T", name, v)
	}

	return listBuiltin(name, list)
}

func listBuiltin(name string, list []any) (any, error) {
	switch {
	case name == "size":
		return float64(len(list)), nil
	case name == "first" && len(list) > 0:
		return list[0], nil
	case name == "last" && len(list) > 0:
		return list[len(list)-1], nil
	case name == "first" || name == "last":
		return nil, nil
	}
	return nil, fmt.Errorf("unknown built-in ?%s for a list", name)
}
