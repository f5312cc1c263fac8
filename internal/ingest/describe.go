package ingest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Facet marks a document that is linked to an asset; the package contributes it with the schema
// "frameio".
const Facet = "FrameioAsset"

// describe writes facet and metadata if they changed, and checks that they are there.
func (s *Service) describe(ctx context.Context, r *Run) (work.Next, error) {
	l, err := s.getLink(ctx, r)
	if err != nil {
		return work.Next{}, err
	}

	// Have they changed?
	properties := s.propertiesWith(r.Job, l, l.Digest)
	hash, err := s.describedHash(ctx, r.Job, l, l.Digest)
	if err != nil {
		return work.Next{}, err
	}

	if l.Described == hash {
		return work.Next{Step: StepComments}, nil
	}

	// Look whether the document has the facet, as it usually does: reading is cheaper than adding it.
	var doc *nuxeo.Document
	if !r.Job.noContent() || l.Described != "" {
		if doc, err = r.Nuxeo.Get(ctx, r.Job.Document, fullFetch); err != nil {
			return work.Next{}, err
		}
	}

	// Write them, and check that they stay.
	if err := s.writeMetadata(ctx, r, doc, properties); err != nil {
		return work.Next{}, err
	}

	if doc, err = r.Nuxeo.Get(ctx, r.Job.Document, fullFetch); err != nil {
		return work.Next{}, err
	}

	if !hasMetadata(doc, r.Job) {
		return s.retryMetadata(ctx, r, StepDescribe)
	}

	// Record what was written.
	if r.Job.noContent() && r.Job.Outcome == Unchanged {
		r.Job.Outcome = Updated
	}

	return work.Next{Step: StepComments}, r.Commit(ctx, func(tx *sql.Tx) error {
		if r.Job.noContent() && l.Digest == "" {
			l.FileID = r.Job.File.ID
			if err := link.SetContent(ctx, tx, r.Task.Now(), &l, l.FileID, 0, ""); err != nil {
				return err
			}
		}
		return errors.Join(link.SetDescribed(ctx, tx, r.Task.Now(), &l, hash),
			link.SetModified(ctx, tx, l.ID, doc.Time("dc:modified")))
	})
}

// writeMetadata writes facet, unless the document is known to have it, and metadata. Such writes
// create no version.
func (s *Service) writeMetadata(ctx context.Context, r *Run, doc *nuxeo.Document, properties map[string]any) error {
	if doc == nil || !doc.Has(Facet) {
		if err := r.Nuxeo.AddFacet(ctx, r.Job.Document, Facet, SourceMetadata); err != nil {
			return err
		}
	}

	if err := s.updateProperties(ctx, r.Nuxeo, r.Job, properties, r.Task.Now()); err != nil {
		return err
	}

	return s.applyMap(ctx, r)
}

// hasMetadata reports whether the document has the facet and the metadata of the file.
func hasMetadata(doc *nuxeo.Document, j *Job) bool {
	return doc.Has(Facet) && doc.Text(schema.DocumentUID) == doc.UID && doc.Text(schema.FileID) == j.File.ID
}

// maxRepairs is how often an item writes the facet again.
const maxRepairs = 5

// retryMetadata repeats the step that writes the facet, which Nuxeo's background work has removed.
func (s *Service) retryMetadata(ctx context.Context, r *Run, step string) (work.Next, error) {
	if r.Job.Repairs++; r.Job.Repairs > maxRepairs {
		return work.Next{}, fault.New(fault.Refused, "Nuxeo takes the facet %s away from the document again and again.",
			Facet).
			With("Have an administrator look what changes documents after they are written, then retry.")
	}

	if err := r.Task.Note(ctx, "repaired", "the facet %s, which Nuxeo had taken away again", Facet); err != nil {
		return work.Next{}, err
	}

	return work.Next{Step: step, After: 200 * time.Millisecond}, r.Save(ctx)
}

// updateProperties writes metadata, and with it when and by whom it was published. These two are not
// part of the hash: alone, they never cause a write.
func (s *Service) updateProperties(
	ctx context.Context, nx *nuxeo.Client, j *Job, properties map[string]any, now time.Time,
) error {
	addPublished(properties, j, now)
	return nx.Update(ctx, j.Document, "", properties, nuxeo.WriteOptions{Source: SourceMetadata})
}

