package foldersync

import (
	"encoding/json"
	"path"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// A Filter selects assets. Empty fields select all.
type Filter struct {
	Name   string   `json:"name,omitempty"`   // a pattern with * and ?
	Media  []string `json:"media,omitempty"`  // video, audio, image, document
	Most   int64    `json:"most,omitempty"`   // bytes
	Status []string `json:"status,omitempty"` // names of approval statuses
}

// mediaTypes are the kinds of media, each with the prefixes of its types.
var mediaTypes = map[string][]string{
	"video": {"video/", "application/mxf"}, "audio": {"audio/"}, "image": {"image/"},
	"document": {"application/pdf", "text/", "application/vnd.", "application/msword"},
}

func (f Filter) validate() error {
	if _, err := path.Match(strings.ToLower(f.Name), ""); err != nil {
		return fault.Field("name", "Use * and ?, as in *.mov.", "%q is no pattern of names.", f.Name)
	}

	for _, m := range f.Media {
		if mediaTypes[m] == nil {
			return fault.Field("media", "Give video, audio, image or document.", "%q is no kind of media.", m)
		}
	}

	if f.Most < 0 {
		return fault.Field("most", "Give a number of bytes, or leave it out.", "A file cannot have %d bytes.", f.Most)
	}

	return nil
}

// matches reports whether the filter selects a file. Its status is the value of the field with that
// display name.
func (f Filter) matches(file frameio.File, status string) bool {
	if ok, err := path.Match(strings.ToLower(f.Name), strings.ToLower(file.Name)); f.Name != "" && (!ok || err != nil) {
		return false
	}
	if f.Most > 0 && file.Size > f.Most {
		return false
	}
	return f.matchesMedia(file.MediaType) && f.matchesStatus(status)
}

func (f Filter) matchesMedia(mediaType string) bool {
	for _, m := range f.Media {
		for _, begin := range mediaTypes[m] {
			if strings.HasPrefix(strings.ToLower(mediaType), begin) {
				return true
			}
		}
	}
	return len(f.Media) == 0
}

func (f Filter) matchesStatus(status string) bool {
	for _, s := range f.Status {
		if strings.EqualFold(s, status) {
			return true
		}
	}
	return len(f.Status) == 0
}

func (f Filter) json() string {
	b, err := json.Marshal(f)
	if err != nil {
		return "{}"
	}
	return string(b)
}
