package transfer

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
	"slices"
)

// Sums are the CRC-32C of the parts that arrived, by index. They are stored
// often, so their form is short: for each part the distance to the one before
// and the sum, in base64.
type Sums map[int]uint32

// MarshalJSON writes the short form.
func (s Sums) MarshalJSON() ([]byte, error) {
	var b []byte
	last := 0
	for _, i := range slices.Sorted(maps.Keys(s)) {
		b = binary.AppendUvarint(b, uint64(i-last))
		b = binary.LittleEndian.AppendUint32(b, s[i])
		last = i
	}
	return json.Marshal(base64.RawStdEncoding.EncodeToString(b))
}

var errSums = errors.New("the sums of a transfer are damaged")

// maxIndex is far above the number of parts of any plan.
const maxIndex = 1 << 24

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Sums) UnmarshalJSON(text []byte) error {
	var encoded string
	if err := json.Unmarshal(text, &encoded); err != nil {
		return errSums
	}

	b, err := base64.RawStdEncoding.DecodeString(encoded)
	if err != nil {
		return errSums
	}

	// Each entry is the distance to the one before, and a sum of four bytes.
	*s = Sums{}
	for last := uint64(0); len(b) > 0; {
		step, n := binary.Uvarint(b)
		if n <= 0 || step > maxIndex || len(b) < n+4 || last+step > maxIndex {
			return errSums
		}
		last += step
		(*s)[int(last)] = binary.LittleEndian.Uint32(b[n:])
		b = b[n+4:]
	}

	return nil
}
