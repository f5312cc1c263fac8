package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/egress"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// The headers of a message. The signature is made as Frame.io makes its own, under names of ours, so that
// one receiver can take both and knows which secret counts.
const (
	DeliveryHeader  = "X-Nuxeo-Frameio-Delivery"
	TimestampHeader = "X-Nuxeo-Frameio-Timestamp"
	SignatureHeader = "X-Nuxeo-Frameio-Signature"
)

const (
	// patience is how long a receiver may take to answer.
	patience = 10 * time.Second
	// maxAnswer is how much of an answer is read, so that the connection can be used again.
	maxAnswer = 4 << 10
)

// A request is a message on its way.
type request struct {
	address, secret, delivery string
	body                      []byte
}

// An answer is what a receiver said, or why it said nothing. It holds nothing of what was answered but the
// status, nor of the address.
type answer struct {
	status  int
	problem string
	after   time.Duration // how long it asked to be left alone
}

func (a answer) accepted() bool { return a.status >= 200 && a.status < 300 }

// Sign returns the signature of a body: "v0=" and the HMAC-SHA256 of "v0:timestamp:body".
func Sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + timestamp + ":"))
	mac.Write(body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// post sends a message (POST to the address of its channel).
func (s *Service) post(ctx context.Context, m request) answer {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, m.address, bytes.NewReader(m.body))
	if err != nil {
		return answer{problem: "The address of the receiver is not one that can be called."}
	}

	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "nuxeo-frameio")
	r.Header.Set(DeliveryHeader, m.delivery)
	if m.secret != "" {
		timestamp := strconv.FormatInt(s.Now().Unix(), 10)
		r.Header.Set(TimestampHeader, timestamp)
		r.Header.Set(SignatureHeader, Sign(m.secret, timestamp, m.body))
	}

	resp, err := s.Client.Do(r)
	if err != nil {
		return answer{problem: explain(err)}
	}
	defer resp.Body.Close()

	// The status is the answer. What else it says may be anything, even the address.
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer)
	got := answer{status: resp.StatusCode, after: retryAfter(resp.Header.Get("Retry-After"), s.Now())}
	if !got.accepted() {
		got.problem = refusal(resp.StatusCode)
	}

	return got
}

// refusal says what a status means for a message.
func refusal(status int) string {
	why := ""
	switch {
	case status == http.StatusTooManyRequests:
		why = ": it gets too many messages"
	case status >= 500:
		why = ": it does not work at the moment"
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		why = ": it does not let the connector in"
	case status == http.StatusNotFound, status == http.StatusGone:
		why = ": there is nothing at this address any more"
	case status >= 400:
		why = ": it does not take this message"
	case status >= 300:
		why = ": it sends on to another address, where the connector does not go"
	}
	return fmt.Sprintf("The receiver answered with %d%s.", status, why)
}

// explain says why no answer came, without the address, which errors of the library tell.
func explain(err error) string {
	var f *fault.Error
	var call *url.Error
	if errors.As(err, &call) {
		err = call.Err
	}

	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var slow net.Error
	switch {
	case errors.As(err, &f):
		return strings.TrimSpace(f.Message + " " + f.Remedy)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return fmt.Sprintf("The receiver did not answer within %s.", patience)
	case errors.As(err, &name):
		return "The name of the receiver's host is not known."
	case errors.As(err, &certificate):
		return "The certificate of the receiver is not trusted."
	case errors.Is(err, syscall.ECONNREFUSED):
		return "Nothing takes connections at the receiver's host."
	case errors.Is(err, egress.ErrMalformed):
		return "The receiver did not answer with HTTP."
	}

	return "The connection to the receiver broke."
}

// retryAfter reads how long a receiver asks to be left alone, in seconds or until a time. What is neither is
// nothing.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Duration(max(0, min(seconds, int64(mostAsked.Seconds())))) * time.Second
	}

	if at, err := http.ParseTime(text); err == nil {
		return max(0, min(at.Sub(now), mostAsked))
	}

	return 0
}
