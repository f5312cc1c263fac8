package doctor

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/mail"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

func (d *Doctor) configuration(context.Context) Finding {
	if err := d.App.Config.Check(); err != nil {
		return because(err, "")
	}
	return ok("settings are usable; `nuxeo-frameio config` lists them")
}

const databaseFile = "connector.db"

// started reports whether the connector has ever run in the data folder, or has a
// database elsewhere.
func (d *Doctor) started() bool {
	if d.given().Database != "" {
		return true
	}
	_, err := os.Stat(filepath.Join(d.given().Data, databaseFile))
	return err == nil
}

func (d *Doctor) database(ctx context.Context) Finding {
	if !d.started() {
		return warning("Is --data or --config right? If so, `nuxeo-frameio serve` on the server makes it.",
			"no database yet in %s", d.given().Data)
	}

	if d.unread() {
		return skipped("there is one in %s; it was not opened without its key", d.databaseLocation())
	}

	if d.App.Config.Database != "" {
		return d.postgres(ctx)
	}

	// SQLite can look over its own file.
	var said string
	if err := d.App.DB.Reader.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&said); err != nil {
		return broken("Restore a backup of the data folder.", "the database cannot be read: %v", err)
	}

	if said != "ok" {
		return broken("Restore a backup of the data folder.", "the database is damaged: %s", said)
	}

	return ok("sound, in %s", d.given().Data)
}

// databaseLocation returns where the database is, without the secrets of its address.
func (d *Doctor) databaseLocation() string {
	if d.given().Database != "" {
		return "PostgreSQL"
	}
	return d.given().Data
}

func (d *Doctor) postgres(ctx context.Context) Finding {
	if err := d.App.DB.Check(ctx); err != nil {
		return orUnreached("the setting database", "PostgreSQL", err,
			"See that PostgreSQL runs and lets this machine in.")
	}
	return ok("PostgreSQL answers")
}

func (d *Doctor) key(context.Context) Finding {
	if n := len(d.given().EncryptionKey); n > 0 {
		return ok("from the configuration, %d in the ring", n)
	}

	path := filepath.Join(d.given().Data, "encryption.key")
	_, err := os.Stat(path)
	if err != nil && !d.started() {
		return skipped("none yet; `serve` makes it with the database")
	}

	if err != nil {
		return broken("Restore it from a backup: without it no stored secret can be read.",
			"the key file is gone: %v", err)
	}

	// It is there; others must not be able to read it.
	for _, e := range app.Exposed(d.given().Data) {
		if e.Path == path {
			return broken(e.Remedy, "%s", e.Why)
		}
	}

	return ok("in %s, readable by its owner only; keep a copy apart from the database", path)
}

// files looks whether others can get at what holds secrets, but for the key, which is
// checked separately.
func (d *Doctor) files(context.Context) Finding {
	var why, remedies []string
	for _, e := range app.Exposed(d.given().Data, d.App.Files()...) {
		if filepath.Base(e.Path) != "encryption.key" {
			why, remedies = append(why, e.Why), append(remedies, e.Remedy)
		}
	}

	if len(why) > 0 {
		return broken(strings.Join(remedies, " "), "%s", strings.Join(why, "; "))
	}

	return ok("only the account of the connector can read the database and the settings")
}

// skewLimit is well inside the five minutes of a custom action's signature.
const skewLimit = 30 * time.Second

func (d *Doctor) clock(ctx context.Context) Finding {
	theirs, _, err := date(ctx, d.App.Frameio(), d.App.Config.Frameio.URL+"/v4/me")
	if err != nil {
		if theirs, _, err = date(ctx, d.App.Nuxeo.HTTP(), d.App.Config.Nuxeo.URL+"/runningstatus"); err != nil {
			return skipped("nobody to compare with")
		}
	}

	// Signatures may be five minutes old; warn well before that.
	skew := theirs.Sub(d.Now()).Abs()
	if skew > 5*time.Minute {
		return broken("Let this machine synchronise its clock (NTP).",
			"off by %s: every custom action would be refused", skew.Round(time.Second))
	}

	if skew > skewLimit {
		return warning("Let this machine synchronise its clock (NTP).", "off by %s", skew.Round(time.Second))
	}

	return ok("right")
}

