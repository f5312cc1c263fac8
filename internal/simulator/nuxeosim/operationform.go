package nuxeosim

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"strings"
)

// readCall reads what a client sends to an operation: JSON, or a form (related or
// form-data) whose first part is that JSON and whose other parts are files. A form that
// is anything else is 500 on a real server.
func (c *call) readCall() (body opBody, files []*blob, err error) {
	kind, params, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")) // another kind is JSON
	if strings.HasPrefix(kind, "multipart/") {
		files, err = c.readForm(multipart.NewReader(c.r.Body, params["boundary"]), &body)
	} else {
		err = c.readJSON(&body)
	}

	if err != nil {
		return body, files, err
	}

	if len(body.Raw) > 0 {
		if err := json.Unmarshal(body.Raw, &body.Params); err != nil {
			return body, files, badRequest("Cannot parse the parameters: %v", err)
		}
	}

	return body, files, nil
}

func (c *call) readForm(form *multipart.Reader, body *opBody) ([]*blob, error) {
	first, err := form.NextPart()
	if err != nil {
		return nil, c.s.refused(400, 500, "The form has no parts: %v", err)
	}

	if err := json.NewDecoder(io.LimitReader(first, maxBody)).Decode(body); err != nil {
		return nil, c.s.refused(400, 500, "Cannot parse the first part: %v", err)
	}

	var files []*blob
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return files, nil
		}

		if err != nil {
			return files, c.s.refused(400, 500, "Cannot read the form: %v", err)
		}

		b, err := c.s.keepPart(part)
		if err != nil {
			return files, err
		}

		files = append(files, b)
	}
}

// keepPart streams a file of a form to where blobs are.
func (s *Server) keepPart(part *multipart.Part) (*blob, error) {
	sum := newHash(s.opt.DigestAlgorithm)
	seg, err := s.store(part, sum, 0)
	if err != nil {
		return nil, err
	}

	b := &blob{name: part.FileName(), mime: part.Header.Get("Content-Type"), length: seg.size}
	if sum != nil {
		b.digest = hexOf(sum)
	}

	switch {
	case !s.files.discard:
		b.data = chain{seg}
	case s.opt.Verify != nil:
		b.data = drawn{s.opt.Verify}
	}

	if b.mime == "" {
		b.mime = "application/octet-stream"
	}

	return b, nil
}

// typeByName is the type that a file's name says where its sender knew none.
func typeByName(sent, name string) string {
	if guess, _, _ := strings.Cut(mime.TypeByExtension(path.Ext(name)), ";"); sent == "application/octet-stream" &&
		guess != "" {
		return guess
	}
	return sent
}

// sentTogether answers an operation with files, as the parts of a form.
func sentTogether(blobs []*blob) *answer {
	return &answer{stream: func(c *call) error {
		form := multipart.NewWriter(c.w)
		c.w.Header().Set("Content-Type", `multipart/mixed; boundary="`+form.Boundary()+`"`)
		c.w.WriteHeader(http.StatusOK)
		for _, b := range blobs {
			part, err := form.CreatePart(map[string][]string{
				"Content-Type":        {b.mime},
				"Content-Disposition": {disposition(b.name)},
			})
			if err != nil {
				return nil // the client has gone
			}
			if err := b.copyTo(part); err != nil {
				return err
			}
		}

		return form.Close()
	}}
}

func (b *blob) copyTo(w io.Writer) error {
	r, err := b.open()
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = copyWide(w, r)
	return err
}

func disposition(name string) string {
	return mime.FormatMediaType("attachment", map[string]string{"filename": name})
}
