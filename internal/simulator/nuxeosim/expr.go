package nuxeosim

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// One expression language serves the EL of versioning filters and FreeMarker:
// they share almost everything. A dialect says where they differ.
type dialect int

const (
	// dialectEL: null, empty, instance properties of null are null.
	dialectEL dialect = iota
	// dialectFTL: x!default, x??, x?builtin; what is undefined is an error.
	dialectFTL
)

// expr is a node of the tree of an expression.
type expr struct {
	op   string // "lit", "name", ".", "[]", "()", "?" (builtin), "!", "??", "cond", or an operator
	text string
	lit  any
	args []*expr
}

// maxDepth bounds how deep expressions nest, for the sake of the stack.
const maxDepth = 200

type exprParser struct {
	dialect dialect
	toks    []token
	depth   int
}

// token is a word of an expression; kind is 'n'ame, 's'tring, 'd'igits or 'o'perator.
type token struct {
	kind byte
	text string
}

// parseExpr reads a whole expression.
func parseExpr(d dialect, text string) (*expr, error) {
	toks, err := tokenize(text)
	if err != nil {
		return nil, err
	}

	p := &exprParser{dialect: d, toks: toks}
	e, err := p.parse(0)
	if err != nil {
		return nil, err
	}

	if len(p.toks) > 0 {
		return nil, fmt.Errorf("unexpected %q in %q", p.toks[0].text, text)
	}

	return e, nil
}

var twoCharOperators = []string{"==", "!=", "<=", ">=", "&&", "||", "??"}

func tokenize(text string) ([]token, error) {
	var out []token
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimLeft(rest, " \t\r\n") {
		t, n, err := nextToken(rest)
		if err != nil {
			return nil, fmt.Errorf("%w in %q", err, text)
		}
		out, rest = append(out, t), rest[n:]
	}

	return out, nil
}

func nextToken(s string) (token, int, error) {
	r, size := utf8.DecodeRuneInString(s)
	switch {
	case r == '"' || r == '\'':
		return stringToken(s)
	case r >= '0' && r <= '9':
		n := spanOf(s, func(r rune) bool { return r >= '0' && r <= '9' || r == '.' })
		return token{'d', s[:n]}, n, nil
	case unicode.IsLetter(r) || r == '_' || r == '$' || r == '@':
		n := spanOf(s, func(r rune) bool {
			return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '$' || r == '@'
		})
		return token{'n', s[:n]}, n, nil
	}

	for _, op := range twoCharOperators {
		if strings.HasPrefix(s, op) {
			return token{'o', op}, 2, nil
		}
	}

	if strings.ContainsRune("<>!?.,:()[]+-*/%=", r) {
		return token{'o', s[:size]}, size, nil
	}

	return token{}, 0, fmt.Errorf("unexpected character %q", r)
}

func spanOf(s string, in func(rune) bool) int {
	for i, r := range s {
		if !in(r) {
			return i
		}
	}
	return len(s)
}

func stringToken(s string) (token, int, error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == s[0]:
			return token{'s', b.String()}, i + 1, nil
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteString(unescaped(s[i]))
		default:
			b.WriteByte(s[i])
		}
	}

	return token{}, 0, fmt.Errorf("a string without end")
}

func unescaped(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	}
	return string(rune(c))
}

// binding powers of binary operators; words are other spellings.
var powers = map[string]int{
	"||": 2,
	"&&": 3,
	"==": 4,
	"!=": 4,
	"<":  5,
	">":  5,
	"<=": 5,
	">=": 5,
	"+":  6,
	"-":  6,
	"*":  7,
	"/":  7,
	"%":  7,
}

var spellings = map[string]string{
	"or": "||", "and": "&&", "eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=", "lte": "<=",
	"gte": ">=", "div": "/", "mod": "%", "=": "==",
}

func (p *exprParser) operator() string {
	if len(p.toks) == 0 || p.toks[0].kind == 's' {
		return ""
	}
	if op, found := spellings[p.toks[0].text]; found {
		return op
	}
	return p.toks[0].text
}

func (p *exprParser) eat(op string) bool {
	if len(p.toks) > 0 && p.toks[0].kind == 'o' && p.toks[0].text == op {
		p.toks = p.toks[1:]
		return true
	}
	return false
}

func (p *exprParser) expect(op string) error {
	if p.eat(op) {
		return nil
	}
	return fmt.Errorf("expected %q", op)
}

