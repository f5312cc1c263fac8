package rules

import (
	"flag"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
)

var update = flag.Bool("update", false, "write the table of limits anew")

// A limit is one that people may meet. It is a setting, or a constant in a file; said in a file is what one is told.
type limit struct {
	what     string
	setting  string // by its name
	file     string // with the constant
	constant string
	unit     string // bytes, time, or what is counted
	said     string // the beginning of the message, as it stands in in
	in       string // the file with the message, if it is another one
	happens  string // where nobody is told anything
}

// limits are those of the page, in its order.
var limits = []limit{
	{
		what: "assets in a folder that is published", setting: "publish-max-assets", unit: "assets",
		said: "The folder holds more than %d assets.", in: "internal/publish/expand.go",
	},
	{
		what: "folders in a folder that is published", file: "internal/publish/expand.go", constant: "maxFolders",
		unit: "folders", said: "The folder holds more than %d folders.",
	},
	{
		what: "assets that are published by one command", file: "internal/web/api.go", constant: "maxPublished",
		unit: "assets", said: "%d assets cannot be published at once.",
	},
	{
		what: "time to wait for an original", setting: "publish-wait-original", unit: "time",
		said: "The original did not arrive on Frame.io within %s.", in: "internal/ingest/resolve.go",
	},
	{
		what: "documents of one push", setting: "push-most", unit: "documents",
		said: "%s documents cannot be pushed at once, but 1 to %d.", in: "internal/push/accept.go",
	},
	{
		what: "reason for releasing a lock", file: "internal/push/locks.go", constant: "maxReason", unit: "bytes",
		said: "The reason is missing, or too long.",
	},
	{
		what: "name of a custom action", file: "internal/binding/bind.go", constant: "maxActionName",
		unit: "characters",
		said: "The action name is too long or holds control characters.",
	},
	{
		what: "channels of a binding", file: "internal/notify/channels.go", constant: "maxChannels", unit: "channels",
		said: "A binding can have %d channels.",
	},
	{
		what: "name of a channel", file: "internal/notify/channels.go", constant: "maxName", unit: "characters",
		said: "The name has more than %d characters.",
	},
	{
		what: "address of a channel", file: "internal/notify/channels.go", constant: "maxAddress", unit: "bytes",
		said: "The address has more than %d bytes.",
	},
	{
		what: "events in one message to a channel", file: "internal/notify/gather.go", constant: "maxEvents",
		unit: "events", happens: "what comes then is another message",
	},
	{
		what: "time for which a message to a channel is sent again", file: "internal/notify/worker.go",
		constant: "keepTrying", unit: "time", happens: "it fails with the last reason; send it again by hand",
	},
	{
		what: "values of a row of the metadata map", file: "internal/metamap/rows.go", constant: "maxValues",
		unit: "values", said: "The row %s has %d values.",
	},
	{
		what: "time between two scheduled refreshes", file: "internal/foldersync/request.go", constant: "maxEvery",
		unit: "time", said: "A synchronization cannot run every %s.",
	},
	{
		what: "time to wait for a person to act as", file: "internal/publish/owner.go", constant: "maxOwnerless",
		unit: "time", happens: "the item fails, and says whom it waited for",
	},
	{
		what: "time to wait for reviews when a folder is unbound", file: "internal/binding/unbind.go",
		constant: "maxAwait", unit: "time", happens: "what is not back is released",
	},
	{
		what: "silence of a transfer", setting: "transfer-idle", unit: "time",
		said: "Nothing has moved for too long: the other side does not answer.", in: "internal/transfer/watchdog.go",
	},
	{
		what: "begins of a transfer whose file or addresses went away", file: "internal/ingest/verify.go",
		constant: "maxRestarts", unit: "times", happens: "the item fails with the last reason; retry it",
	},
	{
		what: "starts of a step in which the process ended", file: "internal/work/starts.go", constant: "maxStarts",
		unit: "times", said: "The connector ended %d times in the middle of %s.",
	},
	{
		what: "failures in a row of what Nuxeo is to do after a review", file: "internal/reaction/worker.go",
		constant: "mostFailures", unit: "times", happens: "it fails with the last reason; retry it",
	},
	{what: "items that are worked on at once", setting: "workers", unit: "items", happens: "the others wait"},
	{what: "open calls to Nuxeo", setting: "nuxeo-connections", unit: "calls", happens: "the others wait"},
	{what: "speed of all transfers of a node", setting: "transfer-bandwidth", happens: "they take longer"},
	{
		what: "time for an answer of Nuxeo", setting: "nuxeo-call-timeout", unit: "time",
		happens: "the step is tried again, 12 times in a row at most",
	},
	{
		what: "time for an answer of Frame.io", setting: "frameio-call-timeout", unit: "time",
		happens: "the step is tried again, 12 times in a row at most",
	},
	{
		what: "time to attach a large file", setting: "nuxeo-attach-timeout", unit: "time",
		happens: "the step looks what became of it, and is tried again",
	},
	{
		what: "a request of somebody who is signed in", file: "internal/web/body.go", constant: "maxBody",
		unit: "bytes",
		said: "The request is too large or broke off.",
	},
	{
		what: "a request of somebody who is not", file: "internal/web/body.go", constant: "maxStrange", unit: "bytes",
		said: "The request is too large or broke off.",
	},
	{
		what: "values in a request", file: "internal/web/body.go", constant: "maxValues", unit: "values",
		said: "The request holds more than %d values.",
	},
	{
		what: "a text in a request", file: "internal/web/body.go", constant: "maxText", unit: "bytes",
		said: "The request holds a text of more than %d bytes.",
	},
	{
		what: "a page of a list", file: "internal/web/api.go", constant: "maxListed", unit: "entries",
		said: "%d at once are not possible.",
	},
	{
		what: "pages and commands of one person that watch items", file: "internal/web/stream.go",
		constant: "maxStreams", unit: "on a node", said: "You have %d pages or commands open that watch items.",
	},
	{
		what: "sign-ins that one address may begin at once", file: "internal/web/strangers.go", constant: "beginMost",
		unit: "sign-ins", said: "Too many sign-ins come from your address at the moment.",
	},
	{
		what: "failed sign-ins of one address at once", file: "internal/web/strangers.go", constant: "failMost",
		unit: "sign-ins", said: "Too many sign-ins come from your address at the moment.",
	},
	{
		what: "sign-ins that wait for Nuxeo", file: "internal/ratelimit/connections.go", constant: "maxStrangers",
		unit: "sign-ins", said: "Too many people are signing in at the moment.",
	},
	{
		what: "a call of a custom action", file: "internal/web/action.go", constant: "maxCall", unit: "bytes",
		said: "The call is too large or broke off.",
	},
	{
		what: "share of a synchronization that may disappear at once", setting: "sync-lost-share",
		happens: "nothing is changed, the synchronization pauses and asks; confirm it if it is right, or restore " +
			"what is gone",
	},
	{
		what: "text of an imported comment", file: "internal/review/render.go", constant: "maxText", unit: "bytes",
		happens: `the rest is left out, and "…" ends what there is`,
	},
	{
		what: "comments that are shown of a document", file: "internal/assetview/comments.go", constant: "mostImported",
		unit: "comments", happens: "all of them are in Nuxeo",
	},
	{
		what: "versions that are shown of a document", file: "internal/assetview/assetview.go",
		constant: "mostVersions", unit: "versions", happens: "the newest are shown; all of them are in Nuxeo",
	},
	{
		what: "projects or folders to choose from", file: "internal/push/targets.go", constant: "maxListed",
		unit: "entries", happens: "it is said that there are more",
	},
	{
		what: "batches that *Activity* shows", file: "internal/work/batch.go", constant: "maxBatches",
		unit: "batches", happens: "the newest are shown; the list of items has all",
	},
	{
		what: "parents whose items a list leaves out", file: "internal/web/items.go", constant: "maxWithout",
		unit: "parents", said: "%d parents cannot be left out.",
	},
	{
		what: "events that *explain* tells of an asset", file: "internal/explain/explain.go", constant: "mostEvents",
		unit: "events", happens: "the newest are told; *items show* has all of one item",
	},
	{
		what: "days after which a copy is deleted", file: "internal/binding/copies.go", constant: "mostCopyDays",
		unit: "days", said: "A copy cannot be deleted after %d days.",
	},
	{
		what: "copies that a preview looks at", file: "internal/copies/list.go", constant: "mostLooks", unit: "copies",
		happens: "it is said that there are more; all of them are looked at when their time has come",
	},
	{what: "time of a session", setting: "session-ttl", unit: "time", happens: "one signs in again"},
	{what: "time that finished items are kept", setting: "history-keep", unit: "time", happens: "they are forgotten"},
	{what: "time that the audit is kept", setting: "audit-keep", unit: "time", happens: "entries are forgotten"},
	{
		what: "another level of the log", file: "internal/web/loglevel.go", constant: "levelForMost", unit: "time",
		said: "The log cannot have another level for %s.",
	},
}

