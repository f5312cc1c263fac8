package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/pelletier/go-toml/v2"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/addon"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/doctor"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
)

// initCmd sets a connector up: what it asks for can be given as flags, like every other
// setting.
type initCmd struct {
	app.Config
	Yes           bool   `short:"y" env:"-" help:"Do not ask: take the flags, what the file has, and the defaults. A file that is there is replaced."`
	User          string `help:"Login of a Nuxeo administrator, with whom the doctor looks deeper afterwards." placeholder:"LOGIN"`
	AdminPassword string `name:"password" env:"NUXEO_FRAMEIO_PASSWORD" help:"Password of the administrator." placeholder:"PASSWORD"`
}

// usualFile is where settings are written when nothing else is said.
const usualFile = "connector.toml"

// Run asks, writes the file of settings, looks whether everything is in place, and tells
// what is left to do. What the file has already is kept.
func (c *initCmd) Run(t *terminal, file *settings, root *cli, kctx *kong.Context) error {
	path, err := filepath.Abs(cmp.Or(string(root.File), usualFile))
	if err != nil {
		return err
	}

	if root.File == "" && !missingFile(path) {
		if err := errors.Join(file.load(path), file.check(kctx.Model, nil)); err != nil {
			return err
		}
	}

	// What is chosen: in the file, by flags, by answers.
	chosen := given(file, kctx)
	if _, there := chosen["data"]; !there {
		chosen["data"] = usualData(path)
	}

	ask := &questions{t: t, none: c.Yes, flags: settingFlags(kctx.Model.Node)}
	for _, p := range kctx.Path {
		if p.Flag != nil && !p.Resolved {
			ask.outweighed(p.Flag.Name)
		}
	}

	if err := c.questions(ask, chosen, kctx); err != nil {
		return err
	}

	set, err := configured(chosen)
	if err != nil {
		return err
	}

	if err := usable(set); err != nil {
		return err
	}

	if !missingFile(path) {
		again, err := ask.yes("Replace " + path + "? Values it has and was not asked for stay; comments " +
			"of yours do not.")
		if err != nil || !again {
			return orNothing(err)
		}
	}

	if err := replace(path, chosen, settingFlags(kctx.Model.Node)); err != nil {
		return err
	}

	t.printf("\nThe settings are in %s, which only its owner can read.\n\n", path)
	return c.afterwards(t, set, path)
}

// usualData is where the database of settings in a file goes: below /var, when the file is
// where packages have it, else beside the file.
func usualData(path string) string {
	if strings.HasPrefix(path, "/etc/") {
		return "/var/lib/nuxeo-frameio"
	}
	return filepath.Join(filepath.Dir(path), "data")
}

func orNothing(err error) error {
	if err != nil {
		return err
	}
	return fault.New(fault.Canceled, "Nothing was written.")
}

// given are the settings of the file and, stronger, of flags. What the environment has is
// left there.
func given(file *settings, kctx *kong.Context) map[string]string {
	known := settingNames(kctx.Model.Node)
	chosen := map[string]string{}
	for _, flag := range kctx.Selected().Flags {
		if v, ok := file.values[flag.Name]; ok && known[flag.Name] {
			chosen[flag.Name] = textOf(v)
		}
	}

	// What was given with the command outweighs the file.
	for _, p := range kctx.Path {
		if p.Flag != nil && !p.Resolved && known[p.Flag.Name] {
			chosen[p.Flag.Name] = plainText(p.Flag)
		}
	}

	return chosen
}

// plainText is the value of a flag as it may be written in the file.
func plainText(flag *kong.Flag) string {
	if list, ok := flag.Target.Interface().([]string); ok {
		return strings.Join(list, ",")
	}
	if d, ok := flag.Target.Interface().(time.Duration); ok {
		return plain.Duration(d)
	}
	return fmt.Sprint(flag.Target.Interface())
}

// configured are the settings that a file of the chosen ones makes, beside the environment.
func configured(chosen map[string]string) (*app.Config, error) {
	var c struct {
		Serve app.Config `embed:""`
	}

	values := map[string]any{}
	for name, v := range chosen {
		values[name] = v
	}

	// The same parser that serve uses reads them.
	k, err := kong.New(&c, kong.DefaultEnvars(envPrefix), kong.Resolvers(&settings{values: values}))
	if err != nil {
		return nil, err
	}

	if _, err := k.Parse(nil); err != nil {
		return nil, usage(err)
	}

	return &c.Serve, nil
}