// addPublished adds to metadata that it was written now.
func addPublished(properties map[string]any, j *Job, now time.Time) {
	properties[schema.LastPublished] = now.UTC().Format(time.RFC3339)
	properties[schema.PublishedBy] = j.Target.PublishedBy
}

func hashOf(properties map[string]any) string {
	b, err := json.Marshal(properties) // keys come sorted
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// propertiesWith returns the properties of the schema "frameio" for a content with a digest, and
// which rendition was reviewed in its place.
func (s *Service) propertiesWith(j *Job, l link.Link, digest string) map[string]any {
	l.Digest = digest
	properties := s.properties(j, l)
	switch {
	case j.Return != nil:
		properties[schema.Rendition] = rendition(j)
	case j.File.Proxy != nil:
		properties[schema.Rendition] = "proxy"
	}

	return properties
}

// expectedDigest returns the digest that Nuxeo will report for the content, or the empty string if
// that cannot be known.
func (s *Service) expectedDigest(j *Job) string {
	if algorithm := s.algorithm.Load(); algorithm != nil && *algorithm != digestAlgorithm {
		return ""
	}
	return j.Digest
}

// properties returns the properties of the schema "frameio".
func (s *Service) properties(j *Job, l link.Link) map[string]any {
	f, a := j.File, j.Asset
	facts := s.facts(f)
	_, _, size := f.bytes()
	return map[string]any{
		schema.AccountID: a.Account, schema.WorkspaceID: a.Workspace, schema.ProjectID: f.Project,
		schema.FolderID: parentFolder(f), schema.FileID: f.ID, schema.StackID: f.Stack,
		schema.DocumentUID: j.Document, schema.FileName: SafeName(f.Name), schema.ViewURL: f.ViewURL,
		schema.MediaType: f.MediaType, schema.FileSize: size, schema.Digest: l.Digest,
		schema.Uploader: f.Uploader, schema.UploadDate: f.Uploaded.UTC().Format(time.RFC3339),
		schema.Status: facts.status, schema.Codec: facts.codec, schema.Resolution: facts.resolution,
		schema.FrameRate: facts.fps, schema.Duration: facts.duration, schema.Frames: facts.frames,
		schema.Fields: Fields(f.Metadata),
	}
}

// rendition returns the rendition that was reviewed in place of the content; nil for the content.
func rendition(j *Job) any {
	if j.Return == nil || j.Return.Keep != j.File.ID {
		return nil
	}
	return nullIfEmpty(j.Return.Rendition)
}

func parentFolder(f *File) string {
	if f.Stack != "" {
		return ""
	}
	return f.Parent
}

// A facts is what Frame.io's system metadata says about the media. What is missing is nil.
type facts struct {
	status, codec, resolution any
	fps, duration, frames     any
}

func (s *Service) facts(f *File) facts {
	get := func(names frameio.Names) string { return names.In(f.Metadata).Value }
	n := s.Set.FieldNames
	out := facts{
		status: nullIfEmpty(get(s.Set.StatusField)), codec: nullIfEmpty(get(n.Codec)),
		resolution: nullIfEmpty(resolution(get(n.Resolution), get(n.Width), get(n.Height))),
	}

	fps := frameio.FrameRate(get(n.FrameRate))
	seconds := seconds(get(n.Duration))
	if fps > 0 {
		out.fps = fps
	}

	if seconds > 0 {
		out.duration = seconds
	}

	if fps > 0 && seconds > 0 {
		out.frames = int64(seconds*fps + 0.5)
	}

	return out
}

// nullIfEmpty returns nil for the empty string, which clears a property.
func nullIfEmpty(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func resolution(whole, width, height string) string {
	if whole != "" || width == "" || height == "" {
		return whole
	}
	return trimNumber(width) + " x " + trimNumber(height)
}

func trimNumber(s string) string { return strings.TrimSuffix(strings.TrimSpace(s), ".0") }

// seconds parses a duration: a number of seconds, or H:MM:SS with a fraction.
func seconds(s string) float64 {
	total := 0.0
	parts := strings.Split(strings.TrimSpace(s), ":")
	if len(parts) > 3 { // a timecode ends in frames
		return 0
	}

	for _, part := range parts {
		v, err := strconv.ParseFloat(strings.TrimSuffix(part, "s"), 64)
		if err != nil || v < 0 || v > 1e7 || v != v {
			return 0
		}
		total = total*60 + v
	}

	return total
}
