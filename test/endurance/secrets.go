package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/mailsim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/canary"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
)

// given are the secrets of the configuration, by the end of their variable.
var given = map[string]string{
	"NUXEO_JWT_SECRET":       "canary-jwt-secret-0123456789abcdef0123456789abcdef0123456789abcdef",
	"NUXEO_CLIENT_SECRET":    "canary-oauth-client-secret",
	"NUXEO_SERVICE_PASSWORD": "canary-service-password",
	"MAIL_SMTP_PASSWORD":     "canary-smtp-password",
	"ENCRYPTION_KEY":         base64.StdEncoding.EncodeToString([]byte("canary-encryption-key-32-bytes!!")),
}

// misfortunes are what happens while secrets travel, so that errors, logs and
// pages have something to say.
var misfortunes = []struct{ frameio, nuxeo faults.Rule }{
	{},
	{frameio: faults.Rule{Path: "^/assets/", Status: 403, Body: "<Error>denied</Error>"}},
	{frameio: faults.Rule{Path: "^/assets/", CutAfter: 100}},
	{frameio: faults.Rule{Path: "^/assets/", Reset: true}},
	{frameio: faults.Rule{Path: "^/v4/", Reset: true}},
	{frameio: faults.Rule{Path: "^/v4/", Status: 401, Body: `{"errors":[{"detail":"no"}]}`}},
	{frameio: faults.Rule{Path: "^/v4/", CutAfter: 20}},
	{frameio: faults.Rule{Path: "^/ims/", Status: 500}},
	{frameio: faults.Rule{Path: "^/ims/", Reset: true}},
	{nuxeo: faults.Rule{Path: "/api/", Reset: true}},
	{nuxeo: faults.Rule{Path: "/api/", Status: 401}},
	{nuxeo: faults.Rule{Path: "/api/v1/upload", Status: 500}},
}

// secrets lets every secret travel, at the level debug and with faults, and looks
// for them everywhere.
func (e *endurance) secrets(ctx context.Context) error {
	for _, database := range []string{"sqlite", "postgresql"} {
		if err := e.secretsOn(ctx, database); err != nil {
			return fmt.Errorf("%s: %w", database, err)
		}
	}
	return nil
}

// cage is a connector in whose every secret there is a canary.
type cage struct {
	world  *world
	node   *node
	mail   *mailsim.Server
	kept   *keeper
	places map[string]string
}

func (e *endurance) secretsOn(ctx context.Context, database string) error {
	c, err := e.cage(ctx, database)
	if err != nil {
		return err
	}
	defer func() { c.node.kill(); _ = c.mail.Close(); _ = c.world.close() }()
	if err := errors.Join(c.node.start(ctx), c.node.bind(ctx)); err != nil {
		return err
	}

	if err := c.suffer(ctx); err != nil {
		return err
	}

	if err := c.look(ctx); err != nil {
		return err
	}

	c.node.kill()
	if err := c.files(ctx); err != nil {
		return err
	}

	secrets, kinds := c.secrets(), map[string]bool{}
	seen := 0
	for secret, kind := range secrets {
		kinds[kind] = true
		for place, text := range c.places {
			if strings.Contains(text, secret) {
				seen++
				e.say("a secret (%s) is in %s", kind, place)
			}
		}
	}

	e.say("%s: %d secrets of %d kinds looked for in %d places", database, len(secrets), len(kinds), len(c.places))
	e.atMost("secrets-seen-"+database, float64(seen), 0)
	e.atLeast("secrets-kinds-"+database, float64(len(kinds)), 12)
	return nil
}

func (e *endurance) cage(ctx context.Context, database string) (*cage, error) {
	w, err := newWorld(nuxeosim.Options{Users: users(), JWTSecret: given["NUXEO_JWT_SECRET"]}, frameiosim.Options{})
	if err != nil {
		return nil, err
	}

	c := &cage{world: w, kept: &keeper{}, places: map[string]string{}}
	if c.mail, err = mailsim.Start("127.0.0.1:0"); err != nil {
		return nil, err
	}

	host, port, err := net.SplitHostPort(c.mail.Addr())
	if err != nil {
		return nil, err
	}

	nx, fio := strings.TrimPrefix(strings.TrimSuffix(w.nx, "/nuxeo"), "http://"), strings.TrimPrefix(w.fio, "http://")
	never := func(string) bool { return false }
	toNuxeo, err1 := newRelay(nx, nx, never, c.kept)
	toFrameio, err2 := newRelay(fio, fio, never, c.kept)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}

	w.frameio.SetURL("http://" + toFrameio.address())
	if c.node, err = e.newNode(w, e.product, "", "--nuxeo-url", "http://"+toNuxeo.address()+"/nuxeo", "--frameio-url",
		"http://"+toFrameio.address(),
		"--log-level", "debug", "--nuxeo-service-user", "robot", "--mail-via", "auto", "--mail-smtp-host", host,
		"--mail-smtp-port", port,
		"--mail-smtp-user", "robot", "--mail-smtp-tls", "none", "--mail-from", "connector@example.org"); err != nil {
		return nil, err
	}

	if database == "postgresql" {
		if c.node.database, err = e.schema(ctx); err != nil {
			return nil, err
		}
		c.node.env = append(c.node.env, "NUXEO_FRAMEIO_DATABASE="+c.node.database)
	}

	for name, value := range given {
		if name != "NUXEO_JWT_SECRET" || database == "postgresql" { // with SQLite people's own tokens travel
			c.node.env = append(c.node.env, "NUXEO_FRAMEIO_"+name+"="+value)
		}
	}

	// Tokens and codes go the way of the node's own calls.
	c.node.driver.Frameio = "http://" + toFrameio.address()
	return c, nil
}

