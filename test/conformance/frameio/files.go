package frameio

import (
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
)

var uploadCases = []Case{
	{
		Name: "upload-tells-its-parts", Uses: []string{"CreateUpload"}, Source: "[V] §4.5",
		What: "A new file is 201 with status created, a type by its name, and parts whose sizes sum to the file.",
		Why:  "The parts come in this answer only.",
		Try: func(s *Scene) {
			up := s.created(s.Folder(), "clip.mov", 50_645_990)
			s.Want("status", up.Status, "created")
			s.Want("type", up.MediaType, "video/quicktime")
			s.Want("parent", up.ParentID, s.Folder())
			s.True(len(up.Parts) >= 1, "there are parts")
			s.Kind("parts of 50,645,990 bytes: %d", len(up.Parts))
		},
	},
	{
		Name: "parts-make-the-file", Uses: []string{"CreateUpload", "UploadStatus"}, Source: "[V] §4.5",
		What: "When all parts are there the upload becomes complete without a further call.",
		Why:  "Nobody tells Frame.io that it is done.",
		Try: func(s *Scene) {
			up := s.created(s.Folder(), "a.txt", 5)
			st, err := s.UploadStatus(s.Context(), s.Account, up.ID)
			s.Must(err)
			s.True(!st.Complete && !st.Failed, "nothing has arrived: %+v", st)
			for _, p := range up.Parts {
				s.Must(v4.PutPart(s.Context(), s.http(), p, up.MediaType, strings.NewReader("hello"[:p.Size])))
			}

			s.True(s.Soon(func() bool {
				st, err := s.UploadStatus(s.Context(), s.Account, up.ID)
				return err == nil && st.Complete
			}), "it is complete")
		},
	},
	{
		Name: "parts-want-their-type", Uses: []string{"CreateUpload"}, Source: "[V] §4.5",
		What: "A part sent as another type than the answer told is 403.",
		Why:  "The type is signed.",
		Try: func(s *Scene) {
			up := s.created(s.Folder(), "a.txt", 5)
			err := v4.PutPart(s.Context(), s.http(), up.Parts[0], "application/x-other", strings.NewReader("hello"))
			s.True(err != nil && strings.Contains(err.Error(), "403"), "it is refused: %v", err)
		},
	},
	{
		Name: "part-again-is-taken", Uses: []string{"CreateUpload"}, Source: "[I] S3",
		What: "A part may be sent again.",
		Why:  "After an answer that did not come it is.",
		Try: func(s *Scene) {
			up := s.created(s.Folder(), "a.txt", 5)
			for range 2 {
				s.Must(v4.PutPart(s.Context(), s.http(), up.Parts[0], up.MediaType, strings.NewReader("hello")))
			}
		},
	},
	{
		Name: "file-needs-a-size", Uses: []string{"CreateUpload"}, Source: "[V] §4.5",
		What: "A file of no bytes, and one without a name, is 422 or 400.",
		Why:  "Empty files are not pushed.",
		Try: func(s *Scene) {
			for _, body := range []map[string]any{{"name": "a.mov", "file_size": 0}, {"name": "", "file_size": 1}} {
				got := s.Raw("POST", "folders/"+s.Folder()+"/files/local_upload", body).Status
				s.True(got == 422 || got == 400, "%v: %d", body, got)
			}
		},
	},
	{
		Name: "long-names-are-refused", Uses: []string{"CreateUpload"}, Source: "[V] §4.5",
		What: "A name may have 255 characters and not more.",
		Why:  "Names are cut before.",
		Try: func(s *Scene) {
			s.created(s.Folder(), strings.Repeat("x", 251)+".mov", 1)
			_, err := s.CreateUpload(s.Context(), s.Account, s.Folder(), strings.Repeat("x", 300)+".mov", 1)
			s.True(v4.StatusOf(err) == 422 || v4.StatusOf(err) == 400, "a longer one is refused: %v", err)
		},
	},
	{
		Name: "upload-into-a-folder-that-is-gone", Uses: []string{"CreateUpload"}, Source: "[V] §2",
		What: "A file in a folder that is not there is 404.",
		Why:  "It is told, not tried again.",
		Try: func(s *Scene) {
			sub := s.made(s.Folder(), "sub")
			s.Want("deletion", s.Raw("DELETE", "folders/"+sub, nil).Status, 204)
			_, err := s.CreateUpload(s.Context(), s.Account, sub, "a.mov", 1)
			s.status("creation", err, 404)
		},
	},
	{
		Name: "address-is-fetched", Uses: []string{"CreateRemote", "UploadStatus"}, Source: "[V] §4.5",
		What: "A file that is made from an address is answered before it is fetched, and then has its bytes.",
		Why:  "Frame.io takes large files from stores by itself.",
		Try: func(s *Scene) {
			if s.Source == "" {
				s.NotTried("it needs an address that Frame.io can fetch")
			}

			f, err := s.CreateRemote(s.Context(), s.Account, s.Folder(), "remote.txt", s.Source)
			s.Must(err)
			s.True(s.Soon(func() bool {
				st, err := s.UploadStatus(s.Context(), s.Account, f.ID)
				return err == nil && st.Complete
			}), "it is complete")

			got, err := s.File(s.Context(), s.Account, f.ID)
			s.Must(err)
			s.Want("size", got.Size, int64(len(s.SourceText)))
		},
	},
}

