package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
)

type configCmd struct {
	app.Config
	JSON    bool `name:"json" env:"-" help:"Print JSON."`
	Example bool `env:"-" help:"Print a commented file of all settings with their defaults instead, to begin with."`
}

// setting is a setting as it is shown.
type setting struct {
	Name        string `json:"name"`
	Environment string `json:"environment"`
	Default     string `json:"default"`
	Value       string `json:"value"`
	Meaning     string `json:"meaning"`
	Secret      bool   `json:"secret,omitempty"`
}

// Run prints every setting with its meaning; secrets are masked.
func (c *configCmd) Run(t *terminal, k *kong.Kong, kctx *kong.Context) error {
	if c.Example {
		return writeSettings(t.out, settingFlags(k.Model.Node), nil)
	}

	var all []setting
	for _, flag := range kctx.Selected().Flags {
		if len(flag.Envs) > 0 {
			all = append(all, settingOf(flag))
		}
	}

	if c.JSON {
		return printJSON(t, all)
	}

	for _, s := range all {
		mark := ""
		if s.Value != s.Default {
			mark = fmt.Sprintf(" (default %s)", orDash(s.Default))
		}
		t.printf("%s = %s%s\n    %s\n    %s\n", s.Name, orDash(s.Value), mark, s.Meaning, s.Environment)
	}

	return nil
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func settingOf(flag *kong.Flag) setting {
	return setting{
		Name: flag.Name, Default: flag.Default, Environment: strings.Join(flag.Envs, ","),
		Meaning: meaning(flag), Value: app.Shown(flag), Secret: flag.Tag.Has("secret"),
	}
}