// The page of limits is made of the settings and constants.
func TestLimitsAreThoseOfTheProgram(t *testing.T) {
	t.Parallel()
	path := filepath.Join(root, "doc", "limits.md")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	between := regexp.MustCompile(`(?s)(<!-- limits: [^\n]*-->\n).*(<!-- /limits -->)`)
	want := between.ReplaceAllString(string(b), "${1}"+strings.ReplaceAll(limitsTable(t), "$", "$$")+"${2}")
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(b) || !between.Match(b) {
		t.Errorf("%s: got others than the program's, want the same; run with -update", path)
	}
}

func limitsTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| limit | default | setting | what one is told, or what happens |\n|---|---|---|---|\n")
	for _, l := range limits {
		setting, value := "", ""
		if l.setting != "" {
			setting, value = "`"+l.setting+"`", defaultOf(t, l.setting)
		} else {
			value = valueOf(t, l.file, l.constant, l.unit == "time")
		}

		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", l.what, amount(value, l.unit), setting, l.outcome(t))
	}
	return b.String()
}

// outcome is what people read where the limit is met: the sentence and the remedy as they stand in the code.
func (l limit) outcome(t *testing.T) string {
	t.Helper()
	if l.said == "" {
		return l.happens
	}

	in := l.in
	if in == "" {
		in = l.file
	}

	remedy, found := remedyOf(t, in, l.said)
	switch {
	case !found:
		t.Errorf("%s: got no message %q, want what one is told of %s", in, l.said, l.what)
	case remedy == "":
		t.Errorf("%s: got %q without what comes next, want that as well", in, l.said)
	}

	return "*" + regexp.MustCompile(`%[sdq]`).ReplaceAllString(l.said, "…") + "* " + remedy
}