var fileCases = []Case{
	{
		Name: "file-is-read", Uses: []string{"File"}, Source: "[V] §4.2",
		What: "A file tells name, size, parent, project, status, dates, where it is viewed, and its creator.",
		Why:  "It is what is shown and stored of it.",
		Try: func(s *Scene) {
			up := s.filled(s.Folder(), "a.txt", "hello")
			f, err := s.File(s.Context(), s.Account, up.ID)
			s.Must(err)
			s.Want("name", f.Name, "a.txt")
			s.Want("size", f.Size, int64(5))
			s.Want("parent and project", f.ParentID+f.ProjectID, s.Folder()+s.ProjectID)
			s.True(f.Uploaded() && f.ViewURL != "" && !f.Created.IsZero() && f.Creator.Name != "",
				"status, address, date and creator: %+v", f)
		},
	},
	{
		Name: "original-comes-when-asked-for", Uses: []string{"File", "Original", "FileWithOriginal"},
		Source: "[V] §4.2",
		What: "The signed address of the original comes with the include only, and gives the bytes without a " +
			"credential.",
		Why: "It is a secret that lives for a while.",
		Try: func(s *Scene) {
			up := s.filled(s.Folder(), "a.txt", "hello")
			f, err := s.File(s.Context(), s.Account, up.ID)
			s.Must(err)
			s.Want("link when not asked for", f.Link, "")
			f, err = s.Original(s.Context(), s.Account, up.ID)
			s.Must(err)
			if f.Link == "" {
				s.Stop("there is no link")
			}

			s.Want("content", s.plain("GET", f.Link, "").Body, "hello")
			both, err := s.FileWithOriginal(s.Context(), s.Account, up.ID)
			s.Must(err)
			s.True(both.Link != "" && len(both.Metadata) > 0, "link and metadata come together")
		},
	},
	{
		Name: "originals-take-ranges", Uses: []string{"Original"}, Source: "[V] §4.2",
		What: "The original's host answers a range with 206 and that part.",
		Why:  "A broken download resumes.",
		Try: func(s *Scene) {
			f, err := s.Original(s.Context(), s.Account, s.filled(s.Folder(), "a.txt", "hello").ID)
			s.Must(err)
			a := s.plain("GET", f.Link, "bytes=1-3")
			s.Want("status", a.Status, 206)
			s.Want("part", a.Body, "ell")
			s.True(strings.HasPrefix(a.Header.Get("Content-Range"), "bytes 1-3/"), "Content-Range %q",
				a.Header.Get("Content-Range"))
		},
	},
	{
		Name: "links-are-signed", Uses: []string{"Original"}, Source: "[V] §4.2",
		What: "A link whose signature was changed is 403.",
		Why:  "403 there means that a new link is needed.",
		Try: func(s *Scene) {
			f, err := s.Original(s.Context(), s.Account, s.filled(s.Folder(), "a.txt", "hello").ID)
			s.Must(err)
			address, query, _ := strings.Cut(f.Link, "?")
			s.True(query != "", "the link has a signature")
			s.Want("status", s.plain("GET", address+"?Expires=1&Signature=none&Key-Pair-Id=none", "").Status, 403)
		},
	},
	{
		Name: "original-of-nothing-is-null", Uses: []string{"Original"}, Source: "[V] §4.2",
		What: "A file of which nothing has arrived has no usable original, and the request still succeeds.",
		Why:  "It is waited for.",
		Try: func(s *Scene) {
			f, err := s.Original(s.Context(), s.Account, s.created(s.Folder(), "a.mov", 5).ID)
			s.Must(err)
			if f.Link != "" {
				s.True(s.plain("GET", f.Link, "").Status >= 400, "the link gives nothing")
			}
			s.Kind("original of a file without bytes is null: %t", f.Link == "")
		},
	},
	{
		Name: "proxies-may-be-missing", Uses: []string{"Proxies"}, Source: "[V] §4.2",
		What: "Renditions that are not there are null in an answer that succeeds.",
		Why:  "They come later or never.",
		Try: func(s *Scene) {
			f, err := s.Proxies(s.Context(), s.Account, s.created(s.Folder(), "a.mov", 5).ID)
			s.Must(err)
			s.Want("efficient", f.Proxies.Efficient, "")
		},
	},
	{
		Name: "file-is-renamed", Uses: []string{"RenameFile", "File"}, Source: "[V] §4.3",
		What: "A file's name is changed, and nothing else of it.",
		Why:  "Names follow the document's.",
		Try: func(s *Scene) {
			up := s.created(s.Folder(), "a.mov", 5)
			s.Must(s.RenameFile(s.Context(), s.Account, up.ID, "b.mov"))
			f, err := s.File(s.Context(), s.Account, up.ID)
			s.Must(err)
			s.Want("name and parent", f.Name+f.ParentID, "b.mov"+s.Folder())
		},
	},
	{
		Name: "file-is-moved", Uses: []string{"MoveFile", "File"}, Source: "[V] §4.3",
		What: "A file keeps its id when it is moved to another folder.",
		Why:  "It is followed by its id.",
		Try: func(s *Scene) {
			up, sub := s.created(s.Folder(), "a.mov", 5), s.made(s.Folder(), "sub")
			s.Must(s.MoveFile(s.Context(), s.Account, up.ID, sub))
			f, err := s.File(s.Context(), s.Account, up.ID)
			s.Must(err)
			s.Want("parent", f.ParentID, sub)
		},
	},
	{
		Name: "file-is-deleted", Uses: []string{"DeleteFile", "File"}, Source: "[V] §4.3",
		What: "A deleted file is 404, and so is its deletion again.",
		Why:  "What a failed push left is removed.",
		Try: func(s *Scene) {
			up := s.created(s.Folder(), "a.mov", 5)
			s.Must(s.DeleteFile(s.Context(), s.Account, up.ID))
			_, err := s.File(s.Context(), s.Account, up.ID)
			s.status("read", err, 404)
			s.status("deletion again", s.DeleteFile(s.Context(), s.Account, up.ID), 404)
		},
	},
	{
		Name: "folder-is-no-stack", Uses: []string{"Stack"}, Source: "[V] §4.6",
		What: "A version stack by the id of a folder is 404 or 422.",
		Why:  "What a file is in tells whether it has other versions, before it is deleted.",
		Try: func(s *Scene) {
			_, err := s.Stack(s.Context(), s.Account, s.Folder())
			code := v4.StatusOf(err)
			s.True(code == 404 || code == 422, "the status is %d", code)
		},
	},
	{
		Name: "deleted-is-listed", Uses: []string{"DeleteFile", "RecentlyDeleted"}, Source: "[V] §17",
		What: "The project lists a deleted file as recently deleted, or has no such list: 404.",
		Why:  "A person is told whether it can still be restored there.",
		Try: func(s *Scene) {
			up := s.created(s.Folder(), "a.mov", 5)
			f, err := s.File(s.Context(), s.Account, up.ID)
			s.Must(err)
			s.Must(s.DeleteFile(s.Context(), s.Account, up.ID))
			listed := false
			for d, err := range s.RecentlyDeleted(s.Context(), s.Account, f.ProjectID) {
				if v4.NotFound(err) {
					return
				}
				s.Must(err)
				listed = listed || d.ID == up.ID
			}
			s.True(listed, "the file is listed")
		},
	},
	{
		Name: "two-files-of-one-name", Uses: []string{"CreateUpload", "Files"}, Source: "[I] §4.7",
		What: "Two files of one name may be in one folder.",
		Why:  "A repeat makes another: it is looked for first.",
		Try: func(s *Scene) {
			for range 2 {
				s.created(s.Folder(), "a.mov", 5)
			}
			s.Want("files", len(all(s, s.Files(s.Context(), s.Account, s.Folder()))), 2)
		},
	},
}

