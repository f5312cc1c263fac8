package identity

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"
)

// Vault seals secrets for the database with XChaCha20-Poly1305. The first key
// of the ring seals, every key opens, so that a key can be replaced. A sealed
// value is: version, key id (4 bytes), nonce (24), ciphertext. It is bound to
// the place it is stored in, so that it cannot be moved to another row.
type Vault struct {
	mu   sync.RWMutex
	ring ring
	file *keyFile // nil: the keys are those of the configuration
}

type ring struct {
	seal string
	keys map[string]cipher.AEAD
}

const (
	vaultVersion = 1
	keyIDLength  = 4
	sealedHead   = 1 + keyIDLength + chacha20poly1305.NonceSizeX
)

// NewVault makes a vault from keys of 32 bytes in base64, the sealing one first.
func NewVault(keys ...string) (*Vault, error) {
	r, err := newRing(keys)
	return &Vault{ring: r}, err
}

func newRing(keys []string) (ring, error) {
	r := ring{keys: map[string]cipher.AEAD{}}
	for _, text := range keys {
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil || len(key) != chacha20poly1305.KeySize {
			return r, errors.New("an encryption key must be 32 bytes in base64, as `openssl rand -base64 32` prints it")
		}

		aead, err := chacha20poly1305.NewX(key)
		if err != nil {
			return r, err
		}

		// A key is known by its digest, and the first one seals.
		sum := sha256.Sum256(key)
		id := string(sum[:keyIDLength])
		r.keys[id] = aead
		if r.seal == "" {
			r.seal = id
		}
	}

	if r.seal == "" {
		return r, errors.New("no encryption key")
	}

	return r, nil
}

// Key is an idempotency key for an act that the words tell from others: the same for a
// repetition on whatever node, and unguessable without the encryption key.
func (v *Vault) Key(act ...string) string {
	r := v.current("")
	words := []byte("idempotency\x00" + strings.Join(act, "\x00"))
	sum := sha256.Sum256(words) // a nonce of its own for each act, and no text: only the tag is used
	tag := r.keys[r.seal].Seal(nil, sum[:chacha20poly1305.NonceSizeX], nil, words)
	return "nuxeo-frameio-" + hex.EncodeToString(tag)
}

// Seal encrypts a secret for a context, such as "credentials/josh/refresh". An
// empty secret stays empty.
func (v *Vault) Seal(sealContext, secret string) []byte {
	if secret == "" {
		return nil
	}

	r := v.current("")
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	_, _ = rand.Read(nonce) // never fails
	out := append([]byte{vaultVersion}, r.seal...)
	out = append(out, nonce...)
	return r.keys[r.seal].Seal(out, nonce, []byte(secret), []byte(sealContext))
}

// Open decrypts what Seal returned for the same context.
func (v *Vault) Open(sealContext string, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}

	if len(sealed) < sealedHead || sealed[0] != vaultVersion {
		return "", fmt.Errorf("the secret at %s is damaged", sealContext)
	}

	// The head says which key it was, so that older ones go on opening what they sealed.
	id := string(sealed[1 : 1+keyIDLength])
	aead, ok := v.current(id).keys[id]
	if !ok {
		return "", fmt.Errorf("the secret at %s was sealed with a key that is not configured", sealContext)
	}

	plain, err := aead.Open(nil, sealed[1+keyIDLength:sealedHead], sealed[sealedHead:], []byte(sealContext))
	if err != nil {
		return "", fmt.Errorf("the secret at %s is damaged", sealContext)
	}

	return string(plain), nil
}

// current is the ring as it is now. The key file is read again when it changed:
// a key that was added while we run is used from then on.
func (v *Vault) current(wanted string) ring {
	v.look(wanted != "" && !v.has(wanted))
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.ring
}

func (v *Vault) look(atOnce bool) {
	if v.file == nil {
		return
	}

	keys, changed := v.file.changed(atOnce)
	if !changed {
		return
	}

	if r, err := newRing(keys); err == nil { // what is no key is left to the next start to refuse
		v.mu.Lock()
		v.ring = r
		v.mu.Unlock()
	}
}

func (v *Vault) has(id string) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.ring.keys[id] != nil
}

// Old reports whether a sealed value is under another key than the one that seals.
func (v *Vault) Old(sealed []byte) bool {
	return len(sealed) >= sealedHead && string(sealed[1:1+keyIDLength]) != v.current("").seal
}

// KeyName is how a key is called where people see it: the start of its digest.
func KeyName(sealed []byte) string {
	if len(sealed) < sealedHead {
		return ""
	}
	return hex.EncodeToString(sealed[1 : 1+keyIDLength])
}
