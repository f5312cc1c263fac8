package v4

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
)

// MaxFile is the largest file that can be uploaded, in bytes.
const MaxFile = 5_000_000_000_000

// MaxName is how many letters the name of a file or folder may have.
const MaxName = 255

// maxParts is more than the parts of the largest file.
const maxParts = 10_000

type wireUpload struct {
	wireAsset
	Parts []frameio.UploadPart `json:"upload_urls"`
}

// CreateUpload makes a file that gets its bytes in parts
// (POST /v4/accounts/{a}/folders/{folder}/files/local_upload). Only this answer
// tells the parts, whose addresses are secrets. 403 and 404 tell that the folder
// is closed to the person or gone; every repeat makes another file.
func (c *Client) CreateUpload(ctx context.Context, account, folder, name string, size int64) (frameio.Upload, error) {
	path := seg("accounts", account, "folders", folder, "files", "local_upload")
	w, err := one[wireUpload](ctx, c, http.MethodPost, path, nil, map[string]any{"name": name, "file_size": size})
	up := frameio.Upload{File: w.file(), Parts: w.Parts}
	if err == nil && !covers(up.Parts, size) {
		err = &Error{
			Method:  http.MethodPost,
			Path:    path,
			Code:    http.StatusOK,
			Message: "the parts of the upload are not the file",
		}
	}

	return up, err
}

// covers reports whether parts are the whole of a file.
func covers(parts []frameio.UploadPart, size int64) bool {
	if len(parts) > maxParts {
		return false
	}

	for _, p := range parts {
		if p.Size <= 0 || p.Size > size || p.URL == "" {
			return false
		}
		size -= p.Size
	}

	return size == 0
}

// PutError is a part that its host did not take; it never tells the address.
// Code is the HTTP status, 0 when no answer came.
type PutError struct {
	Code int
	Err  error
}

// Error tells the status.
func (e *PutError) Error() string {
	if e.Code == 0 {
		return fmt.Sprintf("frame.io: PUT part: no answer: %v", e.Err)
	}
	return fmt.Sprintf("frame.io: PUT part: %d", e.Code)
}

// Unwrap is the cause when no answer came.
func (e *PutError) Unwrap() error { return e.Err }

// PutPart sends one part to its address, without any credential (PUT <address>):
// exactly size bytes, as the type that the answer to the creation told. An
// address that has ended, and headers other than those signed, are 403.
func PutPart(ctx context.Context, hc *http.Client, part frameio.UploadPart, mediaType string, body io.Reader) error {
	// The address is left out of errors, so it is read apart.
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, part.URL, io.NopCloser(body))
	if err != nil {
		return &PutError{Err: fmt.Errorf("the address is none")}
	}

	r.ContentLength = part.Size
	r.Header.Set("Content-Type", mediaType)
	r.Header.Set("x-amz-acl", "private")
	resp, err := hc.Do(r)
	if err != nil {
		return &PutError{Err: noAnswer(http.MethodPut, "part", err).Err}
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // lets the connection be used again
	if resp.StatusCode >= 300 {
		return &PutError{Code: resp.StatusCode}
	}

	return nil
}

// UploadStatus tells whether all parts have come together
// (GET /v4/accounts/{a}/files/{id}/status, at most 5 a second).
func (c *Client) UploadStatus(ctx context.Context, account, file string) (frameio.UploadStatus, error) {
	w, err := one[struct {
		Complete bool `json:"upload_complete"`
		Failed   bool `json:"upload_failed"`
	}](ctx, c, http.MethodGet, seg("accounts", account, "files", file, "status"), nil, nil)
	return frameio.UploadStatus{Complete: w.Complete, Failed: w.Failed}, err
}

// DeleteFile removes a file, of a stack too (DELETE …/files/{id}); 404 when it is
// gone already.
func (c *Client) DeleteFile(ctx context.Context, account, id string) error {
	return c.do(ctx, http.MethodDelete, seg("accounts", account, "files", id), url.Values{}, nil, nil)
}

// Files lists the files directly in a folder with the creator of each, without those
// in stacks (GET …/folders/{folder}/files?include=creator).
func (c *Client) Files(ctx context.Context, account, folder string) iter.Seq2[frameio.File, error] {
	return convert(list(ctx, c, seg("accounts", account, "folders", folder, "files"), include("creator"), 100), fileOf)
}

// Folders lists the folders directly in a folder (GET …/folders/{folder}/folders).
func (c *Client) Folders(ctx context.Context, account, folder string) iter.Seq2[frameio.Folder, error] {
	return convert(list(ctx, c, seg("accounts", account, "folders", folder, "folders"), nil, assetPage), folderOf)
}

// assetPage is how many assets a page holds at most.
const assetPage = 500

