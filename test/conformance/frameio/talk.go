package frameio

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
)

// commented is a file with comments, oldest first.
func (s *Scene) commented(texts ...string) string {
	f := s.created(s.Folder(), "a.mov", 5)
	for _, text := range texts {
		s.Must(s.CreateComment(s.Context(), s.Account, f.ID, text))
		time.Sleep(5 * time.Millisecond)
	}
	return f.ID
}

var commentCases = []Case{
	{
		Name: "comments-are-listed-oldest-first", Uses: []string{"CreateComment", "Comments"}, Source: "[V] §5.2",
		What: "The comments of a file are listed oldest first, with owner and date.",
		Why:  "They are taken over in that order.",
		Try: func(s *Scene) {
			list := all(s, s.Comments(s.Context(), s.Account, s.commented("one", "two", "three")))
			s.Want("texts", names(list, func(c frameio.Comment) string {
				return c.Text
			}), []string{"one", "two", "three"})
			for _, c := range list {
				s.True(c.ID != "" && c.Owner.Name != "" && !c.Created.IsZero() && !c.Completed,
					"id, owner and date: %+v", c)
			}
		},
	},
	{
		Name: "comment-tells-its-file", Uses: []string{"CommentFile"}, Source: "[V] §5.2",
		What: "A comment is read by its id and tells its file; one that is not there is 404.",
		Why:  "Webhooks name the comment only.",
		Try: func(s *Scene) {
			file := s.commented("one")
			list := all(s, s.Comments(s.Context(), s.Account, file))
			got, err := s.CommentFile(s.Context(), s.Account, list[0].ID)
			s.Must(err)
			s.Want("file", got, file)
			s.Want("deletion", s.Raw("DELETE", "comments/"+list[0].ID, nil).Status, 204)
			_, err = s.CommentFile(s.Context(), s.Account, list[0].ID)
			s.status("deleted", err, 404)
		},
	},
	{
		Name: "comment-has-a-place", Uses: []string{"Comments"}, Source: "[V] §5.2",
		What: "A comment keeps the frame and the length that it was made with.",
		Why:  "Annotations are placed by it.",
		Try: func(s *Scene) {
			f := s.created(s.Folder(), "a.mov", 5)
			a := s.Raw("POST", "files/"+f.ID+"/comments", map[string]any{
				"text": "here", "timestamp": 25,
				"duration": 50,
			})

			s.Want("status", a.Status, 201)
			list := all(s, s.Comments(s.Context(), s.Account, f.ID))
			if len(list) != 1 || list[0].Timestamp == nil {
				s.Stop("it has no place: %+v", list)
			}

			s.Want("frame", *list[0].Timestamp, int64(25))
		},
	},
	{
		Name: "comment-keeps-its-text", Uses: []string{"CreateComment", "Comments"}, Source: "[I]",
		What: "Text comes back as it was sent: signs, line breaks and emoji.",
		Why:  "It is made HTML by us, not before.",
		Try: func(s *Scene) {
			text := "a < b & \"c\"\nnext 🎬 <b>"
			s.Want("text", all(s, s.Comments(s.Context(), s.Account, s.commented(text)))[0].Text, text)
		},
	},
	{
		Name: "comments-belong-to-the-version", Uses: []string{"Comments", "CreateStack"}, Source: "[V] §4.6",
		What: "Comments stay with their file when it goes into a stack.",
		Why:  "Each version has its own.",
		Try: func(s *Scene) {
			one := s.commented("one")
			two := s.created(s.Folder(), "b.mov", 5)
			_, err := s.CreateStack(s.Context(), s.Account, s.Folder(), one, two.ID)
			s.Must(err)
			s.Want("of the first", len(all(s, s.Comments(s.Context(), s.Account, one))), 1)
			s.Want("of the second", len(all(s, s.Comments(s.Context(), s.Account, two.ID))), 0)
		},
	},
	{
		Name: "comments-of-nothing-are-404", Uses: []string{"Comments"}, Source: "[V] §2",
		What: "The comments of a file that is gone are 404.",
		Why:  "It must not be taken for a file without comments.",
		Try: func(s *Scene) {
			f := s.created(s.Folder(), "a.mov", 5)
			s.Must(s.DeleteFile(s.Context(), s.Account, f.ID))
			for _, err := range s.Comments(s.Context(), s.Account, f.ID) {
				s.status("comments", err, 404)
			}
		},
	},
}

