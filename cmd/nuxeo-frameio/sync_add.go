package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type syncAdd struct {
	clientFlags
	Target    string        `arg:"" name:"folder" optional:"" help:"Uid or path of the Nuxeo folder."`
	Team      string        `aliases:"workspace" env:"-" help:"Name or id of a team; needed when you belong to several. --workspace is the same." placeholder:"TEAM"`
	Project   string        `env:"-" help:"Name or id of a project of the team." placeholder:"PROJECT"`
	Folder    string        `env:"-" help:"Folder of the project, as names with slashes between them, or an id; without it the whole project." placeholder:"FOLDER"`
	Type      string        `env:"-" help:"Document type of what is brought." default:"File"`
	Fetch     string        `env:"-" help:"What a document gets of its file: ${enum}. A proxy is what Frame.io made of it to look at; with metadata there is no content, but a poster and the link." enum:"original,proxy,metadata" default:"original"`
	Earlier   bool          `name:"earlier-versions" env:"-" help:"Bring the files below the head of a version stack too, as versions of the document."`
	Comments  bool          `env:"-" help:"Bring comments too." default:"true" negatable:""`
	Events    bool          `env:"-" help:"Follow what happens on Frame.io between two runs." default:"true" negatable:""`
	Name      string        `env:"-" help:"Only files with such a name, as in \"*.mov\"." placeholder:"PATTERN"`
	Media     []string      `env:"-" help:"Only such files: video, audio, image, document. Several with commas." placeholder:"KIND"`
	Most      string        `env:"-" help:"Only files of at most this size, like 500M or 2G." placeholder:"SIZE"`
	Status    []string      `env:"-" help:"Only files with such an approval status. Several with commas." placeholder:"NAME"`
	Gone      string        `env:"-" help:"What happens to documents whose file is gone on Frame.io: ${enum}." enum:"keep,trash" default:"keep"`
	Conflicts string        `env:"-" help:"Whose content stays when both sides changed it: ${enum}. With both, what Frame.io has becomes a second document." enum:"nuxeo,frameio,both" default:"nuxeo"`
	Every     time.Duration `env:"-" help:"How often it runs by itself, from 5m to a year, like 30m or 24h; without it on demand." placeholder:"DURATION"`
	DryRun    bool          `env:"-" help:"Only say what it would bring."`
	List      bool          `env:"-" help:"List the teams you can choose instead; with --project the folders of the project, with --team its projects."`
	NoWait    bool          `env:"-" help:"Do not wait until everything has arrived."`
}

// Run synchronizes a folder and shows how it goes.
func (c *syncAdd) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		if c.List {
			return c.choices(t, k)
		}

		form, err := c.form(t, k)
		if err != nil {
			return err
		}

		if c.DryRun {
			return c.preview(t, k, form)
		}

		// Begin, and follow the first run.
		got, err := k.AddSync(t.ctx, form)
		if err != nil {
			return err
		}

		if s := got; !c.JSON {
			t.printf("%s mirrors %s.\nsync %s\n", s.FolderPath, originOf(*s), s.Id)
		}

		return c.follow(t, k, *got, c.NoWait)
	})
}

func (c *syncAdd) form(t *terminal, k *client) (api.SyncForm, error) {
	gone, conflicts, fetch := api.SyncFormGone(c.Gone), api.SyncFormConflicts(c.Conflicts), api.SyncFormFetch(c.Fetch)
	form := api.SyncForm{
		Folder: c.Target, DocumentType: &c.Type, Comments: &c.Comments, Gone: &gone, Conflicts: &conflicts,
		Fetch: &fetch, EarlierVersions: &c.Earlier, Events: &c.Events,
	}
	if c.Target == "" {
		return form, fault.Field("folder", "Give the uid or the path of a Nuxeo folder.", "Which folder?")
	}

	if err := c.options(&form); err != nil {
		return form, err
	}

	if c.Project == "" {
		return form, fault.Field("project", "Give --project; `nuxeo-frameio sync add --list --team TEAM` shows them.",
			"Which project?")
	}

	err := c.source(t, k, &form)
	return form, err
}

// options are the schedule and the filter.
func (c *syncAdd) options(form *api.SyncForm) error {
	minutes := int(c.Every / time.Minute)
	if c.Every != time.Duration(minutes)*time.Minute || c.Every < 0 {
		return fault.Field("every", "Give whole minutes, from 5m to a year, or leave it out.",
			"A synchronization cannot run every %s.", c.Every)
	}

	most, err := parseSize(c.Most)
	if err != nil {
		return err
	}

	form.EveryMinutes, form.Filter = &minutes, &api.SyncFilter{}
	if most > 0 {
		form.Filter.Most = &most
	}

	if c.Name != "" {
		form.Filter.Name = &c.Name
	}

	if len(c.Status) > 0 {
		form.Filter.Status = &c.Status
	}

	form.Filter.Media = mediaOf(c.Media)
	return nil
}

