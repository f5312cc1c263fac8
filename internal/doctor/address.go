package doctor

import (
	"context"
	"net/http"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// aFile finds a document that has one.
const aFile = "SELECT * FROM Document WHERE file:content/length > 0 AND ecm:isVersion = 0 AND ecm:isProxy = 0 AND " +
	"ecm:isTrashed = 0"

const viaUs = "Until then what is pushed goes through the connector; to leave it at that, switch push-by-address off."

// address checks whether Frame.io could fetch a file from Nuxeo.
func (d *Doctor) address(ctx context.Context) Finding {
	nx := d.nx()
	switch {
	case !d.App.Config.Push.ByAddress:
		return skipped("push-by-address is off: what is pushed goes through the connector")
	case d.away || nx == nil:
		return skipped("%s", d.why())
	}

	// Any document with a file will do.
	docs, _, err := nx.QueryPage(ctx, aFile, 0, 1, nuxeo.Fetch{})
	if err != nil {
		return because(err, askAgain)
	}

	if len(docs) == 0 {
		return skipped("there is no document with a file to try it with")
	}

	// Nuxeo sends on to its store, or sends the bytes itself.
	to, err := nx.SentOn(ctx, nuxeo.BlobPath(docs[0].UID, "file:content"))
	if err != nil {
		return because(err, askAgain)
	}

	if to == "" {
		return warning("Switch direct download on in Nuxeo, as with nuxeo.s3storage.directdownload=true. "+viaUs,
			"Nuxeo sends its files itself")
	}

	return d.fetchable(ctx, to)
}

// fetchable takes a byte from an address as Frame.io would, without a sign-in. The
// address is a secret, and its host is none.
func (d *Doctor) fetchable(ctx context.Context, address string) Finding {
	if err := d.App.StoreAddress(address); err != nil {
		f := fault.From(err)
		return warning(strings.TrimSpace(f.Remedy+" "+viaUs), "%s", strings.TrimRight(f.Message, "."))
	}

	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return warning(viaUs, "Nuxeo gave an address that is none")
	}

	// One byte tells as much as all of them.
	r.Header.Set("Range", "bytes=0-0")
	resp, err := d.App.Blobs().Transport.RoundTrip(r) // a client would quote the address in its errors
	if err != nil {
		why, _ := whyUnreached("its address", err)
		return warning("It must be reached by the internet. "+viaUs,
			"Nuxeo sends on to %s, which cannot be reached from here: %s", r.URL.Hostname(), why)
	}

	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent {
		return warning("Let Nuxeo sign its addresses so that they need no sign-in. "+viaUs,
			"Nuxeo sends on to %s, which answers %d without a sign-in", r.URL.Hostname(), resp.StatusCode)
	}

	return ok("Nuxeo sends on to %s, which gives files without a sign-in; whether Frame.io reaches it shows when "+
		"something is pushed", r.URL.Hostname())
}
