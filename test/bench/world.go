package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/addon"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
)

// seed is that of every file of the origin; the sink knows it too.
const seed = 1

// largest is the largest file that is moved.
const largest = 20 << 30

// place tells the other processes where things are.
type place struct {
	Nuxeo, Frameio  string
	Workspace, Root string
	Project         string
	Films           []string // documents to push, each once
	Folder          string
	Mirrors         []string // folders to synchronize, each once
	Vast            string   // a folder of Frame.io, see vast
	CA              string   // file with the certificate, for TLS
	Access          string   // token of josh on Frame.io, for the baseline
}

// world runs origin and sink until its standard input ends.
func world(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("world", flag.ContinueOnError)
	secure := flags.String("tls", "", "file to write the certificate to; TLS is used then")
	digest := flags.String("digest", "none", "digest that the sink makes")
	keep := flags.Bool("keep", false, "keep what the sink gets, whatever it is")
	if err := flags.Parse(args); err != nil {
		return err
	}

	options := nuxeosim.Options{DiscardBlobs: true, Verify: pattern.New(seed, largest), DigestAlgorithm: *digest}
	if *keep {
		options = nuxeosim.Options{}
	}

	nx, err := nuxeosim.New(options)
	if err != nil {
		return err
	}
	defer nx.Close()
	fio, err := frameiosim.New(frameiosim.Options{RateFactor: -1, DiscardUploads: true, OpaqueETags: true})
	if err != nil {
		return err
	}
	defer fio.Close()
	var p place
	v, err := p.fill(nx, fio)
	if err != nil {
		return err
	}

	mux := http.NewServeMux()
	mux.Handle("/", &recorder{next: nx})
	mux.Handle(davPath, &dav{want: pattern.New(seed, largest), lengths: map[string]int64{}})
	nuxeo, err := serve(mux, *secure)
	if err != nil {
		return err
	}

	p.Nuxeo = nuxeo + "/nuxeo"
	nx.SetURL(p.Nuxeo)
	if p.Frameio, err = serve(v, *secure); err != nil {
		return err
	}

	fio.SetURL(p.Frameio)
	p.CA = *secure
	if err := json.NewEncoder(os.Stdout).Encode(p); err != nil {
		return err
	}

	if _, err = os.Stdin.Read(make([]byte, 1)); err == io.EOF {
		err = nil // the driver has closed it: this is the end
	}

	return err
}

func (p *place) fill(nx *nuxeosim.Server, fio *frameiosim.Server) (*vast, error) {
	var zip bytes.Buffer
	if err := addon.Build(&zip, "1.0.0"); err != nil {
		return nil, err
	}

	if err := nx.InstallPackage(zip.Bytes()); err != nil {
		return nil, err
	}

	nx.SetACL("/default-domain/workspaces", "josh", "ReadWrite", true) // members only read
	p.Folder = nx.MkDoc("/default-domain/workspaces/bench", "Folder", map[string]any{"dc:title": "bench"})
	josh := fio.AddPerson("Josh Editor", "josh@example.org")
	account := fio.AddAccount("Studio", josh)
	p.Workspace = fio.AddWorkspace(account, "Post")
	p.Project, p.Root = fio.AddProject(p.Workspace, "Film")
	p.Access = fio.AccessToken(josh)
	film := nuxeosim.Blob{
		Name:     "film.mov",
		MimeType: "video/quicktime",
		Content:  pattern.New(seed, moved),
		Digest:   "none",
	}

	for i := range 12 {
		p.Films = append(p.Films, nx.MkDoc(fmt.Sprintf("/default-domain/workspaces/bench/film %d", i), "File",
			map[string]any{"file:content": film}))
	}

	for i := range 5 {
		p.Mirrors = append(p.Mirrors, nx.MkDoc(fmt.Sprintf("/default-domain/workspaces/mirror %d", i), "Folder",
			map[string]any{"dc:creator": "josh"}))
	}

	v, err := newVast(fio, account, p.Root, p.Access)
	if err == nil {
		p.Vast = v.root
	}

	return v, err
}

// serve listens on a free port, with the test certificate of the standard
// library when a file for it is given.
func serve(h http.Handler, certificate string) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}

	server := &http.Server{Handler: h, TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}}
	if certificate == "" {
		go func() { _ = server.Serve(l) }() // ends with the process
		return "http://" + l.Addr().String(), nil
	}

	template := httptest.NewUnstartedServer(http.NotFoundHandler())
	template.StartTLS()
	defer template.Close()
	cert := template.TLS.Certificates[0]
	if err := writeCertificate(certificate, cert); err != nil {
		return "", err
	}

	tlsListener := tls.NewListener(l, &tls.Config{
		Certificates: []tls.Certificate{cert},
		NextProtos:   []string{"http/1.1"},
	})

	go func() { _ = server.Serve(tlsListener) }() // ends with the process
	return "https://" + l.Addr().String(), nil
}
