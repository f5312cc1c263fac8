package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/mail"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Fix makes what Nuxeo lacks and tries what cannot be looked up, as an
// administrator, and says what it did.
func (d *Doctor) Fix(ctx context.Context, did func(Finding)) error {
	if d.Admin == nil {
		return fault.New(fault.Unauthenticated, "Fixing "+needAdmin+".")
	}

	me, err := d.Admin.Me(ctx)
	if err != nil {
		return err
	}

	if !me.Administrator {
		return fault.New(fault.Forbidden, "%s is not an administrator of Nuxeo.", me.Login).
			With("Give --user and --password of an administrator.")
	}

	// What is said here is not said again by the checks.
	d.fixed = map[string]bool{}
	say := func(f Finding) { d.fixed[f.Name] = true; did(f) }
	said, err := d.makeClient(ctx)
	if err != nil {
		return err
	}

	say(Finding{Name: "Sign in with Nuxeo", Mark: OK, Detail: said})
	f, err := d.tryPolicies(ctx)
	if err != nil {
		return err
	}

	f.Name = "Versioning policies"
	say(f)
	return nil
}

func (d *Doctor) makeClient(ctx context.Context) (string, error) {
	id, back := d.App.Config.Nuxeo.ClientID, d.App.Identity.NuxeoRedirectURL()
	k, err := d.Admin.OAuthClient(ctx, id)
	exists := err == nil
	if err != nil && !nuxeo.NotFound(err) {
		return "", err
	}

	if exists && k.Enabled && slices.Contains(k.RedirectURIs, back) {
		return "the OAuth client was there already", nil
	}

	// Keep what an administrator has entered, and add what is missing.
	k.ID, k.Name, k.Enabled, k.AutoGrant = id, "Frame.io connector", true, true
	k.Secret = d.App.Config.Nuxeo.ClientSecret
	if !slices.Contains(k.RedirectURIs, back) {
		k.RedirectURIs = append(k.RedirectURIs, back)
	}

	err = d.Admin.SaveOAuthClient(ctx, k, exists)
	if nuxeo.StatusOf(err) == http.StatusBadRequest {
		return "", fault.Field("public-url", "Set an https address, or http://localhost for a trial.",
			"Nuxeo does not take %s to send people back to.", back).Because(err)
	}

	return fmt.Sprintf("the OAuth client %q now leads back to %s", id, back), err
}

// The document that is written to, right below the root.
const (
	probeName = "nuxeo-frameio-doctor"
	probeTime = 30 * time.Second // to remove it
)

// tryPolicies writes to a document of its own as the connector would, counts
// versions, and removes the document.
func (d *Doctor) tryPolicies(ctx context.Context) (f Finding, err error) {
	root, err := d.Admin.GetByPath(ctx, "/", nuxeo.Fetch{})
	if err != nil {
		return f, err
	}

	if err := d.removeProbe(ctx); err != nil { // of a run that was killed
		return f, err
	}
	defer func() { err = errors.Join(err, d.removeProbe(ctx)) }()
	doc, err := d.Admin.Create(ctx, root.UID, nuxeo.NewDocument{
		Name: probeName, Type: "File", Properties: map[string]any{"dc:title": "nuxeo-frameio doctor (can be deleted)"},
	}, nuxeo.WriteOptions{Source: "frameio-metadata"})
	if err != nil {
		return f, err
	}

	// Count versions when it is new, after a change of metadata, and after one of content.
	counts := make([]int, 0, 3)
	for _, source := range []string{"", "frameio-metadata", "frameio"} {
		if source != "" {
			if err := d.Admin.Update(ctx, doc.UID, "", map[string]any{"dc:description": source},
				nuxeo.WriteOptions{Source: source}); err != nil {
				return f, err
			}
		}

		versions, err := d.Admin.Versions(ctx, doc.UID, nuxeo.Fetch{})
		if err != nil {
			return f, err
		}

		counts = append(counts, len(versions))
	}

	return verdict(counts), nil
}

// removeProbe removes the document until it is seen to be gone, also when who
// asked has given up. It goes by the path: the answer that told the id may have
// been lost.
func (d *Doctor) removeProbe(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTime)
	defer cancel()

	// Any answer may be lost, so only its absence ends this.
	for range 4 {
		doc, lookErr := d.Admin.GetByPath(ctx, "/"+probeName, nuxeo.Fetch{})
		if nuxeo.NotFound(lookErr) {
			return nil
		}
		if err = lookErr; err == nil {
			err = d.Admin.Delete(ctx, doc.UID)
		}
	}

	return err
}

func verdict(counts []int) Finding {
	if counts[1] != counts[0] {
		return broken("Reinstall the package, and look for a policy of your own with a lower order.",
			"metadata alone makes versions")
	}

	if counts[2] == counts[1] {
		return ok("metadata makes no version; content makes none either, by a policy of yours: the connector makes " +
			"one before it replaces content")
	}

	return ok("metadata makes no version, content makes one")
}

// SendMail sends a test message to a login, on the way that every mail takes. The address
// is looked up with the best credential at hand.
func (d *Doctor) SendMail(ctx context.Context, login, key string) error {
	m := mail.Message{
		Key: key, Once: "nuxeo-frameio-" + rand.Text(), To: login, Document: "/", Subject: "Frame.io connector: test",
		Heading: "Mail from the connector arrives.",
		Footer:  "You get this because an administrator tried it.",
	}

	// An administrator can look up an address that the service account may not.
	sender := *d.App.Mail
	if nx := d.nx(); nx != nil {
		sender.People = one{nx}
	}

	outcome, err := sender.Send(ctx, m)
	if err == nil && outcome == mail.NotSetUp {
		return fault.New(fault.Invalid, "No mail is set up, so nothing was sent.").
			With("Set mail-smtp-host and mail-from, or nuxeo-service-user (an administrator) and mail-from.")
	}

	return err
}

// one is an administrator who stands in for all people.
type one struct{ nx *nuxeo.Client }

func (o one) Nuxeo(context.Context, string) (*nuxeo.Client, error) { return o.nx, nil }
