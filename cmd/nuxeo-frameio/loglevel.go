package main

import (
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type logLevelCmd struct {
	clientFlags
	Level string        `arg:"" optional:"" enum:"debug,info,warn,error," default:"" help:"Least level that is logged from now on: debug, info, warn or error; without it, the level is shown."`
	For   time.Duration `env:"-" help:"How long, at most 24h; then the configured level is back." default:"15m"`
}

// Run shows or sets the level of the node that answers.
func (c *logLevelCmd) Run(t *terminal) error {
	if c.For < time.Second || c.For > 24*time.Hour {
		return fault.Field("for", "Give at most 24h; the setting log-level changes it for good.",
			"The log cannot have another level for %s.", plain.Duration(c.For))
	}

	return c.session(t, func(k *client) error {
		got, err := c.ask(t, k)
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, got)
		}

		if got.Until == nil {
			t.printf("%s logs from %s on, as configured.\n", got.Node, string(got.Level))
		} else {
			t.printf("%s logs from %s on until %s, then from %s on again.\n", got.Node, string(got.Level),
				clock(*got.Until), string(got.Configured))
		}

		return nil
	})
}

func (c *logLevelCmd) ask(t *terminal, k *client) (*api.LogLevel, error) {
	if c.Level == "" {
		return k.GetLogLevel(t.ctx)
	}

	seconds := int(c.For.Seconds())
	return k.SetLogLevel(t.ctx, api.SetLogLevelJSONRequestBody{
		Level: api.LogLevelName(c.Level), ForSeconds: &seconds,
	})
}
