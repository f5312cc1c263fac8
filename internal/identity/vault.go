package identity

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

// Vault seals secrets for the database with XChaCha20-Poly1305. The first key
// of the ring seals, every key opens, so that a key can be replaced. A sealed
// value is: version, key id (4 bytes), nonce (24), ciphertext. It is bound to
// the place it is stored in, so that it cannot be moved to another row.
type Vault struct {
	seal  string
	rings map[string]cipher.AEAD
}

const (
	vaultVersion = 1
	keyIDLength  = 4
)

// NewVault makes a vault from keys of 32 bytes in base64, the sealing one first.
func NewVault(keys ...string) (*Vault, error) {
	v := &Vault{rings: map[string]cipher.AEAD{}}
	for _, text := range keys {
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil || len(key) != chacha20poly1305.KeySize {
			return nil, errors.New("an encryption key must be 32 bytes in base64, as `openssl rand -base64 32` prints it")
		}
		aead, err := chacha20poly1305.NewX(key)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(key)
		id := string(sum[:keyIDLength])
		v.rings[id] = aead
		if v.seal == "" {
			v.seal = id
		}
	}
	if v.seal == "" {
		return nil, errors.New("no encryption key")
	}
	return v, nil
}

// KeyFile reads the key in a file, or makes one that only its owner can read.
func KeyFile(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err == nil {
		return string(b), nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("the encryption key: %w", err)
	}
	if err := makeKey(path); err != nil {
		return "", fmt.Errorf("making the encryption key: %w", err)
	}
	return KeyFile(path)
}

// makeKey puts a whole key at path, or leaves the one that is there: of two
// first starts one makes it, and a start that dies midway leaves none.
func makeKey(path string) (err error) {
	key := make([]byte, chacha20poly1305.KeySize)
	_, _ = rand.Read(key) // never fails
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".key-*") // readable by its owner only
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(key))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

// Seal encrypts a secret for a place, such as "credentials/josh/refresh". An
// empty secret stays empty.
func (v *Vault) Seal(place, secret string) []byte {
	if secret == "" {
		return nil
	}
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	_, _ = rand.Read(nonce) // never fails
	out := append([]byte{vaultVersion}, v.seal...)
	out = append(out, nonce...)
	return v.rings[v.seal].Seal(out, nonce, []byte(secret), []byte(place))
}

// Open decrypts what Seal made for the same place.
func (v *Vault) Open(place string, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	const head = 1 + keyIDLength + chacha20poly1305.NonceSizeX
	if len(sealed) < head || sealed[0] != vaultVersion {
		return "", fmt.Errorf("the secret at %s is damaged", place)
	}
	aead, ok := v.rings[string(sealed[1:1+keyIDLength])]
	if !ok {
		return "", fmt.Errorf("the secret at %s was sealed with a key that is not configured", place)
	}
	plain, err := aead.Open(nil, sealed[1+keyIDLength:head], sealed[head:], []byte(place))
	if err != nil {
		return "", fmt.Errorf("the secret at %s is damaged", place)
	}
	return string(plain), nil
}
