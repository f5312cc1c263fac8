package sim

import (
	"hash/fnv"
	"math/rand/v2"
	"strconv"
)

// chance draws from a seed. Draws are keyed, not taken from one stream, so that
// one more call somewhere changes nothing elsewhere.
type chance uint64

// hash is a number that follows from the seed and the key.
func (c chance) hash(key ...string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(strconv.FormatUint(uint64(c), 16))) // a hash never fails
	for _, k := range key {
		_, _ = h.Write([]byte{0})
		_, _ = h.Write([]byte(k))
	}
	return mix(h.Sum64())
}

// mix spreads a hash over all its bits.
func mix(x uint64) uint64 {
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// stream is a source for one purpose that draws in a fixed order.
func (c chance) stream(purpose string) *rand.Rand {
	return rand.New(rand.NewPCG(uint64(c), c.hash(purpose)))
}

// share turns a hash into a number from 0 to 1.
func share(h uint64) float64 { return float64(h>>11) / (1 << 53) }
