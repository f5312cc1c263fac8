package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

var update = flag.Bool("update", false, "write the tables of the manual anew")

// The manual's table of settings is made from the struct.
func TestManual(t *testing.T) {
	t.Parallel()
	const path = "../../doc/manual.md"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	between := regexp.MustCompile(`(?s)(<!-- settings: [^\n]*-->\n).*(<!-- /settings -->)`)
	if !between.Match(b) {
		t.Fatal("the manual: got no place for the settings, want " + between.String())
	}

	want := between.ReplaceAllString(string(b), "${1}"+strings.ReplaceAll(settingsTable(t), "$", "$$")+"${2}")
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}

	if want != string(b) && !*update {
		t.Error("the settings in doc/manual.md: got others than the program's, want the same; run with -update")
	}
}

func settingsTable(t *testing.T) string {
	t.Helper()
	var c cli
	k, err := parser(&c, kong.Bind(&settings{}), kong.Writers(io.Discard, io.Discard))
	if err != nil {
		t.Fatal(err)
	}

	var b strings.Builder
	b.WriteString("| setting | default | meaning |\n|---|---|---|\n")
	for _, flag := range settingFlags(k.Model.Node) {
		s := settingOf(flag)
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.Name, code(s.Default), strings.ReplaceAll(s.Meaning, "|", "\\|"))
	}

	return b.String()
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}
