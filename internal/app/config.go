package app

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/metamap"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// Config is every setting of the connector. The tags are flags, environment and
// file at once: --nuxeo-url, NUXEO_FRAMEIO_NUXEO_URL, and url in the table
// [nuxeo] of the file are the same setting, the first one winning.
type Config struct {
	Data          string        `help:"Folder for the database and the encryption key." default:"data" type:"path" placeholder:"FOLDER"`
	Database      string        `help:"A postgres:// URL, which several nodes can share; without one an SQLite file in the data folder." secret:"" placeholder:"URL"`
	Listen        string        `help:"Address to listen on." default:"127.0.0.1:8090" placeholder:"HOST:PORT"`
	PublicURL     string        `name:"public-url" help:"Address of the connector as browsers and Frame.io reach it, with a path when a reverse proxy puts it below another. Custom actions and sign-ins lead there, so it must be https and reachable from the internet for a real Frame.io." default:"http://localhost:8090" placeholder:"URL"`
	EncryptionKey []string      `help:"Keys that encrypt secrets in the database, 32 bytes in base64 each; the first encrypts, all decrypt. Without one, a key is made at first start in the data folder." secret:"" placeholder:"KEY"`
	SessionTTL    time.Duration `name:"session-ttl" help:"How long a sign-in to the connector lasts." default:"12h"`
	HistoryKeep   time.Duration `help:"How long finished items, their history and the calls they came from are kept." default:"2160h"`
	AuditKeep     time.Duration `help:"How long entries of the audit are kept." default:"9600h"`
	Workers       int           `help:"How many items are worked on at once." default:"8"`
	LogLevel      string        `help:"Least level that is logged: ${enum}." enum:"debug,info,warn,error" default:"info"`
	LogFormat     string        `help:"Form of the log: ${enum}." enum:"text,json" default:"text"`

	AccessLog bool          `help:"Log each request at info: method, route, status, bytes, time, and who is signed in; no address, ticket or query." default:"false" negatable:""`
	SlowCall  time.Duration `help:"Calls to Nuxeo and Frame.io that take longer to be answered are warnings of the log, by their class, one a minute for each; what moves the bytes of files is left out. 0: none." default:"10s"`

	Admin     AdminConfig     `embed:"" prefix:"admin-"`
	Nuxeo     NuxeoConfig     `embed:"" prefix:"nuxeo-" group:"Nuxeo"`
	Frameio   FrameioConfig   `embed:"" prefix:"frameio-" group:"Frame.io"`
	Transfer  TransferConfig  `embed:"" prefix:"transfer-" group:"Transfers"`
	Network   NetworkConfig   `embed:"" prefix:"network-" group:"Networks"`
	Publish   PublishConfig   `embed:"" prefix:"publish-" group:"Publish"`
	Push      PushConfig      `embed:"" prefix:"push-" group:"Push"`
	On        OnConfig        `embed:"" prefix:"on-" group:"What Nuxeo does"`
	Notify    NotifyConfig    `embed:"" prefix:"notify-" group:"Where teams talk"`
	Sync      SyncConfig      `embed:"" prefix:"sync-" group:"Synchronization"`
	Mail      MailConfig      `embed:"" prefix:"mail-" group:"Mail"`
	Telemetry TelemetryConfig `embed:"" prefix:"telemetry-" group:"Telemetry"`
}

// NuxeoConfig tells how to reach Nuxeo and how to act there.
type NuxeoConfig struct {
	URL             string        `name:"url" help:"Address of Nuxeo with its context path, as the connector reaches it." default:"http://127.0.0.1:8080/nuxeo" placeholder:"URL"`
	PublicURL       string        `name:"public-url" help:"Address of Nuxeo as browsers reach it, when it is another one." placeholder:"URL"`
	JWTSecret       string        `name:"jwt-secret" help:"The value of nuxeo.jwt.secret in nuxeo.conf. With it the connector acts as each person without keeping a token of theirs." secret:"" placeholder:"SECRET"`
	ClientID        string        `name:"client-id" help:"Id of the OAuth client in Nuxeo for \"Sign in with Nuxeo\"; doctor --fix creates it." default:"nuxeo-frameio"`
	ClientSecret    string        `name:"client-secret" help:"Secret of that client, when it has one." secret:"" placeholder:"SECRET"`
	ServiceUser     string        `help:"Login of a service account that writes imported comments; without it the publisher is their author in Nuxeo. An administrator can also send mail, with mail-from." placeholder:"LOGIN"`
	ServicePassword string        `help:"Password of the service account." secret:"" placeholder:"PASSWORD"`
	Connections     int           `help:"How many calls to Nuxeo are open at once; it has 20 threads for everybody." default:"6"`
	CallTimeout     time.Duration `help:"How long an ordinary call may take to be answered; the answer itself may come as slowly as the link is, but not pause for longer than transfer-idle." default:"30s"`
	BlobHosts       []string      `help:"Hosts that Nuxeo may send on to for its files, when they lie in an object store; *.example.com is every host below example.com." default:"*.s3.amazonaws.com,*.s3.*.amazonaws.com,*.cloudfront.net,*.blob.core.windows.net,storage.googleapis.com" placeholder:"HOST"`
	AttachTimeout   time.Duration `help:"How long Nuxeo may take to attach a large file, in which it joins the uploaded pieces." default:"2h"`
}

