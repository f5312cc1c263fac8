package frameio

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
)

var peopleCases = []Case{
	{
		Name: "me-has-an-address", Uses: []string{"Me"}, Source: "[V] me",
		What: "GET /v4/me tells id, name and e-mail address of who is signed in.",
		Why:  "People are matched by it.",
		Try: func(s *Scene) {
			p, err := s.Me(s.Context())
			s.Must(err)
			s.True(p.ID != "" && p.Name != "" && strings.Contains(p.Email, "@"),
				"id, name and address are there: %+v", p)
		},
	},
	{
		Name: "accounts-are-listed", Uses: []string{"Accounts"}, Source: "[V] accounts",
		What: "GET /v4/accounts lists the accounts of the person, the one that is tried among them.",
		Why:  "It is where everything begins.",
		Try: func(s *Scene) {
			list := all(s, s.Accounts(s.Context()))
			s.True(slices.ContainsFunc(list, func(a frameio.Account) bool {
				return a.ID == s.Account
			}), "it is among %d", len(list))
		},
	},
	{
		Name: "workspaces-are-listed", Uses: []string{"Workspaces", "Workspace"}, Source: "[V] §3.2",
		What: "The workspaces of an account are listed, and one is read by its id.",
		Why:  "Bindings name workspaces.",
		Try: func(s *Scene) {
			list := all(s, s.Workspaces(s.Context(), s.Account))
			s.True(slices.ContainsFunc(list, func(w frameio.Workspace) bool {
				return w.ID == s.project.WorkspaceID
			}), "the project's is among %d", len(list))
			w, err := s.Workspace(s.Context(), s.Account, s.project.WorkspaceID)
			s.Must(err)
			s.True(w.Name != "", "it has a name")
		},
	},
	{
		Name: "projects-are-listed", Uses: []string{"Projects", "Project"}, Source: "[V] §3.2",
		What: "The projects of a workspace are listed with their root folders, and one is read by its id.",
		Why:  "Everything in a project hangs below its root folder.",
		Try: func(s *Scene) {
			list := all(s, s.Projects(s.Context(), s.Account, s.project.WorkspaceID))
			i := slices.IndexFunc(list, func(p frameio.Project) bool { return p.ID == s.project.ID })
			s.True(i >= 0 && list[i].RootFolder == s.project.RootFolder, "it is there with its root folder")
			p, err := s.Project(s.Context(), s.Account, s.project.ID)
			s.Must(err)
			s.Want("workspace", p.WorkspaceID, s.project.WorkspaceID)
		},
	},
	{
		Name: "invited-projects-are-listed", Uses: []string{"InvitedProjects"}, Source: "[V] §3.2",
		What: "The projects that a person was invited to are listed apart.",
		Why:  "Guests see no workspaces.",
		Try: func(s *Scene) {
			s.Kind("invited projects: %d", len(all(s, s.InvitedProjects(s.Context(), s.Account))))
		},
	},
}

