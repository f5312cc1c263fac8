package main

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
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
	s := setting{
		Name: flag.Name, Default: flag.Default, Environment: strings.Join(flag.Envs, ","),
		Meaning: meaning(flag), Value: text(flag.Target), Secret: flag.Tag.Has("secret"),
	}
	if s.Secret && s.Value != "" {
		s.Value = "(set, hidden)"
	}

	return s
}

func text(v reflect.Value) string {
	if v.Kind() == reflect.Slice {
		words := make([]string, v.Len())
		for i := range words {
			words[i] = plain.Address(fmt.Sprint(v.Index(i)))
		}
		return strings.Join(words, ",")
	}

	if d, ok := v.Interface().(time.Duration); ok {
		return shortDuration(d)
	}

	return plain.Address(fmt.Sprint(v.Interface()))
}

// shortDuration writes 24h, where a duration by itself writes 24h0m0s.
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
