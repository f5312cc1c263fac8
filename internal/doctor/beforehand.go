package doctor

import (
	"context"
	"net/http"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// AnswersAsNuxeo looks whether a Nuxeo answers at an address, before anything is set up.
func AnswersAsNuxeo(ctx context.Context, via *http.Client, address string) Finding {
	_, status, err := date(ctx, via, address+"/api/v1/me")
	if status == 0 {
		return unreached("nuxeo-url", plain.Address(address), err)
	}

	if status != http.StatusUnauthorized && status != http.StatusOK {
		return broken("Check nuxeo-url: it must end with the context path, usually /nuxeo.", "%s answers %d", address,
			status)
	}

	return ok("answers at %s", address)
}

// AnswersAsPostgres looks whether a PostgreSQL lets us in, and makes nothing there.
func AnswersAsPostgres(ctx context.Context, address string) Finding {
	if err := store.Reach(ctx, address); err != nil {
		return orUnreached("the setting database", "PostgreSQL", err,
			"See that PostgreSQL runs and lets this machine in.")
	}
	return ok("PostgreSQL answers")
}
