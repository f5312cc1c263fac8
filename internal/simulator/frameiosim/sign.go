package frameiosim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

// signer makes and checks the signatures of links. A link is good until its
// expiry, or until expire is called.
type signer struct {
	key                []byte
	downloads, uploads atomic.Int64 // generations; a link of an earlier one is expired
}

func newSigner(key string) *signer { return &signer{key: []byte(key)} }

func (g *signer) sum(parts ...string) string {
	mac := hmac.New(sha256.New, g.key)
	for _, part := range parts {
		_, _ = mac.Write([]byte(part + "\n")) // a hash never fails
	}
	return hex.EncodeToString(mac.Sum(nil))
}

const keyPair = "K2SIMULATEDKEYPAIR"

// downloadURL signs path as CloudFront does, with Expires, Signature and
// Key-Pair-Id.
func (g *signer) downloadURL(path, disposition string, expires time.Time) string {
	at := strconv.FormatInt(expires.Unix(), 10)
	q := url.Values{"Expires": {at}, "Key-Pair-Id": {keyPair}}
	if disposition != "" {
		q.Set("response-content-disposition", disposition)
	}
	q.Set("Signature", g.sum("download", path, disposition, at, strconv.FormatInt(g.downloads.Load(), 10)))
	return path + "?" + q.Encode()
}

func (g *signer) checkDownload(r *http.Request, now time.Time) *hostError {
	q := r.URL.Query()
	at := q.Get("Expires")
	expires, err := strconv.ParseInt(at, 10, 64)
	if err != nil || q.Get("Key-Pair-Id") != keyPair {
		return denied("MissingKey", "Missing Key-Pair-Id query parameter or cookie value")
	}

	want := g.sum("download", r.URL.Path, q.Get("response-content-disposition"), at,
		strconv.FormatInt(g.downloads.Load(), 10))
	if now.Unix() >= expires || !hmac.Equal([]byte(want), []byte(q.Get("Signature"))) {
		return denied("AccessDenied", "Access denied")
	}

	return nil
}

// uploadURL signs the PUT of one part as S3 does.
func (g *signer) uploadURL(path, mediaType string, size int64, now time.Time, life time.Duration) string {
	date := now.UTC().Format("20060102T150405Z")
	seconds := strconv.FormatInt(int64(life/time.Second), 10)
	q := url.Values{
		"X-Amz-Algorithm": {"AWS4-HMAC-SHA256"}, "X-Amz-Date": {date}, "X-Amz-Expires": {seconds},
		"X-Amz-SignedHeaders": {"content-type;host;x-amz-acl"},
	}
	q.Set("X-Amz-Signature", g.uploadSum(path, mediaType, "private", size, date, seconds))
	return path + "?" + q.Encode()
}

func (g *signer) uploadSum(path, mediaType, acl string, size int64, date, seconds string) string {
	return g.sum("upload", path, mediaType, acl, strconv.FormatInt(size, 10), date, seconds,
		strconv.FormatInt(g.uploads.Load(), 10))
}

// checkUpload recomputes the signature from what the request really sends, so
// that a missing or other header is a wrong signature, as on S3.
func (g *signer) checkUpload(r *http.Request, size int64, now time.Time) *hostError {
	q := r.URL.Query()
	date, err := time.Parse("20060102T150405Z", q.Get("X-Amz-Date"))
	seconds, err2 := strconv.Atoi(q.Get("X-Amz-Expires"))
	if err != nil || err2 != nil {
		return denied("AccessDenied", "Access Denied")
	}

	if !now.Before(date.Add(time.Duration(seconds) * time.Second)) {
		return denied("AccessDenied", "Request has expired")
	}

	want := g.uploadSum(r.URL.Path, r.Header.Get("Content-Type"), r.Header.Get("x-amz-acl"), size, q.Get("X-Amz-Date"),
		q.Get("X-Amz-Expires"))
	if !hmac.Equal([]byte(want), []byte(q.Get("X-Amz-Signature"))) {
		return denied("SignatureDoesNotMatch",
			"The request signature we calculated does not match the signature you provided.")
	}

	return nil
}

// ExpireLinks ends all links handed out so far, of both hosts.
func (s *Server) ExpireLinks() {
	s.signer.downloads.Add(1)
	s.ExpireUploads()
}

// ExpireUploads ends the upload links handed out so far; those of a file
// cannot be renewed.
func (s *Server) ExpireUploads() { s.signer.uploads.Add(1) }

// hostError is an XML answer of the upload and the download host.
type hostError struct {
	XMLName xml.Name `xml:"Error"`
	Code    string   `xml:"Code"`
	Message string   `xml:"Message"`
	status  int
}

func denied(code, message string) *hostError {
	return &hostError{Code: code, Message: message, status: http.StatusForbidden}
}

func (e *hostError) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(e.status)
	_, _ = w.Write([]byte(xml.Header))
	_ = xml.NewEncoder(w).Encode(e) // the client may be gone
}
