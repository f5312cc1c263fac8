// Command nuxeo-frameio connects a Nuxeo content repository with Frame.io: it
// runs the connector, looks after it, and offers at the command line what people
// do in the browser.
//
// Each command has its file. Exit codes are in exit.go; settings from flags,
// environment and file are in settings.go.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
)

// cli is every command and its flags.
type cli struct {
	File configFile `name:"config" env:"-" help:"TOML file with settings." placeholder:"FILE" type:"path"`

	Serve    serveCmd    `cmd:"" help:"Run the connector." group:"Run"`
	Demo     demoCmd     `cmd:"" help:"Show everything on this machine, without any account." group:"Run"`
	Simulate simulateCmd `cmd:"" help:"Run a stand-in for Nuxeo or Frame.io." group:"Run"`

	Init    initCmd    `cmd:"" help:"Ask a few questions, write the file of settings, and say what to do next." group:"Set up"`
	Package packageCmd `cmd:"" help:"Write the package to install in Nuxeo." group:"Set up"`
	Config  configCmd  `cmd:"" help:"Print every setting." group:"Set up"`
	Doctor  doctorCmd  `cmd:"" help:"Look whether everything is in place, and what to do if not." group:"Set up"`

	Status  statusCmd   `cmd:"" help:"Show nodes, items and chores (administrators)." group:"Look after"`
	Pause   pauseCmd    `cmd:"" help:"Begin a maintenance pause: calls are accepted, nothing starts (administrators)." group:"Look after"`
	Resume  resumeCmd   `cmd:"" help:"End the pause (administrators)." group:"Look after"`
	Chore   choreCmd    `cmd:"" help:"Do a regular chore now (administrators)." group:"Look after"`
	Level   logLevelCmd `cmd:"" name:"log-level" help:"Show the level of a running connector's log, or set it for a while (administrators)." group:"Look after"`
	Support supportCmd  `cmd:"" help:"Write one archive of what somebody who helps wants to know, without secrets (administrators)." group:"Look after"`
	Links   linksCmd    `cmd:"" help:"Repair links between documents and assets (administrators)." group:"Look after"`
	People  peopleCmd   `cmd:"" help:"See and end the access of people (administrators)." group:"Look after"`
	Audit   auditCmd    `cmd:"" help:"See what people did (administrators)." group:"Look after"`
	Keys    keysCmd     `cmd:"" help:"Rotate the key that encrypts secrets in the database." group:"Look after"`
	Migrate migrateCmd  `cmd:"" help:"Bring the database up to date, as each start does." group:"Look after"`
	Store   storeCmd    `cmd:"" help:"Back up the database, or move it to PostgreSQL." group:"Look after"`

	Login    loginCmd    `cmd:"" help:"Sign in to a connector and keep that for the commands that follow." group:"Use"`
	Logout   logoutCmd   `cmd:"" help:"End a sign-in that was kept." group:"Use"`
	Provider providerCmd `cmd:"" help:"Register the Frame.io application (administrators)." group:"Use"`
	Connect  connectCmd  `cmd:"" help:"Connect your Frame.io account." group:"Use"`
	Bind     bindCmd     `cmd:"" help:"Bind a Nuxeo folder to Frame.io teams." group:"Use"`
	Edit     editCmd     `cmd:"" help:"Change a binding: its action's name, teams, document type, who may publish, what becomes of copies." group:"Use"`
	Unbind   unbindCmd   `cmd:"" help:"End a binding. What was published stays." group:"Use"`
	Bindings bindingsCmd `cmd:"" help:"List bindings." group:"Use"`
	Publish  publishCmd  `cmd:"" help:"Publish assets into a bound folder." group:"Use"`
	Push     pushCmd     `cmd:"" help:"Push documents to Frame.io for review." group:"Use"`
	Copies   copiesCmd   `cmd:"" help:"See what becomes of the copies on Frame.io of what came back, keep them, undo it." group:"Use"`
	Sync     syncCmd     `cmd:"" help:"Mirror folder trees of Frame.io in Nuxeo." group:"Use"`
	Map      mapCmd      `cmd:"" help:"Map metadata fields of Frame.io to properties of Nuxeo, and back." group:"Use"`
	Notify   notifyCmd   `cmd:"" help:"Tell what happens in Slack, in Teams or to a receiver of your own." group:"Use"`
	Explain  explainCmd  `cmd:"" help:"Tell why a document and its asset are as they are, and what happened." group:"Use"`
	Locks    locksCmd    `cmd:"" help:"See and release what pushes have locked." group:"Use"`
	Items    itemsCmd    `cmd:"" help:"See, watch, retry and cancel what is under way." group:"Use"`
	MCP      mcpCmd      `cmd:"" name:"mcp" help:"Offer find, explain, publish, push and refresh to an agent, as you (Model Context Protocol)." group:"Use"`

	Version    versionCmd    `cmd:"" help:"Print the version."`
	Completion completionCmd `cmd:"" help:"Print what lets a shell complete commands and flags."`
	Manpages   manpagesCmd   `cmd:"" hidden:"" help:"Write the manual pages into a folder."`

	ShowVersion kong.VersionFlag `name:"version" env:"-" help:"Print the version."`
}