func (d *Doctor) nuxeo(ctx context.Context) Finding {
	address := d.App.Config.Nuxeo.URL
	if f := AnswersAsNuxeo(ctx, d.App.Nuxeo.HTTP(), address); f.Mark != OK {
		d.away = true
		return f
	}

	// Is the given sign-in good for what comes?
	if d.Admin != nil {
		me, err := d.Admin.Me(ctx)
		if nuxeo.StatusOf(err) == http.StatusUnauthorized {
			d.unfit = "the login and password given are not accepted"
			return broken("Correct --user and --password; without them NUXEO_FRAMEIO_USER and NUXEO_FRAMEIO_PASSWORD "+
				"are taken.", "answers at %s, but does not accept the login and password given", address)
		}
		if err != nil {
			return because(err, askAgain)
		}
		if !me.Administrator {
			d.unfit = me.Login + " is not an administrator of Nuxeo"
		}
	}

	// Without an administrator, Nuxeo does not say which release it is.
	nx := d.nx()
	if nx == nil && d.unfit != "" {
		return warning("Give --user and --password of an administrator; without them NUXEO_FRAMEIO_USER and "+
			"NUXEO_FRAMEIO_PASSWORD are taken.", "answers at %s; %s, so not everything can be told", address, d.unfit)
	}

	if nx == nil {
		return ok("answers at %s; which LTS it is %s", address, needAdmin)
	}

	about, err := nx.About(ctx)
	if nuxeo.NotFound(err) { // not every release has this address
		return warning("Make sure that it is LTS 2021, 2023 or 2025.",
			"answers at %s, but does not tell which LTS it is", address)
	}

	if err != nil {
		return because(err, askAgain)
	}

	// Which releases we are tried with.
	if about.Distribution != "lts" || about.Version < "2021" || about.Version >= "2026" {
		return warning("LTS 2021, 2023 and 2025 are supported.", "%s %s", about.Distribution, about.Version)
	}

	return ok("LTS %s at %s", about.Version, address)
}

func (d *Doctor) rights(ctx context.Context) Finding {
	c := d.App.Config.Nuxeo
	if d.away {
		return skipped(noNuxeo)
	}

	// A token of our own making shows whether the secret is shared.
	if c.JWTSecret != "" {
		nx := d.App.Nuxeo.As(nuxeo.JWT([]byte(c.JWTSecret), "Administrator", time.Minute, d.Now))
		if _, err := nx.Me(ctx); err != nil {
			return because(err, "nuxeo-jwt-secret must equal nuxeo.jwt.secret in nuxeo.conf.")
		}
	}

	if c.ServiceUser == "" {
		how := "people's own tokens"
		if c.JWTSecret != "" {
			how = "tokens minted with the shared JWT secret"
		}
		return ok("acts by %s; no service account, so publishers are the authors of imported comments", how)
	}

	// The service account is optional, but has to be good for something.
	u, err := d.App.Nuxeo.As(nuxeo.Basic(c.ServiceUser, c.ServicePassword)).Me(ctx)
	if err != nil {
		return because(err, "Correct nuxeo-service-user and nuxeo-service-password.")
	}

	if !u.Administrator {
		return warning("Make it an administrator, or give it Read on every bound folder.",
			"the service account %s is not an administrator: it sees only what it is allowed to", u.Login)
	}

	return ok("the service account %s is an administrator", u.Login)
}

func (d *Doctor) policies(context.Context) Finding {
	if d.unfit != "" {
		return skipped("%s", d.why())
	}
	if d.Admin == nil {
		return skipped("Nuxeo does not tell them; --fix tries them on a document that it removes again")
	}
	return skipped("tried by --fix")
}

func (d *Doctor) oauthClient(ctx context.Context) Finding {
	id := d.App.Config.Nuxeo.ClientID
	if id == "" {
		return warning("Set nuxeo-client-id.", "people cannot sign in on our own pages")
	}

	if d.away || d.admin() == nil {
		return skipped("%s", d.why())
	}

	// The client has to exist, be enabled, and lead back to us.
	remedy := fmt.Sprintf("Run `nuxeo-frameio doctor --fix` with an administrator's sign-in; or in Nuxeo, under "+
		"Administration, Cloud Services, Consumers, give the client %s this redirect address: %s", id,
		d.App.Identity.NuxeoRedirectURL())
	k, err := d.Admin.OAuthClient(ctx, id)
	if nuxeo.NotFound(err) {
		return broken(remedy, "Nuxeo has no OAuth client %q", id)
	}

	if err != nil {
		return because(err, askAgain)
	}

	if !k.Enabled || !slices.Contains(k.RedirectURIs, d.App.Identity.NuxeoRedirectURL()) {
		return broken(remedy, "the OAuth client %q is disabled or does not know %s", id,
			d.App.Identity.NuxeoRedirectURL())
	}

	return ok("the OAuth client %q leads back to us", id)
}

func (d *Doctor) frameio(ctx context.Context) Finding {
	_, status, err := date(ctx, d.App.Frameio(), d.App.Config.Frameio.URL+"/v4/me")
	if status == 0 {
		return unreached("frameio-url", plain.Address(d.App.Config.Frameio.URL), err)
	}

	if status != http.StatusUnauthorized {
		return warning("Check frameio-url.", "%s answers %d to a call without a sign-in",
			d.App.Config.Frameio.URL, status)
	}

	return ok("answers at %s", d.App.Config.Frameio.URL)
}