// questions asks what cannot be guessed, and looks at each answer at once.
func (c *initCmd) questions(ask *questions, chosen map[string]string, kctx *kong.Context) error {
	set, err := configured(chosen)
	if err != nil {
		return err
	}

	// These three cannot be guessed.
	for _, q := range []struct {
		name, question, usual string
		check                 func(string) error
	}{
		{"public-url", "Address of the connector, as browsers and Frame.io will reach it", set.PublicURL, checkPublic},
		{
			"nuxeo-url", "Address of Nuxeo, as the connector reaches it", set.Nuxeo.URL,
			func(s string) error { return checkNuxeo(ask.t, s) },
		},
		{
			"database", "Database: sqlite, or a postgres:// address", orSQLite(set.Database),
			func(s string) error { return checkDatabase(ask.t, s) },
		},
	} {
		answer, err := ask.text(q.question, q.usual, q.check)
		if err != nil {
			return err
		}
		ask.keep(chosen, q.name, strings.TrimRight(answer, "/"), q.usual)
	}

	// A file in the data folder is what goes without saying.
	if chosen["database"] == sqlite {
		delete(chosen, "database")
	}

	return c.mail(ask, chosen, set)
}

const sqlite = "sqlite"

func orSQLite(database string) string {
	if database == "" {
		return sqlite
	}
	return database
}

// mail asks how people are told.
func (c *initCmd) mail(ask *questions, chosen map[string]string, set *app.Config) error {
	usual := set.Mail.Via
	switch {
	case usual == "auto" && set.Mail.SMTPHost != "":
		usual = "smtp"
	case usual == "auto" && set.Nuxeo.ServiceUser != "" && set.Mail.From != "":
		usual = "nuxeo"
	case usual == "auto":
		usual = "none"
	}

	// How mail is sent.
	via, err := ask.text("Mail: smtp, nuxeo (through its own set-up), or none", usual, oneOf("smtp", "nuxeo", "none"))
	if err != nil {
		return err
	}

	if via != usual {
		ask.outweighed("mail-via")
	}

	chosen["mail-via"] = via
	if via == "none" {
		return nil
	}

	// Who it is from, either way.
	if err := ask.into(chosen, "mail-from", "Sender of mail", set.Mail.From, checkAddress); err != nil {
		return err
	}

	// Nuxeo sends for an administrator only.
	if via == "nuxeo" {
		if err := ask.into(chosen, "nuxeo-service-user", "Service account in Nuxeo, an administrator",
			set.Nuxeo.ServiceUser, needed); err != nil {
			return err
		}
		return ask.secret(chosen, "nuxeo-service-password", "Its password", set.Nuxeo.ServicePassword)
	}

	// A server of one's own.
	if err := ask.into(chosen, "mail-smtp-host", "SMTP server", set.Mail.SMTPHost, needed); err != nil {
		return err
	}

	if err := ask.into(chosen, "mail-smtp-port", "Its port", strconv.Itoa(set.Mail.SMTPPort), checkPort); err != nil {
		return err
	}
	if n, err := strconv.Atoi(chosen["mail-smtp-port"]); err == nil {
		chosen["mail-smtp-port"] = strconv.Itoa(n) // 0587 is 587
	}

	if err := ask.into(chosen, "mail-smtp-user", "Login there, or - for none", orDash(set.Mail.SMTPUser),
		nil); err != nil {
		return err
	}

	if user := chosen["mail-smtp-user"]; user == "-" || user == "" {
		delete(chosen, "mail-smtp-user")
		return nil
	}

	return ask.secret(chosen, "mail-smtp-password", "Its password", set.Mail.SMTPPass)
}

// replace writes the file as a whole, once it is known that it can be read again. It is its
// owner's alone; one that is there keeps its owner, who may be another account than ours.
func replace(path string, chosen map[string]string, flags []*kong.Flag) error {
	var b bytes.Buffer
	if err := writeSettings(&b, flags, chosen); err != nil {
		return err
	}

	// Nothing is replaced by what could not be read again.
	var tree map[string]any
	if err := toml.Unmarshal(b.Bytes(), &tree); err != nil {
		return fault.New(fault.Internal, "The settings cannot be written so that they can be read again: %v.", err)
	}

	const remedy = "Give --config with a path that can be written to."
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fault.Field("config", remedy, "The folder of %s cannot be made: %v.", path, err)
	}

	// A reader sees the old file or the new one.
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // its owner's alone
	if err != nil {
		return fault.Field("config", remedy, "%s cannot be written: %v.", path, err)
	}

	_, err = f.Write(b.Bytes())
	if err == nil {
		err = sameOwner(path, f)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // what it is told of is why
		return fault.Field("config", remedy, "%s cannot be written: %v.", path, err)
	}

	return nil
}

