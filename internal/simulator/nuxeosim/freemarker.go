package nuxeosim

import (
	"fmt"
	"regexp"
	"strings"
)

// ftlTemplate is a parsed FreeMarker template: the subset that mails use.
type ftlTemplate struct{ parts []ftlPart }

// ftlPart is text, an interpolation, a condition or a loop.
type ftlPart struct {
	text     string
	value    *expr
	branches []ftlBranch
	loop     *ftlLoop
	body     *ftlTemplate // of <#escape> and <#noescape>
	assign   string       // of <#assign>
}

type ftlBranch struct {
	test *expr // nil for <#else>
	body *ftlTemplate
}

type ftlLoop struct {
	over *expr
	name string
	body *ftlTemplate
}

type ftlParser struct {
	rest  string
	depth int
	// escape wraps interpolations, as <#escape x as x?html> says.
	escape []ftlEscape
}

type ftlEscape struct {
	name string
	as   *expr
}

func parseTemplate(text string) (*ftlTemplate, error) {
	p := &ftlParser{rest: text}
	t, end, err := p.block()
	if err != nil {
		return nil, err
	}

	if end != "" {
		return nil, fmt.Errorf("unexpected <%s>", end)
	}

	return t, nil
}

// block reads up to the end or to a tag that the caller must know; that tag is
// returned.
func (p *ftlParser) block() (*ftlTemplate, string, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, "", fmt.Errorf("the template nests too deep")
	}
	defer func() { p.depth-- }()
	t := &ftlTemplate{}
	for {
		i := nextMark(p.rest)
		t.parts = append(t.parts, ftlPart{text: p.rest[:i]})
		p.rest = p.rest[i:]
		if p.rest == "" {
			return t, "", nil
		}

		part, end, err := p.mark()
		if err != nil || end != "" {
			return t, end, err
		}

		t.parts = append(t.parts, part)
	}
}

var mark = regexp.MustCompile(`\$\{|<#--|</?#[a-z]`)

func nextMark(s string) int {
	if at := mark.FindStringIndex(s); at != nil {
		return at[0]
	}
	return len(s)
}

func (p *ftlParser) mark() (ftlPart, string, error) {
	if strings.HasPrefix(p.rest, "<#--") {
		_, rest, found := strings.Cut(p.rest, "-->")
		p.rest = rest
		if !found {
			return ftlPart{}, "", fmt.Errorf("a comment without end")
		}
		return ftlPart{}, "", nil
	}

	if strings.HasPrefix(p.rest, "${") {
		part, err := p.interpolation()
		return part, "", err
	}

	tag, err := p.upTo('>', 1)
	if err != nil {
		return ftlPart{}, "", err
	}

	return p.tag(strings.TrimSuffix(tag, "/"))
}

// upTo cuts up to a character that is not inside of a string.
func (p *ftlParser) upTo(end byte, from int) (string, error) {
	var quote byte
	depth := 0
	for i := from; i < len(p.rest); i++ {
		c := p.rest[i]
		switch {
		case quote != 0 && c == '\\':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
		case c == '"' || c == '\'':
			quote = c
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == end && (depth <= 0 || end == '}'):
			out := p.rest[from:i]
			p.rest = p.rest[i+1:]
			return out, nil
		}
	}

	return "", fmt.Errorf("missing %q", end)
}

func (p *ftlParser) interpolation() (ftlPart, error) {
	text, err := p.upTo('}', 2)
	if err != nil {
		return ftlPart{}, err
	}

	e, err := parseExpr(dialectFTL, text)
	if err != nil {
		return ftlPart{}, err
	}

	if len(p.escape) > 0 {
		inner := p.escape[len(p.escape)-1]
		e = substitute(inner.as, inner.name, e)
	}

	return ftlPart{value: e}, nil
}

// substitute puts an expression in place of a name.
func substitute(e *expr, name string, by *expr) *expr {
	if e.op == "name" && e.text == name {
		return by
	}

	out := *e
	out.args = make([]*expr, len(e.args))
	for i, a := range e.args {
		out.args[i] = substitute(a, name, by)
	}

	return &out
}

// tag reads a directive with its body, or returns the name of an end.
func (p *ftlParser) tag(tag string) (ftlPart, string, error) {
	name, rest, _ := strings.Cut(strings.TrimSpace(tag), " ")
	switch name {
	case "#if":
		part, err := p.condition(rest)
		return part, "", err
	case "#list":
		part, err := p.loop(rest)
		return part, "", err
	case "#escape", "#noescape":
		part, err := p.escaped(name, rest)
		return part, "", err
	case "#assign":
		part, err := assignment(rest)
		return part, "", err
	case "#elseif", "#else", "/#if", "/#list", "/#escape", "/#noescape":
		return ftlPart{}, strings.TrimSpace(tag), nil
	case "#setting", "#ftl":
		return ftlPart{}, "", nil
	}

	return ftlPart{}, "", fmt.Errorf("unknown directive <%s>", name)
}

func assignment(rest string) (ftlPart, error) {
	name, value, found := strings.Cut(rest, "=")
	if !found {
		return ftlPart{}, fmt.Errorf("an assignment without =")
	}
	e, err := parseExpr(dialectFTL, value)
	return ftlPart{assign: strings.TrimSpace(name), value: e}, err
}

func (p *ftlParser) condition(test string) (ftlPart, error) {
	var part ftlPart
	for {
		b := ftlBranch{}
		var err error
		if test != "" {
			if b.test, err = parseExpr(dialectFTL, test); err != nil {
				return part, err
			}
		}

		var end string
		if b.body, end, err = p.block(); err != nil {
			return part, err
		}

		part.branches = append(part.branches, b)
		name, rest, _ := strings.Cut(end, " ")
		switch {
		case name == "/#if":
			return part, nil
		case name == "#else" && b.test != nil:
			test = ""
		case name == "#elseif" && b.test != nil && rest != "":
			test = rest
		default:
			return part, fmt.Errorf("an <#if> without end")
		}
	}
}

func (p *ftlParser) loop(rest string) (ftlPart, error) {
	over, name, found := strings.Cut(rest, " as ")
	if !found {
		return ftlPart{}, fmt.Errorf("a <#list> without a name")
	}

	e, err := parseExpr(dialectFTL, over)
	if err != nil {
		return ftlPart{}, err
	}

	body, err := p.body("/#list")
	return ftlPart{loop: &ftlLoop{over: e, name: strings.TrimSpace(name), body: body}}, err
}

func (p *ftlParser) body(end string) (*ftlTemplate, error) {
	t, got, err := p.block()
	if err == nil && got != end {
		err = fmt.Errorf("missing <%s>", end)
	}
	return t, err
}

func (p *ftlParser) escaped(name, rest string) (ftlPart, error) {
	saved := p.escape
	defer func() { p.escape = saved }()
	if name == "#noescape" {
		p.escape = nil
		body, err := p.body("/#noescape")
		return ftlPart{body: body}, err
	}

	as, text, found := strings.Cut(rest, " as ")
	if !found {
		return ftlPart{}, fmt.Errorf("an <#escape> without a name")
	}

	e, err := parseExpr(dialectFTL, text)
	if err != nil {
		return ftlPart{}, err
	}

	p.escape = append(p.escape[:len(p.escape):len(p.escape)], ftlEscape{name: strings.TrimSpace(as), as: e})
	body, err := p.body("/#escape")
	return ftlPart{body: body}, err
}
