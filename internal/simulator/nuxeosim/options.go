package nuxeosim

import (
	"context"
	"io/fs"
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
)

// User is a person in the user directory.
type User struct {
	Login, Password, FirstName, LastName, Email, Company string
	// Groups are the names of groups; "administrators" makes Admin true.
	Groups []string
	// Admin lets the user do everything and see every lock as open.
	Admin bool
	// Disabled refuses every way of signing in, tokens included, as a removed
	// directory entry does.
	Disabled bool
}

// Options set up a server. The zero value works.
type Options struct {
	// URL is the public address with the context path, for example
	// http://127.0.0.1:8081/nuxeo. It appears in blob addresses and redirects
	// and is the one origin that the CSRF filter accepts.
	URL string
	// Users replaces the default directory: Administrator/Administrator (an
	// administrator) and the members josh, julia and olga, each with their login
	// as password and <login>@example.org as address.
	Users []User
	// JWTSecret is nuxeo.jwt.secret; empty leaves JWT off, as in a fresh Nuxeo.
	JWTSecret string
	// SMTP is host:port of mail.transport; empty makes Document.Mail fail with
	// 500, as a Nuxeo without mail does.
	SMTP string
	// Dial connects to the mail server; nil is a plain dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// MailFrom is mail.from.
	MailFrom string
	// LTS is "2021", "2023" (the default) or "2025". 2025 has no
	// /search/lang/…, no /oauth2/token/{provider}/{user}, takes only `users` in
	// Document.AddPermission, and has no point CommentService#config.
	LTS string
	// Properties are those of nuxeo.conf, for contributions that expand them and
	// for CORS. [Server.SetProperty] sets more.
	Properties map[string]string
	// WithoutWebUI leaves the package nuxeo-web-ui away: no pages below /ui, and
	// packages that depend on it cannot be installed.
	WithoutWebUI bool

	// WebUI is a build of the real Nuxeo Web UI, which is shown in place of the face: what
	// its build leaves in dist. nil: the face.
	WebUI fs.FS

	// DataDir is where blob bytes lie; empty means a temporary directory. What
	// the server puts there is removed by Close.
	DataDir string
	// DiscardBlobs keeps only size and digest of what is uploaded, for
	// benchmarks. The digest is known if the chunks arrived in order.
	DiscardBlobs bool
	// Verify, when set, is what every upload must hold: a chunk that differs is
	// answered with 500 and counted by [Server.Mismatches]. Together with
	// DiscardBlobs, downloads are made from it.
	Verify *pattern.Content
	// AttachPerGiB is how long the server takes to join a chunked file, which
	// happens inside the POST or PUT that attaches it.
	AttachPerGiB time.Duration
	// TransactionTimeout is nuxeo.db.transactiontimeout, which a client raises by
	// Nuxeo-Transaction-Timeout: a join that takes longer fails with 500. 0 means
	// no limit; the real default is 300 seconds.
	TransactionTimeout time.Duration
	// DigestAlgorithm is that of the blob provider: MD5 (the default), SHA-1,
	// SHA-256, SHA-512, or "none" for a provider whose keys are no digests.
	DigestAlgorithm string
	// BatchTTL is nuxeo.transientstore.ttl; 0 means the template's 72 hours.
	BatchTTL time.Duration
	// Handlers are upload handlers beside "default", known by name only.
	Handlers []string

	// DirectDownload answers @blob with 302 to an address that works for a short
	// while without credentials, as with a blob provider on S3.
	DirectDownload bool
	// FilesForBrowsers lets only sessions pass at /nxfile, as where a customer has
	// replaced the ways to sign in there.
	FilesForBrowsers bool
	// HideMessages is org.nuxeo.rest.exception.message.enabled=false: errors say
	// only "An error occured" (sic).
	HideMessages bool
	// DevMode shows the message of errors of 500 and above.
	DevMode bool
	// CSRFTokens is nuxeo.csrf.token.enabled: unsafe requests need a CSRF-Token,
	// which clients without a session cannot have.
	CSRFTokens bool
	// NoVersionOnCreate leaves policies with beforeUpdate=false out on creation. By
	// default they check in then too, so that the answer tells of a checked-in document.
	NoVersionOnCreate bool
	// BackgroundAfter is how long after a content was written the work on thumbnails
	// writes back the facets that it has read with it, and with that takes away what was
	// added meanwhile. 0 means 130 ms, as measured; less than 0 that it waits for
	// [Server.RunBackground].
	BackgroundAfter time.Duration
	// Untrue are the ways in which the server is kinder than a real one; nil: none.
	Untrue *Untruths
	// IndexLag is how far the index behind /search is behind what is written, at most; 0
	// is a server without index, whose /search asks the repository, and StandsStill an
	// index that moves only when it is told to.
	IndexLag time.Duration
	// KeyRace is how long after the first request with an Idempotency-Key another one is
	// carried out as well, since looking for a key and noting it are two steps: a few
	// milliseconds on a real server. 0 leaves that out.
	KeyRace time.Duration
	// FacetDataStays keeps the data of a facet that is removed, which comes back with the
	// facet, as SQL databases do. MongoDB drops it.
	FacetDataStays bool
	// MaxPageSize is nuxeo.pageprovider.default-max-page-size; 0 means 1000.
	MaxPageSize int
	// UnknownCount answers resultsCount -2, as a repository does that has not
	// counted.
	UnknownCount bool
	// Anonymous, when set, is the login that requests without credentials act as.
	Anonymous string

	// Now and NewID replace the clock and the source of identifiers.
	Now   func() time.Time
	NewID func() string
	// Logger hears of requests; nil means silence.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Users == nil {
		o.Users = defaultUsers()
	}

	if o.Untrue == nil {
		o.Untrue = &Untruths{}
	}

	if o.LTS == "" {
		o.LTS = "2023"
	}

	if o.DigestAlgorithm == "" {
		o.DigestAlgorithm = "MD5"
	}

	if o.BatchTTL == 0 {
		o.BatchTTL = 72 * time.Hour
	}

	if o.BackgroundAfter == 0 {
		o.BackgroundAfter = 130 * time.Millisecond
	}

	if o.MaxPageSize == 0 {
		o.MaxPageSize = 1000
	}

	return o.withSources()
}

func (o Options) withSources() Options {
	if o.Now == nil {
		o.Now = time.Now
	}

	if o.NewID == nil {
		o.NewID = newUUID
	}

	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}

	if o.MailFrom == "" {
		o.MailFrom = "nuxeo@example.org"
	}

	return o
}

func defaultUsers() []User {
	users := []User{{
		Login:    "Administrator",
		Password: "Administrator",
		Admin:    true,
		Email:    "Administrator@example.org",
		Groups:   []string{"administrators"},
	}}

	for _, name := range [][2]string{{"josh", "Josh"}, {"julia", "Julia"}, {"olga", "Olga"}} {
		users = append(users, User{
			Login:     name[0],
			Password:  name[0],
			FirstName: name[1],
			LastName:  "Example",
			Email:     name[0] + "@example.org",
			Groups:    []string{"members"},
		})
	}

	return users
}

func (u User) admin() bool { return u.Admin || slices.Contains(u.Groups, "administrators") }
