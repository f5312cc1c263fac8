package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/demo"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testclient"
)

const (
	farSize  = 1 << 30
	farChunk = 20 << 20 // as Nuxeo's own clients send
	farSmall = 100      // documents
	farTiny  = 100 << 10
	farAtom  = 6 // calls at once, as the connector makes
)

// far measures against a Nuxeo by address: a large file against its upload alone, small
// ones against a bare loop of the same calls.
func (b *bench) far(ctx context.Context) (err error) {
	if !b.wanted("far-large", "far-small") {
		return nil
	}

	place, err := testclient.Away(ctx, demo.Real{
		URL:      b.nuxeo,
		Login:    b.login,
		Password: os.Getenv("NUXEO_FRAMEIO_PASSWORD"),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, place.Remove(context.WithoutCancel(ctx))) }()
	if b.wanted("far-large") {
		if err := b.farAway(ctx, place, b.farLarge, "--transfer-verify", "parts"); err != nil {
			return err
		}
	}

	if b.wanted("far-small") {
		return b.farAway(ctx, place, b.farSmall)
	}

	return nil
}

// farAway measures with a connector of its own.
func (b *bench) farAway(
	ctx context.Context, place *testclient.Far, measure func(context.Context, *rig, *nuxeo.Client,
		*testclient.Far) error, settings ...string,
) error {
	nx, err := place.Client()
	if err != nil {
		return err
	}

	r, err := b.rigAt(ctx, place, settings...)
	if err != nil {
		return err
	}
	defer r.stop()
	r.Every = time.Second / 4 // looking at a hundred items costs the connector more than bringing one
	return measure(ctx, r, nx, place)
}

func (b *bench) farLarge(ctx context.Context, r *rig, nx *nuxeo.Client, place *testclient.Far) error {
	contenders := []contender{
		{"alone", farSize, func(ctx context.Context) (figure, error) {
			return timed(func() error { return bare(ctx, nx, place.Folder) })
		}},
		{"connector", farSize, r.whole("large")},
	}
	if b.python != "" {
		contenders = append(contenders, contender{"python", farSize, func(ctx context.Context) (figure, error) {
			return timed(func() error { return b.pythonClient(ctx, place) })
		}})
	}

	got, err := b.compare(ctx, contenders...)
	if err != nil {
		return err
	}

	b.report("far-large", 1/ratio(got["alone"], got["connector"], seconds), 1, false)
	if b.python != "" {
		b.report("far-large-python", 1/ratio(got["python"], got["connector"], seconds), 1, false)
	}

	return nil
}

func timed(do func() error) (figure, error) {
	start := time.Now()
	err := do()
	return figure{seconds: time.Since(start).Seconds()}, err
}

// bare uploads a file, chunk after chunk, and attaches it, and nothing else.
func bare(ctx context.Context, nx *nuxeo.Client, folder string) error {
	batch, err := nx.NewBatch(ctx)
	if err != nil {
		return err
	}

	content := pattern.New(seed, farSize)
	count := int((farSize + farChunk - 1) / farChunk)
	for i := range count {
		from := int64(i) * farChunk
		n := min(int64(farChunk), farSize-from)
		piece := nuxeo.Chunk{
			Name:     "alone.mov",
			MimeType: "video/quicktime",
			Size:     farSize,
			Index:    i,
			Count:    count,
			Length:   n,
		}

		if err := nx.Upload(ctx, batch, piece, content.Reader(from, n)); err != nil {
			return err
		}
	}

	doc := nuxeo.NewDocument{
		Name:       "alone",
		Type:       "File",
		Properties: map[string]any{"dc:title": "alone", "file:content": nuxeo.Uploading(batch)},
	}

	_, err = nx.Create(ctx, folder, doc, nuxeo.WriteOptions{})
	return err
}

// uploader is what a user of Nuxeo's client for Python writes.
const uploader = `
import sys
from nuxeo.client import Nuxeo
from nuxeo.models import Document, FileBlob
url, login, password, folder, path, size = sys.argv[1:]
nx = Nuxeo(host=url, auth=(login, password))
batch = nx.uploads.batch()
batch.get_uploader(FileBlob(path, mimetype="video/quicktime"), chunked=True, chunk_size=int(size)).upload()
doc = nx.documents.create(Document(name="python", type="File", properties={"dc:title": "python"}), parent_path=folder)
batch.attach(doc.path)
`

func (b *bench) pythonClient(ctx context.Context, place *testclient.Far) error {
	file := b.dir + "/python.mov"
	if _, err := os.Stat(file); err != nil {
		f, err := os.Create(file)
		if err != nil {
			return err
		}
		_, err = f.ReadFrom(pattern.New(seed, farSize).Reader(0, farSize))
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}

	cmd := exec.CommandContext(ctx, b.python, "-c", uploader, strings.TrimRight(place.URL, "/")+"/", place.Person,
		place.Password, place.Workspace, file, fmt.Sprint(farChunk))
	cmd.Dir = b.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the client for Python: %w\n%s", err, out)
	}

	return nil
}

