package nuxeo

import (
	"encoding/json"
	"mime"
	"mime/multipart"
	"strings"
)

// sentFile is a part of a form.
type sentFile struct{ name, mime, text string }

// form runs an operation as other clients do that send files: a form whose first part is
// the call. related is the Java client's and the JavaScript client's, otherwise
// form-data, which browsers send.
func (s *Scene) form(p *Person, op string, related bool, call m, header map[string]string, files ...sentFile) *Answer {
	var b strings.Builder
	w := multipart.NewWriter(&b)
	part := func(id, kind, name, text string) {
		h := map[string][]string{"Content-Type": {kind}, "Content-Disposition": {`form-data; name="` + id + `"`}}
		if related {
			h = map[string][]string{"Content-Type": {kind}, "Content-ID": {id}}
		}

		if name != "" {
			h["Content-Disposition"] = []string{
				mime.FormatMediaType("form-data", map[string]string{"name": id, "filename": name}),
			}
		}

		out, err := w.CreatePart(h)
		s.Must(err)
		_, err = out.Write([]byte(text))
		s.Must(err)
	}

	text, err := json.Marshal(call)
	s.Must(err)
	part("request", "application/json+nxrequest", "", string(text))
	for _, f := range files {
		part("input", f.mime, f.name, f.text)
	}

	s.Must(w.Close())
	kind := `multipart/form-data; boundary=` + w.Boundary()
	if related {
		kind = `multipart/related; boundary=` + w.Boundary() + `; type="application/json+nxrequest"; start="request"`
	}

	all := map[string]string{"Content-Type": kind}
	for name, value := range header {
		all[name] = value
	}

	return s.Raw(p, request{method: "POST", path: "api/v1/automation/" + op, body: b.String(), header: all})
}

// importing is the call that makes documents in the folder of the case.
func (s *Scene) importing(params m) m {
	return m{"params": params, "context": m{"currentDocument": s.Folder()}}
}

// allOf asks for all properties.
var allOf = map[string]string{"properties": "*"}

const importPath = "api/v1/automation/FileManager.Import"

