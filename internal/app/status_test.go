package app

import (
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/metamap"
)

func TestTableOfStatuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]FrameioConfig{
		"no value":    {StatusProperty: "dc:nature", StatusValues: []string{"Approved"}},
		"no name":     {StatusProperty: "dc:nature", StatusValues: []string{" =x"}},
		"no property": {StatusValues: []string{"Approved=x"}},
		"no values":   {StatusProperty: "dc:nature"},
		"what is Nuxeo's own": {
			StatusField: "Status", StatusProperty: "dc:lastContributor", StatusValues: []string{"Approved=x"},
		},
	} {
		if _, err := c.statusRows(); err == nil {
			t.Errorf("the setting with %s is taken, want it refused", name)
		}
	}

	rows, err := FrameioConfig{
		StatusField:    "Status",
		StatusProperty: "dc:nature",
		StatusValues:   []string{"id-1 = done", "Needs Review=open=1"},
	}.statusRows()
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
		c.status.Name = "Status"
		got := metamap.Decide(rows, metamap.Subject{
			Types: map[string]string{"dc:nature": "string"}, Fields: []frameio.Field{c.status},
		})[0]
		if got.After != c.value || got.Writes != c.known || (len(got.Unknown) == 0) != c.known {
			t.Errorf("%+v becomes %q (written %v, unknown %q), want %q (%v)", c.status, got.After, got.Writes,
				got.Unknown, c.value, c.known)
		}
	}
}
