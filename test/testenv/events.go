package testenv

import (
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
)

// Telling lets Frame.io tell webhooks of what happens.
func Telling(fate func(int) frameiosim.EventFate) Option {
	return Frameio(func(o *frameiosim.Options) { o.Events, o.EventBackoff = fate, 10*time.Millisecond })
}

// Says is for Comes: whether a comment of the document has the words.
func (b *Bed) Says(document, words string) func() bool {
	return func() bool {
		for _, c := range b.Nuxeo.Comments(document) {
			if strings.Contains(c.Text, words) {
				return true
			}
		}
		return false
	}
}

// StatusIs is for Comes: whether the document shows the status.
func (b *Bed) StatusIs(document, want string) func() bool {
	return func() bool {
		d, _ := b.Nuxeo.Doc(document)
		got, _ := d.Properties["frameio:status"].(string)
		return got == want
	}
}

// Comes waits for what a hint brings.
func (b *Bed) Comes(what string, is func() bool) {
	b.T.Helper()
	const patience = 2 * time.Minute
	for end := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) { // hints come in their own time
		if time.Now().After(end) {
			b.T.Fatalf("%s did not come, want it within %s%s", what, patience, b.Story())
		}
	}
}
