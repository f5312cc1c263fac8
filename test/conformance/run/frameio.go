package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/conformance"
	conf "github.com/nuxeo-frameio/nuxeo-frameio/test/conformance/frameio"
)

// frameio tries the cases of Frame.io.
func (o options) frameio(ctx context.Context) (int, error) {
	s := o.remote
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || s.Account == "" {
		return conformance.NothingTried, errors.New("-frameio must be a full address, and -account and -project ids")
	}

	if s.Token, err = conformance.Secret(o.tokenFile, "FRAMEIO_TOKEN", "Access token for Frame.io"); err != nil {
		return conformance.NothingTried, err
	}

	left, err := conf.Left(ctx, s)
	if err != nil {
		return conformance.NothingTried, err
	}

	if o.cleanUp {
		return clean(u.Host, o.yes, left, func(prefix, folder string) error {
			return conf.Remove(ctx, s, prefix, folder)
		})
	}

	for prefix := range left {
		fmt.Printf("An aborted run has left %s…; -clean-up removes it.\n", prefix)
	}

	s.Prefix = conformance.Word("c")
	if err := conformance.Confirm(os.Stdin, os.Stdout, u.Host, s.Plan(), o.yes); err != nil {
		return conformance.NothingTried, err
	}

	w, err := conf.Prepare(ctx, s)
	if err != nil {
		return conformance.NothingTried, fmt.Errorf("preparing: %w; -clean-up removes what there is", err)
	}

	results := w.Run(ctx, wanted(o, conf.Cases(), func(k conf.Case) string { return k.Name }), o.told)
	return o.finish(ctx, s.URL, results, w.Close)
}