var importCases = []Case{
	{
		Name: "form-carries-a-call-and-a-file", Uses: []string{importPath}, Source: "[M] multipart automation",
		What: "An operation takes a form, related or form-data, whose first part is the call and whose second is " +
			"a file.",
		Why: "The Java, Python and JavaScript clients send files so, and stand-ins for people use them.",
		Try: func(s *Scene) {
			for i, related := range []bool{true, false} {
				name := []string{"related.pdf", "data.pdf"}[i]
				a := s.form(s.Writer(), "FileManager.Import", related, s.importing(m{}), allOf,
					sentFile{name, "application/pdf", "a file"})
				s.Want("status", a.Status, 200)
				s.Want("type", a.JSON()["type"], any("File"))
				s.Want("title", a.JSON()["title"], any(name))
				uid, _ := a.JSON()["uid"].(string)
				s.holding(name, s.get(s.Writer(), uid), "a file")
			}
		},
	},
	{
		Name: "form-without-a-call-is-500", Uses: []string{importPath}, Source: "[M] multipart automation",
		What: "A form whose first part is no call in JSON is 500.",
		Why:  "It is the client's mistake, though it looks like the server's.",
		Try: func(s *Scene) {
			body := "--x\r\nContent-Type: application/json\r\nContent-Disposition: form-data; " +
				"name=\"request\"\r\n\r\n{\r\n--x--\r\n"
			a := s.Raw(s.Writer(), request{
				method: "POST",
				path:   importPath,
				body:   body,
				header: map[string]string{"Content-Type": "multipart/form-data; boundary=x"},
			})
			s.Want("status", a.Status, 500)
		},
	},
	{
		Name: "import-makes-a-document-of-each-file", Uses: []string{importPath}, Source: "[M] FileManager.Import",
		What: "FileManager.Import makes one document of each file; of several it answers with a list without pages.",
		Why:  "People drop several files on a folder at once.",
		Try: func(s *Scene) {
			a := s.form(s.Writer(), "FileManager.Import", false, s.importing(m{}), nil,
				sentFile{"one.pdf", "application/pdf", "1"}, sentFile{"two.pdf", "application/pdf", "2"})
			s.Want("status", a.Status, 200)
			entries, _ := a.JSON()["entries"].([]any)
			s.Want("documents", len(entries), 2)
			s.Want("resultsCount", a.JSON()["resultsCount"], nil)
		},
	},
	{
		Name: "import-takes-the-type-of-the-kind", Uses: []string{importPath}, Source: "[M] FileManager.Import",
		What: "An imported video is a Video, a picture a Picture, sound an Audio, text a Note that holds the text, " +
			"anything else a File. What is sent as octet-stream goes by its name, and what the name does not tell by " +
			"how it begins.",
		Why: "Documents that people make are of all these types.",
		Try: func(s *Scene) {
			for _, c := range []struct {
				file sentFile
				typ  string
			}{
				{sentFile{"clip.mp4", "video/mp4", "x"}, "Video"},
				{sentFile{"unknown.mp4", "application/octet-stream", "x"}, "Video"},
				{sentFile{"picture.png", "image/png", "x"}, "Picture"},
				{sentFile{"sound.mp3", "audio/mpeg", "x"}, "Audio"},
				{sentFile{"text.txt", "text/plain", "some text"}, "Note"},
				{sentFile{"case.zzz", "application/x-case", "\x00\x01"}, "File"},
				{sentFile{"unknown.zzz", "application/x-case", "some text"}, "Note"},
			} {
				a := s.form(s.Writer(), "FileManager.Import", true, s.importing(m{}), allOf, c.file)
				s.Want("type of "+c.file.name, a.JSON()["type"], any(c.typ))
				if props, _ := a.JSON()["properties"].(m); c.typ == "Note" {
					s.Want("note", props["note:note"], any("some text"))
				}
			}
		},
	},
	{
		Name: "import-overwrites-when-told", Uses: []string{importPath}, Source: "[M] FileManager.Import",
		What: "The same name again makes another document; with overwrite, also written overwite, it replaces the " +
			"content of the first.",
		Why: "People upload a new state of a file so: the connector must see it as a change of the same document.",
		Try: func(s *Scene) {
			w := s.Writer()
			send := func(params m, text string) *Answer {
				return s.form(w, "FileManager.Import", true, s.importing(params), nil,
					sentFile{"same.pdf", "application/pdf", text})
			}

			one := send(m{}, "one")
			uid, _ := one.JSON()["uid"].(string)
			s.Want("overwritten", send(m{"overwrite": true}, "two").JSON()["uid"], any(uid))
			s.holding("content", s.get(w, uid), "two")
			s.Want("by the other name", send(m{"overwite": true}, "three").JSON()["uid"], any(uid))
			s.holding("content", s.get(w, uid), "three")
			s.True(send(m{}, "four").JSON()["uid"] != any(uid), "another document is made without overwrite")
		},
	},
	{
		Name: "import-needs-folder-and-file", Uses: []string{importPath}, Source: "[M] FileManager.Import",
		What: "Import without currentDocument, or without a file, is 500; into a folder that is not there 404.",
		Why:  "500 here is no failure of the server.",
		Try: func(s *Scene) {
			file := sentFile{"x.pdf", "application/pdf", "x"}
			s.Want("without folder", s.form(s.Writer(), "FileManager.Import", false, m{"params": m{}, "context": m{}},
				nil, file).Status, 500)
			s.Want("without file", s.Raw(s.Writer(), request{
				method: "POST", path: importPath,
				json: s.importing(m{}),
			}).Status, 500)
			nowhere := m{"params": m{}, "context": m{"currentDocument": "/no/such/folder"}}
			s.Want("into nothing", s.form(s.Writer(), "FileManager.Import", false, nowhere, nil, file).Status, 404)
		},
	},
	{
		Name: "import-needs-the-right", Uses: []string{importPath}, Admin: true, Source: "[M] FileManager.Import",
		What: "Who may not add to the folder gets 403 from Import.",
		Why:  "A fresh server lets members only read.",
		Try: func(s *Scene) {
			a := s.form(s.Eve(), "FileManager.Import", false, s.importing(m{}), nil,
				sentFile{"x.pdf", "application/pdf", "x"})
			s.Want("status", a.Status, 403)
			s.True(strings.Contains(a.Body, "Failed to invoke operation: FileManager.Import"),
				"the message names the operation: %s", a.Body)
		},
	},
	{
		Name: "file-of-a-batch-is-imported", Uses: []string{"api/v1/upload/execute"}, Source: "[M] FileManager.Import",
		What: "POST /upload/{batch}/{index}/execute/FileManager.Import makes a document of an uploaded file.",
		Why:  "Web UI and newer clients upload first.",
		Try: func(s *Scene) {
			batch := s.batch(s.Writer(), "batch.pdf", "from a batch")
			a := s.Raw(s.Writer(), request{
				method: "POST",
				path:   "api/v1/upload/" + batch + "/0/execute/FileManager.Import",
				json:   s.importing(m{}),
			})
			s.Want("status", a.Status, 200)
			uid, _ := a.JSON()["uid"].(string)
			s.holding("content", s.get(s.Writer(), uid), "from a batch")
		},
	},
}