func (p *exprParser) parse(power int) (*expr, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, fmt.Errorf("the expression nests too deep")
	}
	defer func() { p.depth-- }()
	left, err := p.prefix()
	for err == nil {
		op := p.operator()
		if op == "?" && p.dialect == dialectEL && power == 0 {
			return p.conditional(left)
		}

		own := powers[op]
		if own == 0 || own <= power {
			return left, nil
		}

		p.toks = p.toks[1:]
		var right *expr
		if right, err = p.parse(own); err == nil {
			left = &expr{op: op, args: []*expr{left, right}}
		}
	}

	return nil, err
}

func (p *exprParser) conditional(test *expr) (*expr, error) {
	p.toks = p.toks[1:]
	yes, err := p.parse(0)
	if err != nil {
		return nil, err
	}

	if err := p.expect(":"); err != nil {
		return nil, err
	}

	no, err := p.parse(0)
	return &expr{op: "cond", args: []*expr{test, yes, no}}, err
}

// prefix reads a unary operator or a primary with what follows it.
func (p *exprParser) prefix() (*expr, error) {
	for _, op := range []string{"!", "-"} {
		if p.eat(op) {
			return p.unary("u" + op)
		}
	}

	if op := p.operator(); p.dialect == dialectEL && (op == "not" || op == "empty") {
		p.toks = p.toks[1:]
		return p.unary(map[string]string{"not": "u!", "empty": "empty"}[op])
	}

	e, err := p.primary()
	if err != nil {
		return nil, err
	}

	return p.postfix(e)
}

func (p *exprParser) unary(op string) (*expr, error) {
	e, err := p.parse(8)
	return &expr{op: op, args: []*expr{e}}, err
}

var words = map[string]any{"true": true, "false": false, "null": nil}

func (p *exprParser) primary() (*expr, error) {
	if len(p.toks) == 0 {
		return nil, fmt.Errorf("the expression ends too early")
	}

	t := p.toks[0]
	p.toks = p.toks[1:]
	switch {
	case t.kind == 's':
		return &expr{op: "lit", lit: t.text}, nil
	case t.kind == 'd':
		f, err := strconv.ParseFloat(t.text, 64)
		return &expr{op: "lit", lit: f}, err
	case t.kind == 'n':
		if v, is := words[t.text]; is {
			return &expr{op: "lit", lit: v}, nil
		}
		return &expr{op: "name", text: t.text}, nil
	case t.text == "(":
		e, err := p.parse(0)
		if err != nil {
			return nil, err
		}
		return &expr{op: "group", args: []*expr{e}}, p.expect(")")
	}

	return nil, fmt.Errorf("unexpected %q", t.text)
}

// postfix reads properties, indexes, calls and, in FreeMarker, defaults,
// tests of existence and built-ins.
func (p *exprParser) postfix(e *expr) (*expr, error) {
	for {
		var err error
		switch {
		case p.eat("."):
			e, err = p.member(".", e)
		case p.eat("["):
			e, err = p.index(e)
		case p.eat("("):
			e, err = p.call(e)
		case p.dialect == dialectFTL && p.eat("??"):
			e = &expr{op: "??", args: []*expr{e}}
		case p.dialect == dialectFTL && p.eat("?"):
			e, err = p.member("?", e)
		case p.dialect == dialectFTL && p.eat("!"):
			e, err = p.fallback(e)
		default:
			return e, nil
		}

		if err != nil {
			return nil, err
		}
	}
}

func (p *exprParser) member(op string, e *expr) (*expr, error) {
	if len(p.toks) == 0 || p.toks[0].kind != 'n' {
		return nil, fmt.Errorf("expected a name after %q", op)
	}
	name := p.toks[0].text
	p.toks = p.toks[1:]
	return &expr{op: op, text: name, args: []*expr{e}}, nil
}

func (p *exprParser) index(e *expr) (*expr, error) {
	i, err := p.parse(0)
	if err != nil {
		return nil, err
	}
	return &expr{op: "[]", args: []*expr{e, i}}, p.expect("]")
}

func (p *exprParser) call(e *expr) (*expr, error) {
	out := &expr{op: "()", args: []*expr{e}}
	if p.eat(")") {
		return out, nil
	}

	for {
		a, err := p.parse(0)
		if err != nil {
			return nil, err
		}
		out.args = append(out.args, a)
		if p.eat(",") {
			continue
		}
		return out, p.expect(")")
	}
}

// fallback reads x!default; without a default it is the empty string.
func (p *exprParser) fallback(e *expr) (*expr, error) {
	out := &expr{op: "!", args: []*expr{e}}
	if len(p.toks) == 0 || p.toks[0].kind == 'o' && p.toks[0].text != "(" && p.toks[0].text != "-" ||
		spellings[p.toks[0].text] != "" && p.toks[0].kind == 'n' {
		return out, nil
	}
	d, err := p.prefix()
	out.args = append(out.args, d)
	return out, err
}