// selection is a field of one choice, the status when there is one.
func (s *Scene) selection() frameio.Definition {
	list := all(s, s.Definitions(s.Context(), s.Account))
	i := slices.IndexFunc(list, func(d frameio.Definition) bool { return d.Type == "select" && len(d.Options) > 1 })
	if i < 0 {
		s.NotTried("the account has no field with choices")
	}
	return list[i]
}

var fieldCases = []Case{
	{
		Name: "fields-are-defined", Uses: []string{"Definitions"}, Source: "[V] §9",
		What: "The fields of an account are listed, those with choices with their options.",
		Why:  "The status is one of them, under any name.",
		Try: func(s *Scene) {
			list := all(s, s.Definitions(s.Context(), s.Account))
			s.True(len(list) > 0, "there are fields")
			s.Kind("fields: %s", strings.Join(names(list, func(d frameio.Definition) string { return d.Name }), ", "))
		},
	},
	{
		Name: "choice-is-set-and-read", Uses: []string{"SetValues", "File"}, Source: "[V] §9",
		What: "A choice is set for several files by the option's id, and comes back with its name.",
		Why:  "The status of a push is set so.",
		Try: func(s *Scene) {
			d := s.selection()
			a, b := s.created(s.Folder(), "a.mov", 5), s.created(s.Folder(), "b.mov", 5)
			s.Must(s.choose(d.ID, d.Options[1].ID, a.ID, b.ID))
			for _, id := range []string{a.ID, b.ID} {
				f, err := s.File(s.Context(), s.Account, id)
				s.Must(err)
				i := slices.IndexFunc(f.Metadata, func(m frameio.Field) bool { return m.ID == d.ID })
				s.True(i >= 0 && f.Metadata[i].Value == d.Options[1].Name, "%s is %s", d.Name, d.Options[1].Name)
			}
		},
	},
	{
		Name: "choice-by-name-is-refused", Uses: []string{"SetValues"}, Source: "[F] §2",
		What: "A choice by the option's name is 422 or 400.",
		Why:  "Ids are looked up first.",
		Try: func(s *Scene) {
			d := s.selection()
			f := s.created(s.Folder(), "a.mov", 5)
			err := s.choose(d.ID, d.Options[1].Name, f.ID)
			s.True(v4.StatusOf(err) == 422 || v4.StatusOf(err) == 400, "it is refused: %v", err)
		},
	},
}

// choose sets a selection of files to one option.
func (s *Scene) choose(field, option string, files ...string) error {
	value := []v4.FieldValue{{Field: field, Value: []string{option}}}
	return s.SetValues(s.Context(), s.Account, s.ProjectID, value, files)
}

func (s *Scene) webhook() frameio.Webhook {
	h, err := s.CreateWebhook(s.Context(), s.Account, s.project.WorkspaceID, frameio.Webhook{
		Name: s.Prefix + " hook", URL: nowhere + "hook", Events: []string{"file.created", "comment.created"},
	})
	s.Must(err)
	s.Cleanup(func() { s.Raw("DELETE", "webhooks/"+h.ID, nil) })
	return h
}

func (s *Scene) action() frameio.Action {
	a, err := s.CreateAction(s.Context(), s.Account, s.project.WorkspaceID, frameio.Action{
		Name: s.Prefix + " action", Description: "a case", Event: "conformance.try", URL: nowhere + "action",
	})
	s.Must(err)
	s.Cleanup(func() { s.Raw("DELETE", "actions/"+a.ID, nil) })
	return a
}

