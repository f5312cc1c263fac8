package frameiosim

func (s *Server) createLocalUpload(c *call) (any, error) {
	folder, err := s.edit(c, "folder_id", kindFolder)
	if err != nil {
		return nil, err
	}

	in, err := decode[struct {
		Name     string `json:"name"`
		FileSize int64  `json:"file_size"`
	}](c)
	if err == nil {
		err = text("name", in.Name, 255)
	}

	if err == nil && (in.FileSize < 1 || in.FileSize > uploadMax) {
		err = invalid("/data/file_size", "file_size must be from 1 to %d", int64(uploadMax))
	}

	if err != nil {
		return nil, err
	}

	return s.startUpload(c, folder, in.Name, in.FileSize)
}

func (s *Server) startUpload(c *call, folder *node, name string, size int64) (any, error) {
	n := s.newFile(folder, name, size, c.person.id)
	up, err := s.newUpload(n.id, size)
	if err != nil {
		return nil, err
	}

	n.file.upload = up
	s.emit("file.created", n.id, c.person.id)
	a := s.view(n)
	a.UploadURLs = s.uploadURLs(n)
	return a, nil
}

func (s *Server) showUploadStatus(c *call) (any, error) {
	n, err := s.find(c, "file_id", kindFile)
	if err != nil {
		return nil, err
	}

	done := s.completedAt(n.file)
	uploaded := n.file.firstPart
	if uploaded.IsZero() {
		uploaded = n.file.completed
	}

	return object{
		"id": n.id, "filetype": n.file.mediaType, "uploaded_at": stampOrNil(uploaded),
		"upload_completed_at": stampOrNil(done),
		"upload_complete":     !done.IsZero(), "upload_failed": n.file.failed,
	}, nil
}