// afterwards examines what was set up and says what is left to do, on both sides.
func (c *initCmd) afterwards(t *terminal, set *app.Config, path string) error {
	look := doctorCmd{Config: *set, User: c.User, Password: c.AdminPassword}
	err := look.Run(t)
	if err != nil && fault.From(err).Code != fault.Refused {
		return err
	}

	// The doctor has said what is wrong; say what comes next.
	said := "Everything is in place."
	if err != nil {
		said = fault.From(err).Message + " What is left to do is below and behind the arrows; " +
			"`nuxeo-frameio doctor --config " + quoted(path) + "` looks again."
	}

	public := strings.TrimRight(set.PublicURL, "/")
	t.printf("\n%s\n", said)
	_, werr := fmt.Fprint(t.out, plain.Text(fmt.Sprintf(`
On the server of Nuxeo
  in nuxeo.conf:      nuxeo.frameio.url=%[1]s
  write the package:  nuxeo-frameio package -o .
  install it:         nuxeoctl stop; nuxeoctl mp-install %[2]s; nuxeoctl start
  let people sign in: nuxeo-frameio doctor --config %[3]s --user Administrator --fix

At Adobe, https://developer.adobe.com/console
  a project with the Frame.io API and OAuth Web App credentials, and there
  redirect address:   %[1]s/oauth/frameio/callback
  then with its id:   nuxeo-frameio provider set --server %[1]s --user Administrator \
                        --client-id ID --client-secret-file -

Here
  %[4]s
`, public, addon.FileName(app.Version), quoted(path), startLine(path))))
	return werr
}

// startLine is how the connector is started: by the system, where the file is the one of its
// service.
func startLine(path string) string {
	if path == "/etc/nuxeo-frameio/connector.toml" {
		return "start it:           systemctl enable --now nuxeo-frameio"
	}
	return "start it:           nuxeo-frameio serve --config " + quoted(path)
}

// checkPublic refuses what Adobe and Frame.io would refuse.
func checkPublic(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return fault.Field("public-url", "Give a full one, like https://frameio.example.com.",
			"%q is not an address.", address)
	case onThisMachine(u.Hostname()):
		return nil // to try it out
	case u.Scheme != "https":
		return fault.Field("public-url", "Put a reverse proxy with a certificate before the connector and give "+
			"its https address.",
			"Adobe's sign-in and Frame.io refuse %s, which is not https.", address)
	case net.ParseIP(u.Hostname()) != nil:
		return fault.Field("public-url", "Give a host name.", "Adobe's sign-in refuses %s, which is a bare address.",
			address)
	}

	return nil
}

// lookTime is how long a system may take to answer while a person waits at a question.
const lookTime = 10 * time.Second

// checkNuxeo looks whether Nuxeo answers; that it does not today is no reason to refuse it.
func checkNuxeo(t *terminal, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fault.Field("nuxeo-url", "Give a full one, like https://nuxeo.example.com/nuxeo.",
			"%q is not an address.", address)
	}
	tell(t, doctor.AnswersAsNuxeo(t.ctx, &http.Client{Timeout: lookTime}, strings.TrimRight(address, "/")))
	return nil
}

func checkDatabase(t *terminal, answer string) error {
	if answer == sqlite {
		return nil
	}

	if !strings.HasPrefix(answer, "postgres") {
		return fault.Field("database", "Give one like postgres://user:password@host:5432/name, or sqlite.",
			"This is not a postgres:// address.")
	}

	tell(t, doctor.AnswersAsPostgres(t.ctx, answer))
	return nil
}

// tell shows what was found out about an answer, and goes on.
func tell(t *terminal, f doctor.Finding) {
	_, _ = fmt.Fprintf(t.err, "  %s %s\n", marks[f.Mark], plain.Line(f.Detail))
	if f.Remedy != "" {
		_, _ = fmt.Fprintf(t.err, "  → %s\n", plain.Line(f.Remedy))
	}
}
