package v4

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
)

type wireID struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type wireAsset struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Type      string         `json:"type"`
	ProjectID string         `json:"project_id"`
	ParentID  string         `json:"parent_id"`
	Status    string         `json:"status"`
	MediaType string         `json:"media_type"`
	FileSize  bytesCount     `json:"file_size"`
	ViewURL   string         `json:"view_url"`
	CreatedAt looseTime      `json:"created_at"`
	UpdatedAt looseTime      `json:"updated_at"`
	Creator   *wireUser      `json:"creator"`
	Metadata  few[wireField] `json:"metadata"`
	Head      *wireAsset     `json:"head_version"`
	// Each is null when it does not exist (yet) or may not be seen.
	MediaLinks map[string]*wireLink `json:"media_links"`
}

type wireLink struct {
	URL         string `json:"url"`
	DownloadURL string `json:"download_url"`
}

// shown is the address to look at, which does not ask to be saved, of a link.
func (w wireAsset) shown(name string) string {
	l := w.MediaLinks[name]
	switch {
	case l == nil:
		return ""
	case l.URL != "":
		return l.URL
	}
	return l.DownloadURL
}

type wireUser struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

func (w *wireUser) user() frameio.User {
	if w == nil {
		return frameio.User{}
	}
	return frameio.User{ID: w.ID, Name: w.Name, Email: w.Email}
}

func (w wireAsset) file() frameio.File {
	f := frameio.File{
		ID: w.ID, Name: w.Name, ParentID: w.ParentID, ProjectID: w.ProjectID, Status: w.Status, MediaType: w.MediaType,
		Size: int64(w.FileSize), ViewURL: w.ViewURL, Created: w.CreatedAt.Time, Updated: w.UpdatedAt.Time,
		Creator: w.Creator.user(),
	}

	for _, m := range w.Metadata {
		f.Metadata = append(f.Metadata, m.field())
	}

	if l := w.MediaLinks["original"]; l != nil {
		f.Link = l.DownloadURL
	}

	f.Proxies = frameio.Proxies{
		Efficient: w.shown("efficient"), HighQuality: w.shown("high_quality"), Small: w.shown("video_h264_180"),
		Thumbnail: w.shown("thumbnail"), LargeThumbnail: w.shown("thumbnail_high_quality"),
	}

	return f
}

// read takes a member of a listing. It reports whether all of it is as it should be; else
// only ID, Name and Type are set, as far as they can be read.
func (w *wireAsset) read(raw json.RawMessage) bool {
	if json.Unmarshal(raw, w) == nil && w.ID != "" {
		return true
	}

	// Something is of another form than we know: keep what names it.
	var known struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Type string `json:"type"`
	}

	fields(raw, &known)
	*w = wireAsset{ID: known.ID, Name: known.Name, Type: known.Type}
	return false
}

func fileOf(raw json.RawMessage) (frameio.File, bool) {
	var w wireAsset
	unreadable := !w.read(raw)
	f := w.file()
	f.Unreadable = unreadable
	return f, true
}

func stackOf(raw json.RawMessage) (frameio.Stack, bool) {
	var w wireAsset
	unreadable := !w.read(raw)
	s := w.stack()
	s.Unreadable = unreadable
	return s, true
}

func folderOf(raw json.RawMessage) (frameio.Folder, bool) {
	var w wireAsset
	unreadable := !w.read(raw)
	f := w.folder()
	f.Unreadable = unreadable
	return f, true
}

func assetOf(raw json.RawMessage) (frameio.Asset, bool) {
	var w wireAsset
	unreadable := !w.read(raw)
	a := w.asset()
	a.Unreadable = unreadable
	return a, true
}

func (w wireAsset) stack() frameio.Stack {
	s := frameio.Stack{ID: w.ID, Name: w.Name, ParentID: w.ParentID, ProjectID: w.ProjectID}
	if w.Head != nil {
		s.Head = w.Head.file()
		// A stack's own name goes stale; its head's is what people see.
		s.Name = s.Head.Name
	}
	return s
}

func (w wireAsset) folder() frameio.Folder {
	return frameio.Folder{ID: w.ID, Name: w.Name, ParentID: w.ParentID, ProjectID: w.ProjectID}
}

func (w wireAsset) asset() frameio.Asset {
	a := frameio.Asset{Kind: frameio.Kind(w.Type), ID: w.ID, Name: w.Name}
	switch a.Kind {
	case frameio.KindFile:
		f := w.file()
		a.File = &f
	case frameio.KindStack:
		s := w.stack()
		a.Stack, a.Name = &s, s.Name
	case frameio.KindFolder:
		f := w.folder()
		a.Folder = &f
	}

	return a
}

type wireOption struct {
	ID   string `json:"id"`
	Name string `json:"display_name"`
}

type wireField struct {
	ID    string          `json:"field_definition_id"`
	Name  string          `json:"field_definition_name"`
	Type  string          `json:"field_type"`
	Value json.RawMessage `json:"value"`
	// Options of the definition, to name ids that come bare.
	Options few[wireOption] `json:"field_options"`
}

