package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/figures"
)

// storm runs in fake time, which only a test has: see TestStorm. Its figures come
// out as those of the other parts do.
func (e *endurance) storm(ctx context.Context) error {
	seen, missed, err := figures.FromTest(ctx, "FAIL", "-timeout", "10m", "-run", "^TestStorm$", "./test/endurance")
	e.failed += missed
	if err == nil && seen == 0 {
		err = errors.New("it has no figures")
	}

	if err != nil {
		return fmt.Errorf("the storm: %w", err)
	}

	return nil
}
