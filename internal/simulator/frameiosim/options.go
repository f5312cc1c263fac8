package frameiosim

import (
	"log/slog"
	"net/http"
	"time"
)

// Options are the switches of a Server. The zero value works: a healthy,
// permissive Frame.io whose budgets are a thousand times the real ones.
type Options struct {
	// URL is the public base of the server, such as http://127.0.0.1:8082. It
	// begins every link that an answer carries. SetURL can give it later.
	URL string
	// Seed makes ids and secrets; equal seeds and calls give equal ids.
	Seed uint64

	// ClientID and ClientSecret are the OAuth application registered with
	// Adobe; empty: frameio-demo-client and frameio-demo-secret.
	ClientID, ClientSecret string
	// RedirectURIs are the registered redirects: each an exact address or, if it
	// holds any of \*+[]()^$|, a regular expression for all of one, as in
	// Adobe's console. Empty: any.
	RedirectURIs []string
	// TokenScopes are the scopes the application may ask for; any other name is
	// answered by invalid_scope. Empty: the set known to work with Frame.io.
	TokenScopes []string
	// AccessTTL is how long an access token lives. Adobe's answers say 24 hours,
	// Frame.io's page says one; 0: 24 hours.
	AccessTTL time.Duration
	// RefreshTTL is the life of a refresh token, counted anew at each use; 0: 14 days.
	RefreshTTL time.Duration
	// RotateRefresh says what a refresh does to the refresh token: RotateAlways
	// (or empty), RotateNever, or RotateOmit, all three of which were seen.
	RotateRefresh string
	// GraceReuse accepts a rotated refresh token once more for so long, which
	// forgives a lost answer. 0: not at all, as Adobe does.
	GraceReuse time.Duration
	// ReuseKeepsFamily: the reuse of a rotated refresh token is refused but does
	// not revoke its successors. Off: all tokens of that sign-in are revoked.
	ReuseKeepsFamily bool
	// RequireAPIKey refuses calls without x-api-key: <client id> by 401, which
	// one integration reports of the real API and others do not see.
	RequireAPIKey bool

	// LinkTTL and UploadTTL are the lives of signed download and upload links,
	// which Frame.io does not document; 0: one hour.
	LinkTTL, UploadTTL time.Duration
	// ClockSkew is how far this server's clock runs ahead of the world's in
	// what it signs and in when its links expire.
	ClockSkew time.Duration
	// PartSize is about how large a part of an upload may be; 0: 20 MB. Parts
	// are of nearly equal size and at most 10,000.
	PartSize int64
	// UploadDir keeps uploads that are too large for memory; empty: a new
	// directory that Close removes.
	UploadDir string
	// DiscardUploads counts uploaded bytes and forgets them, for benchmarks:
	// such a file reads as zeros.
	DiscardUploads bool
	// OpaqueETags answers a part's PUT with an ETag that is no MD5 sum, as S3
	// does for some kinds of encryption.
	OpaqueETags bool
	// Remote says what becomes of the nth remote upload, from 1; nil: each is
	// fetched at once. RemoteClient fetches them; nil: a client of its own.
	Remote       func(n int) RemoteFate
	RemoteClient *http.Client
	// UploadSettle passes between the last part and status "uploaded", while
	// parts are joined; TranscodeDelay between "uploaded" and "transcoded".
	UploadSettle, TranscodeDelay time.Duration

	// Still is a picture of a video, as PNG or JPEG, which nothing here can draw; where it
	// is nil or gives nil, a picture with the file's name stands for it.
	Still func(video Content) []byte

	// RateFactor is how much faster budgets refill than the real ones: 1 is
	// real, 0 is 1000, negative is no limit at all.
	RateFactor float64

	// ActionTimeout is how long an answer to a custom action may take (0: 5 s,
	// or the action's own timeout if it has one), ActionTries how often it is tried
	// (0: 5), ActionBackoff the first pause between tries, doubled each time (0: 1 s).
	ActionTimeout, ActionBackoff time.Duration
	ActionTries                  int
	// ResourceShape: ShapeAuto (or empty) sends one selected asset as
	// "resource" and several as "resources"; ShapeResources always the latter.
	ResourceShape string
	// StackActionSends: StackItself (or empty) sends a selected stack as a
	// version_stack with its id; StackHead the head's file id, as the guide says.
	StackActionSends string
	// Events sends events to webhooks by itself and says what becomes of the nth,
	// from 1; nil: nothing is sent unless SendEvent is called. Healthy is one that
	// loses nothing. EventBackoff is the pause before the second of five tries,
	// doubled each time (0: 15 s).
	Events       func(n int) EventFate
	EventBackoff time.Duration
	// AuditRefused keeps the audit log from everybody, as for plans that have none.
	// Off: who owns or administers the account may read it.
	AuditRefused bool
	// AuditDelay is how long after its time the nth entry, from 1, can be seen in the
	// audit log; nil: at once.
	AuditDelay func(n int) time.Duration
	// KeptDeleted is how long a deleted asset can be restored, which is documented for the
	// earlier API only; 0: 30 days. NoRecentlyDeleted leaves out the operation that lists
	// them, as the contract does that we have. RestoredAnew gives what is restored another id.
	KeptDeleted                     time.Duration
	NoRecentlyDeleted, RestoredAnew bool
	// ActionClient makes the calls; nil: a client of its own that follows no redirect.
	ActionClient *http.Client

	// CommentFrameBase is the number of the first frame in comment timestamps:
	// 0 as the contract says, or 1 as the migration guide says.
	CommentFrameBase int
	// StatusField and StatusOptions name the select field that holds the
	// approval; accounts rename and extend it. Empty: Status with Needs Review,
	// In Progress, Approved.
	StatusField   string
	StatusOptions []string
	// FieldNames renames system fields: from the default name (see SystemFields)
	// to the one this account's language shows.
	FieldNames map[string]string
	// MetadataAsText sends the number fields of media facts as text fields.
	MetadataAsText bool
	// SelectAsBareIDs sends values of select fields as option ids instead of
	// objects. The contract says objects; bare ids were seen.
	SelectAsBareIDs bool
	// NextLinkFull keeps all query parameters in links.next. Off: the link
	// carries only the cursor, so that the caller must repeat the rest.
	NextLinkFull bool

	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// Logger gets one debug line per request and what goes wrong; nil: nothing.
	Logger *slog.Logger
	// Wrap is placed around the API inside the faults, for a check of the
	// contract that shall not see what faults do. Nil: nothing.
	Wrap func(http.Handler) http.Handler
}

