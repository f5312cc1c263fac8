package foldersync

// Lanes is about how many seconds each lane of a first run takes at least: what
// Frame.io's limits, or Nuxeo for documents without content, let it take. Bytes take
// their own time.
type Lanes struct {
	Listing, Documents int64
	Comments           int64 // after everything else
}

// Frame.io lets the folders of a tree be listed, and its files be looked at, so many
// times a second, and comments be asked for so many times a minute. Documents without
// content need no call each; so many were made a second when it was measured.
const (
	listsPerSecond    = 5
	looksPerSecond    = 10
	commentsPerMinute = 100
	laysPerSecond     = 240
)

func (p Preview) lanes(q Request) Lanes {
	assets := int64(p.Assets)
	out := Lanes{Listing: upTo(int64(p.Folders)+1, listsPerSecond), Documents: upTo(assets, looksPerSecond)}
	if q.Fetch == Metadata {
		out.Documents = upTo(assets, laysPerSecond)
	}

	if q.Comments {
		out.Comments = upTo(assets*60, commentsPerMinute)
	}

	return out
}

// upTo divides, and rounds up.
func upTo(n, by int64) int64 { return (n + by - 1) / by }