// FolderFiles lists the files directly in a folder with their metadata and who made
// each, without those in stacks (GET …/folders/{folder}/files?include=metadata,creator),
// and with signed links to their thumbnails if those are wanted.
func (c *Client) FolderFiles(
	ctx context.Context, account, folder string, thumbnails bool,
) iter.Seq2[frameio.File, error] {
	return convert(list(ctx, c, seg("accounts", account, "folders", folder, "files"), shown(thumbnails), assetPage),
		fileOf)
}

// FolderStacks lists the version stacks directly in a folder, each with its newest
// file, as FolderFiles does (GET …/folders/{folder}/version_stacks?include=metadata,creator).
func (c *Client) FolderStacks(
	ctx context.Context, account, folder string, thumbnails bool,
) iter.Seq2[frameio.Stack, error] {
	return convert(list(ctx, c, seg("accounts", account, "folders", folder, "version_stacks"), shown(thumbnails),
		assetPage), stackOf)
}

func shown(thumbnails bool) url.Values {
	if thumbnails {
		return include("metadata", "creator", "media_links.thumbnail")
	}
	return include("metadata", "creator")
}

// CreateFolder makes a folder in a folder (POST …/folders/{folder}/folders).
// Several may have the same name: look first.
func (c *Client) CreateFolder(ctx context.Context, account, folder, name string) (frameio.Folder, error) {
	w, err := one[wireAsset](ctx, c, http.MethodPost, seg("accounts", account, "folders", folder, "folders"), nil,
		map[string]any{"name": name})
	return w.folder(), err
}

// Projects lists the projects of a workspace (GET …/workspaces/{ws}/projects).
func (c *Client) Projects(ctx context.Context, account, workspace string) iter.Seq2[frameio.Project, error] {
	return convert(list(ctx, c, seg("accounts", account, "workspaces", workspace, "projects"), nil, 100), projectOf)
}

// CreateStack makes a version stack of files directly in the folder, oldest first
// (POST …/folders/{folder}/version_stacks, 10 a minute); 422 when one of them is
// elsewhere by now.
func (c *Client) CreateStack(ctx context.Context, account, folder string, files ...string) (frameio.Stack, error) {
	w, err := one[wireAsset](ctx, c, http.MethodPost, seg("accounts", account, "folders", folder, "version_stacks"),
		nil, map[string]any{"file_ids": files})
	return w.stack(), err
}

// MoveFile puts a file into a folder, or into a stack as its newest
// (PATCH …/files/{id}/move).
func (c *Client) MoveFile(ctx context.Context, account, file, parent string) error {
	return c.do(ctx, http.MethodPatch, seg("accounts", account, "files", file, "move"), nil,
		map[string]any{"parent_id": parent}, nil)
}

// Definitions lists the fields of the account's metadata
// (GET …/metadata/field_definitions).
func (c *Client) Definitions(ctx context.Context, account string) iter.Seq2[frameio.Definition, error] {
	type wire struct {
		ID     string `json:"id"`
		Name   string `json:"name"`
		Type   string `json:"field_type"`
		Change *bool  `json:"mutable"`
		Config struct {
			Options []struct {
				ID   string `json:"id"`
				Name string `json:"display_name"`
			} `json:"options"`
		} `json:"field_configuration"`
	}
	return convert(list(ctx, c, seg("accounts", account, "metadata", "field_definitions"), nil, 100),
		func(raw json.RawMessage) (frameio.Definition, bool) {
			var w wire
			ok := fields(raw, &w) && w.ID != ""
			d := frameio.Definition{ID: w.ID, Name: w.Name, Type: w.Type, ReadOnly: w.Change != nil && !*w.Change}
			for _, o := range w.Config.Options {
				d.Options = append(d.Options, frameio.Option{ID: o.ID, Name: o.Name})
			}
			return d, ok
		})
}

// MostValued is how many files one call of SetValues can be about.
const MostValued = 100

// FieldValue is what a field gets: a text, a number, a boolean, a list of the ids of options, or an empty list, which
// clears it.
type FieldValue struct {
	Field string `json:"field_definition_id"`
	Value any    `json:"value"`
}

// SetValues sets fields of up to 100 files of a project, all of them alike
// (PATCH …/projects/{project}/metadata/values, 10 a minute).
func (c *Client) SetValues(ctx context.Context, account, project string, values []FieldValue, files []string) error {
	body := map[string]any{"file_ids": files, "values": values}
	return c.do(ctx, http.MethodPatch, seg("accounts", account, "projects", project, "metadata", "values"), nil, body,
		nil)
}

// CreateComment writes a remark on the whole of a file
// (POST …/files/{file}/comments); every repeat makes another.
func (c *Client) CreateComment(ctx context.Context, account, file, text string) error {
	return c.do(ctx, http.MethodPost, seg("accounts", account, "files", file, "comments"), nil,
		map[string]any{"text": text}, nil)
}