// stacked makes a stack of new files.
func (s *Scene) stacked(names ...string) frameio.Stack {
	var ids []string
	for _, name := range names {
		ids = append(ids, s.created(s.Folder(), name+".mov", 5).ID)
	}
	st, err := s.CreateStack(s.Context(), s.Account, s.Folder(), ids...)
	s.Must(err)
	return st
}

var stackCases = []Case{
	{
		Name: "stack-is-made-of-files", Uses: []string{"CreateStack", "Stack", "StackFiles"}, Source: "[V] §4.6",
		What: "A stack of files has the last one as its head, and the files have it as their parent.",
		Why:  "A new version is put on top.",
		Try: func(s *Scene) {
			st, err := s.Stack(s.Context(), s.Account, s.stacked("a", "b").ID)
			s.Must(err)
			s.Want("head", st.Head.Name, "b.mov")
			s.Want("parent", st.ParentID, s.Folder())
			list := all(s, s.StackFiles(s.Context(), s.Account, st.ID))
			s.Want("files", len(list), 2)
			for _, f := range list {
				s.Want("parent of "+f.Name, f.ParentID, st.ID)
			}
		},
	},
	{
		Name: "stack-grows-by-a-move", Uses: []string{"MoveFile", "Stack"}, Source: "[V] §4.6",
		What: "A file that is moved to a stack becomes its head.",
		Why:  "It is how a version is added.",
		Try: func(s *Scene) {
			st := s.stacked("a", "b")
			c := s.created(s.Folder(), "c.mov", 5)
			s.Must(s.MoveFile(s.Context(), s.Account, c.ID, st.ID))
			got, err := s.Stack(s.Context(), s.Account, st.ID)
			s.Must(err)
			s.Want("head", got.Head.Name, "c.mov")
			s.Want("files", len(all(s, s.StackFiles(s.Context(), s.Account, st.ID))), 3)
		},
	},
	{
		Name: "stack-needs-two", Uses: []string{"CreateStack"}, Source: "[V] §4.6",
		What: "A stack of one file, and one of a file elsewhere, is refused.",
		Why:  "The file must be there first.",
		Try: func(s *Scene) {
			a := s.created(s.Folder(), "a.mov", 5)
			_, err := s.CreateStack(s.Context(), s.Account, s.Folder(), a.ID)
			s.True(v4.StatusOf(err) == 422 || v4.StatusOf(err) == 400, "of one: %v", err)
			b := s.created(s.made(s.Folder(), "sub"), "b.mov", 5)
			_, err = s.CreateStack(s.Context(), s.Account, s.Folder(), a.ID, b.ID)
			s.True(v4.StatusOf(err) >= 400, "of one elsewhere: %v", err)
		},
	},
	{
		Name: "file-leaves-the-stack", Uses: []string{"MoveFile", "StackFiles"}, Source: "[V] §4.6",
		What: "A file is taken out of a stack by moving it to the folder.",
		Why:  "What a failed push put there is taken out.",
		Try: func(s *Scene) {
			st := s.stacked("a", "b", "c")
			list := all(s, s.StackFiles(s.Context(), s.Account, st.ID))
			s.Must(s.MoveFile(s.Context(), s.Account, list[0].ID, s.Folder()))
			s.Want("files", len(all(s, s.StackFiles(s.Context(), s.Account, st.ID))), 2)
			s.True(slices.Contains(names(all(s, s.Files(s.Context(), s.Account, s.Folder())), fileName), list[0].Name),
				"it is in the folder")
		},
	},
	{
		Name: "file-of-a-stack-is-deleted", Uses: []string{"DeleteFile", "StackFiles"}, Source: "[V] §4.6",
		What: "A file of a stack is deleted like any other.",
		Why:  "A version that failed is removed.",
		Try: func(s *Scene) {
			st := s.stacked("a", "b", "c")
			s.Must(s.DeleteFile(s.Context(), s.Account, all(s, s.StackFiles(s.Context(), s.Account, st.ID))[0].ID))
			s.Want("files", len(all(s, s.StackFiles(s.Context(), s.Account, st.ID))), 2)
		},
	},
	{
		Name: "stacks-of-a-folder", Uses: []string{"FolderStacks"}, Source: "[V] §3.2",
		What: "The stacks of a folder are listed with their heads.",
		Why:  "The dialog shows what is on top.",
		Try: func(s *Scene) {
			s.stacked("a", "b")
			for _, thumbnails := range []bool{false, true} {
				list := all(s, s.FolderStacks(s.Context(), s.Account, s.Folder(), thumbnails))
				s.True(len(list) == 1 && list[0].Head.Name == "b.mov", "one with its head: %+v", list)
			}
		},
	},
	{
		Name: "stacked-files-leave-the-list", Uses: []string{"Files", "CreateStack"}, Source: "[V] §3.2",
		What: "Files in a stack are not among the files of the folder.",
		Why:  "Each asset is counted once.",
		Try: func(s *Scene) {
			s.stacked("a", "b")
			s.Want("files", len(all(s, s.Files(s.Context(), s.Account, s.Folder()))), 0)
		},
	},
}
