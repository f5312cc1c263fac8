package doctor_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/doctor"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

func (p *patient) fix(ctx context.Context) (said []doctor.Finding, err error) {
	err = p.doctor.Fix(ctx, func(f doctor.Finding) { said = append(said, f) })
	return said, err
}

// clean fails when a document of the doctor's is left.
func (p *patient) clean(when string) {
	p.T.Helper()
	for _, d := range p.Nuxeo.Children("/") {
		if strings.Contains(d.Path, "doctor") {
			p.T.Errorf("%s: %s is left, trashed %v", when, d.Path, d.IsTrashed)
			_ = p.Nuxeo.Remove(d.UID)
		}
	}
}

func TestFixTwice(t *testing.T) {
	t.Parallel()
	p := admit(t)
	p.client(func(c *nuxeosim.OAuthClient) {
		c.Enabled, c.RedirectURIs = false, []string{"https://other.example/back"}
	})

	for i, want := range []string{"now leads back", "there already", "there already"} {
		said, err := p.fix(t.Context())
		if err != nil || len(said) != 2 || !strings.Contains(said[0].Detail, want) || said[1].Mark != doctor.OK ||
			said[1].Detail != "metadata makes no version, content makes one" {
			t.Errorf("time %d: %+v, %v; want two findings, with %q and the fitting versions", i, said, err, want)
		}
		p.clean("after fixing")
	}

	c, err := p.doctor.Admin.OAuthClient(t.Context(), "nuxeo-frameio")
	if err != nil || !c.Enabled || len(c.RedirectURIs) != 2 ||
		!slices.Contains(c.RedirectURIs, "https://other.example/back") {
		t.Errorf("the client is %+v, %v; want it enabled, with two addresses, one of them https://other.example/back",
			c, err)
	}
}

func TestFixIsForAdministrators(t *testing.T) {
	t.Parallel()
	p := admit(t)
	p.doctor.Admin = p.App.Nuxeo.As(nuxeo.Basic("josh", "josh"))
	if _, err := p.fix(t.Context()); !fault.Is(err, fault.Forbidden) {
		t.Errorf("fixed by josh: got %v, want forbidden", err)
	}

	p.doctor.Admin = nil
	if _, err := p.fix(t.Context()); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("fixed by nobody: got %v, want unauthenticated", err)
	}
}

// Whatever fails, and whenever, the document that is tried is removed.
func TestFixLeavesNothing(t *testing.T) {
	t.Parallel()
	p := admit(t)
	for name, rule := range map[string]faults.Rule{
		"fails":            {Status: 500},
		"resets":           {Reset: true},
		"loses the answer": {Lost: true},
	} {
		for n := range 40 {
			before := len(p.Nuxeo.Faults().Hits())
			rule.Skip, rule.Times = n, 1
			end := p.Nuxeo.Faults().Add(rule)
			_, _ = p.fix(t.Context()) // it may fail
			end()
			p.clean(name)
			if len(p.Nuxeo.Faults().Hits()) == before {
				break // there are no more calls
			}

			if n == 39 {
				t.Error("after 39 calls: got more, want an end")
			}
		}
	}
}

// Also when whoever asked for it gives up.
func TestFixThatIsGivenUp(t *testing.T) {
	t.Parallel()
	p := admit(t)
	ctx, cancel := context.WithCancel(t.Context())
	p.Nuxeo.Faults().Add(faults.Rule{Method: http.MethodPut, Hook: func(*http.Request) { cancel() }})
	if _, err := p.fix(ctx); err == nil {
		t.Error("Fix with the call given up: got no error, want one")
	}
	p.clean("given up")
}
