package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

const (
	applied      = 2000 // assets of a round
	appliedIn    = 40   // folders
	atOnce       = 6    // calls to Nuxeo: what nuxeo-connections is without a setting
	applyRounds  = 3
	applyPatient = 40 * time.Minute
)

// syncApply measures how fast documents of a tree are made, without contents and
// without Frame.io's limits, to a loop that makes the very same calls to Nuxeo with as
// many at once.
func (b *bench) syncApply(ctx context.Context) error {
	if !b.wanted("sync-apply") {
		return nil
	}

	r, err := b.keepingRig(ctx)
	if err != nil {
		return err
	}
	defer r.stop()
	root, err := r.tree(min(applied, 50*b.folders))
	if err != nil {
		return err
	}

	var ratios []float64
	for _, folder := range r.Mirrors[:applyRounds] {
		calls, err := r.mirrored(ctx, folder, root)
		if err != nil {
			return err
		}

		again, err := r.loop(ctx, calls)
		if err != nil {
			return err
		}

		took := calls[len(calls)-1].At.Sub(calls[0].At)
		documents := float64(made(calls))
		_, _ = fmt.Fprintf(os.Stderr, "  %.0f documents by %d calls: %.0f a second, the loop %.0f\n", documents,
			len(calls), documents/took.Seconds(), documents/again.Seconds())
		ratios = append(ratios, again.Seconds()/took.Seconds())
	}

	b.report("sync-apply", median(ratios), 0.8, true)
	return nil
}

// tree makes files in folders of a new folder on Frame.io, and returns that.
func (r *rig) tree(assets int) (string, error) {
	root, err := r.made("/_sim/folders", map[string]any{"parent_id": r.Root, "name": "Tree"})
	if err != nil {
		return "", err
	}

	for i := range appliedIn {
		folder, err := r.made("/_sim/folders", map[string]any{"parent_id": root, "name": fmt.Sprintf("Folder %d", i)})
		if err != nil {
			return "", err
		}

		for k := range assets / appliedIn {
			name := fmt.Sprintf("clip %d of %d.mov", k, i)
			if _, err := r.made("/_sim/files", map[string]any{
				"folder_id": folder, "name": name, "size": 1000,
				"seed": seed,
			}); err != nil {
				return "", err
			}
		}
	}

	return root, nil
}

// mirrored synchronizes a folder for the first time, and tells what Nuxeo was asked
// from the first document to the last call.
func (r *rig) mirrored(ctx context.Context, folder, root string) ([]recording, error) {
	if _, err := r.recordings(http.MethodPost); err != nil {
		return nil, err
	}

	if _, err := r.synchronize(ctx, folder, root); err != nil {
		return nil, err
	}

	calls, err := r.recordings(http.MethodGet)
	if err != nil {
		return nil, err
	}

	slices.SortStableFunc(calls, func(a, b recording) int { return a.At.Compare(b.At) })
	begin := slices.IndexFunc(calls, recording.makes)
	if begin < 0 {
		return nil, errors.New("no document was made")
	}

	return calls[begin:], nil
}

// synchronize adds a synchronization and waits until its first run has ended.
func (r *rig) synchronize(ctx context.Context, folder, root string) (id string, err error) {
	fetch, no := api.SyncFormFetchMetadata, false
	got, err := r.API.AddSync(ctx, api.SyncForm{
		Folder: folder, Team: r.Workspace, Project: r.Project, FrameioFolder: &root, Fetch: &fetch,
		Comments: &no, Events: &no,
	})
	if err != nil {
		return "", fmt.Errorf("synchronizing: %w", err)
	}

	return got.Id, r.ran(ctx, got.Id)
}

// ran waits until no run of a synchronization is under way.
func (r *rig) ran(ctx context.Context, id string) error {
	pause := 100 * time.Millisecond // and longer and longer: looking at a large one costs
	for end := time.Now().Add(applyPatient); time.Now().Before(end); pause = min(pause*3/2, 10*time.Second) {
		s, err := r.API.GetSync(ctx, id)
		if err != nil {
			return fmt.Errorf("the synchronization is not told: %w", err)
		}

		if s.Last != nil && s.Last.State != api.SyncRunStateRunning &&
			(s.Check == nil || s.Check.State != api.SyncRunStateRunning) {
			if s.Last.State != api.SyncRunStateDone || s.Last.Failed > 0 {
				return fmt.Errorf("the run is %s: %s", s.Last.State, s.Last.Summary)
			}
			return nil
		}

		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}

	return fmt.Errorf("the run did not end in %s", applyPatient)
}

func (r *rig) recordings(method string) (calls []recording, err error) {
	q, err := http.NewRequest(method, strings.TrimSuffix(r.place.Nuxeo, "/nuxeo")+recordings, nil)
	if err != nil {
		return nil, err
	}

	resp, err := r.Client.Do(q)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if method == http.MethodGet {
		err = json.NewDecoder(resp.Body).Decode(&calls)
	}

	return calls, err
}

// makes reports whether a call made the document of an asset.
func (c recording) makes() bool {
	return c.Method == http.MethodPost && c.Status == http.StatusCreated && strings.Contains(c.Path, "/api/v1/") &&
		bytes.Contains(c.Body, []byte(`"type":"File"`))
}

func made(calls []recording) (n int) {
	for _, c := range calls {
		if c.makes() {
			n++
		}
	}
	return n
}

// loop makes the calls again, so many at once, and tells how long that took.
func (r *rig) loop(ctx context.Context, calls []recording) (time.Duration, error) {
	client, err := nuxeo.New(r.place.Nuxeo, r.Client, nuxeo.Token(r.Token))
	if err != nil {
		return 0, err
	}

	queue, wrong := make(chan recording), make([]error, atOnce)
	var hands sync.WaitGroup
	begin := time.Now()
	for i := range atOnce {
		hands.Go(func() {
			for c := range queue {
				wrong[i] = errors.Join(wrong[i], c.again(ctx, client))
			}
		})
	}

	for _, c := range calls {
		queue <- c
	}

	close(queue)
	hands.Wait()
	return time.Since(begin), errors.Join(wrong...)
}

// again makes a call as it was, but as a new one: with another key, and whatever has
// become of the document meanwhile.
func (c recording) again(ctx context.Context, client *nuxeo.Client) error {
	q, err := http.NewRequestWithContext(ctx, c.Method, client.URL(strings.TrimPrefix(c.Path, "/nuxeo/")),
		bytes.NewReader(renewed(c.Body)))
	if err != nil {
		return err
	}

	q.Header = c.Header.Clone()
	if key := q.Header.Get("Idempotency-Key"); key != "" {
		q.Header.Set("Idempotency-Key", key+"-again")
	}

	resp, err := client.HTTP().Do(q)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || len(answer) == 0 {
		return err
	}

	var d nuxeo.Document
	_ = json.Unmarshal(answer, &d) // it costs what it costs; not every answer is a document
	if c.makes() && resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("%s %s is answered %s the second time", c.Method, c.Path, resp.Status)
	}

	return nil
}

// renewed is a body that does not say which state of a document it is about.
func renewed(body []byte) []byte {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil || fields["changeToken"] == nil {
		return body
	}

	delete(fields, "changeToken")
	out, err := json.Marshal(fields)
	if err != nil {
		return body
	}

	return out
}