var hookCases = []Case{
	{
		Name: "webhook-tells-its-secret-once", Uses: []string{"CreateWebhook", "Webhooks"}, Admin: true,
		Source: "[V] §7",
		What:   "A new webhook tells its secret; lists do not.",
		Why:    "It is kept at once.",
		Try: func(s *Scene) {
			h := s.webhook()
			s.True(h.Secret != "", "there is a secret")
			list := all(s, s.Webhooks(s.Context(), s.Account, s.project.WorkspaceID))
			i := slices.IndexFunc(list, func(w frameio.Webhook) bool { return w.ID == h.ID })
			s.True(i >= 0 && list[i].Secret == "" && list[i].Active && list[i].URL == h.URL, "it is listed without")
		},
	},
	{
		Name: "webhook-gets-other-events", Uses: []string{"UpdateWebhook", "Webhooks"}, Admin: true, Source: "[V] §7",
		What: "The events of a webhook are replaced.",
		Why:  "Newer releases hear of more.",
		Try: func(s *Scene) {
			h := s.webhook()
			s.Must(s.UpdateWebhook(s.Context(), s.Account, h.ID, []string{"file.deleted"}))
			for _, w := range all(s, s.Webhooks(s.Context(), s.Account, s.project.WorkspaceID)) {
				if w.ID == h.ID {
					s.Want("events", w.Events, []string{"file.deleted"})
				}
			}
		},
	},
	{
		Name: "webhook-is-deleted", Uses: []string{"DeleteWebhook"}, Admin: true, Source: "[V] §7",
		What: "A webhook is deleted; again it is 404.",
		Why:  "404 means that it is done.",
		Try: func(s *Scene) {
			h := s.webhook()
			s.Must(s.DeleteWebhook(s.Context(), s.Account, h.ID))
			s.status("again", s.DeleteWebhook(s.Context(), s.Account, h.ID), 404)
		},
	},
	{
		Name: "action-tells-its-secret-once", Uses: []string{"CreateAction", "Actions"}, Admin: true,
		Source: "[V] §6.1",
		What:   "A new custom action tells its secret; lists do not.",
		Why:    "It is kept at once.",
		Try: func(s *Scene) {
			a := s.action()
			s.True(a.Secret != "", "there is a secret")
			list := all(s, s.Actions(s.Context(), s.Account, s.project.WorkspaceID))
			i := slices.IndexFunc(list, func(b frameio.Action) bool { return b.ID == a.ID })
			s.True(i >= 0 && list[i].Secret == "" && list[i].Name == a.Name, "it is listed without")
		},
	},
	{
		Name: "action-gets-another-name", Uses: []string{"RenameAction", "Actions"}, Admin: true, Source: "[V] §6.1",
		What: "A custom action gets another name; its address, event and secret stay.",
		Why:  "Calls of it are still signed with the secret that was told once.",
		Try: func(s *Scene) {
			a := s.action()
			s.Must(s.RenameAction(s.Context(), s.Account, a.ID, a.Name+" 2"))
			list := all(s, s.Actions(s.Context(), s.Account, s.project.WorkspaceID))
			i := slices.IndexFunc(list, func(b frameio.Action) bool { return b.ID == a.ID })
			s.True(i >= 0 && list[i].Name == a.Name+" 2" && list[i].URL == a.URL && list[i].Event == a.Event,
				"it is listed under the new name")
			s.Must(s.DeleteAction(s.Context(), s.Account, a.ID))
			s.status("when it is gone", s.RenameAction(s.Context(), s.Account, a.ID, a.Name), 404)
		},
	},
	{
		Name: "action-is-deleted", Uses: []string{"DeleteAction"}, Admin: true, Source: "[V] §6.1",
		What: "A custom action is deleted; again it is 404.",
		Why:  "404 means that it is done.",
		Try: func(s *Scene) {
			a := s.action()
			s.Must(s.DeleteAction(s.Context(), s.Account, a.ID))
			s.status("again", s.DeleteAction(s.Context(), s.Account, a.ID), 404)
		},
	},
	{
		Name: "actions-may-have-one-name", Uses: []string{"CreateAction"}, Admin: true, Source: "[I] §6.1",
		What: "Two actions of one name may be made.",
		Why:  "A repeat makes another: it is looked for first.",
		Try: func(s *Scene) {
			one, two := s.action(), s.action()
			s.True(one.ID != two.ID, "they are two")
		},
	},
	{
		Name: "audit-log-is-read", Uses: []string{"AuditLog"}, Admin: true, Source: "[V] audit_logs",
		What: "The audit log of a workspace tells what was made, newest first, or is not for this plan.",
		Why:  "Mirrors follow it.",
		Try: func(s *Scene) {
			s.created(s.Folder(), "a.mov", 5)
			for e, err := range s.AuditLog(s.Context(), s.Account, s.project.WorkspaceID, time.Now().Add(-time.Hour)) {
				if v4.StatusOf(err) == http.StatusForbidden {
					s.Kind("audit log: refused")
					return
				}
				s.Must(err)
				s.True(e.Type != "" && e.Resource != "" && e.Workspace == s.project.WorkspaceID, "an entry: %+v", e)
				s.Kind("audit log: read")
				break
			}
		},
	},
}

