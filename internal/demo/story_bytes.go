package demo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// same checks that a document holds the bytes of a file.
func (t *story) same(path, name string) error {
	d, ok := t.repo.Doc(path)
	if !ok {
		return fmt.Errorf("there is no document %s", path)
	}

	is, err := t.holdsBytes(d.UID, name)
	if err == nil && !is {
		err = fmt.Errorf("%s holds other bytes than %s", path, name)
	}

	return err
}

// holdsBytes reports whether a document or version holds the bytes of a file.
func (t *story) holdsBytes(uid, name string) (bool, error) {
	r, err := t.repo.OpenBlob(uid, "")
	if err != nil {
		return false, err
	}

	got, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		return false, err
	}

	return bytes.Equal(got, mustRead(name)), nil
}

// kept checks that there is a version with the bytes of each of the files.
func (t *story) kept(uid string, names ...string) error {
	versions := t.repo.Versions(uid)
	for _, name := range names {
		found := false
		for _, v := range versions {
			is, err := t.holdsBytes(v.UID, name)
			if err != nil {
				return err
			}
			found = found || is
		}

		if !found {
			return fmt.Errorf("none of %d versions holds %s", len(versions), name)
		}
	}

	return nil
}
