package nuxeosim

import (
	"cmp"
	"slices"
	"time"
)

// commentFolder is the hidden child that holds the comments of a document.
const commentFolder = "Comments"

func (n *node) isComment() bool { return n.typ == "Comment" || n.typ == "Annotation" }

// commentsOf are the direct comments or replies, newest first.
func commentsOf(n *node) []*node {
	home := n
	if !n.isComment() {
		if home = n.byName[commentFolder]; home == nil {
			return nil
		}
	}

	var out []*node
	for _, c := range home.children {
		if c.isComment() {
			out = append(out, c)
		}
	}

	slices.SortStableFunc(out, func(a, b *node) int { return cmp.Or(b.created().Compare(a.created()), b.seq-a.seq) })
	return out
}

func (n *node) created() time.Time {
	t, _ := n.props["comment:creationDate"].(time.Time)
	return t
}

// thread are all comments below a document or comment, depth first.
func thread(n *node) []*node {
	var out []*node
	for _, c := range commentsOf(n) {
		out = append(append(out, c), thread(c)...)
	}
	return out
}

// addComment writes a comment. Its author is who writes it, whatever is sent.
func (s *Server) addComment(p *principal, on *node, typ string, sent map[string]any) (*node, error) {
	n := &node{id: s.opt.NewID(), typ: typ, props: map[string]any{}, checkedOut: true}
	if sent["entityId"] != nil || sent["origin"] != nil || sent["entity"] != nil {
		n.extra = []string{"ExternalEntity"}
	}

	props, err := s.commentProps(n, sent)
	if err != nil {
		return nil, err
	}

	for key, v := range props {
		n.props[key] = v
	}

	if n.props["comment:creationDate"] == nil {
		n.props["comment:creationDate"] = s.now()
	}

	if n.props["comment:modificationDate"] == nil {
		n.props["comment:modificationDate"] = n.props["comment:creationDate"]
	}

	n.props["comment:text"] = s.sanitized(n.text("comment:text"))
	n.props["comment:author"] = p.login
	n.props["comment:parentId"] = on.id
	n.props["comment:ancestorIds"] = ancestorsOf(on)
	s.place(p, n, on)
	s.event(p, "commentAdded", commented(n), "")
	s.subscribe(p, commented(n))
	return n, nil
}

// place puts a comment into the tree, which makes the hidden folder on demand.
func (s *Server) place(p *principal, n, on *node) {
	home := on
	if !on.isComment() {
		if home = on.byName[commentFolder]; home == nil {
			home = &node{id: s.opt.NewID(), typ: "CommentRoot", props: map[string]any{}, checkedOut: true}
			s.stampCreation(p, home)
			s.repo.attach(home, on, commentFolder)
			s.repo.add(home)
		}
	}

	s.stampCreation(p, n)
	s.repo.attach(n, home, n.id)
	s.repo.add(n)
}

// ancestorsOf lists what a comment on something hangs below: the comments
// above it and the document.
func ancestorsOf(on *node) []any {
	list := []any{on.id}
	if on.isComment() {
		above, _ := on.props["comment:ancestorIds"].([]any)
		list = append(list, above...)
	}
	return list
}

// commented is the document that a comment is about in the end.
func commented(n *node) *node {
	for n.parent != nil && (n.isComment() || n.typ == "CommentRoot") {
		n = n.parent
	}
	return n
}

var commentFields = map[string]string{
	"text": "comment:text", "creationDate": "comment:creationDate", "modificationDate": "comment:modificationDate",
	"entityId": "externalEntity:entityId", "origin": "externalEntity:origin", "entity": "externalEntity:entity",
	"xpath": "annotation:xpath",
}

func (s *Server) commentProps(n *node, sent map[string]any) (map[string]any, error) {
	props := map[string]any{}
	for name, key := range commentFields {
		if v, given := sent[name]; given {
			props[key] = v
		}
	}
	return s.values(n, props)
}

// updateComment is for the author, administrators and who holds Everything.
func (s *Server) updateComment(p *principal, n *node, sent map[string]any) error {
	if sent["entityId"] != nil && !s.repo.hasFacet(n, "ExternalEntity") {
		n.extra = append(n.extra, "ExternalEntity")
	}

	props, err := s.commentProps(n, sent)
	if err != nil {
		return err
	}

	if text, is := props["comment:text"].(string); is {
		props["comment:text"] = s.sanitized(text)
	}

	if props["comment:modificationDate"] == nil {
		props["comment:modificationDate"] = s.now()
	}

	s.write(n, props, true)
	s.event(p, "commentUpdated", commented(n), "")
	return nil
}

func (s *Server) removeComment(p *principal, n *node) {
	s.event(p, "commentRemoved", commented(n), "")
	s.repo.remove(n)
}

func mayChange(p *principal, n *node) bool {
	return p.admin || n.text("comment:author") == p.login || granted(p, commented(n), "Everything")
}

// copyComments gives a version the comments that the live document has.
func (s *Server) copyComments(from, to *node) {
	for _, c := range slices.Backward(commentsOf(from)) {
		n := &node{
			id:         s.opt.NewID(),
			typ:        c.typ,
			extra:      slices.Clone(c.extra),
			props:      map[string]any{},
			checkedOut: true,
		}

		for key, v := range c.props {
			n.props[key] = v
		}

		n.props["comment:parentId"], n.props["comment:ancestorIds"] = to.id, ancestorsOf(to)
		s.place(&principal{login: c.text("dc:creator")}, n, to)
		s.copyComments(c, n)
	}
}

func (c *call) commentJSON(n *node) map[string]any {
	m := map[string]any{
		"entity-type": "comment", "id": n.id, "parentId": n.props["comment:parentId"],
		"ancestorIds": n.props["comment:ancestorIds"],
		"author":      n.text("comment:author"), "text": n.text("comment:text"),
		"permissions": c.permissions(commented(n)),
	}

	for _, name := range []string{"creationDate", "modificationDate"} {
		if t, is := n.props["comment:"+name].(time.Time); is {
			m[name] = formatTime(t)
		}
	}

	if n.typ == "Annotation" {
		m["entity-type"], m["xpath"] = "annotation", n.props["annotation:xpath"]
	}

	if c.s.repo.hasFacet(n, "ExternalEntity") {
		for _, name := range []string{"entityId", "origin", "entity"} {
			m[name] = n.props["externalEntity:"+name]
		}
	}

	c.addReplies(m, n)
	return m
}

func (c *call) addReplies(m map[string]any, n *node) {
	if !slices.Contains(wanted(c.r, "fetch.comment", "fetch-comment", "fetch.annotation", "fetch-annotation"),
		"repliesSummary") {
		return
	}

	replies := commentsOf(n)
	m["numberOfReplies"] = len(replies)
	if len(replies) > 0 {
		m["lastReplyDate"] = formatTime(replies[0].created())
	}
}

// autoSubscribe is the property that keeps people from being subscribed. A component of
// the server's own sets it after all that do not require that component.
const (
	autoSubscribe     = "org.nuxeo.ecm.platform.comment.service.notification.autosubscribe"
	autoSubscribeFrom = "org.nuxeo.ecm.platform.comment.service.notification"
)

// subscribe subscribes who comments and the author of the document to its comments.
func (s *Server) subscribe(p *principal, n *node) {
	if s.opt.Untrue.NobodySubscribed || s.quiet {
		return
	}
	for _, login := range []string{p.login, n.text("dc:creator")} {
		s.marks.set(commenting, login, n.id, true)
	}
}