// unknown is an id of the right form that is nobody's.
const unknown = "15ce421f-4583-40dd-a5d9-89602f80adc1"

var errorCases = []Case{
	{
		Name: "unknown-ids-are-404", Uses: []string{"File", "Folder", "Stack", "Project", "Workspace"},
		Source: "[V] §2",
		What:   "What is not there is 404, whatever it would be.",
		Why:    "Gone is told from closed.",
		Try: func(s *Scene) {
			_, err := s.File(s.Context(), s.Account, unknown)
			s.status("file", err, 404)
			_, err = s.Client.Folder(s.Context(), s.Account, unknown)
			s.status("folder", err, 404)
			_, err = s.Stack(s.Context(), s.Account, unknown)
			s.status("stack", err, 404)
			_, err = s.Client.Project(s.Context(), s.Account, unknown)
			s.status("project", err, 404)
		},
	},
	{
		Name: "wrong-token-is-401", Uses: []string{"Me"}, Source: "[V] §2",
		What: "A token that does not hold is 401.",
		Why:  "Another is got, once.",
		Try: func(s *Scene) {
			o := s.Setup
			o.Token = "no-such-token"
			c, err := o.Connect()
			s.Must(err)
			_, err = c.Me(s.Context())
			s.status("me", err, 401)
		},
	},
	{
		Name: "errors-have-details", Uses: []string{"File"}, Source: "[V] §2",
		What: "An error has a list of errors with details.",
		Why:  "People are shown them.",
		Try: func(s *Scene) {
			a := s.Raw("GET", "files/"+unknown, nil)
			s.True(strings.Contains(a.Body, `"errors"`) && strings.Contains(a.Body, `"detail"`),
				"the body has errors with details: %s", a.Body)
		},
	},
	{
		Name: "unknown-keys-are-refused", Uses: []string{"CreateFolder"}, Source: "[F] §2",
		What: "An unknown key in a body is 422 or 400.",
		Why:  "Bodies hold nothing but what the contract has.",
		Try: func(s *Scene) {
			got := s.Raw("POST", "folders/"+s.Folder()+"/folders", map[string]any{"name": "x", "unexpected": 1}).Status
			s.True(got == 422 || got == 400, "status %d", got)
		},
	},
	{
		Name: "budgets-are-told", Uses: []string{"File"}, Source: "[V] §8",
		What: "Answers tell the budget: limit, what remains, and the window.",
		Why:  "Calls are paced by it.",
		Try: func(s *Scene) {
			a := s.Raw("GET", "folders/"+s.Folder(), nil)
			for _, name := range []string{"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-window"} {
				s.True(a.Header.Get(name) != "", "%s is there", name)
			}
		},
	},
}
