package nuxeosim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// query is a parsed SELECT * FROM … statement.
type query struct {
	types []string
	where *cond
	order []sortBy
}

type sortBy struct {
	key  string
	desc bool
}

// cond is a node of a WHERE clause: and, or, not, or a comparison.
type cond struct {
	// "and", "or", "not", "=", "<>", "<", "<=", ">", ">=", "like", "ilike", "in", "between", "startswith", "null"
	op     string
	negate bool
	key    string
	values []any
	args   []*cond
}

type nxqlParser struct {
	toks  []token
	depth int
}

// parseNXQL reads a query; an error is what a client gets as 400.
func parseNXQL(text string) (*query, error) {
	toks, err := nxqlTokens(text)
	if err != nil {
		return nil, err
	}

	p := &nxqlParser{toks: toks}
	q, err := p.query()
	if err != nil {
		return nil, err
	}

	if len(p.toks) > 0 {
		return nil, fmt.Errorf("syntax error at %q", p.toks[0].text)
	}

	return q, nil
}

func nxqlTokens(text string) ([]token, error) {
	var out []token
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimLeft(rest, " \t\r\n") {
		t, n, err := nxqlToken(rest)
		if err != nil {
			return nil, err
		}
		out, rest = append(out, t), rest[n:]
	}

	return out, nil
}

