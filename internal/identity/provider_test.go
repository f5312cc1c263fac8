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
		t.Fatalf("the provider before one is saved: %+v, %v; want one that is empty and not enabled", p, err)
	}

	if p.AuthorizationURL == "" || p.TokenURL == "" || !slices.Contains(p.Scopes, "offline_access") {
		t.Errorf("the form is filled with %+v, want both addresses and the scope offline_access", p)
	}

	_, err = w.BeginFrameio(t.Context(), "josh", "/")
	if f := w.wants(err, fault.Conflict); f.Remedy == "" {
		t.Errorf("the fault: got no remedy, want one: %v", f)
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
			t.Errorf("%s: refused with the field %q and the remedy %q, want this field and a remedy", field, f.Field,
				f.Remedy)
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
		t.Fatalf("the saved provider: %+v, %v; want it registered, with a secret that is not shown", p, err)
	}

	p.Description = "changed"
	if err := w.SaveProvider(t.Context(), p); err != nil {
		t.Fatal(err)
	}

	if p, err = w.Provider(t.Context()); err != nil || !p.HasSecret || p.Description != "changed" {
		t.Fatalf("after a change without a secret: %+v, %v; want the secret kept and the description changed", p, err)
	}

	if got := w.secret(); got != clientSecret {
		t.Errorf("after a change without a secret it is %q, want %q", got, clientSecret)
	}

	p.ClientSecret = " another\n"
	if err := w.SaveProvider(t.Context(), p); err != nil {
		t.Fatal(err)
	}

	if got := w.secret(); got != "another" {
		t.Errorf("after a change with a secret it is %q, want another", got)
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
		t.Errorf("the scopes: %q, %v; want openid and offline_access", p.Scopes, err)
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
		t.Fatalf("imported: %+v, %v; want the client \"imported\", enabled, with a secret and offline_access", p, err)
	}

	if got := w.secret(); got != "from-nuxeo" {
		t.Errorf("the imported secret is %q, want from-nuxeo", got)
	}
}

func TestImportExplainsWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.signIn("Administrator")
	_, err := w.ImportProvider(t.Context(), "Administrator")
	if f := w.wants(err, fault.NotFound); f.Remedy == "" {
		t.Errorf("the fault: got no remedy, want one: %v", f)
	}

	w.cloudServices("", "")
	_, err = w.ImportProvider(t.Context(), "Administrator")
	if f := w.wants(err, fault.Conflict); f.Remedy == "" {
		t.Errorf("the fault: got no remedy, want one: %v", f)
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
		t.Errorf("after an import that was refused the secret is %q, want %q", got, clientSecret)
	}

	_, err = w.ImportProvider(t.Context(), "olga") // never signed in
	w.wants(err, fault.NeedsOwner)
}