// terminal is what a command has of its surroundings.
type terminal struct {
	ctx      context.Context
	in       io.Reader
	lines    *bufio.Reader // of in, once one was read
	out, err io.Writer
	files    []string // that settings with secrets came from
	colour   bool     // out is a terminal that shows colours
}

// printf prints, each text that is an argument in one line: names are what others chose.
func (t *terminal) printf(format string, args ...any) {
	for i, a := range args {
		switch text := a.(type) {
		case string:
			args[i] = plain.Line(text)
		case error:
			args[i] = plain.Line(text.Error())
		}
	}
	_, _ = fmt.Fprintf(t.out, format, args...) // a closed pipe ends the program anyway
}

// leftOut says that a list is not all there is.
func (t *terminal) leftOut(hidden int) {
	if hidden > 0 {
		_, _ = fmt.Fprintln(t.err, plural(hidden, "1 more is not shown: you may not see its document, or it is gone.",
			"%d more are not shown: you may not see their documents, or they are gone."))
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program with its surroundings as parameters; it returns the exit
// code.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	var c cli
	var file settings
	exited := -1
	k, err := parser(&c, kong.Bind(&file, &c), kong.Resolvers(&file), kong.Writers(out, errs),
		kong.Exit(func(code int) { exited = code }))
	if err != nil {
		_, _ = fmt.Fprintln(errs, "nuxeo-frameio:", err)
		return exitFailure
	}

	// Some words come before the parser.
	switch {
	case len(args) == 0:
		args = []string{"--help"}
	case args[0] == "help":
		args = append(args[1:], "--help")
	case args[0] == completing:
		for _, c := range candidates(k.Model.Node, args[1:]) {
			_, _ = fmt.Fprintln(out, c)
		}
		return exitOK
	}

	kctx, err := k.Parse(args)
	if exited >= 0 {
		return exited // --help was asked for
	}

	// A misspelt setting must not be ignored.
	if err == nil {
		err = file.check(k.Model, os.Environ())
	}

	if err != nil {
		return fail(errs, usage(err))
	}

	// Do what was asked for.
	t := &terminal{ctx: ctx, in: in, out: out, err: errs, files: file.files(k.Model)}
	_, _, isTerminal := t.size()
	t.colour = colourful(isTerminal, os.Getenv)
	return fail(errs, kctx.Run(t))
}

// parser is the command line, which everything that tells of it is made from: the help,
// the manual pages, completion, the file of settings.
func parser(c *cli, options ...kong.Option) (*kong.Kong, error) {
	k, err := kong.New(c, append([]kong.Option{
		kong.Name("nuxeo-frameio"),
		kong.Description("Connects Nuxeo and Frame.io.\n\n" + exitHelp),
		kong.Vars{"version": "nuxeo-frameio " + app.Version},
		kong.DefaultEnvars(envPrefix), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
		kong.ExplicitGroups(groups),
	}, options...)...)
	if err == nil {
		addExamples(k.Model.Node)
	}

	return k, err
}

var groups = []kong.Group{
	{Key: "Run", Title: "Run"},
	{Key: "Set up", Title: "Set up"},
	{Key: "Look after", Title: "Look after"},
	{Key: "Use", Title: "Use"},
	{Key: "Nuxeo", Title: "Nuxeo"},
	{Key: "Frame.io", Title: "Frame.io"},
	{Key: "Transfers", Title: "Transfers"},
	{Key: "Networks", Title: "Networks"},
	{Key: "Publish", Title: "Publishing"},
	{Key: "Push", Title: "Pushing"},
	{Key: "Synchronization", Title: "Synchronization"},
	{Key: "Mail", Title: "Mail"},
	{Key: "Telemetry", Title: "Telemetry"},
}