// field reads a value of whatever form: text, number, true, a list of options
// or persons as objects or as bare ids.
func (w wireField) field() frameio.Field {
	f := frameio.Field{ID: w.ID, Name: w.Name, Type: w.Type}
	var list []json.RawMessage
	if json.Unmarshal(w.Value, &list) == nil && list != nil {
		var names []string
		for _, v := range list {
			id, name := w.option(v)
			f.Options, names = append(f.Options, id), append(names, name)
		}
		f.Value = strings.Join(names, ", ")
		if slices.ContainsFunc(names, func(name string) bool { return strings.Contains(name, ",") }) {
			f.Choices = names
		}
		return f
	}

	// Everything else is text, or shown as it came.
	var s string
	if json.Unmarshal(w.Value, &s) == nil {
		f.Value = s
	} else if v := string(w.Value); v != "null" {
		f.Value = v
	}

	return f
}

func (w wireField) option(raw json.RawMessage) (id, name string) {
	var o struct {
		ID      string `json:"id"`
		Display string `json:"display_name"`
		Name    string `json:"name"`
	}

	if json.Unmarshal(raw, &o) != nil {
		_ = json.Unmarshal(raw, &o.ID) // a bare id
	}

	// A bare id has its name in the field's definition.
	for _, known := range w.Options {
		if known.ID == o.ID && o.Display == "" {
			o.Display = known.Name
		}
	}

	switch {
	case o.Display != "":
		return o.ID, o.Display
	case o.Name != "":
		return o.ID, o.Name
	}

	return o.ID, o.ID
}

func include(what ...string) url.Values { return url.Values{"include": {strings.Join(what, ",")}} }

// File reads a file with its metadata and creator
// (GET /v4/accounts/{a}/files/{id}?include=metadata,creator).
func (c *Client) File(ctx context.Context, account, id string) (frameio.File, error) {
	w, err := one[wireAsset](ctx, c, http.MethodGet, seg("accounts", account, "files", id),
		include("metadata", "creator"), nil)
	return w.file(), err
}

// Original reads a file with a signed link to its original
// (include=media_links.original). Without the right to download it the whole
// request is refused with 403; Link may be empty when there is none.
func (c *Client) Original(ctx context.Context, account, id string) (frameio.File, error) {
	w, err := one[wireAsset](ctx, c, http.MethodGet, seg("accounts", account, "files", id),
		include("media_links.original"), nil)
	return w.file(), err
}

// FileWithOriginal is File and Original in one call
// (include=metadata,creator,media_links.original), and is refused as Original is.
func (c *Client) FileWithOriginal(ctx context.Context, account, id string) (frameio.File, error) {
	w, err := one[wireAsset](ctx, c, http.MethodGet, seg("accounts", account, "files", id),
		include("metadata", "creator", "media_links.original"), nil)
	return w.file(), err
}

// Proxies reads a file with signed links to its proxies and thumbnails
// (include=media_links.efficient and others). Those that may not be seen are
// empty.
func (c *Client) Proxies(ctx context.Context, account, id string) (frameio.File, error) {
	what := include("media_links.efficient", "media_links.high_quality", "media_links.video_h264_180",
		"media_links.thumbnail", "media_links.thumbnail_high_quality")
	w, err := one[wireAsset](ctx, c, http.MethodGet, seg("accounts", account, "files", id), what, nil)
	return w.file(), err
}

// Stack reads a version stack with its head
// (GET /v4/accounts/{a}/version_stacks/{id}); 422 or 404 when the id is another thing's.
func (c *Client) Stack(ctx context.Context, account, id string) (frameio.Stack, error) {
	w, err := one[wireAsset](ctx, c, http.MethodGet, seg("accounts", account, "version_stacks", id),
		include("creator"), nil)
	return w.stack(), err
}

// Folder reads a folder (GET /v4/accounts/{a}/folders/{id}).
func (c *Client) Folder(ctx context.Context, account, id string) (frameio.Folder, error) {
	w, err := one[wireAsset](ctx, c, http.MethodGet, seg("accounts", account, "folders", id), nil, nil)
	return w.folder(), err
}

// StackFiles lists the files of a stack, in no promised order
// (GET …/version_stacks/{id}/children). In this list and in those of folders what cannot
// be read is among the rest, Unreadable.
func (c *Client) StackFiles(ctx context.Context, account, id string) iter.Seq2[frameio.File, error] {
	return convert(list(ctx, c, seg("accounts", account, "version_stacks", id, "children"), nil, 100), fileOf)
}

// Children lists what a folder holds (GET …/folders/{id}/children).
func (c *Client) Children(ctx context.Context, account, folder string) iter.Seq2[frameio.Asset, error] {
	return convert(list(ctx, c, seg("accounts", account, "folders", folder, "children"), nil, assetPage), assetOf)
}

// Project reads a project (GET …/projects/{id}).
func (c *Client) Project(ctx context.Context, account, id string) (frameio.Project, error) {
	w, err := one[wireProject](ctx, c, http.MethodGet, seg("accounts", account, "projects", id), nil, nil)
	return w.project(), err
}

type wireProject struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	WorkspaceID string `json:"workspace_id"`
	Root        string `json:"root_folder_id"`
}

func projectOf(raw json.RawMessage) (frameio.Project, bool) {
	var w wireProject
	ok := fields(raw, &w) && w.ID != ""
	return w.project(), ok
}

func (w wireProject) project() frameio.Project {
	return frameio.Project{ID: w.ID, Name: w.Name, WorkspaceID: w.WorkspaceID, RootFolder: w.Root}
}
