package main

import (
	"context"
	"errors"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"os"
	"path"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
)

type simulateCmd struct {
	Nuxeo   simulateNuxeo   `cmd:"" help:"A stand-in for Nuxeo, below /nuxeo; its state is at /_sim/state."`
	Frameio simulateFrameio `cmd:"" help:"A stand-in for Frame.io V4, its sign-in, upload and download hosts; its state is at /_sim/state."`
}

type simulateFlags struct {
	Listen string   `env:"-" help:"Address to listen on." placeholder:"HOST:PORT"`
	URL    string   `name:"url" env:"-" help:"Address as others reach it; by default that of listen." placeholder:"URL"`
	Fault  []string `env:"-" help:"Misbehave: \"[METHOD ]PATH-REGEXP key[=value] …\", such as \"POST /v4/.* lost times=1\" or \"/assets/ rate=500000\". Keys: latency, status, body, retry-after, reset, lost, cut, short, flip, rate, skip, times, chance, seed. May be given several times." sep:"none" placeholder:"RULE"`
}

type simulateNuxeo struct {
	simulateFlags
	Package   string        `env:"-" help:"Package to install, as \"package\" writes it." placeholder:"ZIP"`
	LTS       string        `name:"lts" env:"-" help:"Which one: ${enum}." enum:"2021,2023,2025" default:"2023"`
	JWTSecret string        `name:"jwt-secret" env:"-" help:"nuxeo.jwt.secret."`
	SMTP      string        `name:"smtp" env:"-" help:"Mail server." placeholder:"HOST:PORT"`
	MailFrom  string        `env:"-" help:"Sender of mail." default:"nuxeo@example.org"`
	Attach    time.Duration `env:"-" help:"How long attaching a GiB takes."`
	Discard   bool          `env:"-" help:"Keep only size and digest of files."`
	Seed      string        `env:"-" help:"Folder of files to begin with." placeholder:"FOLDER"`
	Property  []string      `env:"-" help:"A property of nuxeo.conf, such as nuxeo.frameio.url=http://localhost:8090. May be given several times." sep:"none" placeholder:"NAME=VALUE"`
}

// properties are those of nuxeo.conf by name.
func (c *simulateNuxeo) properties() map[string]string {
	all := map[string]string{}
	for _, p := range c.Property {
		name, value, _ := strings.Cut(p, "=")
		all[strings.TrimSpace(name)] = value
	}
	return all
}

// Run runs a simulated Nuxeo until it is stopped.
func (c *simulateNuxeo) Run(t *terminal) error {
	s, err := nuxeosim.New(nuxeosim.Options{
		LTS: c.LTS, JWTSecret: c.JWTSecret, SMTP: c.SMTP, MailFrom: c.MailFrom, AttachPerGiB: c.Attach,
		DiscardBlobs: c.Discard,
		Properties:   c.properties(),
	})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }() // its state is gone anyway

	for _, login := range []string{"josh", "julia"} { // members only read
		s.SetACL("/default-domain/workspaces", login, "ReadWrite", true)
	}

	// As an administrator would install it.
	if c.Package != "" {
		b, err := os.ReadFile(c.Package)
		if err != nil {
			return fault.Field("package", "Give the file that `nuxeo-frameio package` wrote.",
				"The package cannot be read: %v.", err)
		}
		if err := s.InstallPackage(b); err != nil {
			return fault.Field("package", "Write it anew with `nuxeo-frameio package`.",
				"The package cannot be installed: %v.", err)
		}
	}

	if c.Seed != "" {
		if err := seedNuxeo(s, c.Seed); err != nil {
			return fault.Field("seed", "Give a folder of files.", "The folder cannot be read: %v.", err)
		}
	}

	return c.serve(t, "127.0.0.1:8080", s, s.Faults(), func(address string) {
		s.SetURL(address + "/nuxeo")
		t.printf("Nuxeo LTS %s is simulated at %s/nuxeo (Administrator/Administrator, josh/josh, julia/julia)\n", c.LTS,
			address)
	})
}

// seedNuxeo makes a folder of documents of each folder of files.
func seedNuxeo(s *nuxeosim.Server, dir string) error {
	files := os.DirFS(dir)
	return fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		at := path.Join("/default-domain/workspaces/seed", name)
		if err != nil || !d.IsDir() && !d.Type().IsRegular() {
			return err
		}

		if d.IsDir() {
			s.MkDoc(at, "Folder", map[string]any{"dc:title": path.Base(at)})
			return nil
		}

		b, err := fs.ReadFile(files, name)
		s.MkDoc(at, "File", map[string]any{
			"dc:title": d.Name(), "file:content": nuxeosim.Blob{
				Name:     d.Name(),
				MimeType: mime.TypeByExtension(path.Ext(name)),
				Data:     b,
			},
		})

		return err
	})
}

type simulateFrameio struct {
	simulateFlags
	Seed      string        `env:"-" help:"Folder of files to begin with." placeholder:"FOLDER"`
	Budget    float64       `env:"-" help:"Rate budgets, as a multiple of the real ones; negative for none." default:"1"`
	LinkTTL   time.Duration `name:"link-ttl" env:"-" help:"How long signed links live." default:"1h"`
	AccessTTL time.Duration `name:"access-ttl" env:"-" help:"How long access tokens live." default:"24h"`
	ClockSkew time.Duration `env:"-" help:"How far its clock runs ahead."`
	Late      time.Duration `env:"-" help:"How long originals take to arrive after their files appear."`
}

// Run runs a simulated Frame.io until it is stopped.
func (c *simulateFrameio) Run(t *terminal) error {
	s, err := frameiosim.New(frameiosim.Options{
		RateFactor: c.Budget, LinkTTL: c.LinkTTL, AccessTTL: c.AccessTTL, ClockSkew: c.ClockSkew, UploadSettle: c.Late,
	})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }() // its state is gone anyway
	josh := s.AddPerson("Josh Editor", "josh@example.org")
	account := s.AddAccount("Demo Studio", josh)
	s.AddMember(account, s.AddPerson("Julia Reviewer", "julia@example.org"), frameiosim.RoleMember)
	project, _ := s.AddProject(s.AddWorkspace(account, "Post production"), "Autumn campaign")
	if c.Seed != "" {
		if err := s.SeedFolder(c.Seed, project); err != nil {
			return fault.Field("seed", "Give a folder of files.", "The folder cannot be read: %v.", err)
		}
	}

	return c.serve(t, "127.0.0.1:8082", s, s.Faults(), func(address string) {
		s.SetURL(address)
		t.printf("Frame.io V4 is simulated at %s (josh@example.org, julia@example.org; client frameio-demo-client, "+
			"secret frameio-demo-secret)\n", address)
	})
}

func (c *simulateFlags) serve(t *terminal, usual string, h http.Handler, set *faults.Set, started func(string)) error {
	for _, text := range c.Fault {
		rule, err := faults.Parse(text)
		if err != nil {
			return fault.Field("fault", "Correct the rule.", "%v", err)
		}
		set.Add(rule)
	}

	if c.Listen == "" {
		c.Listen = usual
	}

	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fault.Field("listen", "Give a free address.", "Cannot listen on %s: %v.", c.Listen, err)
	}

	// Behind a proxy, it is known by another address.
	address := c.URL
	if address == "" {
		address = "http://" + l.Addr().String()
	}

	started(address)
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(t.ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}

	return nil
}
