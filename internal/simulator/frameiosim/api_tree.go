package frameiosim

import (
	"cmp"
	"slices"
	"strings"
)

func (s *Server) showFolder(c *call) (any, error) {
	return s.showNode(c, "folder_id", kindFolder)
}

func (s *Server) showStack(c *call) (any, error) {
	return s.showNode(c, "version_stack_id", kindStack)
}

func (s *Server) showFile(c *call) (any, error) { return s.showNode(c, "file_id", kindFile) }

func (s *Server) showNode(c *call, param string, k kind) (any, error) {
	n, err := s.find(c, param, k)
	if err != nil {
		return nil, err
	}
	return s.viewWith(c, n, c.includes())
}

func (s *Server) listChildren(c *call) (any, error) {
	kinds, err := wantedKinds(c.q("type"))
	if err != nil {
		return nil, err
	}
	return s.listIn(c, "folder_id", kindFolder, pageAssets, kinds)
}

func wantedKinds(raw string) ([]kind, error) {
	if raw == "" {
		return []kind{kindFile, kindFolder, kindStack}, nil
	}

	var kinds []kind
	for _, name := range strings.Split(raw, ",") {
		k := kind(strings.TrimSpace(name))
		if k != kindFile && k != kindFolder && k != kindStack {
			return nil, invalid("/type", "Invalid type %q", name)
		}
		kinds = append(kinds, k)
	}

	return kinds, nil
}

func (s *Server) listFolders(c *call) (any, error) {
	return s.listIn(c, "folder_id", kindFolder, pageAssets, []kind{kindFolder})
}

func (s *Server) listStacks(c *call) (any, error) {
	return s.listIn(c, "folder_id", kindFolder, pageAssets, []kind{kindStack})
}

// listStackChildren allows pages of 100 only, as the contract says.
func (s *Server) listStackChildren(c *call) (any, error) {
	return s.listIn(c, "version_stack_id", kindStack, pageMax, []kind{kindFile})
}

// listIn pages through a container by position: what is added or removed while
// someone pages neither repeats nor hides another child.
func (s *Server) listIn(c *call, param string, k kind, most int, kinds []kind) (any, error) {
	n, err := s.find(c, param, k)
	if err != nil {
		return nil, err
	}

	size, err := c.pageSize(most)
	if err != nil {
		return nil, err
	}

	at, err := c.after()
	if err != nil {
		return nil, err
	}

	from, _ := n.find(at)
	picked, next := pick(n.children[from:], kinds, size)
	data, err := s.viewAll(c, picked)
	if err != nil {
		return nil, err
	}

	return s.page(c, data, next, func() int { return count(n.children, kinds) }), nil
}

func pick(children []*node, kinds []kind, size int) (picked []*node, next int64) {
	picked = make([]*node, 0, min(size, len(children)))
	for _, child := range children {
		if !slices.Contains(kinds, child.kind) {
			continue
		}
		if len(picked) == size {
			return picked, child.pos
		}
		picked = append(picked, child)
	}

	return picked, 0
}

func count(children []*node, kinds []kind) (n int) {
	for _, child := range children {
		if slices.Contains(kinds, child.kind) {
			n++
		}
	}
	return n
}

func (s *Server) viewAll(c *call, nodes []*node) ([]*asset, error) {
	inc := c.includes()
	out := make([]*asset, 0, len(nodes))
	for _, n := range nodes {
		a, err := s.viewWith(c, n, inc)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}

	return out, nil
}

// listFiles is like listIn unless it is sorted, which pages by offset.
func (s *Server) listFiles(c *call) (any, error) {
	if c.q("sort") == "" {
		return s.listIn(c, "folder_id", kindFolder, pageAssets, []kind{kindFile})
	}

	n, err := s.find(c, "folder_id", kindFolder)
	if err != nil {
		return nil, err
	}

	files, _ := pick(n.children, []kind{kindFile}, len(n.children))
	files, err = sorted(c, files, map[string]func(a, b *node) int{
		"name":       func(a, b *node) int { return cmp.Compare(a.name, b.name) },
		"created_at": func(a, b *node) int { return a.created.Compare(b.created) },
		"updated_at": func(a, b *node) int { return a.updated.Compare(b.updated) },
		"file_size":  func(a, b *node) int { return cmp.Compare(a.file.size, b.file.size) },
	})
	if err != nil {
		return nil, err
	}

	return s.listFilesSorted(c, files)
}

func (s *Server) listFilesSorted(c *call, files []*node) (any, error) {
	var failed error
	out, err := list(s, c, files, pageAssets, func(n *node) any {
		a, err := s.viewWith(c, n, c.includes())
		failed = cmp.Or(failed, err)
		return a
	})
	return out, cmp.Or(err, failed)
}