var asyncCases = []Case{
	{
		Name: "async-leads-to-its-result", Uses: []string{"api/v1/automation/@async"}, Source: "[M] @async",
		What: "POST …/@async is 202 with the address of a status, which is \"RUNNING\" and then 303 to the result, " +
			"which can be read again.",
		Why: "Newer clients run long operations so.",
		Try: func(s *Scene) {
			w := s.Writer()
			status := s.started(w, m{"value": s.Folder()})
			var a *Answer
			s.True(s.Soon(func() bool {
				a = s.Raw(w, request{method: "GET", path: status})
				if a.Status == 200 {
					s.Want("status while it runs", strings.TrimSpace(a.Body), `"RUNNING"`)
				}
				return a.Status != 200
			}), "it ends")

			s.Want("status at the end", a.Status, 303)
			s.Want("where it leads", below(a.Header.Get("Location")), strings.TrimSuffix(status, "/status"))
			for range 2 {
				got := s.Raw(w, request{method: "GET", path: below(a.Header.Get("Location"))})
				s.Want("result", got.Status, 200)
				s.Want("document", got.JSON()["uid"], any(s.Folder()))
			}
		},
	},
	{
		Name: "async-failure-is-the-result", Uses: []string{"api/v1/automation/@async"}, Source: "[M] @async",
		What: "An operation that fails under @async is 202 and ends with 303; only the result has the status of the " +
			"failure.",
		Why: "202 is no success.",
		Try: func(s *Scene) {
			w := s.Writer()
			status := s.started(w, m{"value": "/no/such/document"})
			s.True(s.Soon(func() bool {
				return s.Raw(w, request{method: "GET", path: status}).Status == 303
			}), "it ends")
			s.Want("result", s.Raw(w, request{method: "GET", path: strings.TrimSuffix(status, "/status")}).Status, 404)
		},
	},
	{
		Name: "async-that-never-was-is-running", Uses: []string{"api/v1/automation/@async"}, Source: "[M] @async",
		What: "The status of an execution that never was says \"RUNNING\"; its result is 404, and an unknown " +
			"operation is 404 at once.",
		Why: "Whoever waits for one that a restart has lost waits for ever.",
		Try: func(s *Scene) {
			w, at := s.Writer(), "api/v1/automation/Document.Fetch/@async/no-such-execution"
			a := s.Raw(w, request{method: "GET", path: at + "/status"})
			s.Want("status", a.Status, 200)
			s.Want("body", strings.TrimSpace(a.Body), `"RUNNING"`)
			s.Want("result", s.Raw(w, request{method: "GET", path: at}).Status, 404)
			s.Want("abort", s.Raw(w, request{method: "DELETE", path: at}).Status, 404)
			unknown := s.Raw(w, request{
				method: "POST",
				path:   "api/v1/automation/No.Such/@async",
				json:   m{"params": m{}},
			})

			s.Want("unknown operation", unknown.Status, 404)
		},
	},
}

// started begins Document.Fetch and tells where its status is.
func (s *Scene) started(p *Person, params m) string {
	a := s.Raw(p, request{
		method: "POST",
		path:   "api/v1/automation/Document.Fetch/@async",
		json:   m{"params": params, "context": m{}},
	})

	s.Want("start", a.Status, 202)
	status := below(a.Header.Get("Location"))
	s.True(strings.HasSuffix(status, "/status"), "the address of the status is told: %s", a.Header.Get("Location"))
	return status
}

// below is an address below the context path.
func below(address string) string {
	_, rest, _ := strings.Cut(address, "/nuxeo/")
	return rest
}
