package ingest

import "testing"

// What is done about the content of a document, however it came to be looked at.
func TestDecide(t *testing.T) {
	t.Parallel()
	with := func(change ...func(*Content)) Content {
		c := Content{Exists: true, Policy: NuxeoWins}
		for _, do := range change {
			do(&c)
		}
		return c
	}

	holds := func(c *Content) { c.Holds = true }
	newFile := func(c *Content) { c.NewFile = true }
	edited := func(c *Content) { c.Edited = true }
	own := func(c *Content) { c.Own = true }
	cold := func(c *Content) { c.ColdStorage = true }
	asks := func(c *Content) { c.Policy = PersonAsks }
	frameio := func(c *Content) { c.Policy = FrameioWins }
	both := func(c *Content) { c.Policy = KeepBoth }
	unknown := func(c *Content) { c.Policy = "?" }

	for name, row := range map[string]struct {
		of   Content
		want Choice
	}{
		"no document":          {Content{}, CreateDocument},
		"the content is there": {with(holds), KeepContent},
		"another file":         {with(newFile), ReplaceContent},
		"the same file, whose content is not there":     {with(), ReplaceContent},
		"only metadata is mirrored":                     {with(newFile, edited, own), KeepContent},
		"a rendition returns":                           {with(newFile, own, asks), KeepContent},
		"in cold storage, the same file":                {with(cold), KeepContent},
		"in cold storage, another file":                 {with(cold, newFile), Refuse},
		"in cold storage, and a person asks":            {with(cold, newFile, asks), Refuse},
		"in cold storage, and Frame.io wins":            {with(cold, newFile, frameio), Refuse},
		"edited, the same file":                         {with(edited), KeepContent},
		"edited, the same file, Frame.io wins":          {with(edited, frameio), KeepContent},
		"edited, the same file, both are kept":          {with(edited, both), KeepContent},
		"edited, the same file, and a person asks":      {with(edited, asks), ReplaceContent},
		"both changed it, and Nuxeo wins":               {with(edited, newFile), Conflict},
		"both changed it, and Frame.io wins":            {with(edited, newFile, frameio), ReplaceContent},
		"both changed it, and both are kept":            {with(edited, newFile, both), SplitDocument},
		"both changed it, and a person asks":            {with(edited, newFile, asks), ReplaceContent},
		"both changed it, by a policy nobody knows":     {with(edited, newFile, unknown), Conflict},
		"edited to what the file is, whoever is to win": {with(edited, holds, newFile), KeepContent},
	} {
		if got := row.of.Decide(); got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
}

// In every situation: what people made is replaced only if somebody has said so, and what is in cold
// storage never.
func TestDecideLosesNothing(t *testing.T) {
	t.Parallel()
	for bits := range 1 << 6 {
		is := func(n int) bool { return bits>>n&1 == 1 }
		for _, policy := range []Policy{PersonAsks, NuxeoWins, FrameioWins, KeepBoth} {
			c := Content{
				Exists: is(0), Holds: is(1), NewFile: is(2), Edited: is(3), Own: is(4), ColdStorage: is(5),
				Policy: policy,
			}
			got := c.Decide()
			switch {
			case (got == CreateDocument) != !c.Exists:
				t.Errorf("%+v: got %s, want a document created exactly if there is none", c, got)
			case got == ReplaceContent && (c.Own || c.Holds || c.ColdStorage):
				t.Errorf("%+v: got %s, want no replacement of what is our own, holds it already, or is in cold storage",
					c, got)
			case got == ReplaceContent && c.Edited && policy != PersonAsks && (policy != FrameioWins || !c.NewFile):
				t.Errorf("%+v: got %s, want no replacement of what people made", c, got)
			case (got == Conflict || got == SplitDocument) && !(c.Edited && c.NewFile):
				t.Errorf("%+v: got %s, want it only where both sides have changed it", c, got)
			}
		}
	}
}