func mediaOf(words []string) *[]api.SyncFilterMedia {
	var media []api.SyncFilterMedia
	for _, w := range words {
		media = append(media, api.SyncFilterMedia(strings.ToLower(w)))
	}
	if media == nil {
		return nil
	}
	return &media
}

// parseSize reads a number of bytes, with a unit or without; empty is 0.
func parseSize(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}

	// Units are steps of a thousand, as everywhere.
	word, factor := strings.TrimSuffix(strings.ToUpper(strings.ReplaceAll(text, " ", "")), "B"), 1.0
	for _, unit := range []string{"K", "M", "G", "T"} {
		factor *= 1000
		if number, ok := strings.CutSuffix(word, unit); ok {
			word = number
			return sizeIn(text, word, factor)
		}
	}

	return sizeIn(text, word, 1)
}

func sizeIn(text, number string, factor float64) (int64, error) {
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || !(f*factor >= 1 && f*factor < 1e18) {
		return 0, fault.Field("most", "Give a size like 500M or 2G.", "%q is not a size.", text)
	}
	return int64(f * factor), nil
}

// source finds what is to be mirrored.
func (c *syncAdd) source(t *terminal, k *client, form *api.SyncForm) error {
	team, err := k.team(t, "team", c.Team)
	if err != nil {
		return err
	}

	project, err := k.project(t, team, c.Project)
	if err != nil {
		return err
	}

	form.Team, form.Project = team.Id, project.Id
	if strings.Trim(c.Folder, "/") == "" {
		return nil
	}

	folder, err := k.frameioFolder(t, team, project, c.Folder)
	form.FrameioFolder = &folder
	return err
}

func (c *syncAdd) preview(t *terminal, k *client, form api.SyncForm) error {
	p, err := k.PreviewSync(t.ctx, nil, form)
	if err != nil {
		return err
	}

	if c.JSON {
		return printJSON(t, p)
	}

	more := ""
	if !p.Complete {
		more = " so far; there was no time to count them all"
	}

	t.printf("It would bring %s, %s%s.\n", treeText(p.Assets, p.Folders), plain.Size(p.Bytes), more)
	t.printf("Frame.io's limits let that take at least %s, and the bytes their own time.\n",
		time.Duration(p.Seconds)*time.Second)
	return nil
}

// choices lists what can be chosen next.
func (c *syncAdd) choices(t *terminal, k *client) error {
	if c.Team == "" && c.Project == "" {
		all, whyEmpty, err := k.teams(t)
		if err != nil {
			return err
		}
		return c.listTeams(t, all, whyEmpty)
	}

	// The more is given, the deeper it lists: teams, projects, folders.
	team, err := k.team(t, "team", c.Team)
	if err != nil {
		return err
	}

	if c.Project == "" {
		return c.listProjects(t, k, team)
	}

	return c.listFolders(t, k, team)
}

func (c *syncAdd) listProjects(t *terminal, k *client, team api.Workspace) error {
	all, err := k.projects(t, team)
	if err != nil || c.JSON {
		return orJSON(t, all, err)
	}

	var rows [][]string
	for _, p := range all {
		rows = append(rows, []string{p.Name, p.Id})
	}

	return table(t, "The team has no projects.", "PROJECT\tID", rows)
}

func (c *syncAdd) listFolders(t *terminal, k *client, team api.Workspace) error {
	project, err := k.project(t, team, c.Project)
	if err != nil {
		return err
	}

	at := project.RootFolder
	if strings.Trim(c.Folder, "/") != "" {
		if at, err = k.frameioFolder(t, team, project, c.Folder); err != nil {
			return err
		}
	}

	all, err := k.frameioFolders(t, team, at)
	if err != nil || c.JSON {
		return orJSON(t, all, err)
	}

	var rows [][]string
	for _, f := range all {
		rows = append(rows, []string{f.Name, f.Id})
	}

	return table(t, "There are no folders in it.", "FOLDER\tID", rows)
}

// orJSON prints a value unless there is an error.
func orJSON(t *terminal, v any, err error) error {
	if err != nil {
		return err
	}
	return printJSON(t, v)
}