var treeCases = []Case{
	{
		Name: "folder-is-made-and-read", Uses: []string{"CreateFolder", "Folder"}, Source: "[V] §4.7",
		What: "A folder is made below another and read by its id, with its parent and project.",
		Why:  "Pushes make folders.",
		Try: func(s *Scene) {
			id := s.made(s.Folder(), "sub")
			f, err := s.Client.Folder(s.Context(), s.Account, id)
			s.Must(err)
			s.Want("name", f.Name, "sub")
			s.Want("parent", f.ParentID, s.Folder())
			s.Want("project", f.ProjectID, s.ProjectID)
		},
	},
	{
		Name: "names-may-be-the-same", Uses: []string{"CreateFolder", "Folders"}, Source: "[V] §4.7",
		What: "Two folders of one name may be in one folder.",
		Why:  "It must be looked for before a folder is made.",
		Try: func(s *Scene) {
			one, two := s.made(s.Folder(), "same"), s.made(s.Folder(), "same")
			s.True(one != two, "they are two")
			s.Want("folders", len(all(s, s.Folders(s.Context(), s.Account, s.Folder()))), 2)
		},
	},
	{
		Name: "children-are-of-three-kinds", Uses: []string{"Children"}, Source: "[V] §3.2",
		What: "The children of a folder are files, folders and stacks, each with what is its own.",
		Why:  "Mirrors go down by them.",
		Try: func(s *Scene) {
			a, b := s.created(s.Folder(), "a.mov", 1), s.created(s.Folder(), "b.mov", 1)
			s.created(s.Folder(), "c.mov", 1)
			s.made(s.Folder(), "sub")
			_, err := s.CreateStack(s.Context(), s.Account, s.Folder(), a.ID, b.ID)
			s.Must(err)
			kinds := map[frameio.Kind]int{}
			for _, c := range all(s, s.Children(s.Context(), s.Account, s.Folder())) {
				kinds[c.Kind]++
				s.True((c.File != nil) == (c.Kind == frameio.KindFile) &&
					(c.Stack != nil) == (c.Kind == frameio.KindStack), "%s has its own", c.Kind)
			}

			s.Want("kinds", kinds, map[frameio.Kind]int{
				frameio.KindFile: 1, frameio.KindFolder: 1,
				frameio.KindStack: 1,
			})
		},
	},
	{
		Name: "empty-folder-is-an-empty-list", Uses: []string{"Children", "Files", "FolderStacks"}, Source: "[V] §3.2",
		What: "An empty folder has empty lists.",
		Why:  "A mirror must not take an empty answer for a failure, nor the other way round.",
		Try: func(s *Scene) {
			s.Want("children", len(all(s, s.Children(s.Context(), s.Account, s.Folder()))), 0)
			s.Want("files", len(all(s, s.Files(s.Context(), s.Account, s.Folder()))), 0)
			s.Want("stacks", len(all(s, s.FolderStacks(s.Context(), s.Account, s.Folder(), false))), 0)
		},
	},
	{
		Name: "files-of-a-folder", Uses: []string{"Files", "FolderFiles"}, Source: "[V] §3.2",
		What: "The files of a folder are listed without those in stacks and folders, with metadata where asked for.",
		Why:  "The dialog shows them.",
		Try: func(s *Scene) {
			s.created(s.Folder(), "a.mov", 1)
			s.created(s.made(s.Folder(), "sub"), "b.mov", 1)
			s.Want("files", names(all(s, s.Files(s.Context(), s.Account, s.Folder())), fileName), []string{"a.mov"})
			for _, thumbnails := range []bool{false, true} {
				s.Want("files of the dialog",
					names(all(s, s.FolderFiles(s.Context(), s.Account, s.Folder(), thumbnails)), fileName),
					[]string{"a.mov"})
			}
		},
	},
	{
		Name: "folders-of-a-folder", Uses: []string{"Folders"}, Source: "[V] §3.2",
		What: "The folders of a folder are listed without its files.",
		Why:  "The dialog opens them one by one.",
		Try: func(s *Scene) {
			s.made(s.Folder(), "sub")
			s.created(s.Folder(), "a.mov", 1)
			s.Want("folders", names(all(s, s.Folders(s.Context(), s.Account, s.Folder())),
				func(f frameio.Folder) string { return f.Name }), []string{"sub"})
		},
	},
	{
		Name: "names-keep-their-characters", Uses: []string{"CreateFolder", "Folder"}, Source: "[I]",
		What: "Names keep letters beyond ASCII, emoji, quotes and signs.",
		Why:  "They are found again by name.",
		Try: func(s *Scene) {
			for _, name := range []string{"Ünï — 日本", "🎬 final", `a "b" & <c>`, "100 %"} {
				f, err := s.Client.Folder(s.Context(), s.Account, s.made(s.Folder(), name))
				s.Must(err)
				s.Want("name", f.Name, name)
			}
		},
	},
	{
		Name: "stack-is-no-folder", Uses: []string{"Folder", "Stack"}, Source: "[F] §2",
		What: "A stack at a folder's address, and a folder at a stack's, is 422 or 404.",
		Why:  "What a parent is can only be tried.",
		Try: func(s *Scene) {
			stack := s.stacked("a", "b")
			got := s.Raw("GET", "folders/"+stack.ID+"/children", nil).Status
			s.True(got == 422 || got == 404, "a stack as a folder: %d", got)
			s.Kind("a stack as a folder: %d", got)
			got = s.Raw("GET", "version_stacks/"+s.Folder()+"/children", nil).Status
			s.True(got == 422 || got == 404, "a folder as a stack: %d", got)
			s.Kind("a folder as a stack: %d", got)
		},
	},
	{
		Name: "deleted-folder-takes-its-content", Uses: []string{"Folder", "File"}, Source: "[V] folders delete",
		What: "A folder that is deleted is 204, and it and what was in it are 404 then.",
		Why:  "It is how a mirror learns what is gone.",
		Try: func(s *Scene) {
			sub := s.made(s.Folder(), "sub")
			f := s.created(sub, "a.mov", 1)
			s.Want("deletion", s.Raw("DELETE", "folders/"+sub, nil).Status, 204)
			_, err := s.Client.Folder(s.Context(), s.Account, sub)
			s.status("the folder", err, 404)
			s.True(s.Soon(func() bool {
				return s.Raw("GET", "files/"+f.ID, nil).Status == 404
			}), "the file is gone in the end")
		},
	},
}

