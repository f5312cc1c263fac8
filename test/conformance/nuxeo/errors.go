package nuxeo

import (
	"fmt"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

var errorCases = []Case{
	{
		Name: "errors-are-entities", Uses: []string{"Get"}, Source: "[M] recorded documents",
		What: "An error is the entity exception with status and message; of 500 the message says nothing.",
		Why:  "People are shown what Nuxeo says.",
		Try: func(s *Scene) {
			a := s.Raw(s.Writer(), request{method: "GET", path: "api/v1/id/no-such-document"})
			s.Want("entity", a.JSON()["entity-type"], any("exception"))
			s.Want("status in the body", a.JSON()["status"], any(404.0))
			a = s.op(s.Writer(), "Document.AddFacet", s.Folder(), m{"facet": "NoSuchFacet"})
			s.Want("message of 500", a.JSON()["message"], any("Internal Server Error"))
		},
	},
	{
		Name: "unknown-operation-is-405", Uses: []string{"Operation"}, Source: "[M] §15.21",
		What: "An operation that is not there is 405.",
		Why:  "It tells an older server from a document that is gone.",
		Try: func(s *Scene) {
			err := s.Writer().Operation(s.Context(), "Document.Nope", "doc:"+s.Folder(), nil, nil,
				nuxeo.WriteOptions{}, nil)
			s.status("unknown operation", err, 405)
		},
	},
	{
		Name: "missing-parameter-is-500", Uses: []string{"Operation"}, Source: "[M] §15.21",
		What: "An operation without a parameter that it needs is 500, or 400 on newer servers.",
		Why:  "No repeat helps.",
		Try: func(s *Scene) {
			got := s.op(s.Writer(), "Document.AddFacet", s.Folder(), nil).Status
			s.True(got == 500 || got == 400, "status %d", got)
			s.Kind("missing parameter: %d", got)
		},
	},
	{
		Name: "operation-on-nothing-is-404", Uses: []string{"Lock"}, Source: "[M] recorded automation errors",
		What: "An operation on a document that is not there is 404; messages begin with Failed to invoke operation.",
		Why:  "404 of an operation is the document's, not the operation's.",
		Try: func(s *Scene) {
			a := s.op(s.Writer(), "Document.Lock", "7c27408f-b42c-4294-9c7f-a97196376237", nil)
			s.Want("status", a.Status, 404)
			message, _ := a.JSON()["message"].(string)
			s.True(strings.HasPrefix(message, "Failed to invoke operation: Document.Lock"), "message %q", message)
		},
	},
	{
		Name: "operation-needs-parameters-as-an-object", Uses: []string{"Operation"}, Source: "[M] §15.21",
		What: "params null and broken JSON are 400.",
		Why:  "An empty object is sent where there are none.",
		Try: func(s *Scene) {
			for _, body := range []string{`{"params":null,"input":"doc:` + s.Folder() + `"}`, `{`} {
				s.Want(body[:1], s.Raw(s.Writer(), request{
					method: "POST", path: "api/v1/automation/Document.Lock",
					body: body,
				}).Status, 400)
			}
		},
	},
	{
		Name: "long-transactions-are-cut", Uses: []string{"Update", "Create"}, Source: "[M] §15.15",
		What:  "Nuxeo-Transaction-Timeout is taken.",
		Why:   "Attaching a large file takes longer than servers grant by default.",
		Helps: "Raise nuxeo-attach-timeout, and the timeout of transactions in Nuxeo, for files of many gigabytes.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			s.status("write", s.Writer().Update(s.Context(), d.UID, "", m{"dc:description": "x"},
				nuxeo.WriteOptions{Timeout: time.Hour}), 0)
		},
	},
	{
		Name: "audit-tells-later", Uses: []string{"test/conformance"}, Source: "[S] §2.13",
		What: "@audit tells events of a document, newest first, a moment later.",
		Why:  "It explains afterwards what happened.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			path := "api/v1/id/" + d.UID + "/@audit?pageSize=20"
			s.True(s.Soon(func() bool {
				return strings.Contains(s.Raw(s.Writer(), request{method: "GET", path: path}).Body, `"documentCreated"`)
			}), "documentCreated is there in the end")
			s.Want("entity", s.Raw(s.Writer(), request{method: "GET", path: path}).JSON()["entity-type"],
				any("logEntries"))
		},
	},
}

// mail sends a mail to nobody.
func (s *Scene) mail(p *Person, more m) *Answer {
	params := m{"to": s.Prefix + "@example.invalid", "subject": "a case", "message": "m"}
	for k, v := range more {
		params[k] = v
	}
	return s.op(p, "Document.Mail", s.Folder(), params)
}

var mailCases = []Case{
	{
		Name: "mail-is-for-administrators", Uses: []string{"internal/mail"}, Admin: true, Source: "[M] §15.5",
		What: "Document.Mail is an empty 404 for who is not an administrator.",
		Why:  "Mail goes by SMTP or by an administrator.",
		Try: func(s *Scene) {
			a := s.mail(s.Ann(), m{"from": "case@example.invalid"})
			s.Want("status", a.Status, 404)
			s.Want("body", a.Body, "")
		},
	},
	{
		Name: "mail-needs-a-sender", Uses: []string{"internal/mail"}, Admin: true, Source: "[M] §15.5",
		What: "Document.Mail without from is 500.",
		Why:  "The sender is a setting of ours.",
		Try: func(s *Scene) {
			s.Want("status", s.mail(s.Admin(), nil).Status, 500)
		},
	},
	{
		Name: "mail-to-an-unknown-user-is-500", Uses: []string{"internal/mail"}, Admin: true, Source: "[M] §6",
		What: "Document.Mail to a user that is not there is 500.",
		Why:  "Addresses are looked up before.",
		Try: func(s *Scene) {
			s.Want("status", s.mail(s.Admin(),
				m{"from": "case@example.invalid", "to": "user:" + s.Prefix + "-nobody"}).Status, 500)
		},
	},
	{
		Name: "comments-send-no-mail", Uses: []string{"CreateComment"}, Admin: true, Source: "[M] §15.7",
		What: "The package keeps comments from subscribing people: nobody gets subscribed by commenting.",
		Why:  "An import of comments would send mail for each.",
		Try: func(s *Scene) {
			d := s.file(s.Ann(), "doc")
			s.comment(s.Bob(), d.UID, nuxeo.Comment{Text: "bob"})
			for _, p := range []*Person{s.Ann(), s.Bob()} {
				a := s.Raw(p, request{
					method: "GET",
					path:   "api/v1/id/" + d.UID,
					header: map[string]string{"enrichers-document": "subscribedNotifications"},
				})
				parameters, _ := a.JSON()["contextParameters"].(map[string]any)
				list := fmt.Sprint(parameters["subscribedNotifications"])
				s.True(!strings.Contains(list, "CommentAdded"), "%s is subscribed to %s", p.Login, list)
			}
		},
	},
}
