package web

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/publish"
)

const (
	// maxCall is far above a hundred selected assets.
	maxCall = 256 << 10
	// answerTime leaves a second of the five that Frame.io waits.
	answerTime = 4 * time.Second
)

// unknownSecret is verified against when there is no such action or webhook, so that
// both cases take the same way and give the same answer.
const unknownSecret = "no such action"

// action receives a run of a custom action: verify, record, answer. No remote
// system is asked.
func (s *Server) action(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), answerTime)
	defer cancel()
	body, err := callBody(w, r)
	if err != nil {
		return err
	}

	called, err := s.verified(ctx, r, body)
	if err != nil {
		return err
	}

	call, err := v4.ParseCall(body)
	if err != nil {
		return fault.New(fault.Invalid, "Not a custom action request.").Because(err)
	}

	// It is recorded before it is answered.
	answer, err := s.answer(ctx, called, call)
	if err != nil {
		return err
	}

	s.Log.InfoContext(ctx, "a custom action was run", "action", called.Binding.ActionName, "folder",
		called.Binding.FolderPath,
		"selected", len(call.Selected), "interaction", call.Interaction, "answer", answer.Title)
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(answer)
}

func (s *Server) verified(ctx context.Context, r *http.Request, body []byte) (binding.ActionCall, error) {
	called, err := s.Binding.FindAction(ctx, r.PathValue("id"))

	// An unknown action takes as long as a wrong signature, and gets the same answer.
	secret := called.Secret
	if fault.Is(err, fault.NotFound) {
		secret, err = unknownSecret, nil
	}

	if err == nil {
		err = s.authentic(r, body, secret)
	}

	if err == nil && called.Action.ID == "" {
		err = notAuthentic()
	}

	return called, err
}

// callBody reads a call of Frame.io, which comes at once or not at all.
func callBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(answerTime)) // a test's writer has none
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCall))
	if err != nil {
		return nil, fault.New(fault.Invalid, "The call is too large or broke off.").
			With("Run the action again, with fewer assets if that does not help.").Because(err)
	}
	return body, nil
}

func (s *Server) authentic(r *http.Request, body []byte, secret string) error {
	if v4.Verify(body, only(r.Header, v4.TimestampHeader), only(r.Header, v4.SignatureHeader), s.Now(), secret) != nil {
		return notAuthentic()
	}
	return nil
}

func notAuthentic() error { return fault.New(fault.Unauthenticated, "The call is not authentic.") }

// only is the value of a header that came once; of two, it is unknown which one
// a proxy before us has looked at.
func only(h http.Header, name string) string {
	if values := h.Values(name); len(values) == 1 {
		return values[0]
	}
	return ""
}

func (s *Server) answer(ctx context.Context, called binding.ActionCall, call v4.Call) (publish.Answer, error) {
	b := called.Binding
	switch b.State {
	case binding.Bound:
	case binding.Ending:
		if n, err := s.Push.Stranded(ctx, b.ID); n == 0 || err != nil || folders(call.Selected) {
			return publish.Answer{
				Title:       "Folder not bound",
				Description: "This folder is being unbound: it only takes back what is under review.",
			}, err
		}
	case binding.Making:
		return publish.Answer{
			Title:       "Not yet",
			Description: "This folder is just being bound. Try again in a moment.",
		}, nil
	default:
		return publish.Answer{
			Title:       "Folder not bound",
			Description: "This folder is no longer bound to Frame.io.",
		}, nil
	}

	// Account and workspace are those of the binding, whatever the call says.
	in := publish.Interaction{
		ActionID: called.Action.ID, InteractionID: call.Interaction, Step: call.Step, UserID: call.User,
		AccountID: called.Action.AccountID, WorkspaceID: called.Action.WorkspaceID, Binding: target(b),
	}

	for _, sel := range call.Selected {
		in.Resources = append(in.Resources, publish.Resource{ID: sel.ID, Type: sel.Type})
	}

	return s.Publish.Accept(ctx, in)
}

// folders reports whether a folder was selected.
func folders(all []v4.Selected) bool {
	return slices.ContainsFunc(all, func(s v4.Selected) bool { return s.Type == "folder" })
}

func target(b binding.Binding) publish.Binding {
	return publish.Binding{
		ID:           b.ID,
		Folder:       b.FolderUID,
		DocumentType: b.DocumentType,
		Owner:        b.Owner,
		Publishers:   b.Publishers,
	}
}