// page is a page of a listing as it comes.
type page struct {
	Data  []map[string]any `json:"data"`
	Links struct {
		Next *string `json:"next"`
	} `json:"links"`
	Total *int `json:"total_count"`
}

func (s *Scene) page(path string) page {
	a := s.Raw("GET", path, nil)
	s.Want("status of "+path, a.Status, 200)
	var p page
	s.Must(json.Unmarshal([]byte(a.Body), &p))
	return p
}

// three makes three files.
func (s *Scene) three() string {
	for _, name := range []string{"a.mov", "b.mov", "c.mov"} {
		s.created(s.Folder(), name, 1)
	}
	return "folders/" + s.Folder() + "/children"
}

var pageCases = []Case{
	{
		Name: "next-link-is-a-path", Uses: []string{"Children"}, Source: "[F] §3.2",
		What: "links.next is a path that begins with /v4/ and has a cursor; on the last page it is null.",
		Why:  "It is followed.",
		Try: func(s *Scene) {
			p := s.page(s.three() + "?page_size=2")
			s.Want("entries", len(p.Data), 2)
			if p.Links.Next == nil {
				s.Stop("there is no next page")
			}
			s.True(strings.HasPrefix(*p.Links.Next, "/v4/") && strings.Contains(*p.Links.Next, "after="),
				"next %q", *p.Links.Next)
			s.Kind("links.next keeps page_size: %t", strings.Contains(*p.Links.Next, "page_size"))
			s.Want("next of the last page", s.page(s.three2()+"?page_size=100").Links.Next, (*string)(nil))
		},
	},
	{
		Name: "pages-do-not-overlap", Uses: []string{"Children", "Files"}, Source: "[V] §3.2",
		What: "Pages that are turned by the cursor give everything once.",
		Why:  "A mirror that misses one would delete it.",
		Try: func(s *Scene) {
			path, seen := s.three()+"?page_size=1", map[string]bool{}
			for range 5 {
				p := s.page(path)
				for _, d := range p.Data {
					seen[fmt.Sprint(d["id"])] = true
				}
				if p.Links.Next == nil {
					break
				}
				_, after, _ := strings.Cut(*p.Links.Next, "after=")
				after, _, _ = strings.Cut(after, "&")
				path = "folders/" + s.Folder() + "/children?page_size=1&after=" + after
			}

			s.Want("entries", len(seen), 3)
		},
	},
	{
		Name: "total-comes-when-asked-for", Uses: []string{"Children"}, Source: "[V] §3.2",
		What: "total_count comes with include_total_count only.",
		Why:  "It is not relied on.",
		Try: func(s *Scene) {
			path := s.three()
			s.Want("without", s.page(path).Total, (*int)(nil))
			if p := s.page(path + "?include_total_count=true"); p.Total == nil || *p.Total != 3 {
				s.Differ("with it there is no total of 3")
			}
		},
	},
	{
		Name: "greatest-pages", Uses: []string{"Children", "Comments"}, Source: "[V] §3.2",
		What: "Lists of assets may have pages of 500, other lists of 100; more is refused.",
		Why:  "The client asks for as much as it may.",
		Try: func(s *Scene) {
			path := "folders/" + s.Folder() + "/children?page_size="
			s.Want("500", s.Raw("GET", path+"500", nil).Status, 200)
			s.Kind("a page of 501: %d", s.Raw("GET", path+"501", nil).Status)
		},
	},
	{
		Name: "kinds-are-filtered", Uses: []string{"Children"}, Source: "[V] §3.2",
		What: "The parameter type keeps other kinds out of the children.",
		Why:  "Listings that need one kind only are shorter.",
		Try: func(s *Scene) {
			path := s.three()
			s.made(s.Folder(), "sub")
			s.Want("folders", len(s.page(path+"?type=folder").Data), 1)
		},
	},
	{
		Name: "includes-are-one-parameter", Uses: []string{"File"}, Source: "[F] §3.2",
		What: "include takes several names with commas.",
		Why:  "Of a repeated parameter only the last counts.",
		Try: func(s *Scene) {
			f := s.created(s.Folder(), "a.mov", 1)
			d := s.Raw("GET", "files/"+f.ID+"?include=metadata,creator", nil).data()
			s.True(d["metadata"] != nil && d["creator"] != nil, "both are there")
			_, has := s.Raw("GET", "files/"+f.ID, nil).data()["metadata"]
			s.Want("metadata when not asked for", has, false)
		},
	},
}

// three2 is the listing again.
func (s *Scene) three2() string { return "folders/" + s.Folder() + "/children" }
