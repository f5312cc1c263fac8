package nuxeo

import (
	"encoding/hex"
	"strings"
)

// SameDigest reports whether two digests of blobs are the same; known is false where that
// tells nothing, since one is missing or they are of different algorithms. Some stores
// make digests later, or go over to another algorithm, while the bytes stay as they are
// (DigestComputation.java, BinaryManager's digest in the blob key).
func SameDigest(a, b string) (same, known bool) {
	switch {
	case a == "" || b == "":
		return false, false
	case strings.EqualFold(a, b):
		return true, true
	}
	return false, algorithmOf(a) != "" && algorithmOf(a) == algorithmOf(b)
}

// IsDigest reports whether a text is a digest of an algorithm that we know.
func IsDigest(text string) bool { return algorithmOf(text) != "" }

// algorithmOf names the algorithm that a digest can only be of; empty: none that we know.
func algorithmOf(digest string) string {
	if _, err := hex.DecodeString(digest); err != nil {
		return ""
	}
	return map[int]string{
		32:  "MD5",
		40:  "SHA-1",
		56:  "SHA-224",
		64:  "SHA-256",
		96:  "SHA-384",
		128: "SHA-512",
	}[len(digest)]
}
