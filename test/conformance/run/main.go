// The program run tries whether a Nuxeo server, or Frame.io, behaves as the connector
// assumes.
//
//	go run ./test/conformance/run -nuxeo https://nuxeo.example.com/nuxeo -user Administrator
//	go run ./test/conformance/run -account <id> -project <id>
//
// It works in a folder of its own, tells beforehand what it will make, and removes it.
// It ends with 0 when all cases hold, 1 when some differ, and 2 when the server cannot
// be reached or nothing was tried.
package main

import (
	"context"
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
	remote "github.com/nuxeo-frameio/nuxeo-frameio/test/conformance/frameio"
	conf "github.com/nuxeo-frameio/nuxeo-frameio/test/conformance/nuxeo"
)

// options are those of the command line.
type options struct {
	conf.Setup
	remote                                 remote.Setup
	passwordFile, jwtFile, tokenFile, only string
	yes, cleanUp, quiet                    bool
}

func main() {
	var o options

	flag.StringVar(&o.URL, "nuxeo", "", "address of the Nuxeo server, such as https://nuxeo.example.com/nuxeo")
	flag.StringVar(&o.Login, "user", "Administrator",
		"whose account to use; without an administrator's fewer cases are tried")
	flag.StringVar(&o.passwordFile, "password-file", "",
		"file with the password; else NUXEO_PASSWORD, else it is asked for")
	flag.StringVar(&o.jwtFile, "jwt-secret-file", "",
		"file with the server's nuxeo.jwt.secret; else NUXEO_JWT_SECRET, else what needs it is not tried")
	flag.StringVar(&o.Parent, "parent", "", "folder to work below (default /default-domain/workspaces)")
	flag.StringVar(&o.remote.URL, "frameio", "https://api.frame.io",
		"address of Frame.io, which is tried when -project is given")
	flag.StringVar(&o.remote.Account, "account", "", "id of the account of Frame.io")
	flag.StringVar(&o.remote.ProjectID, "project", "",
		"id of the project of Frame.io to work in, in place of a Nuxeo server")
	flag.StringVar(&o.tokenFile, "token-file", "",
		"file with an access token for Frame.io; else FRAMEIO_TOKEN, else it is asked for")
	flag.BoolVar(&o.remote.Manages, "manages", false,
		"the token's owner may manage the workspace: webhooks and custom actions are tried too")
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
	if o.remote.ProjectID != "" {
		return o.frameio(ctx)
	}

	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.User != nil {
		return conformance.NothingTried,
			errors.New("-nuxeo must be a full address without credentials, such as https://nuxeo.example.com/nuxeo")
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
		return clean(u.Host, o.yes, left, func(prefix, folder string) error {
			return conf.Remove(ctx, o.Setup, prefix, folder)
		})
	}

	for prefix := range left {
		fmt.Printf("An aborted run has left %s…; -clean-up removes it.\n", prefix)
	}

	o.Prefix = conformance.Word("c")
	if err := conformance.Confirm(os.Stdin, os.Stdout, u.Host, o.Plan(me.Administrator), o.yes); err != nil {
		return conformance.NothingTried, err
	}

	return o.try(ctx)
}

func (o options) try(ctx context.Context) (int, error) {
	w, err := conf.Prepare(ctx, o.Setup)
	if err != nil {
		return conformance.NothingTried, fmt.Errorf("preparing: %w; -clean-up removes what there is", err)
	}
	results := w.Run(ctx, wanted(o, conf.Cases(), func(k conf.Case) string { return k.Name }), o.told)
	v := w.Version()
	return o.finish(ctx, fmt.Sprintf("%s: Nuxeo %s %s", o.URL, v.Distribution, v.Version), results, w.Close)
}

// wanted are the cases that -only names.
func wanted[K any](o options, cases []K, name func(K) string) []K {
	parts := strings.Split(o.only, ",") // of nothing: the empty part, which every name has
	return slices.DeleteFunc(cases, func(k K) bool {
		return !slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(name(k), part) })
	})
}

func (o options) told(r conformance.Result) {
	if !o.quiet {
		fmt.Printf("%-9s %s\n", r.Outcome, r.Name)
	}
}

// finish removes what was made, also when the run was interrupted, and prints the table.
func (o options) finish(
	ctx context.Context, what string, results []conformance.Result, remove func(context.Context) error,
) (int, error) {
	rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	err := remove(rest)
	fmt.Printf("\n%s\n\n", what)
	return conformance.ExitCode(results), errors.Join(conformance.Table(os.Stdout, results), err)
}

// clean lists what is left of runs, by prefix, and removes it.
func clean(host string, yes bool, left map[string]string, remove func(prefix, folder string) error) (int, error) {
	if len(left) == 0 {
		fmt.Println("Nothing is left.")
		return conformance.AllHold, nil
	}

	fmt.Println("To be removed, with everything whose name begins so:")
	for prefix, folder := range left {
		fmt.Printf("  %s… (folder %s)\n", prefix, folder)
	}

	if err := conformance.Confirm(os.Stdin, os.Stdout, host, nil, yes); err != nil {
		return conformance.NothingTried, err
	}

	var errs []error
	for prefix, folder := range left {
		errs = append(errs, remove(prefix, folder))
	}

	if err := errors.Join(errs...); err != nil {
		return conformance.SomeDiffer, err
	}

	return conformance.AllHold, nil
}