// whole publishes a new file each time; the seconds are those from the call to the end of
// the item.
func (r *rig) whole(name string) func(context.Context) (figure, error) {
	n := 0
	return func(ctx context.Context) (figure, error) {
		n++
		file, err := r.file(fmt.Sprintf("%s %d.mov", name, n), farSize)
		if err != nil {
			return figure{}, err
		}
		return r.throughAll(ctx, file)
	}
}

// throughAll publishes files and waits until the last is there.
func (r *rig) throughAll(ctx context.Context, files ...string) (figure, error) {
	before, err := r.connector.cpu()
	if err != nil {
		return figure{}, err
	}

	start := time.Now()
	interaction, err := r.Publish(ctx, files...)
	if err != nil {
		return figure{}, err
	}

	items, err := r.Settle(ctx, interaction)
	if err != nil {
		return figure{}, err
	}

	took := time.Since(start).Seconds()
	for _, v := range items {
		if v.State != api.ItemStateDone {
			return figure{}, fmt.Errorf("%s came to nothing: %s", v.Title, *v.Message)
		}
	}

	after, err := r.connector.cpu()
	return figure{seconds: took, cpu: after - before}, err
}

func (b *bench) farSmall(ctx context.Context, r *rig, nx *nuxeo.Client, place *testclient.Far) error {
	round := 0
	got, err := b.compare(ctx,
		contender{"loop", farSmall * farTiny, func(ctx context.Context) (figure, error) {
			return timed(func() error { return loop(ctx, nx, place.Folder) })
		}},
		contender{"connector", farSmall * farTiny, func(ctx context.Context) (figure, error) {
			round++
			var files []string
			for i := range farSmall {
				file, err := r.file(fmt.Sprintf("small %d-%d.mov", round, i), farTiny)
				if err != nil {
					return figure{}, err
				}
				files = append(files, file)
			}
			return r.throughAll(ctx, files...)
		}})
	if err != nil {
		return err
	}

	b.report("far-small", ratio(got["loop"], got["connector"], seconds), 0.8, true)
	return nil
}

// loop makes the calls that a publish makes, for as many documents, so many at once, and
// decides nothing.
func loop(ctx context.Context, nx *nuxeo.Client, folder string) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(farAtom)
	for i := range farSmall {
		g.Go(func() error { return sameCalls(ctx, nx, folder, fmt.Sprintf("loop %d", i)) })
	}
	return g.Wait()
}

func sameCalls(ctx context.Context, nx *nuxeo.Client, folder, name string) error {
	all := nuxeo.Fetch{Schemas: []string{"*"}, Lock: true}
	if _, err := nx.Get(ctx, folder, all); err != nil {
		return err
	}

	if _, _, err := nx.QueryPage(ctx, "SELECT * FROM Document WHERE ecm:ancestorId = "+nuxeo.Quote(folder)+
		" AND dc:source = 'none'", 0, 2, all); err != nil {
		return err
	}

	batch, err := nx.NewBatch(ctx)
	if err != nil {
		return err
	}

	piece := nuxeo.Chunk{Name: "loop.mov", MimeType: "video/quicktime", Size: farTiny, Count: 1, Length: farTiny}
	if err := nx.Upload(ctx, batch, piece, pattern.New(seed, farTiny).Reader(0, farTiny)); err != nil {
		return err
	}

	if _, err := nx.Get(ctx, folder, all); err != nil {
		return err
	}

	doc, err := nx.Create(ctx, folder, nuxeo.NewDocument{
		Name: name, Type: "File",
		Properties: map[string]any{"dc:title": name},
	}, nuxeo.WriteOptions{Source: "frameio-metadata"})
	if err != nil {
		return err
	}

	if err := nx.AddFacet(ctx, doc.UID, "FrameioAsset", "frameio-metadata"); err != nil {
		return err
	}

	if err := nx.Update(ctx, doc.UID, "", map[string]any{"frameio:fileId": name},
		nuxeo.WriteOptions{Source: "frameio-metadata"}); err != nil {
		return err
	}

	content := map[string]any{"file:content": nuxeo.Uploading(batch)}
	if err := nx.Update(ctx, doc.UID, "", content, nuxeo.WriteOptions{Source: "frameio"}); err != nil {
		return err
	}

	if _, err := nx.Get(ctx, doc.UID, all); err != nil {
		return err
	}

	if err := nx.DropBatch(ctx, batch); err != nil && !nuxeo.NotFound(err) {
		return err
	}

	return nil
}
