package nuxeo

import (
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

const (
	sourceContent  = "frameio"          // for new content
	sourceMetadata = "frameio-metadata" // for everything else
)

var versionCases = []Case{
	{
		Name: "check-in-makes-one-version", Uses: []string{"CheckIn", "LastVersion", "Versions"}, Source: "[M] §15.1",
		What: "Document.CheckIn makes one minor version of a document that is checked out, which names the " +
			"document, and none of one that is checked in.",
		Why: "It keeps what is there before it is replaced; metadata of a version must be told from those of a copy.",
		Helps: "Look at the versioning policies: `doctor --fix` tries them, and doc/package.md says where those of a " +
			"customer belong.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.filled(w, "doc", "one")
			live, err := w.CheckIn(s.Context(), d.UID)
			s.Must(err)
			s.Want("answer", live.UID, d.UID)
			s.Want("checked out", live.IsCheckedOut, false)
			v := s.last(w, d.UID)
			s.True(v.IsVersion && v.UID != d.UID, "it is a version with an id of its own")
			s.Want("document that it is a version of", v.VersionableID, d.UID)
			s.Want("label", v.VersionLabel, "0.1")
			s.holding("version", v, "one")
			s.checkIn(w, d.UID)
			s.Want("versions", s.labels(w, d.UID), []string{"0.1"})
		},
	},
	{
		Name: "create-version-without-saving-makes-none", Uses: []string{"CheckIn"}, Source: "[M] §15.1",
		What: "Document.CreateVersion with saveDocument false answers 200 and makes no version.",
		Why:  "A success is no version: look for it.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.filled(w, "doc", "one")
			s.Want("status", s.op(w, "Document.CreateVersion", d.UID,
				m{"increment": "Minor", "saveDocument": false}).Status, 200)
			s.Want("versions", s.labels(w, d.UID), []string{})
			s.Want("status with saving", s.op(w, "Document.CreateVersion", d.UID, m{"increment": "Minor"}).Status, 200)
			s.Want("versions", s.labels(w, d.UID), []string{"0.1"})
			s.Want("status when checked in", s.op(w, "Document.CreateVersion", d.UID, m{"increment": "Minor"}).Status,
				200)
			s.Want("versions", s.labels(w, d.UID), []string{"0.1"})
		},
	},
	{
		Name: "check-out-then-in-makes-another", Uses: []string{"CheckOut", "CheckIn", "LatestVersions"},
		Source: "[M] §15.24",
		What:   "After Document.CheckOut, Document.CheckIn makes another version though nothing was written.",
		Why:    "It keeps content that no version holds although the document says it is checked in.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.filled(w, "doc", "one")
			s.checkIn(w, d.UID)
			out, err := w.CheckOut(s.Context(), d.UID)
			s.Must(err)
			s.Want("checked out", out.IsCheckedOut, true)
			s.checkIn(w, d.UID)
			list, err := w.LatestVersions(s.Context(), d.UID, 1, all)
			s.Must(err)
			s.Want("versions asked for", len(list), 1)
			s.Want("label of the latest", list[0].VersionLabel, "0.2")
		},
	},
	{
		Name: "no-version-is-204", Uses: []string{"LastVersion", "Versions"}, Source: "[M] recorded versions",
		What: "Document.GetLastVersion answers 204 where there is none, Document.GetVersions an empty list.",
		Why:  "None must be told from failed.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.file(w, "doc")
			s.Want("GetLastVersion", s.op(w, "Document.GetLastVersion", d.UID, nil).Status, 204)
			v, err := w.LastVersion(s.Context(), d.UID, all)
			s.Must(err)
			s.True(v == nil, "there is none")
			s.Want("versions", s.labels(w, d.UID), []string{})
		},
	},
	{
		Name: "a-write-checks-out", Uses: []string{"Update"}, Source: "[M] recorded versions",
		What: "A write checks a document out, whose label then has a plus in Web UI only.",
		Why:  "It tells that no version holds what is there.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.filled(w, "doc", "one")
			s.checkIn(w, d.UID)
			s.update(w, d.UID, m{"dc:description": "new"}, nuxeo.WriteOptions{})
			s.Want("checked out", s.get(w, d.UID).IsCheckedOut, true)
			s.Kind("label of a document that is checked out: %s", s.get(w, d.UID).VersionLabel)
		},
	},
	{
		Name: "version-is-read-only", Uses: []string{"Update"}, Source: "[M] §15.21",
		What: "A write on a version is 500.",
		Why:  "500 here is no failure of the server: do not try again.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.filled(w, "doc", "one")
			s.checkIn(w, d.UID)
			v := s.last(w, d.UID)
			s.Want("status", s.put(w, v.UID, m{"dc:description": "x"}, nil).Status, 500)
		},
	},
	{
		Name: "version-is-restored", Uses: []string{"RestoreVersion"}, Source: "[M] recorded versions",
		What: "Document.RestoreVersion on a version makes the document what the version is, also in what people " +
			"wrote since; that can be written again.",
		Why: "It takes back what a failed step has left, and what people wrote must not go with it.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.filled(w, "doc", "one")
			s.checkIn(w, d.UID)
			v := s.last(w, d.UID)
			s.update(w, d.UID, m{"dc:description": "since"}, nuxeo.WriteOptions{})
			s.update(w, d.UID, m{"file:content": nuxeo.Uploading(s.batch(w, "two.bin", "two!"))}, nuxeo.WriteOptions{})
			s.Must(w.RestoreVersion(s.Context(), v.UID))
			back := s.get(w, d.UID)
			s.holding("document", back, "one")
			s.Want("description that came with the version", back.Text("dc:description"), "")
			s.update(w, d.UID, m{"dc:description": "since"}, nuxeo.WriteOptions{})
			again := s.get(w, d.UID)
			s.holding("document", again, "one")
			s.Want("description that was written again", again.Text("dc:description"), "since")
		},
	},
	{
		Name: "version-of-a-deleted-document-is-403", Uses: []string{"Get", "Delete"}, Admin: true,
		Source: "[M] §15.21",
		What:   "Once a document is deleted its versions are 403, or gone, for who is not an administrator.",
		Why:    "403 there is no right that could be given.",
		Try: func(s *Scene) {
			d := s.filled(s.Ann(), "doc", "one")
			s.checkIn(s.Ann(), d.UID)
			v := s.last(s.Ann(), d.UID)
			s.remove(s.Ann(), d.UID)
			_, err := s.Ann().Get(s.Context(), v.UID, nuxeo.Fetch{})
			got := nuxeo.StatusOf(err)
			s.True(got == 403 || got == 404, "status %d", got)
			s.Kind("version of a deleted document: %d", got)
		},
	},
	{
		Name: "versioning-option-answers-the-version", Uses: []string{"Update"}, Source: "[S] §2.8",
		What: "A write with X-Versioning-Option MAJOR makes a major version and answers with it; another word is 400.",
		Why:  "The id in an answer may not be the document's.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.filled(w, "doc", "one")
			a := s.put(w, d.UID, m{"dc:description": "x"}, map[string]string{"X-Versioning-Option": "MAJOR"})
			s.Want("status", a.Status, 200)
			s.Want("isVersion", a.JSON()["isVersion"], any(true))
			s.Want("versions", s.labels(w, d.UID), []string{"1.0"})
			s.Want("unknown option", s.put(w, d.UID, m{}, map[string]string{"X-Versioning-Option": "HUGE"}).Status, 400)
		},
	},
	{
		Name: "versions-hold-what-was", Uses: []string{"Versions"}, Source: "[S] Document.GetVersions",
		What: "All versions come in one call, numbered, each with its own content.",
		Why:  "The digest tells which version was published.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.filled(w, "doc", "0")
			for _, text := range []string{"00", "000", "0000"} {
				s.checkIn(w, d.UID)
				s.update(w, d.UID, m{"file:content": nuxeo.Uploading(s.batch(w, "x.bin", text))}, nuxeo.WriteOptions{})
			}

			list, err := w.Versions(s.Context(), d.UID, all)
			s.Must(err)
			s.Want("versions", s.labels(w, d.UID), []string{"0.1", "0.2", "0.3"})
			for i, v := range list {
				s.holding(v.VersionLabel, v, "0000"[:i+1])
			}
		},
	},
}