func (s *Server) createFolder(c *call) (any, error) {
	parent, err := s.edit(c, "folder_id", kindFolder)
	if err != nil {
		return nil, err
	}

	in, err := decode[named](c)
	if err == nil {
		err = text("name", in.Name, 255)
	}

	if err != nil {
		return nil, err
	}

	return s.view(s.newFolder(parent, in.Name, c.person.id)), nil
}

func (s *Server) updateFolder(c *call) (any, error) { return s.rename(c, "folder_id", kindFolder) }

func (s *Server) updateFile(c *call) (any, error) { return s.rename(c, "file_id", kindFile) }

func (s *Server) rename(c *call, param string, k kind) (any, error) {
	n, err := s.edit(c, param, k)
	if err != nil {
		return nil, err
	}

	in, err := decode[named](c)
	if err == nil {
		err = text("name", in.Name, 255)
	}

	if err != nil {
		return nil, err
	}

	n.name, n.updated = in.Name, s.tick()
	s.emit(eventKind(n)+".updated", n.id, c.person.id)
	return s.view(n), nil
}

func (s *Server) deleteFolder(c *call) (any, error) { return s.drop(c, "folder_id", kindFolder) }

func (s *Server) deleteFile(c *call) (any, error) { return s.drop(c, "file_id", kindFile) }

func (s *Server) drop(c *call, param string, k kind) (any, error) {
	n, err := s.edit(c, param, k)
	if err == nil && n.parent == nil {
		err = invalid("/folder_id", "The root folder of a project cannot be deleted")
	}

	if err != nil {
		return nil, err
	}

	s.emit(eventKind(n)+".deleted", n.id, c.person.id)
	s.bin(n)
	n.detach()
	n.remove()
	return nil, nil
}

type moveTo struct {
	ParentID string `json:"parent_id"`
}

func (s *Server) moveFolder(c *call) (any, error) {
	return s.move(c, "folder_id", kindFolder, kindFolder)
}

func (s *Server) moveStack(c *call) (any, error) {
	return s.move(c, "version_stack_id", kindStack, kindFolder)
}

// moveFile also puts a file into a stack, as its new head, or takes it out.
func (s *Server) moveFile(c *call) (any, error) {
	return s.move(c, "file_id", kindFile, kindFolder, kindStack)
}

func (s *Server) move(c *call, param string, k kind, into ...kind) (any, error) {
	n, err := s.edit(c, param, k)
	if err != nil {
		return nil, err
	}

	in, err := decode[moveTo](c)
	if err != nil {
		return nil, err
	}

	target := s.reach(c, in.ParentID)
	if err := movable(c, n, target, in.ParentID, into); err != nil {
		return nil, err
	}

	s.moveNode(n, target)
	return s.view(n), nil
}

func movable(c *call, n, target *node, id string, into []kind) error {
	switch {
	case target == nil:
		return notFound("parent", id)
	case !target.project.editable(c.person.id):
		return forbidden("You do not have permission to move into this " + string(target.kind))
	case !slices.Contains(into, target.kind):
		return invalid("/data/parent_id", "Entity %s is not a %s", id, into[0])
	case n.parent == nil:
		return invalid("/folder_id", "The root folder of a project cannot be moved")
	case target.within(n):
		return invalid("/data/parent_id", "A folder cannot be moved into itself")
	}
	return nil
}

func (s *Server) moveNode(n, target *node) {
	from := n.parent
	n.detach()
	n.attach(s, target)
	n.updated = s.tick()
	if target.kind == kindStack {
		target.updated = n.updated
		s.emit("file.versioned", n.id, n.creator)
		return
	}

	if from.kind == kindStack {
		s.audit("assets_unversioned", from.id, n.creator)
	}

	s.audit("asset_moved", n.id, n.creator)
	s.tell(eventKind(n)+".updated", n.id, n.creator)
}

func (s *Server) createStack(c *call) (any, error) {
	folder, err := s.edit(c, "folder_id", kindFolder)
	if err != nil {
		return nil, err
	}

	in, err := decode[struct {
		FileIDs []string `json:"file_ids"`
	}](c)
	if err != nil {
		return nil, err
	}

	files, err := s.stackable(c, folder, in.FileIDs)
	if err != nil {
		return nil, err
	}

	return s.view(s.newStack(folder, files, c.person.id)), nil
}

func (s *Server) stackable(c *call, folder *node, ids []string) ([]*node, error) {
	if len(ids) < 2 || len(ids) > 10 {
		return nil, invalid("/data/file_ids", "file_ids must have from 2 to 10 items")
	}

	files := make([]*node, 0, len(ids))
	for _, id := range ids {
		n := s.reach(c, id)
		switch {
		case n == nil:
			return nil, notFound("file", id)
		case n.kind != kindFile:
			return nil, invalid("/data/file_ids", "Entity %s is not a file", id)
		case n.parent != folder:
			return nil, invalid("/data/file_ids", "File %s is not a direct child of the folder", id)
		case slices.Contains(files, n):
			return nil, invalid("/data/file_ids", "file_ids must be unique")
		}

		files = append(files, n)
	}

	return files, nil
}
