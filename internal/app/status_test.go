package app

import (
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
)

func TestTableOfStatuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]FrameioConfig{
		"no value":    {StatusProperty: "dc:nature", StatusValues: []string{"Approved"}},
		"no name":     {StatusProperty: "dc:nature", StatusValues: []string{" =x"}},
		"no property": {StatusValues: []string{"Approved=x"}},
		"no values":   {StatusProperty: "dc:nature"},
	} {
		if _, err := c.statusMap(); err == nil {
			t.Errorf("the setting with %s is taken, want it refused", name)
		}
	}

	m, err := FrameioConfig{
		StatusProperty: "dc:nature",
		StatusValues:   []string{"id-1 = done", "Needs Review=open=1"},
	}.statusMap()
	if err != nil {
		t.Fatal(err)
	}

	for _, c := range []struct {
		status frameio.Field
		value  string
		known  bool
	}{
		{frameio.Field{Value: "Genehmigt", Options: []string{"id-1"}}, "done", true}, // renamed, and known by its id
		{frameio.Field{Value: "needs review", Options: []string{"id-2"}}, "open=1", true},
		{frameio.Field{Value: "Other", Options: []string{"id-3"}}, "", false},
	} {
		if value, known := m.Value(c.status); value != c.value || known != c.known {
			t.Errorf("%+v becomes %q (known %v), want %q (%v)", c.status, value, known, c.value, c.known)
		}
	}
}
