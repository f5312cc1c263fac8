package mailsim

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Links of a mail can be followed from the page, without telling where one comes from or
// giving the page away; what is no page of the web, and all other markup, stays text.
func TestPage(t *testing.T) {
	t.Parallel()
	s := &Server{messages: []Message{{
		Subject: "<b>Arrived</b>", To: []string{"josh@example.org"}, At: time.Unix(0, 0),
		HTML: `<p>Two &amp; more</p><ul>` +
			`<li><strong>Teaser</strong> <a href="http://nuxeo.test/ui/?a=1&amp;b=2#!/doc/1">the ` +
			`&lt;document&gt;</a> ` +
			`(<a class="x" href="https://frameio.test/">details</a>)</li>` +
			`<li><a href="javascript:alert(1)">script</a> <a href="data:text/html,x">data</a> <a ` +
			`href="//host/x">bare</a> <img src="x"></li></ul>`,
	}}}

	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	page := w.Body.String()
	for _, want := range []string{
		`<a href="http://nuxeo.test/ui/?a=1&amp;b=2#!/doc/1" target="_blank" rel="noopener noreferrer nofollow">the ` +
			`&lt;document&gt;</a> (`,
		`<a href="https://frameio.test/" target="_blank" rel="noopener noreferrer nofollow">details</a>)`,
		"• script data bare", "&lt;b&gt;Arrived", "Two &amp; more",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page is without %s:\n%s", want, page)
		}
	}

	for _, bad := range []string{"javascript", "data:text", "//host", "<img", "<strong", "<b>"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %s, want it without:\n%s", bad, page)
		}
	}
}
