package frameiosim

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// EventFate is what becomes of one event on its way, beside the tries that are
// due when nobody takes it.
type EventFate struct {
	Lost   bool          // it is never sent
	Times  int           // how often it is sent, each time as if it were new; 0: once
	Behind time.Duration // how long it is held back, so that later ones overtake it
}

// Healthy loses no event, and sends each once.
func Healthy(int) EventFate { return EventFate{} }

// emit records what somebody did and sends an event of it. The caller holds mu.
func (s *Server) emit(kind, resource, person string) {
	s.audit(auditOf[kind], resource, person)
	s.tell(kind, resource, person)
}

// tell sends an event to the webhooks that want it, as Frame.io does by itself
// when something changed, and does not wait. The caller holds mu.
func (s *Server) tell(kind, resource, person string) {
	if s.opt.Events == nil {
		return
	}

	deliveries, err := s.eventBodies(Event{Type: kind, ResourceID: resource, PersonID: person})
	if err != nil || len(deliveries) == 0 {
		return
	}

	s.eventSeq++
	fate := s.opt.Events(s.eventSeq)
	if fate.Lost {
		return
	}

	for range max(1, fate.Times) {
		for _, d := range deliveries {
			s.sending.Go(func() { s.carry(d, fate.Behind) })
		}
	}
}

// carry sends one event, as often as the real sender does.
func (s *Server) carry(d *delivery, behind time.Duration) {
	wait(s.life, behind)
	var result ActionResult
	for pause := s.opt.EventBackoff; s.life.Err() == nil; pause *= 2 {
		s.try(s.life, d, &result)
		if result.OK() || result.Attempts >= eventTries {
			return
		}
		wait(s.life, pause)
	}
}

// eventTries is how often an event is sent that nobody takes.
const eventTries = 5

// SendEvent calls every active webhook that wants the event once and gives
// what they answered; Attempts is 1 in each result.
func (s *Server) SendEvent(ctx context.Context, e Event) ([]ActionResult, error) {
	s.mu.RLock()
	deliveries, err := s.eventBodies(e)
	s.mu.RUnlock()
	if err != nil {
		return nil, err
	}

	var out []ActionResult
	for _, d := range deliveries {
		var result ActionResult
		start := time.Now()
		s.try(ctx, d, &result)
		result.Elapsed = time.Since(start)
		out = append(out, result)
	}

	return out, ctx.Err()
}

// eventBodies are what each webhook that wants an event is sent. The caller holds
// mu.
func (s *Server) eventBodies(e Event) (out []*delivery, err error) {
	p, resource := s.eventSubject(e.ResourceID)
	payload := object{
		"type": e.Type, "resource": resource, "project": object{"id": p.id}, "workspace": object{"id": p.workspace.id},
		"account": object{"id": p.workspace.account.id}, "user": object{"id": e.PersonID},
	}

	for key, value := range e.Extra {
		payload[key] = value
	}

	body, err := json.Marshal(payload)
	for _, h := range p.workspace.webhooks {
		if h.active && !h.deleted && slices.Contains(h.events, e.Type) {
			d := &delivery{
				spec:    DeliverSpec{Skew: e.Skew},
				url:     h.url,
				secret:  h.secret,
				body:    body,
				timeout: s.actionTimeout(&action{}),
			}
			if e.Secret != "" {
				d.secret = e.Secret
			}
			out = append(out, d)
		}
	}

	return out, err
}

func (s *Server) eventSubject(id string) (*project, object) {
	if k := s.comments[id]; k != nil {
		return k.project(), object{"id": id, "type": "comment"}
	}
	n := s.mustNode(id)
	return n.project, object{"id": id, "type": n.kind}
}

// arrived says that all bytes of a file are there. The caller holds mu.
func (s *Server) arrived(n *node) {
	s.emit("file.upload.completed", n.id, n.creator)
	s.emit("file.ready", n.id, n.creator)
}

// eventKind begins the name of an event about an asset; a stack has none of its
// own and is told of as a file.
func eventKind(n *node) string {
	if n.kind == kindFolder {
		return "folder"
	}
	return "file"
}