func (d *Doctor) provider(ctx context.Context) Finding {
	if d.unread() {
		return skipped("cannot be read without the encryption key")
	}

	p, err := d.App.Identity.Provider(ctx)
	if err != nil {
		return because(err, "")
	}

	if !p.Registered {
		return broken("Register it under Administration, Frame.io, Provider, or with `nuxeo-frameio provider set "+
			"--client-id … --client-secret-file …`, or take it from Nuxeo's Cloud Services "+
			"with `provider import`. The redirect address to enter at Adobe: "+d.App.Identity.RedirectURL(),
			"the Frame.io application is not registered").on(onProvider)
	}

	if !slices.Contains(p.Scopes, "offline_access") && !slices.Contains(p.Scopes, "offline") {
		return broken("Add offline_access to the scopes under Administration, Frame.io, Provider, or with "+
			"`nuxeo-frameio provider set --scopes …`.",
			"the scopes give no refresh token: everybody would have to connect again each day").on(onProvider)
	}

	// Ask Adobe whether id and secret are right.
	if err := d.App.Identity.CheckProvider(ctx); err != nil {
		return orUnreached("the token address of the provider", "the sign-in of Frame.io", err,
			"Correct the client id and secret under Administration, Frame.io, Provider, or with `nuxeo-frameio "+
				"provider set`.").on(onProvider)
	}

	return ok("id and secret are accepted; the redirect address to register is %s", d.App.Identity.RedirectURL())
}

func (d *Doctor) public(ctx context.Context) Finding {
	address := d.App.Config.PublicURL
	u, err := url.Parse(address)
	if err != nil {
		return because(err, "Set public-url.")
	}

	// An address can be seen to be of no use.
	const remedy = "Put a reverse proxy with a certificate before the connector and set public-url to its https " +
		"address."
	host := u.Hostname()
	switch {
	case host == "localhost" || net.ParseIP(host) != nil && net.ParseIP(host).IsLoopback():
		return warning(remedy, "%s is this machine only: Frame.io cannot call it", address)
	case u.Scheme != "https":
		return broken(remedy, "%s is not https: Adobe's sign-in and Frame.io refuse it", address)
	case net.ParseIP(host) != nil:
		return broken(remedy, "%s is a bare address: Adobe's sign-in refuses it", address)
	case !strings.Contains(host, "."):
		return warning(remedy, "%s has no full host name: Frame.io cannot find it", address)
	}

	// What looks right is tried.
	if _, status, err := date(ctx, d.App.Reach(), address+"/healthz"); status != http.StatusOK {
		return d.silent(address, status, err)
	}

	return ok("%s answers from here; whether the internet reaches it shows when an action is run", address)
}

// silent is a public address that does not lead here, as far as this machine can tell.
func (d *Doctor) silent(address string, status int, err error) Finding {
	if err == nil || status != 0 {
		return warning("Let the reverse proxy for this name lead to the connector ("+d.App.Config.Listen+").",
			"%s answers %d from here; whether Frame.io reaches the connector cannot be told", address, status)
	}
	f := unreached("public-url", address, err)
	f.Mark, f.Detail = Warning, f.Detail+"; whether Frame.io reaches it cannot be told from here"
	return f
}

// mail looks at the way that mail takes.
func (d *Doctor) mail(ctx context.Context) Finding {
	switch d.App.Mail.Way() {
	case mail.ViaSMTP:
		if err := d.App.Mail.Check(ctx); err != nil {
			return orUnreached("mail-smtp-host and mail-smtp-port", "the mail server "+d.App.Config.Mail.SMTPHost, err,
				"Correct the mail-smtp settings.")
		}
		return ok("the mail server %s takes connections; `--send-mail LOGIN` tries it", d.App.Config.Mail.SMTPHost)
	case mail.ViaNuxeo:
		return d.mailByNuxeo(ctx)
	}
	return warning("Set mail-smtp-host and mail-from, or nuxeo-service-user (an administrator) and mail-from.",
		"nobody is told by mail")
}

// mailByNuxeo looks whether Nuxeo would send for the service account: for others than
// administrators it does not.
func (d *Doctor) mailByNuxeo(ctx context.Context) Finding {
	if d.away {
		return skipped(noNuxeo)
	}

	const remedy = "Make nuxeo-service-user an administrator, or set mail-smtp-host."
	if d.App.Mail.Account == nil {
		return broken(remedy, "Nuxeo sends mail for an administrator only, and there is no service account")
	}

	u, err := d.App.Mail.Account.Me(ctx)
	if err != nil {
		return because(err, "Correct nuxeo-service-user and nuxeo-service-password.")
	}

	if !u.Administrator {
		return broken(remedy, "Nuxeo sends mail for an administrator only, and the service account %s is none: "+
			"nobody gets mail", u.Login)
	}

	return ok("through Nuxeo's own mail set-up, as %s; `--send-mail LOGIN` tries it", u.Login)
}
