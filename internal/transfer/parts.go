package transfer

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
	"slices"
)

// Parts are the parts that arrived, by index. They are stored often, so their form is short: for
// each part the distance to the one before, in base64.
type Parts map[int]bool

// MarshalJSON writes the short form.
func (s Parts) MarshalJSON() ([]byte, error) {
	var b []byte
	last := 0
	for _, i := range slices.Sorted(maps.Keys(s)) {
		b = binary.AppendUvarint(b, uint64(i-last))
		last = i
	}
	return json.Marshal(base64.RawStdEncoding.EncodeToString(b))
}

var errParts = errors.New("the parts of a transfer are damaged")

// maxIndex is far above the number of parts of any plan.
const maxIndex = 1 << 24

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Parts) UnmarshalJSON(text []byte) (err error) {
	*s, err = readParts(text, 0)
	return err
}

// summedParts are the parts as older versions stored them: each followed by a sum of its bytes, with
// which nothing was compared.
type summedParts Parts

const sumSize = 4

// UnmarshalJSON reads what an older version wrote.
func (s *summedParts) UnmarshalJSON(text []byte) error {
	parts, err := readParts(text, sumSize)
	*s = summedParts(parts)
	return err
}

// readParts reads distances, each of which is followed by so many bytes that do not count.
func readParts(text []byte, further int) (Parts, error) {
	var encoded string
	if err := json.Unmarshal(text, &encoded); err != nil {
		return nil, errParts
	}

	b, err := base64.RawStdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errParts
	}

	parts := Parts{}
	for last := uint64(0); len(b) > 0; {
		step, n := binary.Uvarint(b)
		if n <= 0 || step > maxIndex || len(b) < n+further || last+step > maxIndex {
			return nil, errParts
		}
		last += step
		parts[int(last)] = true
		b = b[n+further:]
	}

	return parts, nil
}
