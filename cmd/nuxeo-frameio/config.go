package main

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
)

type configCmd struct {
	app.Config
	JSON bool `name:"json" env:"-" help:"Print JSON."`
}

// setting is a setting as it is shown.
type setting struct {
	Name        string `json:"name"`
	Environment string `json:"environment"`
	Default     string `json:"default"`
	Value       string `json:"value"`
	Meaning     string `json:"meaning"`
}

// Run prints every setting with its meaning; secrets are masked.
func (c *configCmd) Run(t *terminal, k *kong.Kong, kctx *kong.Context) error {
	var all []setting
	for _, flag := range kctx.Selected().Flags {
		if flag.Name == "json" {
			continue
		}
		all = append(all, settingOf(flag))
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
		Meaning: strings.ReplaceAll(flag.Help, "${enum}", strings.ReplaceAll(flag.Enum, ",", ", ")),
		Value:   text(flag.Target),
	}
	if flag.Tag.Has("secret") && s.Value != "" {
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
	return plain.Address(fmt.Sprint(v.Interface()))
}
