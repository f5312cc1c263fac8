package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	connections = 64
	calls       = 2000
)

// accept measures the receiver of custom actions: durable before the answer, to
// the disk's own fsync and to a handler that does nothing.
func (b *bench) accept(ctx context.Context) error {
	if !b.wanted("accept-p99", "accept-throughput") {
		return nil
	}

	r, err := b.rig(ctx, false)
	if err != nil {
		return err
	}
	defer r.stop()
	self, err := os.Executable()
	if err != nil {
		return err
	}

	bare, err := start(ctx, nil, self, "hello")
	if err != nil {
		return err
	}
	defer bare.stop()
	helloURL, err := bare.line()
	if err != nil {
		return err
	}

	secret, address, err := r.action(ctx)
	if err != nil {
		return err
	}

	var tails, speeds []float64
	for round := range b.rounds + 1 {
		ours, err := r.load(ctx, address, secret, round)
		if err != nil {
			return err
		}

		if err := r.connector.idle(ctx); err != nil {
			return err
		}

		theirs, err := r.load(ctx, helloURL, secret, round)
		if err != nil {
			return err
		}

		disk, err := fsyncs(b.dir)
		if err != nil {
			return err
		}

		_, _ = fmt.Fprintf(os.Stderr, "  round %d: %.0f a second, p99 %.1f ms; bare %.0f a second; fsync p99 %.1f ms\n",
			round, ours.perSecond, ours.p99*1e3, theirs.perSecond, disk*1e3)
		if round > 0 { // the first one warms up
			tails, speeds = append(tails, ours.p99/disk), append(speeds, ours.perSecond/theirs.perSecond)
		}
	}

	b.report("accept-p99", median(tails), 4, false)
	b.report("accept-throughput", median(speeds), 0.3, true)
	return nil
}

// action asks the simulator for the custom action and its secret.
func (r *rig) action(ctx context.Context) (secret, address string, err error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, r.place.Frameio+"/_sim/actions?workspace="+
		r.Workspace, nil)
	if err != nil {
		return "", "", err
	}

	resp, err := r.Client.Do(q)
	if err != nil {
		return "", "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", "", err
	}

	var list []struct {
		URL    string `json:"url"`
		Secret string `json:"secret"`
	}

	if err := json.Unmarshal(b, &list); err != nil || len(list) != 1 {
		return "", "", fmt.Errorf("the custom actions are %s", b)
	}

	return list[0].Secret, list[0].URL, nil
}

type answers struct{ perSecond, p99 float64 }

// load sends calls over many connections, each an interaction of its own about
// an asset that does not exist, so that the work behind it is short.
func (r *rig) load(ctx context.Context, address, secret string, round int) (answers, error) {
	var next atomic.Int64
	var mu sync.Mutex
	var took []float64
	var failed error
	var wg sync.WaitGroup
	begin := time.Now()
	for range connections {
		wg.Go(func() {
			var mine []float64
			for {
				i := next.Add(1)
				if i > calls {
					break
				}

				s, err := r.call(ctx, address, secret, fmt.Sprintf("%d-%d-%d", round, begin.UnixNano(), i))
				if err != nil {
					mu.Lock()
					failed = errors.Join(failed, err)
					mu.Unlock()
					return
				}

				mine = append(mine, s)
			}

			mu.Lock()
			took = append(took, mine...)
			mu.Unlock()
		})
	}

	wg.Wait()
	whole := time.Since(begin).Seconds()
	return answers{perSecond: calls / whole, p99: percentile(took, 0.99)}, failed
}

func (r *rig) call(ctx context.Context, address, secret, interaction string) (float64, error) {
	body := fmt.Appendf(nil,
		`{"account_id":%q,"action_id":"a","interaction_id":%q,"project":{"id":"p"},"resource":{"id":"none","type":"file"},"type":"nuxeo.publish","user":{"id":"u"},"workspace":{"id":%q}}`,
		r.account, interaction, r.Workspace)
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}

	q.Header.Set("X-Frameio-Request-Timestamp", stamp)
	q.Header.Set("X-Frameio-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	start := time.Now()
	resp, err := r.Client.Do(q)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("the receiver answered %s: %w", resp.Status, err)
	}

	return time.Since(start).Seconds(), nil
}

// fsyncs is the disk's own p99 at the same concurrency: as many writers, each
// appending a page to a file of its own and waiting for the disk.
func fsyncs(dir string) (float64, error) {
	var mu sync.Mutex
	var all []float64
	var failed error
	var wg sync.WaitGroup
	for i := range connections {
		wg.Go(func() {
			mine, err := fsyncFile(filepath.Join(dir, fmt.Sprintf("fsync-%d", i)))
			mu.Lock()
			defer mu.Unlock()
			all, failed = append(all, mine...), errors.Join(failed, err)
		})
	}

	wg.Wait()
	return percentile(all, 0.99), failed
}

func fsyncFile(path string) (took []float64, err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(path)) }()
	page := make([]byte, 4096)
	for range calls / connections / 4 {
		start := time.Now()
		if _, err := f.Write(page); err != nil {
			return took, err
		}
		if err := f.Sync(); err != nil {
			return took, err
		}
		took = append(took, time.Since(start).Seconds())
	}

	return took, nil
}

func percentile(values []float64, p float64) float64 {
	s := slices.Sorted(slices.Values(values))
	if len(s) == 0 {
		return 0
	}
	return s[int(float64(len(s)-1)*p)]
}
