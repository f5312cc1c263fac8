package mail

import (
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
)

// What names do to the words around them reaches no mail; their letters do.
func TestNamesDoNothingToAMail(t *testing.T) {
	t.Parallel()
	const name = "\u202Egpj.हिन्दी\r\nBcc: eve@example.org\x1b[2J"
	for _, via := range []string{ViaNuxeo, ViaSMTP} {
		w := setup(t, via)
		m := w.message(Line{Title: name, Text: name})
		m.Subject, m.Heading = name, name
		w.send(m)
		got := map[string]*mailbox{ViaNuxeo: w.nuxeo, ViaSMTP: w.other}[via].next()
		text := got.header.Get("Subject") + got.body
		if got.header.Get("Bcc") != "" ||
			strings.ContainsFunc(strings.NewReplacer("\n", "", "\r", "", "\t", "").Replace(text), plain.Unsafe) ||
			!strings.Contains(got.body, "हिन्दी") {
			t.Errorf("%s: the header %v and the body %q; want no Bcc, no unsafe character, and the Hindi kept", via,
				got.header, got.body)
		}
	}
}
