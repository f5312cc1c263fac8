package intake

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/review"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Facet marks a document that is linked to an asset; the package contributes it
// with the schema "frameio".
const Facet = "FrameioAsset"

// describe puts the facet and the metadata on the document, if they changed.
func (s *Service) describe(ctx context.Context, r *Run) (work.Next, error) {
	l, err := s.linkOf(ctx, r)
	if err != nil {
		return work.Next{}, err
	}
	properties := s.properties(r, l)
	if r.Job.Return != nil {
		properties["frameio:rendition"] = rendition(r.Job)
	}
	hash := hashOf(properties)
	if s.Set.StatusMap.Property != "" { // another table is news as well
		hash = hashOf(map[string]any{"of": hash, "table": s.Set.StatusMap})
	}
	if l.Described == hash {
		return work.Next{Step: StepComments}, nil
	}
	// When somebody published is news only beside other news.
	properties["frameio:lastPublished"] = r.Task.Now().UTC().Format(time.RFC3339)
	properties["frameio:publishedBy"] = r.Job.Target.PublishedBy
	if err := r.Nuxeo.AddFacet(ctx, r.Job.Document, Facet, SourceMetadata); err != nil {
		return work.Next{}, err
	}
	if err := r.Nuxeo.Update(ctx, r.Job.Document, "", properties, nuxeo.WriteOptions{Source: SourceMetadata}); err != nil {
		return work.Next{}, err
	}
	if err := s.mapStatus(ctx, r); err != nil {
		return work.Next{}, err
	}
	return work.Next{Step: StepComments}, r.Commit(ctx, func(tx *sql.Tx) error {
		return link.SetDescribed(ctx, tx, r.Task.Now(), &l, hash)
	})
}

func hashOf(properties map[string]any) string {
	b, err := json.Marshal(properties) // keys come sorted
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// properties are those of the schema "frameio".
func (s *Service) properties(r *Run, l link.Link) map[string]any {
	f, a := r.Job.File, r.Job.Asset
	facts := s.facts(f)
	return map[string]any{
		"frameio:accountId": a.Account, "frameio:workspaceId": a.Workspace, "frameio:projectId": f.Project,
		"frameio:folderId": parentFolder(f), "frameio:fileId": f.ID, "frameio:stackId": f.Stack,
		"frameio:documentUid": r.Job.Document, "frameio:fileName": SafeName(f.Name), "frameio:viewUrl": f.ViewURL,
		"frameio:mediaType": f.MediaType, "frameio:fileSize": f.Size, "frameio:digest": l.Digest,
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
	get := func(name string) string { return field(f.Metadata, name) }
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

func field(fields []frameio.Field, name string) string { return StatusOf(fields, name).Value }

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

// comments makes the document's comments equal to those of the file.
func (s *Service) comments(ctx context.Context, r *Run) (work.Next, error) {
	if r.Job.Mirror != nil && r.Job.Mirror.NoComments {
		return s.finish(ctx, r)
	}
	if err := s.importComments(ctx, r, r.Job.File.ID, r.Job.File.Metadata); err != nil {
		return work.Next{}, err
	}
	return s.finish(ctx, r)
}

// refresh brings the last comments on the outgoing file, so that the version
// that will hold it holds them too. A file that is gone has nothing to say.
func (s *Service) refresh(ctx context.Context, r *Run) (work.Next, error) {
	l, err := s.linkOf(ctx, r)
	if err != nil {
		return work.Next{}, err
	}
	next := work.Next{Step: StepTransfer}
	if l.FileID == "" || l.FileID == r.Job.File.ID {
		return next, nil
	}
	f, err := r.Frameio.File(ctx, r.Job.Asset.Account, l.FileID)
	if v4.NotFound(err) {
		return next, nil
	}
	if err != nil {
		return work.Next{}, err
	}
	return next, s.importComments(ctx, r, f.ID, f.Metadata)
}

func (s *Service) importComments(ctx context.Context, r *Run, file string, metadata []frameio.Field) error {
	var list []frameio.Comment
	for c, err := range r.Frameio.Comments(ctx, r.Job.Asset.Account, file) {
		if err != nil {
			return err
		}
		list = append(list, c)
	}
	writer, as := r.Nuxeo, r.Actor
	if s.Set.ServiceAccount != nil {
		writer, as = r.Nuxeo.As(s.Set.ServiceAccount), s.Set.ServiceLogin
	}
	n, left := 0, 0
	importer := review.Importer{
		DB: s.DB, Nuxeo: writer, Now: r.Task.Now, Writer: as, FrameBase: s.Set.FrameBase,
		Changed: func() { n++ }, Left: func() { left++ },
		As: func(ctx context.Context, login string) (review.Nuxeo, error) { return r.Colleague(ctx, login) },
	}
	err := importer.Import(ctx, review.Target{
		LinkID: r.Job.LinkID, DocumentUID: r.Job.Document, FileID: file,
		FrameRate: frameio.FrameRate(field(metadata, s.Set.FieldNames.FrameRate)),
	}, list)
	r.Job.Comments += n
	if err != nil || left == 0 {
		return err
	}
	return r.Task.Note(ctx, "left as they are", "%d comments that only who brought them to Nuxeo may change", left)
}