// Values of Options.RotateRefresh.
const (
	RotateAlways = "always" // a new token each time; the old one is used up
	RotateNever  = "never"  // the same token comes back
	RotateOmit   = "omit"   // the answer has none; the old one stays good
)

// Values of Options.ResourceShape and Options.StackActionSends.
const (
	ShapeAuto      = "auto"
	ShapeResources = "resources"
	StackItself    = "stack"
	StackHead      = "head"
)

func (o *Options) fill() {
	setDefault(&o.ClientID, "frameio-demo-client")
	setDefault(&o.ClientSecret, "frameio-demo-secret")
	setDefault(&o.AccessTTL, 24*time.Hour)
	setDefault(&o.RefreshTTL, 14*24*time.Hour)
	setDefault(&o.RotateRefresh, RotateAlways)
	setDefault(&o.LinkTTL, time.Hour)
	setDefault(&o.UploadTTL, time.Hour)
	setDefault(&o.PartSize, 20_000_000)
	setDefault(&o.RateFactor, 1000)
	setDefault(&o.StatusField, "Status")
	o.fillActions()
	o.fillRest()
}

func (o *Options) fillActions() {
	setDefault(&o.ActionBackoff, time.Second)
	setDefault(&o.ActionTries, 5)
	setDefault(&o.EventBackoff, 15*time.Second)
	setDefault(&o.ResourceShape, ShapeAuto)
	setDefault(&o.StackActionSends, StackItself)
	if o.ActionClient == nil {
		o.ActionClient = &http.Client{
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
}

func (o *Options) fillRest() {
	if o.RemoteClient == nil {
		o.RemoteClient = &http.Client{}
	}

	if len(o.StatusOptions) == 0 {
		o.StatusOptions = []string{"Needs Review", "In Progress", "Approved"}
	}

	if len(o.TokenScopes) == 0 {
		o.TokenScopes = []string{"openid", "profile", "email", "offline_access", "additional_info.roles", "AdobeID"}
	}

	if o.Now == nil {
		o.Now = time.Now
	}

	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

func setDefault[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}