// FrameioConfig tells how to reach Frame.io and how it speaks.
type FrameioConfig struct {
	URL             string        `name:"url" help:"Address of the Frame.io API." default:"https://api.frame.io" placeholder:"URL"`
	PKCE            bool          `name:"pkce" help:"Protect the sign-in with PKCE." default:"true" negatable:""`
	CallTimeout     time.Duration `help:"How long a call may take to be answered." default:"30s"`
	FileHosts       []string      `help:"Hosts that originals are taken from, besides that of frameio-url; *.example.com is every host below example.com. The default is where Frame.io is known to keep files; it may use others." default:"*.frame.io,*.s3.amazonaws.com,*.s3.*.amazonaws.com,*.s3-accelerate.amazonaws.com,*.cloudfront.net" placeholder:"HOST"`
	Webhooks        string        `help:"Webhooks in teams to which something was pushed or which are mirrored, so that reviews and comments are seen as they go on; without them reviews are looked at every 15 minutes, and mirrored assets when they are refreshed: ${enum}." enum:"on,off" default:"on"`
	FrameBase       int64         `help:"Number of the first frame in the times of comments, 0 or 1." default:"0"`
	StatusField     frameio.Names `help:"Names of the metadata field with the approval status, separated by commas; of this and the other fields the first that a file has a value in counts, and upper and lower case, blanks, dashes and underscores make no difference." default:"Status"`
	StatusProperty  string        `help:"Property of Nuxeo that shows the approval status as well, such as my:reviewState." placeholder:"XPATH"`
	StatusValues    []string      `help:"What it is set to: NAME=VALUE for each status of Frame.io, by its option's id or its name." placeholder:"NAME=VALUE"`
	RecentlyDeleted time.Duration `help:"How long Frame.io lets people restore what was deleted there; the document's tab says until when." default:"720h"`
	FrameRateField  frameio.Names `help:"Names of the metadata field with the frame rate." default:"Frame Rate"`
	DurationField   frameio.Names `help:"Names of the metadata field with the duration." default:"Duration"`
	CodecField      frameio.Names `help:"Names of the metadata field with the codec." default:"Video Codec, Codec"`
	ResolutionField frameio.Names `help:"Names of the metadata field with the resolution, when it is one field." default:"Resolution"`
	WidthField      frameio.Names `help:"Names of the metadata field with the width." default:"Resolution - Width, Width"`
	HeightField     frameio.Names `help:"Names of the metadata field with the height." default:"Resolution - Height, Height"`
}

// TransferConfig tells how bytes move.
type TransferConfig struct {
	Verify  string        `help:"digest: parts go in order and one digest over the whole is compared with Nuxeo's. parts: parts go in any order, several at once; only sizes are compared. One of ${enum}." enum:"digest,parts" default:"digest"`
	Streams int           `help:"Parts of one file that move at once, with verify parts." default:"4"`
	Idle    time.Duration `help:"A stream that moves nothing for so long is given up and begun again where it stood." default:"30s"`

	Bandwidth     string `help:"Bytes a second that all transfers of this node may use together, like 50M (units B, K, M and G of 1024), or a timetable like \"08:00,20M 19:00,off Sat-08:00,off\": an entry without a day is for every day that has none of its own at that time. Off is no limit." default:"off" placeholder:"SPEED"`
	BandwidthZone string `help:"Time zone of the timetable, like Europe/Berlin; empty is this machine's." placeholder:"ZONE"`
}

