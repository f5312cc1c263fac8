// Package frameiosim is a stand-in for Frame.io V4 that other programs talk to
// over HTTP: the API, Adobe's sign-in, the upload and the download host, and
// the caller of custom actions.
//
// One http.Handler plays all hosts, told apart by path:
//
//	/v4/…      the API (api.frame.io)
//	/ims/…     Adobe's sign-in (ims-na1.adobelogin.com)
//	/upload/…  where the parts of an upload are PUT (an S3 bucket)
//	/assets/…  where signed links lead (a CloudFront host)
//	/_sim/…    ours: state, faults and custom actions for other processes
//
// It owns people, accounts, the tree of assets, comments, metadata, tokens and
// uploads, all in memory except large contents. Invariants: an answer of
// /v4 is valid against the published contract; who may not see a thing is told
// that it does not exist; equal seeds give equal ids; time comes from
// Options.Now alone. Awkward behaviour of the real system that is not always
// seen is a field of Options; damage on the wire is the faults package's.
//
// Left out: search, shares, collections, groups, imports from connected storage,
// copies other than of files, comment attachments, Adobe-stored assets, and the
// legacy API.
package frameiosim
