package v4

import (
	"context"
	"errors"
	"net/http"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
)

// MaxRemote is the largest file that Frame.io fetches by itself, in bytes. The
// contract does not tell it; integrations of others do.
const MaxRemote = 50_000_000_000

// CreateRemote makes a file whose bytes Frame.io fetches from an address
// (POST /v4/accounts/{a}/folders/{folder}/files/remote_upload, 5 a second). It
// answers before it fetches, and may lose the fetch without a word: UploadStatus
// and the size tell. The address is a secret, which may be quoted in a refusal,
// so that no error tells what Frame.io said. 403 and 404 tell that the folder is
// closed to the person or gone; every repeat makes another file.
func (c *Client) CreateRemote(ctx context.Context, account, folder, name, source string) (frameio.File, error) {
	path := seg("accounts", account, "folders", folder, "files", "remote_upload")
	w, err := one[wireAsset](ctx, c, http.MethodPost, path, nil, map[string]any{"name": name, "source_url": source})
	// Keep the status, and nothing that may quote the address.
	var said *Error
	if errors.As(err, &said) && said.Code != 0 {
		err = &Error{
			Method:  http.MethodPost,
			Path:    path,
			Code:    said.Code,
			Message: http.StatusText(said.Code),
			After:   said.After,
		}
	}

	if err == nil && w.ID == "" {
		err = &Error{Method: http.MethodPost, Path: path, Code: http.StatusOK, Message: "the answer names no file"}
	}

	return w.file(), err
}

// RenameFile gives a file another name (PATCH …/files/{id}, 100 a minute).
func (c *Client) RenameFile(ctx context.Context, account, file, name string) error {
	return c.do(ctx, http.MethodPatch, seg("accounts", account, "files", file), nil, map[string]any{"name": name}, nil)
}