// PublishConfig bounds publishing.
type PublishConfig struct {
	WaitOriginal time.Duration `help:"How long to wait for an original that is still being uploaded to Frame.io." default:"24h"`
	MaxAssets    int           `help:"Most assets in a folder that is published." default:"1000"`
}

// PushConfig tells how documents go to Frame.io and come back.
type PushConfig struct {
	Unlock   string        `help:"When a pushed document that comes back is unlocked. published: when it is published. approved: when it is published and its status on Frame.io is push-approved. One of ${enum}." enum:"published,approved" default:"published"`
	Approved string        `help:"Name of the status that means that an asset is approved." default:"Approved"`
	Rejected frameio.Names `help:"Names of the statuses that mean that an asset is rejected, separated by commas." default:"Needs Work, Rejected"`
	Conform  bool          `help:"When a rendition was pushed and comes back, keep the master as the content and make a version that records the approval. Otherwise the rendition becomes the content." default:"true" negatable:""`
	Status   string        `help:"Name of the status that pushed assets get on Frame.io; \"-\" leaves it alone." default:"Needs Review" placeholder:"NAME"`
	Comment  bool          `help:"Put a comment with the address of the document on each pushed asset." default:"false" negatable:""`
	Most     int           `help:"Most documents of one push." default:"10000"`

	ByAddress bool `help:"Nuxeo sends on to signed addresses of its object store for its files (direct download), and the internet reaches them: let Frame.io fetch files of up to 50 GB there, so that no byte passes through the connector. Their size is compared, their digest is not. What cannot be fetched goes through the connector. Doctor tries such an address." default:"false" negatable:""`
}

// SyncConfig bounds synchronizations.
type SyncConfig struct {
	LostShare     float64       `help:"Share of a synchronization's assets, from 0 to 1, that may disappear from Frame.io at once without a question; more of them stop it until somebody has confirmed." default:"0.3"`
	CommentsEvery time.Duration `help:"How long the comments of a mirrored asset are left alone that Frame.io told nothing of." default:"24h"`
}

// MailConfig tells how people are told.
type MailConfig struct {
	Via      string `help:"How mail travels. smtp: by mail-smtp-host. nuxeo: through Nuxeo's own mail set-up, as nuxeo-service-user, who must be an administrator. auto: by SMTP when mail-smtp-host is set, else through Nuxeo when nuxeo-service-user and mail-from are, else nobody gets mail. One of ${enum}." enum:"auto,nuxeo,smtp,none" default:"auto"`
	From     string `help:"Sender, which mail needs either way." placeholder:"ADDRESS"`
	SMTPHost string `name:"smtp-host" help:"SMTP server." placeholder:"HOST"`
	SMTPPort int    `name:"smtp-port" help:"Its port." default:"587"`
	SMTPUser string `name:"smtp-user" help:"Login at the SMTP server." placeholder:"LOGIN"`
	SMTPPass string `name:"smtp-password" help:"Password at the SMTP server." secret:"" placeholder:"PASSWORD"`
	SMTPTLS  string `name:"smtp-tls" help:"Encryption towards the SMTP server: ${enum}." enum:"mandatory,opportunistic,none" default:"mandatory"`
}

