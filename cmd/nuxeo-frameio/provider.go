package main

import (
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type providerCmd struct {
	Show    providerShow    `cmd:"" help:"Show the registered application and the redirect address." default:"withargs"`
	Set     providerSet     `cmd:"" help:"Register or change the application; what is left out stays."`
	Import  providerImport  `cmd:"" help:"Take client id and secret from Nuxeo's Cloud Services."`
	Enable  providerEnable  `cmd:"" help:"Let people connect."`
	Disable providerDisable `cmd:"" help:"Stop people from connecting."`
	Delete  providerDelete  `cmd:"" help:"Remove the registration."`
	Service providerService `cmd:"" help:"The server-to-server credential that makes custom actions for people who may not."`
}

type providerShow struct{ clientFlags }

// Run shows the provider.
func (c *providerShow) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		got, err := k.GetProvider(t.ctx)
		if err != nil {
			return err
		}
		return c.printProvider(t, *got)
	})
}

func (f *clientFlags) printProvider(t *terminal, p api.Provider) error {
	if f.JSON {
		return printJSON(t, p)
	}

	state := "not registered yet: these are the pre-filled values"
	switch {
	case p.Registered && p.Enabled:
		state = "registered and enabled"
	case p.Registered:
		state = "registered, disabled"
	}

	secret := "none"
	if p.HasSecret {
		secret = "(set, never shown)"
	}

	return table(t, "", "Service name\t"+p.ServiceName, [][]string{
		{"State", state},
		{"Description", p.Description},
		{"Client ID", orDash(p.ClientId)},
		{"Client Secret", secret},
		{"Authorization Server URL", p.AuthorizationUrl},
		{"Token Server URL", p.TokenUrl},
		{"User Authorization URL", orDash(p.UserAuthorizationUrl)},
		{"Scopes", strings.Join(p.Scopes, ",")},
		{"Redirect address to register", p.RedirectUrl},
	})
}

type providerSet struct {
	clientFlags
	Description *string `env:"-" help:"Description."`
	ClientID    *string `name:"client-id" env:"-" help:"Client ID of the Frame.io application."`
	secretFlags
	AuthorizationURL     *string  `name:"authorization-url" env:"-" help:"Authorization Server URL."`
	TokenURL             *string  `name:"token-url" env:"-" help:"Token Server URL."`
	UserAuthorizationURL *string  `name:"user-authorization-url" env:"-" help:"User Authorization URL."`
	Scopes               []string `env:"-" help:"Scopes."`
}

// Run registers or changes the provider.
func (c *providerSet) Run(t *terminal) error {
	return c.change(t, func(f *api.ProviderForm) error {
		if c.ClientID != nil {
			f.ClientId = *c.ClientID
		}

		if f.ClientId == "" {
			return fault.Field("client-id", "Copy it from the application in the Adobe Developer Console.",
				"The client id is missing.")
		}

		secret, err := c.clientSecret(t)
		if err != nil {
			return err
		}

		// What is not given stays as it is.
		f.ClientSecret, f.Description, f.AuthorizationUrl, f.TokenUrl, f.UserAuthorizationUrl = secret, c.Description,
			c.AuthorizationURL, c.TokenURL, c.UserAuthorizationURL
		if len(c.Scopes) > 0 {
			f.Scopes = &c.Scopes
		}

		return nil
	})
}

type providerEnable struct{ clientFlags }

// Run enables the provider.
func (c *providerEnable) Run(t *terminal) error {
	return c.change(t, func(f *api.ProviderForm) error { return able(f, true) })
}

type providerDisable struct{ clientFlags }

// Run disables the provider.
func (c *providerDisable) Run(t *terminal) error {
	return c.change(t, func(f *api.ProviderForm) error { return able(f, false) })
}

func able(f *api.ProviderForm, yes bool) error {
	if f.ClientId == "" {
		return fault.New(fault.Conflict, "The Frame.io application is not registered yet.").
			With("Use `nuxeo-frameio provider set`.")
	}
	f.Enabled = &yes
	return nil
}

// change reads the provider, lets fn fill in the form, and saves it.
func (f *clientFlags) change(t *terminal, fn func(*api.ProviderForm) error) error {
	return f.session(t, func(k *client) error {
		now, err := k.GetProvider(t.ctx)
		if err != nil {
			return err
		}

		// A new one is enabled, one that is there stays as it is.
		enabled := now.Enabled || !now.Registered
		form := api.ProviderForm{ClientId: now.ClientId, Enabled: &enabled}
		if err := fn(&form); err != nil {
			return err
		}

		got, err := k.SaveProvider(t.ctx, form)
		if err != nil {
			return err
		}

		return f.printProvider(t, *got)
	})
}