func defaultOf(t *testing.T, name string) string {
	t.Helper()
	all := app.Defaults().Settings()
	for _, s := range all {
		if s.Name == name {
			return s.Default
		}
	}
	t.Errorf("the settings: got no %s, want it", name)
	return ""
}

// amount is a value with its unit.
func amount(value, unit string) string {
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case unit == "bytes" && err == nil && n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case unit == "bytes" && err == nil && n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	case unit == "time" || unit == "":
		return value
	case err == nil:
		return plain.Number(n) + " " + unit
	}
	return value + " " + unit
}

// valueOf is the value of a constant, by its expression.
func valueOf(t *testing.T, file, name string, isTime bool) string {
	t.Helper()
	var value string
	ast.Inspect(parsed(t, file), func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if i := slices.IndexFunc(spec.Names, func(id *ast.Ident) bool { return id.Name == name }); i >= 0 {
			text := strings.NewReplacer("time.Hour", "3600000000000", "time.Minute", "60000000000", "time.Second",
				"1000000000").Replace(types.ExprString(spec.Values[i]))
			got, err := types.Eval(token.NewFileSet(), nil, token.NoPos, text)
			if err != nil {
				t.Errorf("%s: %s is %q: %v, want a constant", file, name, text, err)
				return true
			}
			value = constant.ToInt(got.Value).ExactString()
		}
		return true
	})
	if value == "" {
		t.Errorf("%s: got no %s, want it with the value of the page", file, name)
	}

	if n, err := strconv.ParseInt(value, 10, 64); isTime && err == nil {
		return plain.Duration(time.Duration(n))
	}

	return value
}

func parsed(t *testing.T, file string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// remedyOf finds the message in a file, and the remedy of the same error: of Field, or of With behind New.
func remedyOf(t *testing.T, file, said string) (remedy string, found bool) {
	t.Helper()
	ast.Inspect(parsed(t, file), func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}

		// X.With(remedy), with the message somewhere within X.
		switch name := callee(call); {
		case name == "With" && strings.Contains(literals(call.Fun), said):
			remedy, found = literals(call.Args[0]), true
		case name == "Field" && len(call.Args) > 2 && strings.Contains(literals(call), said):
			remedy, found = literals(call.Args[1]), true
		case name == "New" && strings.Contains(literals(call), said):
			found = true
		}
		return true
	})
	return remedy, found
}

