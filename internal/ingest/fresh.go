package ingest

import (
	"sync"
	"time"
)

// fresh keeps signed addresses between the step that learned them and the one that
// reads the bytes, in memory only. An item has one; whoever does not find it asks.
type fresh struct {
	mu  sync.Mutex
	all map[string]signed
}

type signed struct {
	file, address string
	until         time.Time
}

const (
	freshFor = time.Minute // the steps between are short
	maxFresh = 1000
)

func (f *fresh) keep(item, file, address string, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.all) >= maxFresh || f.all == nil {
		f.all = map[string]signed{}
	}
	f.all[item] = signed{file, address, now.Add(freshFor)}
}

// take gives the address once; nothing when it was not kept, or for too long.
func (f *fresh) take(item, file string, now time.Time) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, ok := f.all[item]
	delete(f.all, item)
	if !ok || l.file != file || now.After(l.until) {
		return ""
	}
	return l.address
}
