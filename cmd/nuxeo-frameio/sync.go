package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type syncCmd struct {
	List     syncList     `cmd:"" help:"List synchronized folders." default:"withargs"`
	Add      syncAdd      `cmd:"" help:"Mirror a folder of Frame.io in one of Nuxeo, or see beforehand what that brings."`
	Show     syncShow     `cmd:"" help:"Show a synchronization."`
	Edit     syncEdit     `cmd:"" help:"Change what it takes, when it runs, and what it does with what is gone or in conflict."`
	Refresh  syncRefresh  `cmd:"" help:"Bring what has changed on Frame.io."`
	Plan     syncPlan     `cmd:"" help:"Say what a refresh would do, and change nothing. Exit code 6 when it would do something."`
	Pause    syncPause    `cmd:"" help:"Keep a synchronization from running."`
	Resume   syncResume   `cmd:"" help:"Let it run by its schedule again."`
	Remove   syncRemove   `cmd:"" help:"End a synchronization. Every document stays."`
	Check    syncCheck    `cmd:"" help:"Compare both sides and change nothing. Exit code 6 when they differ."`
	Runs     syncRuns     `cmd:"" help:"Show what the last runs did."`
	Troubles syncTroubles `cmd:"" help:"Show what could not be brought, is in conflict, or is gone on Frame.io."`
	Settle   syncSettle   `cmd:"" help:"Settle a conflict: say whose content stays."`
}

// syncFlags name a synchronization.
type syncFlags struct {
	clientFlags
	Sync string `arg:"" help:"Id of the synchronization, or uid or path of its Nuxeo folder."`
}

// sync finds the synchronization that is meant.
func (c *syncFlags) sync(t *terminal, k *client) (api.Sync, error) {
	if strings.HasPrefix(c.Sync, "/") {
		return k.syncAt(t, strings.TrimRight(c.Sync, "/"))
	}

	got, err := k.GetSync(t.ctx, c.Sync)
	if err == nil {
		return *got, nil
	}

	// It may be the uid of a folder.
	refused := err
	if !fault.Is(refused, fault.NotFound) {
		return api.Sync{}, refused
	}

	all, err := k.syncs(t, &c.Sync)
	if err == nil && len(all) == 0 {
		err = refused
	}

	if err != nil {
		return api.Sync{}, err
	}

	return all[0], nil
}

func (c *client) syncAt(t *terminal, path string) (api.Sync, error) {
	all, err := c.syncs(t, nil)
	if err != nil {
		return api.Sync{}, err
	}

	for _, one := range all {
		if one.FolderPath == path {
			return one, nil
		}
	}

	return api.Sync{}, fault.New(fault.NotFound, "The folder %s is not synchronized, or you may not see it.", path).
		With("`nuxeo-frameio sync list` shows those you may.")
}

func (c *client) syncs(t *terminal, folder *string) ([]api.Sync, error) {
	got, err := c.ListSyncs(t.ctx, &api.ListSyncsParams{Folder: folder})
	if err != nil {
		return nil, err
	}
	return got.Syncs, nil
}

type syncList struct{ clientFlags }

// Run lists synchronized folders.
func (c *syncList) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		all, err := k.syncs(t, nil)
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, all)
		}

		var rows [][]string
		for _, s := range all {
			rows = append(rows, []string{
				s.Id, s.FolderPath, originOf(s), everyText(s.EveryMinutes), s.Owner,
				syncState(s), lastText(s),
			})
		}

		return table(t, "No folder is synchronized.", "SYNC\tFOLDER\tFROM\tRUNS\tOWNER\tSTATE\tLAST RUN", rows)
	})
}

// originOf is what a folder mirrors.
func originOf(s api.Sync) string {
	parts := []string{s.TeamName, s.ProjectName}
	if s.FrameioFolderName != s.ProjectName {
		parts = append(parts, s.FrameioFolderName)
	}
	return strings.Join(parts, " / ")
}

func everyText(minutes int) string {
	switch {
	case minutes == 0:
		return "on demand"
	case minutes%1440 == 0:
		return plural(minutes/1440, "every day", "every %d days")
	case minutes%60 == 0:
		return plural(minutes/60, "every hour", "every %d hours")
	}
	return fmt.Sprintf("every %d minutes", minutes)
}

// plural is one of two wordings; the second has a place for the number.
func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return strings.Replace(many, "%d", plain.Number(n), 1)
}

// treeText is how large a tree is.
func treeText(assets, folders int) string {
	return plain.Count(assets, "asset") + " in " + plain.Count(folders, "folder")
}

