package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// sums writes the checksums of all that was made, as sha256sum reads them.
func (r *release) sums(context.Context) error {
	names := slices.Sorted(slices.Values(r.made))
	f, err := r.create("SHA256SUMS")
	if err != nil {
		return err
	}

	for _, name := range names {
		sum, err := sumOf(filepath.Join(r.out, name))
		if err != nil {
			return errors.Join(err, f.Close())
		}
		if _, err := fmt.Fprintf(f, "%x  %s\n", sum, name); err != nil {
			return errors.Join(err, f.Close())
		}
	}

	return f.Close()
}

func sumOf(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return h.Sum(nil), err
}
