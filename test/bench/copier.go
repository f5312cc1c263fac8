package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"

	"golang.org/x/sync/errgroup"
)

const (
	copierStreams = 4
	copierPart    = 16 << 20 // as the connector divides such a file
	copierStep    = 1 << 20
)

// copier moves a file in parts, several at once, each in wide steps. It does nothing else: no sums,
// no resuming, nothing is written down.
func copier(ctx context.Context, _ []string) error {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		return wideConn{c}, err
	}
	client := &http.Client{Transport: &http.Transport{DialContext: dial, MaxIdleConnsPerHost: copierStreams}}

	return errands(ctx, func(e errand, ctx context.Context) error {
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(copierStreams)
		count := int((e.Size + copierPart - 1) / copierPart)
		for i := range count {
			g.Go(func() error { return e.part(ctx, client, i, count) })
		}
		return g.Wait()
	})
}

// part moves one part.
func (e errand) part(ctx context.Context, client *http.Client, index, count int) error {
	from := int64(index) * copierPart
	length := min(copierPart, e.Size-from)
	get, err := http.NewRequestWithContext(ctx, http.MethodGet, e.From, nil)
	if err != nil {
		return err
	}

	get.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", from, from+length-1))
	got, err := client.Do(get)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusPartialContent {
		return fmt.Errorf("the origin answered %s to a range", got.Status)
	}

	post, err := e.post(ctx, got.Body)
	if err != nil {
		return err
	}

	post.ContentLength = length
	post.Header.Set("X-Upload-Type", "chunked")
	post.Header.Set("X-Upload-Chunk-Index", fmt.Sprint(index))
	post.Header.Set("X-Upload-Chunk-Count", fmt.Sprint(count))
	to, err := client.Do(post)
	if err != nil {
		return err
	}
	defer to.Body.Close()
	_, _ = io.Copy(io.Discard, to.Body)
	if to.StatusCode != http.StatusCreated && to.StatusCode != http.StatusAccepted {
		return fmt.Errorf("the sink answered %s", to.Status)
	}

	return nil
}

// wideConn copies in wide steps.
type wideConn struct{ net.Conn }

// ReadFrom is io.ReaderFrom's.
func (c wideConn) ReadFrom(r io.Reader) (int64, error) {
	return io.CopyBuffer(struct{ io.Writer }{c.Conn}, struct{ io.Reader }{r}, make([]byte, copierStep))
}