func nxqlToken(s string) (token, int, error) {
	switch {
	case s[0] == '\'' || s[0] == '"':
		return stringToken(s)
	case s[0] >= '0' && s[0] <= '9' || s[0] == '-' && len(s) > 1 && s[1] >= '0' && s[1] <= '9':
		n := 1 + spanOf(s[1:], func(r rune) bool { return r >= '0' && r <= '9' || r == '.' })
		return token{'d', s[:n]}, n, nil
	case len(s) > 1 && slices.Contains([]string{"<=", ">=", "<>", "!="}, s[:2]):
		return token{'o', strings.Replace(s[:2], "!=", "<>", 1)}, 2, nil
	case strings.ContainsRune("=<>(),*", rune(s[0])):
		return token{'o', s[:1]}, 1, nil
	}

	n := spanOf(s, func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_:/*.-", r)
	})
	if n == 0 {
		return token{}, 0, fmt.Errorf("unexpected character %q", []rune(s)[0])
	}

	return token{'n', s[:n]}, n, nil
}

func (p *nxqlParser) peek(word string) bool {
	return len(p.toks) > 0 && p.toks[0].kind != 's' && strings.EqualFold(p.toks[0].text, word)
}

func (p *nxqlParser) eat(word string) bool {
	if p.peek(word) {
		p.toks = p.toks[1:]
		return true
	}
	return false
}

func (p *nxqlParser) expect(words ...string) error {
	for _, w := range words {
		if !p.eat(w) {
			return fmt.Errorf("expected %s", w)
		}
	}
	return nil
}

func (p *nxqlParser) name() (string, error) {
	if len(p.toks) == 0 || p.toks[0].kind != 'n' {
		return "", fmt.Errorf("expected a name")
	}
	name := p.toks[0].text
	p.toks = p.toks[1:]
	return name, nil
}

func (p *nxqlParser) query() (*query, error) {
	if err := p.expect("SELECT"); err != nil {
		return nil, err
	}

	p.eat("DISTINCT")
	if err := p.columns(); err != nil {
		return nil, err
	}

	if err := p.expect("FROM"); err != nil {
		return nil, err
	}

	q := &query{}
	for {
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		q.types = append(q.types, name)
		if !p.eat(",") {
			return q, p.clauses(q)
		}
	}
}

// columns are read and forgotten: answers are documents whatever is selected.
func (p *nxqlParser) columns() error {
	if p.eat("*") {
		return nil
	}
	for {
		if _, err := p.name(); err != nil {
			return err
		}
		if !p.eat(",") {
			return nil
		}
	}
}

func (p *nxqlParser) clauses(q *query) (err error) {
	if p.eat("WHERE") {
		if q.where, err = p.or(); err != nil {
			return err
		}
	}

	if p.eat("ORDER") {
		if err := p.expect("BY"); err != nil {
			return err
		}
		return p.orderBy(q)
	}

	return nil
}

func (p *nxqlParser) orderBy(q *query) error {
	for {
		name, err := p.name()
		if err != nil {
			return err
		}

		s := sortBy{key: name}
		if !p.eat("ASC") {
			s.desc = p.eat("DESC")
		}

		q.order = append(q.order, s)
		if !p.eat(",") {
			return nil
		}
	}
}

func (p *nxqlParser) or() (*cond, error) { return p.joined("OR", "or", p.and) }

func (p *nxqlParser) and() (*cond, error) { return p.joined("AND", "and", p.not) }

func (p *nxqlParser) joined(word, op string, next func() (*cond, error)) (*cond, error) {
	left, err := next()
	if err != nil || !p.peek(word) {
		return left, err
	}

	out := &cond{op: op, args: []*cond{left}}
	for p.eat(word) {
		right, err := next()
		if err != nil {
			return nil, err
		}
		out.args = append(out.args, right)
	}

	return out, nil
}

func (p *nxqlParser) not() (*cond, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, fmt.Errorf("the query nests too deep")
	}
	defer func() { p.depth-- }()
	if p.eat("NOT") {
		inner, err := p.not()
		return &cond{op: "not", args: []*cond{inner}}, err
	}

	if p.eat("(") {
		inner, err := p.or()
		if err != nil {
			return nil, err
		}
		return inner, p.expect(")")
	}

	return p.comparison()
}

func (p *nxqlParser) comparison() (*cond, error) {
	name, err := p.name()
	if err != nil {
		return nil, err
	}

	c := &cond{key: name}
	if p.eat("IS") {
		c.op, c.negate = "null", p.eat("NOT")
		return c, p.expect("NULL")
	}

	c.negate = p.eat("NOT")
	if len(p.toks) == 0 {
		return nil, fmt.Errorf("the query ends after %s", name)
	}

	c.op = strings.ToLower(p.toks[0].text)
	if !slices.Contains([]string{"=", "<>", "<", "<=", ">", ">=", "like", "ilike", "in", "between", "startswith"},
		c.op) {
		return nil, fmt.Errorf("unknown operator %q", p.toks[0].text)
	}

	p.toks = p.toks[1:]
	return c, p.operands(c)
}

func (p *nxqlParser) operands(c *cond) error {
	switch c.op {
	case "in":
		if err := p.expect("("); err != nil {
			return err
		}
		for {
			if err := p.operand(c); err != nil {
				return err
			}
			if !p.eat(",") {
				return p.expect(")")
			}
		}
	case "between":
		if err := p.operand(c); err != nil {
			return err
		}
		if err := p.expect("AND"); err != nil {
			return err
		}
	}
	return p.operand(c)
}

// operand reads a literal.
func (p *nxqlParser) operand(c *cond) error {
	if p.eat("TIMESTAMP") || p.eat("DATE") {
		return p.dateOperand(c)
	}

	if len(p.toks) == 0 {
		return fmt.Errorf("expected a value")
	}

	t := p.toks[0]
	p.toks = p.toks[1:]
	switch {
	case t.kind == 's':
		c.values = append(c.values, t.text)
	case t.kind == 'd':
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return err
		}
		c.values = append(c.values, f)
	case strings.EqualFold(t.text, "true"):
		c.values = append(c.values, 1.0)
	case strings.EqualFold(t.text, "false"):
		c.values = append(c.values, 0.0)
	default:
		return fmt.Errorf("expected a value instead of %q", t.text)
	}

	return nil
}

func (p *nxqlParser) dateOperand(c *cond) error {
	if len(p.toks) == 0 || p.toks[0].kind != 's' {
		return fmt.Errorf("expected a date in quotes")
	}

	at, err := parseTime(p.toks[0].text)
	if err != nil {
		return err
	}

	p.toks = p.toks[1:]
	c.values = append(c.values, at)
	return nil
}