var policyCases = []Case{
	{
		Name: "creation-with-source-makes-a-version", Uses: []string{"Create"}, Source: "[M] §15.12",
		What: "A document that is made with the source of new content has version 0.1 at once and is checked in.",
		Why:  "That version would be without facet and properties: documents are made otherwise.",
		Try: func(s *Scene) {
			w := s.Writer()
			d, err := w.Create(s.Context(), s.Folder(), nuxeo.NewDocument{
				Name: "doc", Type: "File", Properties: m{"file:content": nuxeo.Uploading(s.batch(w, "x.bin", "x"))},
			}, nuxeo.WriteOptions{Source: sourceContent})
			s.Must(err)
			s.Want("checked out", s.get(w, d.UID).IsCheckedOut, false)
			s.Want("versions", s.labels(w, d.UID), []string{"0.1"})
		},
	},
	{
		Name: "creation-for-metadata-makes-none", Uses: []string{"Create"}, Source: "[M] §15.12",
		What: "A document that is made with the source of metadata has no version.",
		Why:  "It is how a first publish begins.",
		Helps: "Look at the versioning policies: `doctor --fix` tries them, and doc/package.md says where those of a " +
			"customer belong.",
		Try: func(s *Scene) {
			d, err := s.Writer().Create(s.Context(), s.Folder(), nuxeo.NewDocument{Name: "doc", Type: "File"},
				nuxeo.WriteOptions{Source: sourceMetadata})
			s.Must(err)
			s.Want("versions", s.labels(s.Writer(), d.UID), []string{})
			s.Want("checked out", s.get(s.Writer(), d.UID).IsCheckedOut, true)
		},
	},
	{
		Name: "first-publish-in-order", Uses: []string{"Create", "AddFacet", "Update"}, Source: "[M] §15.23",
		What: "Made empty, given the facet and its properties, and content at last: exactly one version, which " +
			"holds all of it.",
		Why: "It is the order of a first publish.",
		Helps: "Look at the versioning policies: `doctor --fix` tries them, and doc/package.md says where those of a " +
			"customer belong.",
		Try: func(s *Scene) {
			w := s.Writer()
			d, err := w.Create(s.Context(), s.Folder(), nuxeo.NewDocument{Name: "doc", Type: "File"},
				nuxeo.WriteOptions{Source: sourceMetadata})
			s.Must(err)
			s.Must(w.AddFacet(s.Context(), d.UID, "FrameioAsset", sourceMetadata))
			s.update(w, d.UID, m{"frameio:fileName": "clip.mov"}, nuxeo.WriteOptions{Source: sourceMetadata})
			s.update(w, d.UID, m{"file:content": nuxeo.Uploading(s.batch(w, "clip.mov", "clip"))},
				nuxeo.WriteOptions{Source: sourceContent})
			s.Want("versions", s.labels(w, d.UID), []string{"0.1"})
			v := s.last(w, d.UID)
			s.Want("file name of the version", v.Text("frameio:fileName"), "clip.mov")
			s.holding("version", v, "clip")
		},
	},
	{
		Name: "new-content-makes-one-version", Uses: []string{"Update"}, Source: "[M] recorded attach",
		What: "Content written with the source of new content makes one minor version after it, and the answer is " +
			"that version.",
		Why: "Versions follow the customer's policies; the answer's id is not the document's.",
		Helps: "Look at the versioning policies: `doctor --fix` tries them, and doc/package.md says where those of a " +
			"customer belong.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.file(w, "doc")
			props := m{"file:content": nuxeo.Uploading(s.batch(w, "x.bin", "x"))}
			a := s.put(w, d.UID, props, map[string]string{"source": sourceContent})
			s.Want("status", a.Status, 200)
			s.Want("isVersion", a.JSON()["isVersion"], any(true))
			s.Want("versions", s.labels(w, d.UID), []string{"0.1"})
			s.Want("checked out", s.get(w, d.UID).IsCheckedOut, false)
		},
	},
	{
		Name: "nothing-changed-makes-no-version", Uses: []string{"Update"}, Source: "[M] §15.14",
		What: "A write with source that changes nothing makes no version; where there is none yet the answer is 204.",
		Why:  "A repeated step must not count versions up.",
		Helps: "Look at the versioning policies: `doctor --fix` tries them, and doc/package.md says where those of a " +
			"customer belong.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.file(w, "doc")
			a := s.put(w, d.UID, m{"dc:title": "doc"}, map[string]string{"source": sourceMetadata})
			s.Want("status without a version", a.Status, 204)
			s.update(w, d.UID, m{"file:content": nuxeo.Uploading(s.batch(w, "x.bin", "x"))},
				nuxeo.WriteOptions{Source: sourceContent})
			s.update(w, d.UID, m{"dc:title": "doc"}, nuxeo.WriteOptions{Source: sourceContent})
			s.Want("versions", s.labels(w, d.UID), []string{"0.1"})
		},
	},
	{
		Name: "somebody-else-makes-a-version", Uses: []string{"Update"}, Admin: true, Source: "[M] recorded attach",
		What: "Before somebody else's write, without source, the collaborative policy makes a minor version of what " +
			"was there.",
		Why: "Writes of the connector must say what they are for.",
		Try: func(s *Scene) {
			d := s.filled(s.Ann(), "doc", "one")
			s.update(s.Bob(), d.UID, m{"dc:description": "by bob"}, nuxeo.WriteOptions{})
			s.Want("versions", s.labels(s.Ann(), d.UID), []string{"0.1"})
			s.update(s.Ann(), d.UID, m{"dc:description": "by ann"}, nuxeo.WriteOptions{Source: sourceMetadata})
			s.Want("versions after a write for metadata", s.labels(s.Ann(), d.UID), []string{"0.1"})
		},
	},
	{
		Name: "option-none-hides-the-source", Uses: []string{"Update"}, Source: "[M] §15.14",
		What: "With X-Versioning-Option NONE the source is not read, and the answer is the document.",
		Why:  "The two headers must not be sent together.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.file(w, "doc")
			props := m{"file:content": nuxeo.Uploading(s.batch(w, "x.bin", "x"))}
			a := s.put(w, d.UID, props, map[string]string{"source": sourceContent, "X-Versioning-Option": "NONE"})
			s.Want("status", a.Status, 200)
			s.Want("uid", a.JSON()["uid"], any(d.UID))
			s.Want("versions", s.labels(w, d.UID), []string{})
		},
	},
}

