package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"sync/atomic"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
)

// vast answers the listing of one folder, Root, with so many folders of 500 files
// that no simulator could hold them: each is generated when it is listed, after the
// pattern of a file and a folder that the simulator has. All else is the simulator's.
// It is empty until it is told how many folders it has (POST /_bench/vast?folders=n).
type vast struct {
	next         http.Handler
	root         string
	folder, file asset
	folders      atomic.Int64
}

const (
	vastness = "/_bench/vast"
	inEach   = 500 // files of a folder, which are a page
)

// asset is a pattern.
type asset struct {
	json, id, name []byte
}

// as is the same under another id and name.
func (a asset) as(id, name string) json.RawMessage {
	return bytes.ReplaceAll(bytes.ReplaceAll(a.json, a.id, []byte(id)), a.name, []byte(name))
}

// newVast takes the patterns off the simulator.
func newVast(fio *frameiosim.Server, account, parent, access string) (*vast, error) {
	pattern, root := fio.AddFolder(parent, "Pattern of a tree"), fio.AddFolder(parent, "Vast")
	fio.AddFolder(pattern, "Pattern of a folder")
	fio.AddFile(pattern, "Pattern of a file.mov", fio.Pattern(seed, 1000),
		frameiosim.WithMedia(frameiosim.Media{FPS: 25, Duration: 60, Codec: "prores"}))
	v := &vast{next: fio, root: root}
	var err error
	if v.folder, err = patternOf(fio, account, pattern, access, "folders"); err != nil {
		return nil, err
	}

	v.file, err = patternOf(fio, account, pattern, access, "files")
	return v, err
}

func patternOf(fio http.Handler, account, folder, access, kind string) (asset, error) {
	q := httptest.NewRequest(http.MethodGet, "/v4/accounts/"+account+"/folders/"+folder+"/"+kind+
		"?include=metadata,creator", nil)
	q.Header.Set("Authorization", "Bearer "+access)
	w := httptest.NewRecorder()
	fio.ServeHTTP(w, q)
	var page struct {
		Data []json.RawMessage `json:"data"`
	}

	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || len(page.Data) != 1 {
		return asset{}, fmt.Errorf("there is no pattern of %s: %s", kind, w.Body)
	}

	var a struct{ ID, Name string }
	err := json.Unmarshal(page.Data[0], &a)
	return asset{page.Data[0], []byte(a.ID), []byte(a.Name)}, err
}

var listed = regexp.MustCompile(`/folders/([^/]+)/(files|folders|version_stacks)$`)

// ServeHTTP is http.Handler's.
func (v *vast) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.URL.Path == vastness {
		n, _ := strconv.ParseInt(q.URL.Query().Get("folders"), 10, 64) // no number: none
		v.folders.Store(n)
		return
	}

	m := listed.FindStringSubmatch(q.URL.Path)
	number := int64(-1)
	if m != nil {
		number = numberOf(m[1])
	}

	switch {
	case m == nil || m[1] != v.root && number < 0:
		v.next.ServeHTTP(w, q)
	case m[1] == v.root && m[2] == "folders":
		v.page(w, q, v.folders.Load(), func(i int64) json.RawMessage {
			return v.folder.as(idOf(i), fmt.Sprintf("Folder %d", i))
		})
	case number >= 0 && m[2] == "files":
		v.page(w, q, inEach, func(i int64) json.RawMessage {
			return v.file.as(fmt.Sprintf("%08x-0000-4000-9000-%012x", number, i),
				fmt.Sprintf("clip %d of %d.mov", i, number))
		})
	default:
		v.page(w, q, 0, nil)
	}
}

// idOf is the id of a generated folder, and numberOf which one it is of; below 0:
// none.
func idOf(i int64) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000000", i) }

func numberOf(id string) int64 {
	n, err := strconv.ParseInt(id[:min(8, len(id))], 16, 64)
	if err != nil || idOf(n) != id {
		return -1
	}
	return n
}

// page writes a page of so many things.
func (v *vast) page(w http.ResponseWriter, q *http.Request, all int64, thing func(int64) json.RawMessage) {
	size, err := strconv.ParseInt(q.URL.Query().Get("page_size"), 10, 64)
	if err != nil {
		size = 50
	}

	from, _ := strconv.ParseInt(q.URL.Query().Get("after"), 10, 64) // without one it is the first page
	out := struct {
		Data  []json.RawMessage `json:"data"`
		Links struct {
			Next *string `json:"next"`
		} `json:"links"`
	}{Data: []json.RawMessage{}}

	for i := from; i < min(from+size, all); i++ {
		out.Data = append(out.Data, thing(i))
	}

	if from+size < all {
		next := fmt.Sprintf("%s?after=%d&page_size=%d", q.URL.Path, from+size, size)
		out.Links.Next = &next
	}

	w.Header().Set("Content-Type", "application/json")
	for name, value := range map[string]string{"limit": "2147483647", "remaining": "2147483647", "window": "1000"} {
		w.Header().Set("x-ratelimit-"+name, value)
	}

	_ = json.NewEncoder(w).Encode(out) // whoever asked is gone, and notices
}
