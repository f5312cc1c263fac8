package nuxeo

import (
	"regexp"
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

var aboutCases = []Case{
	{
		Name: "capabilities-tell-the-version", Uses: []string{"About"}, Source: "[S] capabilities",
		What: "GET /capabilities names the distribution and its version.",
		Why:  "The doctor and the administration page tell which server this is.",
		Try: func(s *Scene) {
			v, err := s.Writer().About(s.Context())
			s.Must(err)
			s.True(regexp.MustCompile(`^20\d\d\.`).MatchString(v.Version), "version %q begins with a year", v.Version)
			s.Kind("version: %s %s", v.Distribution, v.Version)
		},
	},
	{
		Name: "type-tells-schemas-and-facets", Uses: []string{"Type"}, Source: "[M] recorded capabilities",
		What: "GET /config/types/File lists its schemas, file among them, and its facets.",
		Why:  "The dialog offers only types that can hold a file.",
		Try: func(s *Scene) {
			t, err := s.Writer().Type(s.Context(), "File")
			s.Must(err)
			s.True(t.CanHoldFile(), "File has the schema file: %v", t.Schemas)
			s.True(strings.Contains(strings.Join(t.Facets, " "), "Versionable"), "File is Versionable: %v", t.Facets)
			f, err := s.Writer().Type(s.Context(), "Folder")
			s.Must(err)
			s.True(!f.CanHoldFile(), "Folder has no schema file")
		},
	},
	{
		Name: "types-are-listed-by-name", Uses: []string{"Types"}, Source: "[S] config types",
		What: "GET /config/types lists all types with their schemas and facets.",
		Why:  "The dialog asks once for all types.",
		Try: func(s *Scene) {
			list, err := s.Writer().Types(s.Context())
			s.Must(err)
			s.True(list["File"].CanHoldFile(), "File can hold a file")
			s.True(list["Note"].Name != "" && len(list) > 10, "many types, Note among them: %d", len(list))
		},
	},
	{
		Name: "unknown-configuration-is-204", Uses: []string{"HasSchema", "HasFacet", "Type"}, Source: "[M] §15.9",
		What: "An unknown schema, facet or type is answered with 204 and nothing.",
		Why:  "Whoever takes every success for a yes finds the package where it is not.",
		Try: func(s *Scene) {
			for _, path := range []string{"schemas/nope", "facets/Nope", "types/Nope"} {
				a := s.Raw(s.Writer(), request{method: "GET", path: "api/v1/config/" + path})
				s.Want(path, a.Status, 204)
			}
		},
	},
	{
		Name: "operations-are-listed", Uses: []string{"Operation"}, Source: "[S] §2.14",
		What: "GET /automation lists the operations by id.",
		Why:  "The doctor looks for those that the connector calls.",
		Try: func(s *Scene) {
			a := s.Raw(s.Writer(), request{method: "GET", path: "api/v1/automation"})
			s.Want("status", a.Status, 200)
			for _, op := range []string{
				"Document.AddFacet", "Document.RemoveFacet", "Document.Lock", "Document.Unlock", "Document.CheckIn",
				"Document.CheckOut",
				"Document.GetVersions", "Document.GetLastVersion", "Document.RestoreVersion", "Document.Trash",
				"Document.Move", "Repository.Query",
			} {
				s.True(strings.Contains(a.Body, `"`+op+`"`), "%s is listed", op)
			}
		},
	},
	{
		Name: "default-upload-handler", Uses: []string{"NewBatch", "Do"}, Source: "[M] recorded capabilities",
		What: "GET /upload/handlers names the handler default.",
		Why:  "Uploads go to it; others would need their own protocol.",
		Try: func(s *Scene) {
			var out struct {
				Handlers []struct{ Name string } `json:"handlers"`
			}
			s.Must(s.Writer().Do(s.Context(), "GET", "api/v1/upload/handlers", nil, &out))
			var names []string
			for _, h := range out.Handlers {
				names = append(names, h.Name)
			}
			s.True(slices.Contains(names, "default"), "default is among %v", names)
			s.Kind("upload handlers: %v", names)
		},
	},
	{
		Name: "running-status", Uses: []string{"internal/doctor"}, Source: "[M] recorded capabilities",
		What: "GET /runningstatus answers 200 without credentials.",
		Why:  "It tells a server that starts from one that is down.",
		Try: func(s *Scene) {
			s.Want("status", s.Raw(s.Nobody(), request{method: "GET", path: "runningstatus"}).Status, 200)
		},
	},
}

var packageCases = []Case{
	{
		Name: "package-brings-schema-and-facets", Uses: []string{"HasSchema", "HasFacet"}, Source: "internal/addon",
		What:  "The package's schemas and facets are deployed.",
		Why:   "Nothing of the connector works without them.",
		Helps: "Install the package: nuxeoctl mp-install, then restart Nuxeo.",
		Try: func(s *Scene) {
			is, err := s.Writer().HasSchema(s.Context(), "frameio")
			s.Must(err)
			s.True(is, "there is the schema frameio")
			is, err = s.Writer().HasFacet(s.Context(), "FrameioAsset")
			s.Must(err)
			s.True(is, "there is the facet FrameioAsset")
		},
	},
	{
		Name: "package-fills-cloud-services", Uses: []string{"Provider"}, Source: "[M] recorded tokens and OAuth",
		What: "The provider frameio is in Cloud Services from the first start, its scopes as a list.",
		Why:  "Administrators only fill in id and secret.",
		Try: func(s *Scene) {
			p, err := s.Writer().Provider(s.Context(), "frameio")
			s.Must(err)
			s.Want("name", p.ServiceName, "frameio")
			s.True(strings.HasPrefix(p.AuthorizationURL, "http"), "there is an authorization URL: %q",
				p.AuthorizationURL)
			s.True(len(p.Scopes) > 0, "there are scopes")
		},
	},
	{
		Name: "provider-secret-is-for-administrators", Uses: []string{"Provider"}, Admin: true,
		Source: "[M] recorded tokens and OAuth",
		What:   "Only administrators are told the secret of a provider.",
		Why:    "The connector reads it as an administrator and must not expect it otherwise.",
		Try: func(s *Scene) {
			a := s.Raw(s.Ann(), request{method: "GET", path: "api/v1/oauth2/provider/frameio"})
			s.Want("status", a.Status, 200)
			s.Want("secret for ann", a.JSON()["clientSecret"], nil)
			_, told := s.Raw(s.Admin(), request{method: "GET", path: "api/v1/oauth2/provider/frameio"}).
				JSON()["clientSecret"]
			s.True(told, "the administrator is told")
		},
	},
	{
		Name: "unknown-provider-is-404", Uses: []string{"Provider"}, Source: "[M] recorded tokens and OAuth",
		What: "A provider that is not there is 404.",
		Why:  "It tells a server without the package.",
		Try: func(s *Scene) {
			_, err := s.Writer().Provider(s.Context(), "nope")
			s.status("unknown provider", err, 404)
		},
	},
	{
		Name: "package-properties-need-their-facet", Uses: []string{"Update", "AddFacet"}, Source: "[M] §15.2",
		What:  "Properties of a facet that a document does not have are skipped in silence.",
		Why:   "The facet must be there, and looked for, before its properties are written.",
		Helps: "Install the package of this version: nuxeoctl mp-install, then restart Nuxeo.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "bare")
			s.update(s.Writer(), d.UID, m{"frameio:fileName": "x", "dc:description": "y"}, nuxeo.WriteOptions{})
			got := s.get(s.Writer(), d.UID)
			s.Want("frameio:fileName", got.Text("frameio:fileName"), "")
			s.Want("description", got.Text("dc:description"), "y")
		},
	},
}
