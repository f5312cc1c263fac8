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
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Facet marks a document that is linked to an asset; the package contributes it
// with the schema "frameio".
const Facet = "FrameioAsset"

// describe puts the facet and the metadata on the document, if they changed, and looks
// whether they are there.
func (s *Service) describe(ctx context.Context, r *Run) (work.Next, error) {
	l, err := s.linkOf(ctx, r)
	if err != nil {
		return work.Next{}, err
	}

	properties := s.propertiesWith(r.Job, l, l.Digest)
	hash := s.hash(properties)
	if l.Described == hash {
		return work.Next{Step: StepComments}, nil
	}

	var doc *nuxeo.Document
	if !r.Job.plain() || l.Described != "" { // it has the facet, as a rule; to look is cheaper than to put it on
		if doc, err = r.Nuxeo.Get(ctx, r.Job.Document, all); err != nil {
			return work.Next{}, err
		}
	}

	if err := s.dress(ctx, r, doc, properties); err != nil {
		return work.Next{}, err
	}

	if doc, err = r.Nuxeo.Get(ctx, r.Job.Document, all); err != nil {
		return work.Next{}, err
	}

	if !dressed(doc, r.Job) {
		return s.dressAgain(ctx, r, StepDescribe)
	}

	if r.Job.plain() && r.Job.Outcome == Unchanged {
		r.Job.Outcome = Updated
	}

	return work.Next{Step: StepComments}, r.Commit(ctx, func(tx *sql.Tx) error {
		if r.Job.plain() && l.Digest == "" {
			l.FileID = r.Job.File.ID
			if err := link.SetContent(ctx, tx, r.Task.Now(), &l, l.FileID, 0, ""); err != nil {
				return err
			}
		}
		return errors.Join(link.SetDescribed(ctx, tx, r.Task.Now(), &l, hash),
			link.SetModified(ctx, tx, l.ID, doc.Time("dc:modified")))
	})
}

// dress gives the document the facet, unless it is known to have it, and metadata. Such
// writes make no version.
func (s *Service) dress(ctx context.Context, r *Run, doc *nuxeo.Document, properties map[string]any) error {
	if doc == nil || !doc.Has(Facet) {
		if err := r.Nuxeo.AddFacet(ctx, r.Job.Document, Facet, SourceMetadata); err != nil {
			return err
		}
	}

	if err := s.tell(ctx, r.Nuxeo, r.Job, properties, r.Task.Now()); err != nil {
		return err
	}

	return s.mapStatus(ctx, r)
}

// dressed reports whether the document has the facet and the metadata of the file.
func dressed(doc *nuxeo.Document, j *Job) bool {
	return doc.Has(Facet) && doc.Text("frameio:documentUid") == doc.UID && doc.Text("frameio:fileId") == j.File.ID
}

// maxRepairs is how often an item gives a document its facet anew.
const maxRepairs = 5

// dressAgain has a step repeated that gives a document its facet, which Nuxeo's work in
// the background has taken away.
func (s *Service) dressAgain(ctx context.Context, r *Run, step string) (work.Next, error) {
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

// tell writes metadata on a document. When somebody published is news only beside
// other news.
func (s *Service) tell(ctx context.Context, nx *nuxeo.Client, j *Job, properties map[string]any, now time.Time) error {
	published(properties, j, now)
	return nx.Update(ctx, j.Document, "", properties, nuxeo.WriteOptions{Source: SourceMetadata})
}

// published adds to metadata that they were written now.
func published(properties map[string]any, j *Job, now time.Time) {
	properties["frameio:lastPublished"] = now.UTC().Format(time.RFC3339)
	properties["frameio:publishedBy"] = j.Target.PublishedBy
}

// hash tells one set of metadata from another. Another table of statuses is news as
// well.
func (s *Service) hash(properties map[string]any) string {
	hash := hashOf(properties)
	if s.Set.StatusMap.Property == "" {
		return hash
	}
	return hashOf(map[string]any{"of": hash, "table": s.Set.StatusMap})
}

func hashOf(properties map[string]any) string {
	b, err := json.Marshal(properties) // keys come sorted
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// propertiesWith are those of the schema "frameio" for a content with a digest, and what
// was looked at in its place.
func (s *Service) propertiesWith(j *Job, l link.Link, digest string) map[string]any {
	l.Digest = digest
	properties := s.properties(j, l)
	switch {
	case j.Return != nil:
		properties["frameio:rendition"] = rendition(j)
	case j.File.Proxy != nil:
		properties["frameio:rendition"] = "proxy"
	}

	return properties
}

// expectedDigest is the digest that Nuxeo will tell of the content; empty where that is
// not known before.
func (s *Service) expectedDigest(j *Job) string {
	if algorithm := s.algorithm.Load(); algorithm != nil && *algorithm != digestAlgorithm {
		return ""
	}
	return j.Digest
}

// properties are those of the schema "frameio".
func (s *Service) properties(j *Job, l link.Link) map[string]any {
	f, a := j.File, j.Asset
	facts := s.facts(f)
	_, _, size := f.bytes()
	return map[string]any{
		"frameio:accountId": a.Account, "frameio:workspaceId": a.Workspace, "frameio:projectId": f.Project,
		"frameio:folderId": parentFolder(f), "frameio:fileId": f.ID, "frameio:stackId": f.Stack,
		"frameio:documentUid": j.Document, "frameio:fileName": SafeName(f.Name), "frameio:viewUrl": f.ViewURL,
		"frameio:mediaType": f.MediaType, "frameio:fileSize": size, "frameio:digest": l.Digest,
		"frameio:uploader": f.Uploader, "frameio:uploadDate": f.Uploaded.UTC().Format(time.RFC3339),
		"frameio:status": facts.status, "frameio:codec": facts.codec, "frameio:resolution": facts.resolution,
		"frameio:frameRate": facts.fps, "frameio:duration": facts.duration, "frameio:frames": facts.frames,
	}
}

// rendition names what was looked at in place of the content; nil for the content.
func rendition(j *Job) any {
	if j.Return == nil || j.Return.Keep != j.File.ID {
		return nil
	}
	return text(j.Return.Rendition)
}

func parentFolder(f *File) string {
	if f.Stack != "" {
		return ""
	}
	return f.Parent
}

// facts are what Frame.io's system metadata tells of the media. What it does
// not tell stays nil.
type facts struct {
	status, codec, resolution any
	fps, duration, frames     any
}

func (s *Service) facts(f *File) facts {
	get := func(names frameio.Names) string { return names.In(f.Metadata).Value }
	n := s.Set.FieldNames
	out := facts{
		status: text(get(s.Set.StatusField)), codec: text(get(n.Codec)),
		resolution: text(resolution(get(n.Resolution), get(n.Width), get(n.Height))),
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

// text is nil for nothing, so that the property is cleared.
func text(s string) any {
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

// seconds reads a duration: a number of seconds, or H:MM:SS with a fraction.
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
