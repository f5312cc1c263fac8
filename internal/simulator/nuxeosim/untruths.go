package nuxeosim

// Untruths are the ways in which the server may be kinder than the real one, each for
// those who need it so. None of them is true of a real server; what servers do
// differently from each other is in [Options] itself.
type Untruths struct {
	// TokenMovesAlways moves the second number of the change token with every write, not
	// only with those that carry id and token.
	TokenMovesAlways bool
	// UnknownConfigurationIs404 answers 404 for a schema, facet or type that is not
	// there, in place of 204.
	UnknownConfigurationIs404 bool
	// KeysAtOnce replays an answer as soon as it was sent. A real server answers 409 with
	// an empty body for a moment more.
	KeysAtOnce bool
	// CommentsAsWritten leaves the text of comments as it was sent: no sanitizer.
	CommentsAsWritten bool
	// AllCharacters leaves characters beyond the basic plane and invisible ones in
	// strings.
	AllCharacters bool
	// PlusInNames leaves a plus in X-File-Name, in place of a blank.
	PlusInNames bool
	// TypesAsSent keeps application/octet-stream, in place of the type that the name says.
	TypesAsSent bool
	// CommentPages puts what pages have on lists of comments and annotations, keeps
	// annotations out of the comments, and gives annotations in pages, newest first.
	CommentPages bool
	// CommentsStrangers answers 404 where an annotation's address names a comment, in
	// place of 500, and does not find annotations as comments.
	CommentsStrangers bool
	// NobodySubscribed subscribes nobody who comments although the package's component
	// does not require the one that says otherwise.
	NobodySubscribed bool
	// FacetsAreWrites makes a write of a facet: versions, contributors, checked out.
	FacetsAreWrites bool
	// AudienceWithoutSite compares the audience of a JWT with api/v1…, not site/api/v1…,
	// and takes one that was issued in the future.
	AudienceWithoutSite bool
	// OldAccessLives lets an OAuth access token live on when it is refreshed, and calls a
	// missing verifier an invalid grant.
	OldAccessLives bool
	// RefusalsAsJSON words 401, 403 for a foreign origin, and errors of authorize as
	// JSON, and leads who is not signed in to the sign-in page by a redirect.
	RefusalsAsJSON bool
	// PlainStatuses answers what is wrong with a request by 400, 403 or 404, where a real
	// server answers 500 or 405.
	PlainStatuses bool
	// BareMessages leaves out what automation puts before messages.
	BareMessages bool
	// TrashAtOnce trashes what is in a folder with the folder, in place of a moment later,
	// and leaves what is above alone when something is taken out.
	TrashAtOnce bool
	// TrashKeepsNames leaves names in the trash as they were.
	TrashKeepsNames bool
	// CleanNames makes a-b of the name a/b, and untitled of names of dots.
	CleanNames bool
	// OrderOfCreation gives documents in the order of their creation where a query asks
	// for none.
	OrderOfCreation bool
	// CountedChildren counts @children exactly.
	CountedChildren bool
	// TokensLikePasswords leads who asks for a file with a token that does not hold to the
	// sign-in page, in place of 401 for a bearer and 500 for a login token.
	TokensLikePasswords bool
	// MailForAll lets everybody send mail, without naming a sender, and evaluates its
	// subject.
	MailForAll bool
}