var facetCases = []Case{
	{
		Name: "facet-brings-its-schema", Uses: []string{"AddFacet", "Update"}, Source: "[M] recorded facets",
		What: "Document.AddFacet adds the facet, whose properties can then be written; a second time nothing changes.",
		Why:  "It is how documents get the connector's fields.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.file(w, "doc")
			s.Must(w.AddFacet(s.Context(), d.UID, "FrameioAsset", sourceMetadata))
			s.Must(w.AddFacet(s.Context(), d.UID, "FrameioAsset", sourceMetadata))
			s.update(w, d.UID, m{
				"frameio:fileName":  "clip.mov",
				"frameio:fileSize":  5000000000,
				"frameio:frameRate": 23.976,
			}, nuxeo.WriteOptions{})

			got := s.get(w, d.UID)
			s.True(got.Has("FrameioAsset"), "it has the facet")
			s.Want("file name", got.Text("frameio:fileName"), "clip.mov")
			s.Want("file size", got.Int("frameio:fileSize"), int64(5000000000))
			s.Want("frame rate", got.Float("frameio:frameRate"), 23.976)
		},
	},
	{
		Name: "removed-facet-hides-its-data", Uses: []string{"RemoveFacet", "AddFacet"},
		Source: "[M] SQL; [S] DBSDocument.removeFacet",
		What: "Document.RemoveFacet removes the facet and hides its data, which some databases drop and others show " +
			"again with the facet.",
		Why: "Whoever adds a facet must write all of its fields: what was there before may be back.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.file(w, "doc")
			s.Must(w.AddFacet(s.Context(), d.UID, "FrameioAsset", sourceMetadata))
			s.update(w, d.UID, m{"frameio:fileName": "clip.mov"}, nuxeo.WriteOptions{})
			s.Must(w.RemoveFacet(s.Context(), d.UID, "FrameioAsset", sourceMetadata))
			s.True(!s.get(w, d.UID).Has("FrameioAsset"), "the facet is gone")
			s.Want("file name without the facet", s.get(w, d.UID).Text("frameio:fileName"), "")
			s.Must(w.AddFacet(s.Context(), d.UID, "FrameioAsset", sourceMetadata))
			s.Kind("data of a facet that was removed is back with it: %t",
				s.get(w, d.UID).Text("frameio:fileName") != "")
		},
	},
	{
		Name: "unknown-facet-is-500", Uses: []string{"AddFacet"}, Source: "[M] §15.21",
		What: "A facet that is not deployed is 500.",
		Why:  "It tells a server without the package, and no repeat helps.",
		Try: func(s *Scene) {
			err := s.Writer().AddFacet(s.Context(), s.file(s.Writer(), "doc").UID, "NoSuchFacet", "")
			s.status("unknown facet", err, 500)
		},
	},
	{
		Name: "facet-leaves-versions-alone", Uses: []string{"AddFacet"}, Admin: true, Source: "[M] §2.8",
		What: "A facet that somebody else adds makes no version, changes no contributor, and leaves a document " +
			"checked in.",
		Why: "Nobody's document must look changed by it.",
		Try: func(s *Scene) {
			d := s.filled(s.Ann(), "doc", "one")
			s.checkIn(s.Ann(), d.UID)
			s.Must(s.Bob().AddFacet(s.Context(), d.UID, "FrameioAsset", ""))
			got := s.get(s.Ann(), d.UID)
			s.Want("checked out", got.IsCheckedOut, false)
			s.Want("last contributor", got.Text("dc:lastContributor"), s.Ann().Login)
			s.Want("versions", s.labels(s.Ann(), d.UID), []string{"0.1"})
		},
	},
}
