package frameiosim

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"sync"
)

// idSource makes ids and secrets that follow from a seed.
type idSource struct {
	mu  sync.Mutex
	rng *rand.ChaCha8
}

func newIDSource(seed uint64) *idSource {
	var key [32]byte
	copy(key[:], "frameiosim")
	binary.LittleEndian.PutUint64(key[24:], seed)
	return &idSource{rng: rand.NewChaCha8(key)}
}

func (g *idSource) read(p []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, _ = g.rng.Read(p) // ChaCha8 never fails
}

// uuid is a random id in the usual form.
func (g *idSource) uuid() string {
	var raw [16]byte
	g.read(raw[:])
	raw[6] = raw[6]&0x0f | 0x40
	raw[8] = raw[8]&0x3f | 0x80
	var out [36]byte
	hex.Encode(out[:8], raw[:4])
	hex.Encode(out[9:13], raw[4:6])
	hex.Encode(out[14:18], raw[6:8])
	hex.Encode(out[19:23], raw[8:10])
	hex.Encode(out[24:], raw[10:])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}

// secret is 32 random bytes in hex.
func (g *idSource) secret() string {
	var raw [32]byte
	g.read(raw[:])
	return hex.EncodeToString(raw[:])
}
