package nuxeo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// members is a list in an answer. It is read member by member, and no further than most,
// so that what it takes of memory is bounded whatever it is made of. A field of another
// kind than it should be stays empty; what is nothing at all is counted as odd.
type members[T any] struct {
	most int
	list []T
	odd  int
	// is reports whether a member is one, as far as it could be read.
	is func(T) bool
}

// UnmarshalJSON is json.Unmarshaler's.
func (m *members[T]) UnmarshalJSON(b []byte) error {
	m.list, m.odd = nil, 0
	return each(b, m.most, func(raw json.RawMessage) {
		var v T
		if fields(raw, &v) && (m.is == nil || m.is(v)) {
			m.list = append(m.list, v)
		} else {
			m.odd++
		}
	})
}

// whole fails when there is a member that cannot be read: it may be what is looked for.
func (m *members[T]) whole(path string) error {
	if m.odd == 0 {
		return nil
	}
	return &Error{
		Path:    path,
		Code:    200,
		Message: fmt.Sprintf("the answer is not what Nuxeo sends: %d of the list cannot be read", m.odd),
	}
}

// each gives the members of a list; null has none.
func each(b []byte, most int, give func(json.RawMessage)) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); t != json.Delim('[') {
		if t == nil {
			return err
		}
		return errors.New("it is no list")
	}

	// More than asked for is a mistake, or an attack on our memory.
	for n := 0; d.More(); n++ {
		if n == most {
			return fmt.Errorf("there are more than the %d that were asked for", most)
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return err
		}
		give(raw)
	}

	return nil
}

// fields reads what it can of an object, and reports whether it is one.
func fields(raw json.RawMessage, into any) bool {
	err := json.Unmarshal(raw, into)
	var odd *json.UnmarshalTypeError
	return string(raw) != "null" && (err == nil || errors.As(err, &odd) && odd.Field != "")
}

// mostInside bounds lists within a document, and those that Nuxeo gives without pages.
const mostInside = 10_000

func isDocument(d *Document) bool { return d != nil && d.UID != "" }

// documents is a list of documents of at most so many.
func documents(most int) members[*Document] {
	return members[*Document]{most: most, is: isDocument}
}