// syncState is the state with what wants attention.
func syncState(s api.Sync) string {
	parts := []string{string(s.State)}
	for _, p := range []struct {
		n    int
		what string
	}{{s.Troubled, "failed"}, {s.Conflicting, "in conflict"}, {s.Missing, "gone"}} {
		if p.n > 0 {
			parts = append(parts, strconv.Itoa(p.n)+" "+p.what)
		}
	}

	return strings.Join(parts, ", ")
}

func lastText(s api.Sync) string {
	if s.Last == nil {
		return "never"
	}
	return clock(s.Last.Began) + "  " + outcomeOf(*s.Last)
}

// outcomeOf is what a run did, or why it did not.
func outcomeOf(r api.SyncRun) string {
	message := orElse(str(r.Message), "cancelled")
	switch r.State {
	case api.SyncRunStateRunning:
		return "running: " + stepText(r)
	case api.SyncRunStateStopped:
		return "asks: " + message
	case api.SyncRunStateFailed:
		return "failed: " + message
	}

	if r.Why == api.Check {
		return "only compared: " + treeText(r.Assets, r.Folders)
	}

	return r.Summary
}

type syncShow struct{ syncFlags }

// Run shows a synchronization.
func (c *syncShow) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		s, err := c.sync(t, k)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(t, s)
		}
		return showSync(t, s)
	})
}

func showSync(t *terminal, s api.Sync) error {
	rows := [][]string{{"Id", s.Id}, {"Mirrors", originOf(s)}, {"State", syncState(s)}}
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, []string{name, value})
		}
	}

	// Why it does not run comes first.
	add("Reason", str(s.Reason))
	add("What to do", str(s.Remedy))
	add("Acts as", s.Owner)
	add("Runs", everyText(s.EveryMinutes))
	if s.Due != nil {
		add("Next run", s.Due.Local().Format(time.DateTime))
	}

	// What it has brought, and what it brings.
	add("Last run", lastText(s))
	add("Holds", treeText(s.Assets, s.Folders))
	add("Assets become", s.DocumentType+
		map[bool]string{true: ", with comments", false: ", without comments"}[s.Comments])
	add("Fetches", fetchText(s))
	add("Comments", commentsText(s))
	add("Changes", map[bool]string{true: "are followed between two runs", false: "are found by runs only"}[s.Events])
	add("Only", filterText(s.Filter))
	add("What is gone", map[api.SyncGone]string{
		api.SyncGoneKeep:  "stays in Nuxeo",
		api.SyncGoneTrash: "goes into the trash",
	}[s.Gone])

	add("Conflicts", map[api.SyncConflicts]string{
		api.SyncConflictsNuxeo:   "Nuxeo's content stays",
		api.SyncConflictsFrameio: "Frame.io's content comes; a version keeps Nuxeo's",
		api.SyncConflictsBoth:    "Nuxeo's content stays; Frame.io's becomes a second document",
	}[s.Conflicts])

	return table(t, "", "Folder\t"+s.FolderPath, rows)
}

// fetchText is what a document gets of its asset.
func fetchText(s api.Sync) string {
	text := map[api.SyncFetch]string{
		api.SyncFetchOriginal: "originals", api.SyncFetchProxy: "proxies, not originals",
		api.SyncFetchMetadata: "metadata, a poster and the link, but no content",
	}[s.Fetch]
	if s.EarlierVersions {
		text += ", with earlier versions"
	}
	return text
}

// commentsText is how far comments are; empty when none are brought, or nothing has
// been yet.
func commentsText(s api.Sync) string {
	switch all := s.CommentsDone + s.CommentsWaiting; {
	case !s.Comments || all == 0:
		return ""
	case s.CommentsWaiting == 0:
		return plural(all, "looked at for 1 document", "looked at for all %d documents")
	default:
		return fmt.Sprintf("looked at for %d of %d documents", s.CommentsDone, all)
	}
}

// filterText tells which assets are mirrored; empty is all.
func filterText(f *api.SyncFilter) string {
	if f == nil {
		return ""
	}

	var parts []string
	if f.Name != nil {
		parts = append(parts, "names like "+*f.Name)
	}

	if f.Media != nil {
		var media []string
		for _, m := range *f.Media {
			media = append(media, string(m))
		}
		parts = append(parts, strings.Join(media, " or "))
	}

	if f.Most != nil {
		parts = append(parts, "up to "+plain.Size(*f.Most))
	}

	if f.Status != nil {
		parts = append(parts, "with the status "+strings.Join(*f.Status, " or "))
	}

	return strings.Join(parts, ", ")
}
