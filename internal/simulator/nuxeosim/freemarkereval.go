package nuxeosim

import (
	"errors"
	"fmt"
	"maps"
	"strings"
)

// maxText bounds what a template may print, since loops nest.
const maxText = 4 << 20

// render evaluates a template. Printing what is not there is an error, as in
// FreeMarker.
func (t *ftlTemplate) render(vars map[string]any) (string, error) {
	var b strings.Builder
	err := t.write(&b, scope{dialect: dialectFTL, vars: maps.Clone(vars)})
	return b.String(), err
}

func (t *ftlTemplate) write(b *strings.Builder, s scope) error {
	for _, part := range t.parts {
		if b.Len() > maxText {
			return errors.New("the text is too long")
		}
		if err := part.write(b, s); err != nil {
			return err
		}
	}
	return nil
}

func (p ftlPart) write(b *strings.Builder, s scope) error {
	switch {
	case p.assign != "":
		v, err := s.eval(p.value)
		s.vars[p.assign] = v
		return err
	case p.value != nil:
		return p.print(b, s)
	case p.branches != nil:
		return p.choose(b, s)
	case p.loop != nil:
		return p.loop.write(b, s)
	case p.body != nil:
		return p.body.write(b, s)
	}

	b.WriteString(p.text)
	return nil
}

func (p ftlPart) print(b *strings.Builder, s scope) error {
	v, err := s.eval(p.value)
	if err != nil {
		return err
	}

	switch v.(type) {
	case nil:
		return fmt.Errorf("%w: %s", errUndefined, p.value)
	case bool, []any, map[string]any, object, function:
		return fmt.Errorf("cannot print %s: expected a string or number", p.value)
	}

	b.WriteString(printed(v))
	return nil
}

func (p ftlPart) choose(b *strings.Builder, s scope) error {
	for _, branch := range p.branches {
		if branch.test == nil {
			return branch.body.write(b, s)
		}

		v, err := s.eval(branch.test)
		if err != nil {
			return err
		}

		test, is := v.(bool)
		if !is {
			return fmt.Errorf("not a boolean: %s", branch.test)
		}

		if test {
			return branch.body.write(b, s)
		}
	}
	return nil
}

func (l *ftlLoop) write(b *strings.Builder, s scope) error {
	v, err := s.eval(l.over)
	if err != nil {
		return err
	}

	list, is := asList(v)
	if !is {
		return fmt.Errorf("not a sequence: %s", l.over)
	}

	inner := scope{dialect: s.dialect, vars: maps.Clone(s.vars)}
	for i, e := range list {
		inner.vars[l.name], inner.vars[l.name+"_index"] = e, float64(i)
		inner.vars[l.name+"_has_next"] = i < len(list)-1
		if err := l.body.write(b, inner); err != nil {
			return err
		}
	}

	return nil
}

// renderText parses and evaluates.
func renderText(text string, vars map[string]any) (string, error) {
	t, err := parseTemplate(text)
	if err != nil {
		return "", err
	}
	return t.render(vars)
}