type providerImport struct{ clientFlags }

// Run imports from Nuxeo.
func (c *providerImport) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		got, err := k.ImportProvider(t.ctx)
		if err != nil {
			return err
		}
		return c.printProvider(t, *got)
	})
}

type providerDelete struct {
	clientFlags
	sureFlag
}

// Run removes the registration.
func (c *providerDelete) Run(t *terminal) error {
	const question = "Remove the registration of the Frame.io application? Nothing goes on until there is another."
	if err := c.sure(t, question); err != nil {
		return err
	}
	return c.session(t, func(k *client) error {
		if err := k.DeleteProvider(t.ctx); err != nil {
			return err
		}
		t.printf("The registration is removed.\n")
		return nil
	})
}

type providerService struct {
	Show   serviceShow   `cmd:"" help:"Show whether there is one." default:"withargs"`
	Set    serviceSet    `cmd:"" help:"Try and register it."`
	Delete serviceDelete `cmd:"" help:"Forget it."`
}

type serviceShow struct{ clientFlags }

// Run shows the service credential.
func (c *serviceShow) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		got, err := k.GetServiceCredential(t.ctx)
		if err != nil {
			return err
		}

		switch {
		case c.JSON:
			return printJSON(t, got)
		case !got.Registered:
			t.printf("No service credential is registered.\n")
		default:
			t.printf("Service credential %s (its secret is never shown).\n", got.ClientId)
		}

		return nil
	})
}

type serviceSet struct {
	clientFlags
	secretFlags
	ClientID string `name:"client-id" env:"-" required:"" help:"Client ID of the server-to-server credential."`
}

// Run registers the service credential.
func (c *serviceSet) Run(t *terminal) error {
	secret, err := c.clientSecret(t)
	if err != nil {
		return err
	}

	if secret == nil {
		return fault.Field("client-secret-file", "Give a file, or - for standard input, which asks at a terminal.",
			"The client secret is missing.")
	}

	return c.session(t, func(k *client) error {
		_, err := k.SaveServiceCredential(t.ctx,
			api.SaveServiceCredentialJSONRequestBody{ClientId: c.ClientID, ClientSecret: *secret})
		if err != nil {
			return err
		}

		t.printf("Frame.io accepts the credential; it is registered. Add its service account to the teams it shall " +
			"work in.\n")
		return nil
	})
}

type serviceDelete struct {
	clientFlags
	sureFlag
}

// Run forgets the service credential.
func (c *serviceDelete) Run(t *terminal) error {
	if err := c.sure(t, "Forget the service credential?"); err != nil {
		return err
	}
	return c.session(t, func(k *client) error {
		if err := k.DeleteServiceCredential(t.ctx); err != nil {
			return err
		}
		t.printf("The service credential is forgotten.\n")
		return nil
	})
}

type connectCmd struct {
	clientFlags
	Wait       time.Duration `env:"-" help:"How long to wait for you to finish in the browser." default:"10m"`
	Disconnect bool          `env:"-" help:"Forget the Frame.io sign-in instead."`
}

// Run tells where to connect and waits until it is done.
func (c *connectCmd) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		if c.Disconnect {
			if err := k.Disconnect(t.ctx); err != nil {
				return err
			}
			t.printf("The Frame.io sign-in is forgotten.\n")
			return nil
		}
		return c.wait(t, k)
	})
}

func (c *connectCmd) wait(t *terminal, k *client) error {
	deadline := time.Now().Add(c.Wait)
	for told := false; ; {
		me, err := k.Me(t.ctx)
		if err != nil {
			return err
		}

		switch {
		case me.FrameioConnected:
			if c.JSON {
				return printJSON(t, me)
			}
			t.printf("Frame.io is connected as %s.\n", str(me.FrameioName))
			return nil
		case time.Now().After(deadline):
			return fault.New(fault.NotConnected, "Frame.io was not connected in time.").With("Run the command again.")
		}

		// It is told once, and then looked again each second.
		if !told {
			told = true
			t.printf("Open this address in your browser and follow it:\n\n    %s/connect\n\nWaiting …\n", k.base)
		}

		select {
		case <-t.ctx.Done():
			return t.ctx.Err()
		case <-time.After(time.Second):
		}
	}
}
