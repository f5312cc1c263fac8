package identity

import (
	"slices"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

func TestProviderFormIsPreFilled(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if err := w.DeleteProvider(t.Context()); err != nil {
		t.Fatal(err)
	}

	p, err := w.Provider(t.Context())
	if err != nil || p.Registered || p.Enabled || p.HasSecret || p.ClientID != "" {
		t.Fatalf("%+v, %v", p, err)
	}

	if p.AuthorizationURL == "" || p.TokenURL == "" || !slices.Contains(p.Scopes, "offline_access") {
		t.Errorf("not pre-filled: %+v", p)
	}

	_, err = w.BeginFrameio(t.Context(), "josh", "/")
	if f := w.wants(err, fault.Conflict); f.Remedy == "" {
		t.Error("nobody is told what to do about it")
	}
}

func TestProviderIsChecked(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for field, change := range map[string]func(*Provider){
		"service_name":           func(p *Provider) { p.ServiceName = "dropbox" },
		"client_id":              func(p *Provider) { p.ClientID = " " },
		"authorization_url":      func(p *Provider) { p.AuthorizationURL, p.TokenURL = "ims/authorize", "" },
		"token_url":              func(p *Provider) { p.TokenURL = "javascript:alert(1)" },
		"user_authorization_url": func(p *Provider) { p.UserAuthorizationURL = "x" },
		"scopes":                 func(p *Provider) { p.Scopes = nil },
	} {
		p := w.form()
		change(&p)
		f := w.wants(w.SaveProvider(t.Context(), p), fault.Invalid)
		if f.Field != field || f.Remedy == "" {
			t.Errorf("%s: field %q, remedy %q", field, f.Field, f.Remedy)
		}
	}
}

// secret is what the token endpoint would be sent.
func (w *world) secret() string {
	w.Helper()
	_, sealed, err := w.provider(w.Context())
	if err != nil {
		w.Fatal(err)
	}

	s, err := w.vault.Open("providers/"+ProviderName, sealed)
	if err != nil {
		w.Fatal(err)
	}

	return s
}

func TestEmptySecretKeepsTheStoredOne(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p, err := w.Provider(t.Context())
	if err != nil || p.ClientSecret != "" || !p.HasSecret || !p.Registered {
		t.Fatalf("%+v, %v", p, err)
	}

	p.Description = "changed"
	if err := w.SaveProvider(t.Context(), p); err != nil {
		t.Fatal(err)
	}

	if p, err = w.Provider(t.Context()); err != nil || !p.HasSecret || p.Description != "changed" {
		t.Fatalf("%+v, %v", p, err)
	}

	if got := w.secret(); got != clientSecret {
		t.Errorf("the secret became %q", got)
	}

	p.ClientSecret = " another\n"
	if err := w.SaveProvider(t.Context(), p); err != nil {
		t.Fatal(err)
	}

	if got := w.secret(); got != "another" {
		t.Errorf("the secret became %q", got)
	}
}

func TestScopesAlwaysIncludeOfflineAccess(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.form()
	p.Scopes = []string{"openid"}
	if err := w.SaveProvider(t.Context(), p); err != nil {
		t.Fatal(err)
	}

	if p, err := w.Provider(t.Context()); err != nil || !slices.Equal(p.Scopes, []string{"openid", "offline_access"}) {
		t.Errorf("%v, %v", p.Scopes, err)
	}
}

// cloudServices contributes the provider as the package does, with what an
// administrator filled in.
func (w *world) cloudServices(id, secret string) {
	w.Helper()
	err := w.nx.AddContribution([]byte(`<component name="test.provider"><extension
		target="org.nuxeo.ecm.platform.oauth2.providers.OAuth2ServiceProviderRegistry" point="providers"><provider><name>frameio</name>
		<clientId>` + id + `</clientId><clientSecret>` + secret +
		`</clientSecret><scope>openid</scope><scope>email</scope>
		<authorizationServerURL>` + w.fioURL + `/ims/authorize/v2</authorizationServerURL>
		<tokenServerURL>` + w.fioURL + `/ims/token/v3</tokenServerURL></provider></extension></component>`))
	if err != nil {
		w.Fatal(err)
	}
}

func TestProviderIsImportedFromCloudServices(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.cloudServices("imported", "from-nuxeo")
	w.signIn("Administrator")
	p, err := w.ImportProvider(t.Context(), "Administrator")
	if err != nil || p.ClientID != "imported" || !p.Enabled || !p.HasSecret ||
		!slices.Contains(p.Scopes, "offline_access") {
		t.Fatalf("%+v, %v", p, err)
	}

	if got := w.secret(); got != "from-nuxeo" {
		t.Errorf("the secret is %q", got)
	}
}

func TestImportExplainsWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.signIn("Administrator")
	_, err := w.ImportProvider(t.Context(), "Administrator")
	if f := w.wants(err, fault.NotFound); f.Remedy == "" {
		t.Error("no remedy")
	}

	w.cloudServices("", "")
	_, err = w.ImportProvider(t.Context(), "Administrator")
	if f := w.wants(err, fault.Conflict); f.Remedy == "" {
		t.Error("no remedy")
	}
}

// Nuxeo tells the secret to administrators only.
func TestOthersCannotImport(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.cloudServices("imported", "from-nuxeo")
	w.signIn("josh")
	_, err := w.ImportProvider(t.Context(), "josh")
	w.wants(err, fault.Conflict)
	if got := w.secret(); got != clientSecret {
		t.Errorf("the secret became %q", got)
	}

	_, err = w.ImportProvider(t.Context(), "olga") // never signed in
	w.wants(err, fault.NeedsOwner)
}