// Check finds settings that cannot work, by their names.
func (c *Config) Check() error {
	for name, address := range map[string]string{
		"public-url":  c.PublicURL,
		"nuxeo-url":   c.Nuxeo.URL,
		"frameio-url": c.Frameio.URL,
	} {
		if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return fault.Field(name, "Give a full one, like https://frameio.example.com.",
				"%q is not an address.", address)
		}
	}

	// Values by themselves, and those that need each other.
	if _, err := c.Frameio.statusRows(); err != nil {
		return err
	}

	switch {
	case c.Database != "" && !store.IsPostgres(c.Database):
		return fault.Field("database",
			"Give one like postgres://user:password@host:5432/name, or none for a file in the data folder.",
			"The database is not a postgres:// address.")
	case c.Workers < 1 || c.Workers > 256:
		return fault.Field("workers", "Use 8.", "%d workers are not possible.", c.Workers)
	case c.HistoryKeep < 24*time.Hour:
		return fault.Field("history-keep", "Use 2160h, which is 90 days.",
			"Less than a day of history is too short: repeated calls would not be recognised.")
	case c.AuditKeep < 24*time.Hour:
		return fault.Field("audit-keep", "Use 9600h, which is 400 days.", "Less than a day of the audit is too short.")
	case c.SlowCall < 0:
		return fault.Field("slow-call", "Use 10s, or 0 for none.", "No call takes less than %s.", c.SlowCall)
	case c.Transfer.Streams < 1 || c.Transfer.Streams > 32:
		return fault.Field("transfer-streams", "Use 4.", "%d streams are not possible.", c.Transfer.Streams)
	case c.Push.Most < 1 || c.Push.Most > 10_000:
		return fault.Field("push-most", "Use 10000, or fewer.", "%d documents in one push are not possible.",
			c.Push.Most)
	case c.Nuxeo.Connections < 2:
		return fault.Field("nuxeo-connections", "Use 6.", "At least 2 connections to Nuxeo are needed.")
	case c.Nuxeo.ServiceUser != "" && c.Nuxeo.ServicePassword == "":
		return fault.Field("nuxeo-service-password", "Give it, or no service user.",
			"The service account has no password.")
	case c.Mail.Via == "smtp" && (c.Mail.SMTPHost == "" || c.Mail.From == ""):
		return fault.Field("mail-smtp-host", "Give mail-smtp-host and mail-from.",
			"Mail by SMTP needs a server and a sender.")
	case c.Mail.Via == "auto" && c.Mail.SMTPHost != "" && c.Mail.From == "":
		return fault.Field("mail-from", "Give an address like frameio@example.com.", "Mail by SMTP needs a sender.")
	case c.Mail.Via == "nuxeo" && (c.Nuxeo.ServiceUser == "" || c.Mail.From == ""):
		return fault.Field("mail-via", "Give nuxeo-service-user, as an administrator, and mail-from.",
			"Mail through Nuxeo needs a service account, nuxeo-service-user, and a sender, mail-from.")
	}

	if err := errors.Join(c.Admin.check(), c.On.check(), c.Notify.check()); err != nil {
		return err
	}

	return c.checkNetwork()
}

// statusRows reads the table of statuses, which is a row of the metadata map.
func (c FrameioConfig) statusRows() ([]metamap.Row, error) {
	values := map[string]string{}
	for _, row := range c.StatusValues {
		name, value, ok := strings.Cut(row, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, fault.Field("frameio-status-values", "Give NAME=VALUE for each status, like Approved=approved.",
				"%q is not a row of the table.", row)
		}
		values[name] = strings.TrimSpace(value)
	}

	// Neither is of use without the other.
	if (c.StatusProperty == "") != (len(values) == 0) {
		return nil, fault.Field("frameio-status-property",
			"Give both frameio-status-property and frameio-status-values, or neither.",
			"A table of statuses needs a property and values.")
	}

	if c.StatusProperty == "" {
		return nil, nil
	}

	r, err := metamap.Check(metamap.Row{
		ID: "configuration", Direction: metamap.ToNuxeo, Field: c.StatusField, Property: c.StatusProperty,
		Kind: metamap.Vocabulary, Values: values, Configured: true,
	})
	if err != nil {
		return nil, fault.Field("frameio-status-property", "Give a property of your own, such as my:reviewState.", "%s",
			fault.From(err).Message).Because(err)
	}

	return []metamap.Row{r}, nil
}

// DatabaseAddress is the address for store.Open. It may contain a password.
func (c *Config) DatabaseAddress() string {
	if c.Database != "" {
		return c.Database
	}
	return filepath.Join(c.Data, "connector.db")
}

func (c *Config) nuxeoPublic() string {
	if c.Nuxeo.PublicURL != "" {
		return c.Nuxeo.PublicURL
	}
	return c.Nuxeo.URL
}

func (c *Config) domain() string {
	u, err := url.Parse(c.PublicURL)
	if err != nil {
		return "nuxeo-frameio"
	}
	return u.Hostname()
}

// Secrets are the values that must never be shown, for tests and masks.
func (c *Config) Secrets() []string {
	var out []string
	for _, s := range append([]string{
		c.Nuxeo.JWTSecret, c.Nuxeo.ClientSecret, c.Nuxeo.ServicePassword, c.Mail.SMTPPass,
		c.Database, c.Network.password(), c.Admin.Token,
	}, c.EncryptionKey...) {
		if s != "" {
			out = append(out, s)
		}
	}

	return out
}

func (c NetworkConfig) password() string {
	u, err := url.Parse(c.Proxy)
	if err != nil || u.User == nil {
		return ""
	}
	password, _ := u.User.Password()
	return password
}

// String never shows a secret, should the configuration ever be printed.
func (c *Config) String() string {
	return fmt.Sprintf("configuration for %s", c.PublicURL)
}