// inner are constants that bound the inside of the program, by their folder. Nobody meets them: they are far above what
// occurs, or what they leave out comes later, or they are about how something is shown.
var inner = map[string]string{
	"frameio/v4":         "maxAnswer maxMember maxPage maxPages maxParts maxTokens mostFew",
	"nuxeo":              "maxAnswer maxCommentPages maxMessage mostInside",
	"internal/addon":     "maxLine",
	"internal/agent":     "most mostOpen",
	"internal/assetview": "mostThreads mostWritten",
	"internal/audit":     "maxAddresses maxPage maxProblems",
	"internal/bandwidth": "most",
	"internal/doctor":    "mostAccounts",
	"internal/binding":   "mostNameChars",
	"internal/event":     "mostText",
	"internal/explain":   "maxDepth mostItems mostStories",

	"internal/foldersync": "maxAncestors maxDepth maxPreview maxUnaskedLoss mostUnmapped",
	"internal/identity":   "maxCookie maxReturn",
	"internal/ingest": "maxExtension maxFieldValue maxFields maxFolders maxLinks maxLooks maxName maxPart " +
		"maxPathName maxPoster maxRepairs",
	"internal/mail":        "most",
	"internal/maintenance": "maxLines",
	"internal/media":       "mostVersions",
	"internal/metamap":     "maxAccounts maxOffered maxShown maxWhole maxWord",
	"internal/metrics":     "maxClasses",
	"internal/notify":      "maxAnswer maxBatch maxLines maxLog maxOverdue mostAsked",
	"internal/publish":     "maxExpanding maxInteractive",
	"internal/push":        "maxClockSkew maxExamined maxInteractive maxLimit maxLooks maxRestarts",
	"internal/ratelimit":   "maxWait",
	"internal/review":      "maxDrawing maxShown",
	"internal/store":       "maxParts maxStatements",
	"internal/support":     "mostFailures",
	"internal/transfer":    "maxIndex maxReopens",
	"internal/web":         "maxAddresses maxReport",
	"internal/web/api":     "mostRead",
	"internal/webhook":     "maxLookback maxTries",
	"internal/work":        "maxChanged maxItems maxWoken",
	"cmd/nuxeo-frameio":    "mostAnswered mostSupport",
}

// notLimits are settings with a number or a time that bounds nothing.
var notLimits = []string{
	"mail-smtp-port", "frameio-frame-base", "frameio-recently-deleted", "slow-call", "sync-comments-every",
	"transfer-streams", "telemetry-trace-share", "notify-gather", "notify-digest",
}

// Whoever makes a limit says whether people meet it.
func TestEveryLimitIsOnThePage(t *testing.T) {
	t.Parallel()
	onPage := func(file, name string) bool {
		return slices.ContainsFunc(limits, func(l limit) bool { return l.file == file && l.constant == name })
	}

	named := regexp.MustCompile(`^(max|most|Max|Most)([A-Z]|$)`)
	for _, dirs := range sources(t) {
		for _, path := range dirs {
			file, err := filepath.Rel(root, path)
			if err != nil {
				t.Fatal(err)
			}

			file = filepath.ToSlash(file)
			if strings.HasPrefix(file, simulators) || strings.HasPrefix(file, "test/") ||
				strings.HasPrefix(file, "release/") {
				continue
			}

			for _, decl := range parsed(t, file).Decls {
				for _, name := range constantsOf(decl) {
					if named.MatchString(name) && !ast.IsExported(name) && !onPage(file, name) &&
						!slices.Contains(strings.Fields(inner[filepath.ToSlash(filepath.Dir(file))]), name) {
						t.Errorf("%s: got the limit %s, want it on the page or among those that nobody meets", file,
							name)
					}
				}
			}
		}
	}

	for _, s := range app.Defaults().Settings() {
		_, number := strconv.ParseFloat(s.Default, 64)
		_, duration := time.ParseDuration(s.Default)
		if number != nil && duration != nil || slices.Contains(notLimits, s.Name) ||
			slices.ContainsFunc(limits, func(l limit) bool { return l.setting == s.Name }) {
			continue
		}
		t.Errorf("the setting %s: got it on no page, want it there or among those that bound nothing", s.Name)
	}
}

// constantsOf are the names of the constants of a declaration of a file.
func constantsOf(decl ast.Decl) (names []string) {
	d, ok := decl.(*ast.GenDecl)
	if !ok || d.Tok != token.CONST {
		return nil
	}

	for _, spec := range d.Specs {
		for _, id := range spec.(*ast.ValueSpec).Names {
			names = append(names, id.Name)
		}
	}

	return names
}
