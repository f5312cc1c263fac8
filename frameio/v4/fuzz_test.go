package v4

import (
	"encoding/json"
	"testing"
)

// Whatever Frame.io answers, reading it does not panic, and what is kept of a
// comment is JSON.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		`{"id":"f","name":"a.mov","type":"file","file_size":3,"media_links":{"original":{"download_url":"https://x"}},"metadata":[{"field_definition_name":"Status","value":[{"display_name":"Approved"}]}]}`,
		`{"id":"c","text":"hi","timestamp":3,"replies":[{"id":"d"}],"owner":{"name":"J"},"completed_at":"2026-01-01T00:00:00Z"}`,
		`{"id":"s","type":"version_stack","head_version":{"id":"f"}}`, `null`, `[]`,
		`{"event_type":"asset_moved","resource_id":"f","resource_type":"asset","project_id":null,"inserted_at":"2024-08-23T14:39:29.125812Z"}`, `{"file_size":1e999}`, `{"timestamp":"00:00:01:02"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		var asset wireAsset
		if json.Unmarshal(answer, &asset) == nil {
			_, _, _, _ = asset.file(), asset.stack(), asset.folder(), asset.asset()
		}

		var entry wireAudit
		if json.Unmarshal(answer, &entry) == nil {
			_ = entry.event()
		}

		var field wireField
		if json.Unmarshal(answer, &field) == nil {
			_ = field.field()
		}

		if c := comment(answer); len(c.Raw) > 0 && json.Valid(answer) && !json.Valid(c.Raw) {
			t.Errorf("of a comment %q is kept, want valid JSON", c.Raw)
		}
	})
}
