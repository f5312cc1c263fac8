package audit

import (
	"context"
	"fmt"
	"net/netip"
	"time"
)

// failure counts failed sign-ins from an address.
type failure struct {
	times int
	why   string
}

const (
	// flushEvery is how often failed sign-ins are written, one entry for an address.
	flushEvery = time.Minute
	// maxAddresses bounds the entries of a minute: anyone can fail from many.
	maxAddresses = 100
	// others is the entry of those beyond.
	others = "other addresses"
)

// Failed counts a failed sign-in. It is written within a minute, in one entry with the
// others from the same address.
func (l *Log) Failed(ctx context.Context, why string) {
	if l == nil {
		return
	}

	l.mu.Lock()
	defer l.mu.Unlock()

	// An attacker with many addresses must not fill the memory.
	address := network(from(ctx))
	if _, known := l.failed[address]; !known && len(l.failed) >= maxAddresses {
		address = others
	}

	f := l.failed[address]
	l.failed[address] = failure{f.times + 1, why}
}

// network is the address that failures are counted by: who has one of IPv6 has a
// network of them.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Unmap().Is4() {
		return address
	}

	p, err := ip.Prefix(64)
	if err != nil {
		return address
	}

	return p.String()
}

// Run writes failed sign-ins once in a minute until ctx ends, and then the rest.
func (l *Log) Run(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			l.flush(context.WithoutCancel(ctx))
			return
		case <-tick.C:
			l.flush(ctx)
		}
	}
}

func (l *Log) flush(ctx context.Context) {
	l.mu.Lock()
	failed := l.failed
	l.failed = map[string]failure{}
	l.mu.Unlock()
	for address, f := range failed {
		err := l.Write(ctx, Entry{
			What:    SignInFailed,
			Address: address,
			Detail:  fmt.Sprintf("%d times; %s", f.times, f.why),
		})
		if err != nil {
			l.log.WarnContext(ctx, "failed sign-ins were not recorded", "from", address, "times", f.times, "error", err)
		}
	}
}
