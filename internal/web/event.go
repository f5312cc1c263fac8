package web

import (
	"context"
	"net/http"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// event receives what a webhook tells: verify, record, answer. No remote system
// is asked, and what is told is never believed.
func (s *Server) event(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), answerTime)
	defer cancel()
	body, err := callBody(w, r)
	if err != nil {
		return err
	}

	// An unknown webhook takes as long as a wrong signature, and gets the same answer.
	secret, err := s.Webhooks.Secret(ctx, r.PathValue("id"))
	known := err == nil
	if fault.Is(err, fault.NotFound) {
		secret, err = unknownSecret, nil
	}

	if err == nil {
		err = s.authentic(r, body, secret)
	}

	if err == nil && !known {
		err = notAuthentic()
	}

	if err != nil {
		return err
	}

	// Record where to look; the rest is done later.
	e, err := v4.ParseEvent(body)
	if err != nil {
		return fault.New(fault.Invalid, "This is not an event of a webhook.").Because(err)
	}

	if err := s.Webhooks.Record(ctx, r.PathValue("id"), e); err != nil {
		return err
	}

	w.WriteHeader(http.StatusNoContent)
	return nil
}
