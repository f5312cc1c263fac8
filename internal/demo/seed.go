package demo

import (
	"bytes"
	"embed"
	"path"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
)

// media are small files of our own making, so that real bytes travel.
//
//go:embed media
var media embed.FS

// seed is who and what there is on Frame.io at the start.
type seed struct {
	josh, julia                       string
	account, workspace, project, root string
	teaser, teaserTwo, making, poster string
	jingle, extras                    string
	comment, drawing                  string
}

// places are where things are in Nuxeo.
type places struct {
	folder string // that the story publishes to
	drafts string // where the documents are that it pushes
	draft  string // the one that it pushes first
	mirror string // the folder that follows the dailies
	shorts string // left to those who try the command line
}

// placesIn are places in a workspace, or where workspaces are.
func placesIn(above string) places {
	p := places{folder: above + "/films", mirror: above + "/trailers", shorts: above + "/shorts"}
	p.drafts = p.folder + "/Drafts"
	p.draft = p.drafts + "/Trailer draft"
	return p
}

func file(name string) frameiosim.Content { return frameiosim.Bytes(mustRead(name)) }

func mustRead(name string) []byte {
	b, err := media.ReadFile("media/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	return b
}

// stillOf is a picture of one of our videos, under whatever name it came.
func stillOf(video frameiosim.Content) []byte {
	for _, name := range []string{"teaser_v1.mp4", "teaser_v2.mp4", "making_of.mov"} {
		ours := mustRead(name)
		if video.Size() != int64(len(ours)) {
			continue
		}
		theirs := make([]byte, len(ours))
		if n, _ := video.ReadAt(theirs, 0); n == len(ours) && bytes.Equal(theirs, ours) {
			return mustRead(strings.TrimSuffix(name, path.Ext(name)) + ".jpg")
		}
	}
	return nil
}

func frames(n int64) *int64 { return &n }

func (d *seed) fill(s *Stage) {
	s.repo.MkDoc(s.at.folder, "Folder", map[string]any{"dc:title": "Films"})
	s.repo.MkDoc(s.at.mirror, "Folder", map[string]any{"dc:title": "Trailers"})
	s.repo.MkDoc(s.at.drafts, "Folder", nil)
	s.repo.MkDoc(s.at.shorts, "Folder", map[string]any{"dc:title": "Shorts"})
	d.drafts(s)
	f := s.Frameio
	d.josh = f.AddPerson("Josh Editor", "josh@example.org")
	d.julia = f.AddPerson("Julia Reviewer", "julia@example.org")
	d.account = f.AddAccount("Demo Studio", d.josh)
	f.AddMember(d.account, d.julia, frameiosim.RoleMember)
	d.workspace = f.AddWorkspace(d.account, "Post production")
	d.project, d.root = f.AddProject(d.workspace, "Autumn campaign")
	d.files(f)
	d.comments(f)
}

// drafts are documents of Nuxeo that are not on Frame.io yet; of the
// interview there is a smaller rendition.
func (d *seed) drafts(s *Stage) {
	blob := func(title, file string) nuxeosim.Blob {
		return nuxeosim.Blob{Name: title + ".mov", MimeType: "video/quicktime", Data: mustRead(file)}
	}

	for title, file := range map[string]string{"Trailer draft": "making_of.mov", "Credits": "teaser_v1.mp4"} {
		s.repo.MkDoc(s.at.drafts+"/"+title, "File", map[string]any{
			"dc:creator":   s.Login("josh"),
			"file:content": blob(title, file),
		})
	}

	s.repo.MkDoc(s.at.drafts+"/Interview", "Video", map[string]any{
		"dc:creator": s.Login("josh"), "file:content": blob("Interview", "teaser_v2.mp4"),
		"vid:transcodedVideos": []any{
			map[string]any{"name": "MP4 480p", "content": blob("Interview 480p", "making_of.mov")},
		},
	})
}

func (d *seed) files(f *frameiosim.Server) {
	video := func(fps, seconds float64) frameiosim.FileOption {
		return frameiosim.WithMedia(frameiosim.Media{
			FPS: fps, Duration: seconds, Width: 640, Height: 360,
			Codec: "H.264",
		})
	}

	d.teaser = f.AddFile(d.root, "Teaser.mp4", file("teaser_v1.mp4"), video(25, 4),
		frameiosim.WithStatus("Needs Review"), frameiosim.WithCreator(d.josh))
	d.teaserTwo = f.AddFile(d.root, "Teaser second cut.mp4", file("teaser_v2.mp4"), video(25, 4),
		frameiosim.WithStatus("Approved"), frameiosim.WithCreator(d.josh))
	f.AddComment(d.teaserTwo, frameiosim.CommentSpec{Text: "Approved, ship it.", OwnerID: d.julia})
	d.making = f.AddFile(d.root, "Making of.mov", file("making_of.mov"), video(24, 3), frameiosim.WithCreator(d.julia))
	d.extras = f.AddFolder(d.root, "Extras")
	d.poster = f.AddFile(d.extras, "Poster.jpg", file("poster.jpg"), frameiosim.WithCreator(d.josh))
	d.jingle = f.AddFile(d.extras, "Jingle.wav", file("jingle.wav"), frameiosim.WithCreator(d.julia))
}

func (d *seed) comments(f *frameiosim.Server) {
	d.comment = f.AddComment(d.teaser, frameiosim.CommentSpec{
		Text:      "The logo comes too late.",
		OwnerID:   d.julia,
		Timestamp: frames(25),
		Duration:  frames(12),
	})

	f.AddComment(d.teaser, frameiosim.CommentSpec{Text: "Moved up by a second.", OwnerID: d.josh, ParentID: d.comment})
	d.drawing = f.AddComment(d.teaser, frameiosim.CommentSpec{
		Text: "This corner is too dark.", Timestamp: frames(60),
		Annotation: `[{"tool":"rect","color":"#F22237","size":4,"x":0.6,"y":0.1,"w":0.3,"h":0.25}]`,
	})

	f.AddComment(d.teaser, frameiosim.CommentSpec{Text: "Music is cleared.", OwnerID: d.julia, Completed: true})
}

// newVersion stacks the second cut on the first.
func (d *seed) newVersion(f *frameiosim.Server) { f.Stack(d.teaser, d.teaserTwo) }
