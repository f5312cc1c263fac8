package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

func writeCertificate(path string, cert tls.Certificate) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}), 0o600)
}

// errand is one transfer for the relay.
type errand struct {
	From, To string
	Size     int64
	Token    string
}

// relay is the baseline: it pipes the body of a GET into a POST, by net/http as
// it comes.
func relay(ctx context.Context, _ []string) error { return errands(ctx, errand.run) }

// errands does an errand for each line of the standard input, and answers with the seconds it took.
func errands(ctx context.Context, run func(errand, context.Context) error) error {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var e errand
		if err := json.Unmarshal(in.Bytes(), &e); err != nil {
			return err
		}
		start := time.Now()
		if err := run(e, ctx); err != nil {
			return err
		}
		fmt.Println(time.Since(start).Seconds())
	}

	return in.Err()
}

func (e errand) run(ctx context.Context) error {
	get, err := http.NewRequestWithContext(ctx, http.MethodGet, e.From, nil)
	if err != nil {
		return err
	}

	from, err := http.DefaultClient.Do(get)
	if err != nil {
		return err
	}
	defer from.Body.Close()
	if from.StatusCode != http.StatusOK || from.ContentLength != e.Size {
		return fmt.Errorf("the origin answered %s with %d bytes", from.Status, from.ContentLength)
	}

	post, err := e.post(ctx, from.Body)
	if err != nil {
		return err
	}

	post.ContentLength = e.Size
	to, err := http.DefaultClient.Do(post)
	if err != nil {
		return err
	}
	defer to.Body.Close()
	_, _ = io.Copy(io.Discard, to.Body)
	if to.StatusCode != http.StatusCreated {
		return fmt.Errorf("the sink answered %s", to.Status)
	}

	return nil
}

// post is what Nuxeo gets of a file, or of a part.
func (e errand) post(ctx context.Context, body io.Reader) (*http.Request, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, e.To, body)
	if err != nil {
		return nil, err
	}

	q.Header.Set("Content-Type", "application/octet-stream")
	q.Header.Set("X-File-Name", "moved.mov")
	q.Header.Set("X-File-Size", fmt.Sprint(e.Size))
	q.Header.Set("X-Authentication-Token", e.Token)
	return q, nil
}

// hello is the baseline for the receiver: a handler that answers at once.
func hello(ctx context.Context, _ []string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}

	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"title":"Success","description":"Asset pushed to Nuxeo."}`)
	})}

	fmt.Println("http://" + l.Addr().String())
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}

	return nil
}
