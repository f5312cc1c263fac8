package nuxeosim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

func (s *Server) now() time.Time { return s.opt.Now().UTC().Truncate(time.Millisecond) }

// versionLabel is "1.1", with a plus once the document has moved on.
func (n *node) versionLabel() string {
	label := fmt.Sprintf("%d.%d", n.long("uid:major_version"), n.long("uid:minor_version"))
	if n.checkedOut && !n.isVersion() && label != "0.0" {
		label += "+"
	}
	return label
}

// checkIn makes a version of a live document; NONE takes the numbers as they
// are.
func (s *Server) checkIn(p *principal, n *node, option, comment string) *node {
	major, minor := n.long("uid:major_version"), n.long("uid:minor_version")
	switch option {
	case "MAJOR":
		major, minor = major+1, 0
	case "MINOR":
		minor++
	}

	s.repo.set(n, "uid:major_version", major)
	s.repo.set(n, "uid:minor_version", minor)
	n.checkedOut = false
	n.sysToken++
	v := &node{
		id: s.opt.NewID(), name: n.name, typ: n.typ, extra: slices.Clone(n.extra), props: maps.Clone(n.props),
		source: n, sourceID: n.id, state: n.state,
	}

	n.versions = append(n.versions, v)
	s.repo.add(v)
	s.copyComments(n, v)
	s.event(p, "documentCheckedIn", n, strings.TrimSpace(n.versionLabel()+" "+comment))
	return v
}

// checkOut makes a document writable as something newer than its version.
func (s *Server) checkOut(p *principal, n *node) {
	if n.checkedOut {
		return
	}
	n.checkedOut = true
	n.sysToken++
	s.event(p, "documentCheckedOut", n, "")
}

// restore brings back what a version holds. What is checked out is not saved
// before; callers do that.
func (s *Server) restore(p *principal, version *node) error {
	n := version.source
	if n == nil {
		return notFound("The live document of version %s does not exist", version.id)
	}

	for key := range n.props {
		if _, kept := version.props[key]; !kept {
			s.repo.set(n, key, nil)
		}
	}

	for key, v := range version.props {
		s.repo.set(n, key, v)
	}

	n.extra = slices.Clone(version.extra)
	n.checkedOut = false
	n.sysToken++
	n.userToken++
	s.event(p, "documentRestored", n, "")
	return nil
}

func (n *node) lastVersion() *node {
	if len(n.versions) == 0 {
		return nil
	}
	return n.versions[len(n.versions)-1]
}

// versionAfter checks in after a write: as the request says, or else by policy, which a
// write that changed nothing does not ask.
func (s *Server) versionAfter(p *principal, n *node, ch change, changed bool) {
	if n.isVersion() || ch.silent {
		return
	}

	if ch.option == "MAJOR" || ch.option == "MINOR" {
		if s.repo.hasFacet(n, "Versionable") && n.checkedOut {
			s.checkIn(p, n, ch.option, ch.comment)
		}
		return
	}

	if changed {
		s.automaticVersion(p, n, n, ch, false)
	}
}

// automaticVersion applies the policy of the lowest order that matches. Before
// an update it saves what was there; the node still is as it was, and next is as
// it will be.
func (s *Server) automaticVersion(p *principal, next, n *node, ch change, before bool) {
	if ch.silent || !s.repo.hasFacet(n, "Versionable") {
		return
	}

	view := matching{server: s, user: p, previous: n, current: n, change: ch}
	if next != nil {
		view.current = next
	}

	policy := s.policies.match(view, before)
	if policy == nil || policy.increment == "NONE" || !n.checkedOut {
		return
	}

	s.checkIn(p, n, policy.increment, "")
	if before {
		n.checkedOut = true
	}
}