func users() (out []nuxeosim.User) {
	for _, login := range []string{"Administrator", "josh"} {
		out = append(out, nuxeosim.User{
			Login:     login,
			Password:  login,
			FirstName: login,
			Email:     login + "@example.org",
			Groups:    []string{"members"},
			Admin:     login == "Administrator",
		})
	}
	return append(out, nuxeosim.User{Login: "robot", Password: given["NUXEO_SERVICE_PASSWORD"], Admin: true})
}

// suffer publishes through every misfortune, then well.
func (c *cage) suffer(ctx context.Context) error {
	m := &mix{world: c.world, seed: 300000}
	for i, f := range misfortunes {
		id, _ := m.file(c.world.root, fmt.Sprintf("misfortune %d.mov", i), small)
		if f.frameio.Path != "" {
			c.world.frameio.Faults().Add(f.frameio)
		}

		if f.nuxeo.Path != "" {
			c.world.nuxeo.Faults().Add(f.nuxeo)
		}

		if strings.HasPrefix(f.frameio.Path, "^/ims/") {
			c.world.frameio.ExpireAccess(c.world.josh)
		}

		if err := errors.Join(c.world.publish(ctx, id), sleep(ctx, 2*time.Second)); err != nil {
			return err
		}

		c.world.frameio.Faults().Clear()
		c.world.nuxeo.Faults().Clear()
	}

	c.world.frameio.ExpireAccess(c.world.josh)
	id, _ := m.file(c.world.root, "well.mov", small)
	if err := c.world.publish(ctx, id); err != nil {
		return err
	}

	return sleep(ctx, 5*time.Second)
}

// look reads what the connector shows.
func (c *cage) look(ctx context.Context) error {
	for _, path := range []string{
		"/metrics", "/readyz", "/", "/api/v1/about", "/api/v1/me", "/api/v1/provider", "/api/v1/workspaces",
		"/api/v1/bindings", "/api/v1/items?limit=500", "/oauth/frameio/callback?state=x&code=y",
		"/frameio/actions/none",
	} {
		q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.node.address+path, nil)
		if err != nil {
			return err
		}

		q.Header.Set("Authorization", "Bearer "+c.node.driver.Session)
		resp, err := c.node.driver.Client.Do(q)
		if err != nil {
			return err
		}

		b, err := io.ReadAll(resp.Body)
		if err := errors.Join(err, resp.Body.Close()); err != nil {
			return err
		}

		c.places[path] = string(b)
	}

	for i, m := range c.mail.Messages() {
		c.places[fmt.Sprint("mail ", i)] = string(m.Raw) + m.HTML
	}

	return nil
}

// files reads the log and the database as they lie on the disk.
func (c *cage) files(ctx context.Context) error {
	b, err := os.ReadFile(c.node.log)
	if err != nil {
		return err
	}

	if c.places["log"] = string(b); !strings.Contains(c.places["log"], "level=DEBUG") {
		return errors.New("the log has no debug lines")
	}

	if c.node.database != "" {
		all, err := pg.Contents(ctx, c.node.database)
		if err != nil || !strings.Contains(string(all), "river_job") {
			return fmt.Errorf("the database is not there: %w", err)
		}
		c.places["database"] = string(all)
	}

	return filepath.WalkDir(c.node.data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		c.places["file "+d.Name()] = string(b)
		return err
	})
}

// secrets are those of the configuration and all that travelled.
func (c *cage) secrets() map[string]string {
	found := map[string]string{
		"canary-encryption-key-32-bytes!!": "encryption key in bytes",
		c.node.driver.Session:              "session",
		c.node.driver.Token:                "login token",
	}

	for name, value := range given {
		found[value] = name
	}

	for _, text := range c.kept.all() {
		maps.Copy(found, canary.Find(text))
	}

	return found
}
