package ingest

import (
	"context"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/metamap"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// MapAttempts is how often a failure of Nuxeo is retried before it counts as a problem of what is mapped.
const MapAttempts = 3

// rows returns the rows of the metadata map that hold for a job.
func (s *Service) rows(ctx context.Context, j *Job) ([]metamap.Row, error) {
	rows, err := s.Map.Rows(ctx, j.Target.Map)
	return metamap.Only(rows, metamap.ToNuxeo), err
}

// applyMap gives the document of a run the properties that the metadata map takes from its file. What cannot be mapped
// is noted once, and fails nothing. Such writes create no version.
func (s *Service) applyMap(ctx context.Context, r *Run) error {
	rows, err := s.rows(ctx, r.Job)
	if err != nil {
		return err
	}

	got, err := s.Map.Apply(ctx, r.Nuxeo, r.Job.Document, rows, r.Job.File.Metadata, r.Task.Attempt >= MapAttempts)
	if err != nil {
		return err
	}

	for _, problem := range got.Problems {
		if !slices.Contains(r.Job.Unmapped, problem) {
			if err := r.Task.Note(ctx, "not mapped", "%s", problem); err != nil {
				return err
			}
		}
	}

	if slices.Equal(r.Job.Unmapped, got.Problems) {
		return nil
	}

	r.Job.Unmapped = got.Problems
	return r.Save(ctx)
}

// describedHash returns the hash of metadata that is written for a job. It depends on the rows of the map as well.
func (s *Service) describedHash(ctx context.Context, j *Job, l link.Link, digest string) (string, error) {
	rows, err := s.rows(ctx, j)
	return hashWith(s.propertiesWith(j, l, digest), rows), err
}

func hashWith(properties map[string]any, rows []metamap.Row) string {
	hash := hashOf(properties)
	if len(rows) == 0 {
		return hash
	}
	return hashOf(map[string]any{"of": hash, "rows": metamap.Fingerprint(rows)})
}

// Bounds of what a document keeps of its fields.
const (
	maxFields     = 500
	maxFieldValue = 10_000 // characters
)

// Fields returns the property that keeps every field with a value of a file's metadata.
func Fields(metadata []frameio.Field) []any {
	out := []any{}
	for _, f := range metadata {
		value := nuxeo.Kept(f.Value)
		if value == "" || len(out) == maxFields {
			continue
		}

		if r := []rune(value); len(r) > maxFieldValue {
			value = string(r[:maxFieldValue-1]) + "…"
		}

		out = append(out, map[string]any{
			"fieldId": nuxeo.Kept(f.ID), "name": nuxeo.Kept(f.Name), "type": nuxeo.Kept(f.Type), "value": value,
		})
	}
	return out
}

// HasFields reports whether a document keeps exactly these fields.
func HasFields(doc *nuxeo.Document, fields []any) bool {
	var kept []map[string]string
	if !doc.Value(schema.Fields, &kept) || len(kept) != len(fields) {
		return false
	}

	for i, f := range fields {
		for name, value := range f.(map[string]any) {
			if kept[i][name] != value {
				return false
			}
		}
	}

	return true
}
