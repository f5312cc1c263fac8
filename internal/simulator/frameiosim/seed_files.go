package frameiosim

import (
	"os"
	"path/filepath"
	"time"
)

// FileOption says more about a file that is added.
type FileOption func(*fileSeed)

type fileSeed struct {
	media      Media
	status     string
	creator    string
	pending    bool
	noOriginal bool
	watermark  bool
	created    time.Time
	mediaType  string
	renditions map[string]Content
}

// WithMedia gives the facts of the media.
func WithMedia(m Media) FileOption { return func(f *fileSeed) { f.media = m } }

// WithStatus sets the approval to the option of that name.
func WithStatus(option string) FileOption { return func(f *fileSeed) { f.status = option } }

// WithCreator says who uploaded the file.
func WithCreator(personID string) FileOption { return func(f *fileSeed) { f.creator = personID } }

// NotUploadedYet leaves the file in status created until FinishUpload.
func NotUploadedYet() FileOption { return func(f *fileSeed) { f.pending = true } }

// NoOriginal takes away the right to download the original.
func NoOriginal() FileOption { return func(f *fileSeed) { f.noOriginal = true } }

// Watermarked: the caller sees the file with a watermark only. The link to the
// original is null, and renditions come without length and without ranges,
// since they are made while they are sent.
func Watermarked() FileOption { return func(f *fileSeed) { f.watermark = true } }

// WithCreated sets the time of creation.
func WithCreated(t time.Time) FileOption { return func(f *fileSeed) { f.created = t } }

// WithMediaType overrides what follows from the name.
func WithMediaType(t string) FileOption { return func(f *fileSeed) { f.mediaType = t } }

// WithRendition gives the content of a rendition, such as RenditionHighQuality.
func WithRendition(name string, c Content) FileOption {
	return func(f *fileSeed) {
		if f.renditions == nil {
			f.renditions = map[string]Content{}
		}
		f.renditions[name] = c
	}
}

// WithRenditions gives several renditions the same content.
func WithRenditions(c Content, names ...string) FileOption {
	return func(f *fileSeed) {
		for _, name := range names {
			WithRendition(name, c)(f)
		}
	}
}

// AddFile makes a file whose bytes are there, unless an option says otherwise.
// The parent is a folder or a stack.
func (s *Server) AddFile(parentFolderID, name string, c Content, opts ...FileOption) string {
	var seed fileSeed
	for _, opt := range opts {
		opt(&seed)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seedFile(s.mustNode(parentFolderID), name, c, seed).id
}

func (s *Server) seedFile(parent *node, name string, c Content, seed fileSeed) *node {
	n := s.newFile(parent, name, c.Size(), seed.creator)
	if n.creator == "" {
		n.creator = parent.creator
	}

	setDefault(&seed.mediaType, n.file.mediaType)
	n.file.content, n.file.media, n.file.mediaType = c, seed.media, seed.mediaType
	n.file.noOriginal, n.file.watermark, n.file.renditions = seed.noOriginal, seed.watermark, seed.renditions
	n.created = orTime(seed.created, n.created)
	n.updated = n.created
	s.emit("file.created", n.id, n.creator)
	if !seed.pending {
		s.complete(n)
		s.arrived(n)
	}

	if seed.status != "" {
		s.setStatus(n, seed.status)
	}

	return n
}

// complete says that all bytes of a seeded file are there, long since.
func (s *Server) complete(n *node) {
	n.file.completed = n.created.Add(-s.opt.UploadSettle - s.opt.TranscodeDelay)
	n.project.workspace.account.used += n.file.size
}

func (s *Server) newFile(parent *node, name string, size int64, creator string) *node {
	n := s.newNode(parent, kindFile, name, creator)
	n.file = &fileInfo{size: size, mediaType: mediaType(name)}
	return n
}

// FinishUpload completes a file that was NotUploadedYet; the delays of Options
// run from now on.
func (s *Server) FinishUpload(fileID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.mustFile(fileID)
	n.file.completed = s.now()
	n.updated = s.tick()
	s.arrived(n)
}

// Stack makes a version stack of files, oldest first, where the first one is.
func (s *Server) Stack(fileIDs ...string) (stackID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	files := make([]*node, len(fileIDs))
	for i, id := range fileIDs {
		files[i] = s.mustFile(id)
	}
	return s.newStack(files[0].parent, files, files[0].creator).id
}

// newStack is named after its head of today; the name is not kept up to date,
// as on the real system.
func (s *Server) newStack(folder *node, files []*node, creator string) *node {
	stack := s.newNode(folder, kindStack, files[len(files)-1].name, creator)
	for _, f := range files {
		f.detach()
		f.attach(s, stack)
		s.emit("file.versioned", f.id, creator)
	}
	return stack
}

// AddToStack makes a file the new head of a stack.
func (s *Server) AddToStack(stackID, fileID string) { s.Move(fileID, stackID) }

// Move puts an asset under another parent; a file into a stack becomes its head.
func (s *Server) Move(id, parentID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moveNode(s.mustNode(id), s.mustNode(parentID))
}

// Rename gives an asset another name.
func (s *Server) Rename(id, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.mustNode(id)
	n.name, n.updated = name, s.tick()
	s.emit(eventKind(n)+".updated", n.id, n.creator)
}

// Delete removes an asset and what is in it.
func (s *Server) Delete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.mustNode(id)
	s.emit(eventKind(n)+".deleted", n.id, n.creator)
	s.bin(n)
	n.detach()
	n.remove()
}

// SetOdd has an asset told of otherwise than the contract says: these members in place
// of its own. None ends it.
func (s *Server) SetOdd(id string, members map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustNode(id).odd = members
}

// SetDownloadable gives or takes the right to download the original.
func (s *Server) SetDownloadable(fileID string, allowed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustFile(fileID).file.noOriginal = !allowed
}

// ReplaceContent changes the bytes behind a file and so its ETag: the source
// that changes during a transfer.
func (s *Server) ReplaceContent(fileID string, c Content) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.mustFile(fileID)
	n.file.content, n.file.size = c, c.Size()
	n.file.version++
	n.updated = s.tick()
}

// Uploaded is the content of a file, nil while it is not complete.
func (s *Server) Uploaded(fileID string) Content {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := s.mustFile(fileID)
	if n.file.completed.IsZero() {
		return nil
	}
	return n.file.content
}

// SeedFolder copies a directory tree into a project's root: directories become
// folders, files become files that are read from where they are.
func (s *Server) SeedFolder(dir, projectID string) error {
	s.mu.RLock()
	root := must(s.projects, "project", projectID).root.id
	s.mu.RUnlock()
	return s.seedDir(dir, root)
}

func (s *Server) seedDir(dir, folderID string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}

	for _, e := range entries {
		if err := s.seedEntry(filepath.Join(dir, e.Name()), folderID, e); err != nil {
			return err
		}
	}

	return nil
}

func (s *Server) seedEntry(path, folderID string, e os.DirEntry) error {
	if e.IsDir() {
		return s.seedDir(path, s.AddFolder(folderID, e.Name()))
	}

	if !e.Type().IsRegular() {
		return nil
	}

	content, err := FileContent(path)
	if err == nil {
		s.AddFile(folderID, e.Name(), content)
	}

	return err
}
