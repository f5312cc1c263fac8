package main

import (
	"strings"

	"github.com/alecthomas/kong"
)

// examples are lines to copy, by command. A test parses each of them, and finds the
// command that has none.
var examples = map[string][]string{
	"serve": {
		"nuxeo-frameio serve --config /etc/nuxeo-frameio/connector.toml",
		"nuxeo-frameio serve --public-url https://frameio.example.com --nuxeo-url https://nuxeo.example.com/nuxeo " +
			"--data /var/lib/nuxeo-frameio",
	},
	"demo":             {"nuxeo-frameio demo", "nuxeo-frameio demo --story"},
	"simulate nuxeo":   {"nuxeo-frameio simulate nuxeo --listen 127.0.0.1:8080 --package nuxeo-frameio-1.0.0.zip"},
	"simulate frameio": {"nuxeo-frameio simulate frameio --fault 'POST /v4/.* lost times=1'"},

	"init": {
		"nuxeo-frameio init",
		"nuxeo-frameio init --config /etc/nuxeo-frameio/connector.toml --yes --public-url " +
			"https://frameio.example.com " +
			"--nuxeo-url https://nuxeo.example.com/nuxeo",
	},
	"package": {"nuxeo-frameio package -o /tmp"},
	"config": {
		"nuxeo-frameio config --config /etc/nuxeo-frameio/connector.toml",
		"nuxeo-frameio config --example > connector.toml",
	},
	"doctor": {
		"nuxeo-frameio doctor --config connector.toml --user Administrator",
		"nuxeo-frameio doctor --config connector.toml --user Administrator --fix --send-mail josh",
	},

	"status":    {"nuxeo-frameio status --server https://frameio.example.com --user Administrator"},
	"pause":     {"nuxeo-frameio pause --reason 'new disks'"},
	"resume":    {"nuxeo-frameio resume"},
	"chore":     {"nuxeo-frameio chore reviews"},
	"log-level": {"nuxeo-frameio log-level", "nuxeo-frameio log-level debug --for 15m"},
	"support": {
		"nuxeo-frameio support -o help.zip",
		"nuxeo-frameio support --offline --config /etc/nuxeo-frameio/connector.toml",
	},
	"links rebuild": {"nuxeo-frameio links rebuild"},
	"people list":   {"nuxeo-frameio people"},
	"people revoke": {"nuxeo-frameio people revoke josh"},
	"people lift":   {"nuxeo-frameio people lift josh --any-account"},
	"audit list":    {"nuxeo-frameio audit --who josh --since 48h"},
	"audit export":  {"nuxeo-frameio audit export --since 2026-11-30"},
	"audit verify":  {"nuxeo-frameio audit verify"},
	"keys list":     {"nuxeo-frameio keys --data /var/lib/nuxeo-frameio"},
	"keys rotate":   {"nuxeo-frameio keys rotate --data /var/lib/nuxeo-frameio"},
	"keys retire":   {"nuxeo-frameio keys retire --data /var/lib/nuxeo-frameio"},
	"migrate":       {"nuxeo-frameio migrate --config connector.toml"},
	"store copy": {"nuxeo-frameio store copy --data /var/lib/nuxeo-frameio --to " +
		"postgres://frameio@db.example.com/frameio"},
	"store adopt":  {"nuxeo-frameio store adopt --config connector.toml"},
	"store backup": {"nuxeo-frameio store backup --config connector.toml /backup/connector.db"},

	"login":         {"nuxeo-frameio login --server https://frameio.example.com --user josh"},
	"logout":        {"nuxeo-frameio logout"},
	"provider show": {"nuxeo-frameio provider show"},
	"provider set": {
		"nuxeo-frameio provider set --client-id 0a1b2c3d --client-secret-file -",
	},
	"provider import":         {"nuxeo-frameio provider import"},
	"provider enable":         {"nuxeo-frameio provider enable"},
	"provider disable":        {"nuxeo-frameio provider disable"},
	"provider delete":         {"nuxeo-frameio provider delete --yes"},
	"provider service show":   {"nuxeo-frameio provider service show"},
	"provider service set":    {"nuxeo-frameio provider service set --client-id 0a1b2c3d --client-secret-file secret"},
	"provider service delete": {"nuxeo-frameio provider service delete"},
	"connect":                 {"nuxeo-frameio connect", "nuxeo-frameio connect --disconnect"},
	"bind": {
		"nuxeo-frameio bind --list",
		"nuxeo-frameio bind /default-domain/workspaces/films --name 'Publish to Nuxeo' --team 'Post production'",
	},
	"edit": {
		"nuxeo-frameio edit 'Publish to Nuxeo' --name 'Send to Nuxeo' --add-team Marketing --dry-run",
		"nuxeo-frameio edit 'Publish to Nuxeo' --remove-team Marketing --type Video --yes",
		"nuxeo-frameio edit 'Publish to Nuxeo' --copies delete --copy-days 14",
	},
	"copies list":        {"nuxeo-frameio copies 'Publish to Nuxeo'"},
	"copies include":     {"nuxeo-frameio copies include 'Publish to Nuxeo' --dry-run"},
	"copies keep":        {"nuxeo-frameio copies keep PUSH"},
	"copies again":       {"nuxeo-frameio copies again PUSH"},
	"copies undo":        {"nuxeo-frameio copies undo PUSH"},
	"unbind":             {"nuxeo-frameio unbind 'Publish to Nuxeo' --reviews return"},
	"bindings list":      {"nuxeo-frameio bindings"},
	"bindings take-over": {"nuxeo-frameio bindings take-over 'Publish to Nuxeo'"},
	"publish":            {"nuxeo-frameio publish 'Publish to Nuxeo' https://next.frame.io/project/PROJECT/view/FILE"},
	"push": {
		"nuxeo-frameio push /default-domain/workspaces/films/Teaser --project 'Autumn campaign'",
		"nuxeo-frameio push DOCUMENT --project 'Autumn campaign' --rendition 'MP4 480p' --folder Dailies/Monday",
	},
	"sync list": {"nuxeo-frameio sync"},
	"sync add": {
		"nuxeo-frameio sync add --list",
		"nuxeo-frameio sync add /default-domain/workspaces/films --project 'Autumn campaign' --folder Extras " +
			"--every 24h",
	},
	"sync show": {"nuxeo-frameio sync show /default-domain/workspaces/films"},
	"sync edit": {
		"nuxeo-frameio sync edit /default-domain/workspaces/films --every 30m --gone trash",
		"nuxeo-frameio sync edit /default-domain/workspaces/films --media video,audio --dry-run",
	},
	"sync refresh":  {"nuxeo-frameio sync refresh /default-domain/workspaces/films"},
	"sync plan":     {"nuxeo-frameio sync plan /default-domain/workspaces/films"},
	"sync pause":    {"nuxeo-frameio sync pause /default-domain/workspaces/films"},
	"sync resume":   {"nuxeo-frameio sync resume /default-domain/workspaces/films"},
	"sync remove":   {"nuxeo-frameio sync remove /default-domain/workspaces/films"},
	"sync check":    {"nuxeo-frameio sync check /default-domain/workspaces/films"},
	"sync runs":     {"nuxeo-frameio sync runs /default-domain/workspaces/films"},
	"sync troubles": {"nuxeo-frameio sync troubles /default-domain/workspaces/films"},
	"sync settle":   {"nuxeo-frameio sync settle /default-domain/workspaces/films KEY --use both"},
	"mcp":           {"nuxeo-frameio mcp", "nuxeo-frameio mcp --listen 127.0.0.1:8765"},
	"explain":       {"nuxeo-frameio explain /default-domain/workspaces/films/Teaser"},
	"map list":      {"nuxeo-frameio map"},
	"map set": {
		"nuxeo-frameio map set 'Job Number' dc:publisher",
		"nuxeo-frameio map set Status dc:format --kind vocabulary --value Approved=approved " +
			"--value 'Needs Review=review'",
		"nuxeo-frameio map set Deadline dc:expired --to frameio --kind date --binding 'Publish to Nuxeo'",
	},
	"map remove":  {"nuxeo-frameio map remove ROW"},
	"notify list": {"nuxeo-frameio notify list 'Publish to Nuxeo'"},
	"notify set": {
		"nuxeo-frameio notify set 'Publish to Nuxeo' --kind slack --name '#post' --address-file - --on arrived " +
			"--on failed",
		"nuxeo-frameio notify set 'Publish to Nuxeo' --channel '#post' --overdue-days 3",
	},
	"notify remove": {"nuxeo-frameio notify remove 'Publish to Nuxeo' '#post' --yes"},
	"notify test":   {"nuxeo-frameio notify test 'Publish to Nuxeo' '#post'"},
	"notify log":    {"nuxeo-frameio notify log 'Publish to Nuxeo' '#post'"},
	"notify retry": {
		"nuxeo-frameio notify retry 'Publish to Nuxeo' '#post' 0192f0c4-7d1e-7a35-9a57-6d3d1c2b5e10",
	},
	"map test":      {"nuxeo-frameio map test /default-domain/workspaces/films/Teaser"},
	"locks list":    {"nuxeo-frameio locks"},
	"locks release": {"nuxeo-frameio locks release PUSH --reason 'the review was cancelled'"},
	"items list":    {"nuxeo-frameio items --state failed", "nuxeo-frameio items --search teaser --failed-first"},
	"items batches": {"nuxeo-frameio items batches"},
	"items show":    {"nuxeo-frameio items show ITEM"},
	"items watch":   {"nuxeo-frameio items watch"},
	"items retry":   {"nuxeo-frameio items retry ITEM", "nuxeo-frameio items retry --batch BATCH"},
	"items cancel":  {"nuxeo-frameio items cancel ITEM", "nuxeo-frameio items cancel --batch BATCH"},

	"version": {"nuxeo-frameio version --json"},
	"completion": {
		"nuxeo-frameio completion bash > /etc/bash_completion.d/nuxeo-frameio",
		"nuxeo-frameio completion zsh > ~/.zfunc/_nuxeo-frameio",
		"nuxeo-frameio completion fish > ~/.config/fish/completions/nuxeo-frameio.fish",
	},
}

// addExamples puts the examples of commands into their help.
func addExamples(root *kong.Node) {
	for _, leaf := range root.Leaves(false) {
		if lines := examples[commandPath(leaf)]; len(lines) > 0 {
			leaf.Detail = strings.TrimPrefix(leaf.Detail+"\n\nFor example:\n\n    "+strings.Join(lines, "\n    "),
				"\n\n")
		}
	}
}

// commandPath is what is typed to call a command, without the program.
func commandPath(n *kong.Node) string {
	if n.Parent == nil {
		return ""
	}
	return strings.TrimSpace(commandPath(n.Parent) + " " + n.Name)
}
