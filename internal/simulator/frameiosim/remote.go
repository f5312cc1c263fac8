package frameiosim

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// RemoteFate is what becomes of one remote upload, which Frame.io fetches by
// itself. The zero value fetches at once and all of it.
type RemoteFate struct {
	Behind time.Duration // passes before the fetch begins
	Lost   bool          // it never begins: the file stays "created" for ever, without a byte
	Empty  bool          // nothing is fetched, and the file is said to be complete, with size 0
	Failed bool          // nothing is fetched, and the status says so
	Short  int64         // so many last bytes are missing, and the file is said to be complete
}

// remoteMax is the largest file that is fetched; an integration's notes say 50 GB.
const remoteMax = 50_000_000_000

func (s *Server) createRemoteUpload(c *call) (any, error) {
	folder, err := s.edit(c, "folder_id", kindFolder)
	if err != nil {
		return nil, err
	}

	in, err := decode[struct {
		Name      string `json:"name"`
		SourceURL string `json:"source_url"`
	}](c)
	if err == nil {
		err = text("name", in.Name, 255)
	}

	if u, bad := url.Parse(in.SourceURL); err == nil &&
		(bad != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		err = invalid("/data/source_url", "%s is not a valid URL", in.SourceURL)
	}

	if err != nil {
		return nil, err
	}

	return s.startRemote(c, folder, in.Name, in.SourceURL), nil
}

func (s *Server) startRemote(c *call, folder *node, name, source string) any {
	n := s.newFile(folder, name, 0, c.person.id)
	s.emit("file.created", n.id, c.person.id)
	fate := RemoteFate{}
	s.remoteSeq++
	if s.opt.Remote != nil {
		fate = s.opt.Remote(s.remoteSeq)
	}

	s.sending.Go(func() { s.carryOver(n, source, fate) })
	status := fmt.Sprintf("/v4/accounts/%s/files/%s/status", c.r.PathValue("account_id"), n.id)
	return &accepted{Data: s.view(n), Links: object{"status": status}}
}

// accepted is an answer that tells where its outcome will be.
type accepted struct {
	Data  any    `json:"data"`
	Links object `json:"links"`
}

// carryOver fetches the file as its fate allows, while others go on.
func (s *Server) carryOver(n *node, source string, fate RemoteFate) {
	wait(s.life, fate.Behind)
	if fate.Lost || s.life.Err() != nil {
		return
	}

	var sink uploadSink = &memorySink{}
	err := error(nil)
	switch {
	case fate.Failed:
		err = errors.New("as it was meant to")
	case !fate.Empty:
		sink, err = s.fetch(n.id, source, fate.Short)
	}

	if err != nil {
		s.opt.Logger.Debug("a remote upload failed", "file", n.id, "error", err)
	}

	s.fetched(n, sink, err == nil)
}

// fetch takes what lies at an address into a sink of its own. An address that
// does not say how long it is fails: no object store is one.
func (s *Server) fetch(id, source string, short int64) (uploadSink, error) {
	req, err := http.NewRequestWithContext(s.life, http.MethodGet, source, nil)
	if err != nil {
		return nil, errors.New("the address is none")
	}

	req.Header.Set("User-Agent", RemoteAgent)
	resp, err := s.opt.RemoteClient.Do(req)
	if err != nil {
		return nil, errors.New("the address does not answer")
	}
	defer resp.Body.Close()
	size := resp.ContentLength - short
	if resp.StatusCode != http.StatusOK || size < 0 || size > remoteMax {
		return nil, fmt.Errorf("answer %d of %d bytes", resp.StatusCode, resp.ContentLength)
	}

	return s.take(id, io.LimitReader(resp.Body, size), size)
}

func (s *Server) take(id string, body io.Reader, size int64) (uploadSink, error) {
	sink, err := s.newSink(id, size)
	if err != nil {
		return nil, err
	}

	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	n, err := io.CopyBuffer(struct{ io.Writer }{io.NewOffsetWriter(sink, 0)}, struct{ io.Reader }{body}, *buf)
	if err == nil && n != size {
		err = io.ErrUnexpectedEOF
	}

	if err != nil {
		return nil, errors.Join(err, sink.close())
	}

	return sink, nil
}

// RemoteAgent is the User-Agent of remote uploads.
const RemoteAgent = "frameiosim-remote-upload"

// fetched records how a fetch ended. The file may have been deleted meanwhile.
func (s *Server) fetched(n *node, sink uploadSink, whole bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !whole {
		n.file.failed = true
		return
	}

	n.file.upload = &upload{sink: sink} // closed with the server
	if n.deleted {
		return
	}

	n.file.size, n.file.content, n.file.completed = sink.Size(), sink, s.now()
	n.file.firstPart, n.updated = n.file.completed, s.tick()
	n.project.workspace.account.used += n.file.size
	s.arrived(n)
}
