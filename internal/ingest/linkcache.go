package ingest

import (
	"sync"
	"time"
)

// A linkCache keeps signed links between the step that gets them and the one that reads the bytes,
// in memory only. An item has at most one, and asks for another if it finds none.
type linkCache struct {
	mu    sync.Mutex
	links map[string]signedLink
}

type signedLink struct {
	file, address string
	until         time.Time
}

const (
	linkTTL  = time.Minute // the steps between are short
	maxLinks = 1000
)

func (f *linkCache) keep(item, file, address string, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.links) >= maxLinks || f.links == nil {
		f.links = map[string]signedLink{}
	}
	f.links[item] = signedLink{file, address, now.Add(linkTTL)}
}

// take returns the link once, or the empty string if none was kept or it has expired.
func (f *linkCache) take(item, file string, now time.Time) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, ok := f.links[item]
	delete(f.links, item)
	if !ok || l.file != file || now.After(l.until) {
		return ""
	}
	return l.address
}
