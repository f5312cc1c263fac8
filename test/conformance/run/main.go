// The program run tries whether a server behaves as the connector assumes.
//
//	go run ./test/conformance/run -nuxeo https://nuxeo.example.com/nuxeo -user Administrator
//
// It works in a folder of its own, tells beforehand what it will make, and removes it.
// It ends with 0 when all cases hold, 1 when some differ, and 2 when the server cannot
// be reached or nothing was tried.
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/conformance"
	conf "github.com/nuxeo-frameio/nuxeo-frameio/test/conformance/nuxeo"
)

// options are those of the command line.
type options struct {
	conf.Setup
	passwordFile, jwtFile, only string
	yes, cleanUp, quiet         bool
}

func main() {
	var o options
	flag.StringVar(&o.URL, "nuxeo", "", "address of the Nuxeo server, such as https://nuxeo.example.com/nuxeo")
	flag.StringVar(&o.Login, "user", "Administrator", "whose account to use; without an administrator's fewer cases are tried")
	flag.StringVar(&o.passwordFile, "password-file", "", "file with the password; else NUXEO_PASSWORD, else it is asked for")
	flag.StringVar(&o.jwtFile, "jwt-secret-file", "", "file with the server's nuxeo.jwt.secret; else NUXEO_JWT_SECRET, else what needs it is not tried")
	flag.StringVar(&o.Parent, "parent", "", "folder to work below (default /default-domain/workspaces)")
	flag.StringVar(&o.only, "only", "", "names of the cases to try, with commas; part of a name is enough")
	flag.BoolVar(&o.yes, "yes", false, "do not ask for the name of the host")
	flag.BoolVar(&o.cleanUp, "clean-up", false, "list and remove what aborted runs have left, and nothing else")
	flag.BoolVar(&o.quiet, "quiet", false, "print the table only")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func run(ctx context.Context, o options) (int, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.User != nil {
		return conformance.NothingTried, errors.New("-nuxeo must be a full address without credentials, such as https://nuxeo.example.com/nuxeo")
	}
	if o.Password, err = conformance.Secret(o.passwordFile, "NUXEO_PASSWORD", "Password of "+o.Login); err != nil {
		return conformance.NothingTried, err
	}
	if o.JWTSecret, err = conformance.Secret(o.jwtFile, "NUXEO_JWT_SECRET", ""); err != nil {
		return conformance.NothingTried, err
	}
	c, err := o.Client()
	if err != nil {
		return conformance.NothingTried, err
	}
	me, err := c.Me(ctx)
	if err != nil {
		return conformance.NothingTried, err
	}
	left, err := conf.Left(ctx, c)
	if err != nil {
		return conformance.NothingTried, err
	}
	if o.cleanUp {
		return o.remove(ctx, u.Host, left)
	}
	for prefix := range left {
		fmt.Printf("An aborted run has left %s…; -clean-up removes it.\n", prefix)
	}
	o.Prefix = word()
	if err := conformance.Confirm(os.Stdin, os.Stdout, u.Host, o.Plan(me.Administrator), o.yes); err != nil {
		return conformance.NothingTried, err
	}
	return o.try(ctx)
}

// word is a random word that begins all names of a run.
func word() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return "c" + hex.EncodeToString(b[:])
}

func (o options) try(ctx context.Context) (int, error) {
	w, err := conf.Prepare(ctx, o.Setup)
	if err != nil {
		return conformance.NothingTried, fmt.Errorf("preparing: %w; -clean-up removes what there is", err)
	}
	cases := slices.DeleteFunc(conf.Cases(), func(k conf.Case) bool { return !o.wants(k.Name) })
	results := w.Run(ctx, cases, func(r conformance.Result) {
		if !o.quiet {
			fmt.Printf("%-9s %s\n", r.Outcome, r.Name)
		}
	})
	clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	err = w.Close(clean)
	v := w.Version()
	fmt.Printf("\n%s: Nuxeo %s %s\n\n", o.URL, v.Distribution, v.Version)
	return conformance.ExitCode(results), errors.Join(conformance.Table(os.Stdout, results), err)
}

func (o options) wants(name string) bool {
	return o.only == "" || slices.ContainsFunc(strings.Split(o.only, ","), func(part string) bool { return strings.Contains(name, part) })
}

// remove removes what is left of runs.
func (o options) remove(ctx context.Context, host string, left map[string]string) (int, error) {
	if len(left) == 0 {
		fmt.Println("Nothing is left.")
		return conformance.AllHold, nil
	}
	fmt.Println("To be removed:")
	for prefix, uid := range left {
		o.Prefix = prefix
		fmt.Printf("  folder %s%s (%s), users, OAuth client and tokens that begin with %s\n", prefix, conf.Suffix, uid, prefix)
	}
	if !o.yes {
		fmt.Printf("Type the name of the host (%s) to go on: ", host)
		var line string
		if _, err := fmt.Scanln(&line); err != nil || line != host {
			return conformance.NothingTried, errors.New("that is not the host: nothing was done")
		}
	}
	var errs []error
	for prefix, uid := range left {
		errs = append(errs, conf.Remove(ctx, o.Setup, prefix, uid))
	}
	if err := errors.Join(errs...); err != nil {
		return conformance.SomeDiffer, err
	}
	return conformance.AllHold, nil
}
