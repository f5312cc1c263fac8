package nuxeo

const follow = "Document.FollowLifecycleTransition"

// followed follows a transition with a key and tells the status; an empty 409, which comes for a
// moment after the first answer, is waited out.
func (s *Scene) followed(p *Person, uid, transition, key string) (status int) {
	s.Soon(func() bool {
		status = s.Raw(p, request{
			method: "POST", path: "api/v1/automation/" + follow, header: header(key),
			json: m{"params": m{"value": transition, "eventId": "a case"}, "input": "doc:" + uid},
		}).Status
		return status != 409
	})
	return status
}

func header(key string) map[string]string {
	h := map[string]string{"X-NXVoidOperation": "true"}
	if key != "" {
		h["Idempotency-Key"] = key
	}
	return h
}

var lifeCycleCases = []Case{
	{
		Name: "transition-is-followed", Uses: []string{"Operation"},
		Source: "[S] SetDocumentLifeCycle, LifeCycleCoreExtensions.xml",
		What: "A transition moves a document to another state, from project to approved, and checks it out if it is " +
			"checked in; parameters that the operation does not know are ignored, and its result dropped when it is " +
			"not wanted.",
		Why: "What comes back from review may be approved in Nuxeo, and every operation gets the same parameters.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.file(w, "doc")
			s.checkIn(w, d.UID)
			s.Want("state before", s.get(w, d.UID).State, "project")
			s.Want("status", s.followed(w, d.UID, "approve", ""), 204)
			now := s.get(w, d.UID)
			s.Want("state", now.State, "approved")
			s.Want("checked out", now.IsCheckedOut, true)
		},
	},
	{
		Name: "transition-that-does-not-lead-on-is-500", Uses: []string{"Operation"},
		Source: "[S] LifeCycleServiceImpl, LifeCycleException has no status",
		What: "A transition that the state of the document does not have, and an unknown one, are 500 without a " +
			"reason.",
		Why: "The state of the document has to be read to say why.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.file(w, "doc")
			for _, transition := range []string{"backToProject", "no-such"} {
				s.Want(transition, s.followed(w, d.UID, transition, ""), 500)
			}
			s.Want("state", s.get(w, d.UID).State, "project")
		},
	},
	{
		Name: "transition-needs-the-right", Uses: []string{"Operation"}, Admin: true,
		Source: "[S] AbstractSession.followTransition",
		What:   "Who may only read gets 403 for a transition.",
		Why:    "It says that it is the person who may not.",
		Try: func(s *Scene) {
			d := s.file(s.Writer(), "doc")
			s.Want("status", s.followed(s.Eve(), d.UID, "approve", ""), 403)
			s.Want("state", s.get(s.Writer(), d.UID).State, "project")
		},
	},
	{
		Name: "operation-with-a-key-runs-once", Uses: []string{"Operation"}, Source: "[S] NuxeoIdempotentFilter",
		What: "An operation with a key that was answered gets the first answer again, and does not run: a transition " +
			"that would not be possible any more succeeds.",
		Why:   "What Nuxeo is to do once is repeated after a lost answer.",
		Helps: "Have the nodes of Nuxeo share their key/value store.",
		Try: func(s *Scene) {
			w := s.Writer()
			d := s.file(w, "doc")
			s.Want("first", s.followed(w, d.UID, "approve", s.key("once")), 204)
			s.Want("again", s.followed(w, d.UID, "approve", s.key("once")), 204)
			s.Want("without the key", s.followed(w, d.UID, "approve", ""), 500)
		},
	},
	{
		Name: "parameter-that-begins-with-expr", Uses: []string{"Operation"},
		Source: "[M] ExecutionRequest.setParam",
		What: "A parameter of an operation that begins with expr: is text, or evaluated; with anything before it, it " +
			"is text.",
		Why: "What comes from outside, such as the name of a status, is not sent as it is.",
		Try: func(s *Scene) {
			const plain, guarded = `expr: "a" + "b"`, ` expr: "a" + "b"`
			w := s.Writer()
			d := s.file(w, "doc")
			set := func(value string) string {
				s.Want("status", s.op(w, "Document.SetProperty", d.UID,
					m{"xpath": "dc:description", "value": value}).Status, 200)
				return s.get(w, d.UID).Text("dc:description")
			}

			got := set(plain)
			s.True(got == plain || got == "ab", "the value of %s is %q", plain, got)
			s.Kind("expr: \"a\" + \"b\" as a parameter: %s", got)
			s.Want("value of what is guarded", set(guarded), guarded)
		},
	},
	{
		Name: "operations-are-there-or-405", Uses: []string{"HasOperation"}, Source: "[S] AutomationResource",
		What: "GET /automation/{id} is 200 for an operation, and 405 or 404 where there is none.",
		Why:  "The doctor tells so whether a chain of the settings exists.",
		Try: func(s *Scene) {
			for id, want := range map[string]bool{follow: true, "javascript.noSuch": false} {
				got, err := s.Writer().HasOperation(s.Context(), id)
				s.Must(err)
				s.Want(id, got, want)
			}
		},
	},
}
