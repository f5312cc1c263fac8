package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type mapCmd struct {
	List   mapList   `cmd:"" help:"List the rows of the metadata map (administrators)." default:"withargs"`
	Set    mapSet    `cmd:"" help:"Map a field of Frame.io to a property of Nuxeo, or the property to the field (administrators)."`
	Remove mapRemove `cmd:"" help:"Remove a row; what it has written stays (administrators)."`
	Test   mapTest   `cmd:"" help:"Say what the metadata map would change of a document and its file; nothing is changed."`
}

type mapList struct{ clientFlags }

// Run lists rows.
func (c *mapList) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		got, err := k.ListMap(t.ctx)
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, got.Rows)
		}

		var rows [][]string
		for _, r := range got.Rows {
			rows = append(rows, []string{
				r.Id, mapFor(r), mapText(r.Direction, r.Field, r.Property), string(r.Kind), mapNotes(r),
			})
		}

		return table(t, "Nothing is mapped yet; see `nuxeo-frameio map set --help`.",
			"ROW\tFOR\tMAPS\tKIND\tMORE", rows)
	})
}

func mapFor(r api.MapRow) string {
	switch {
	case r.Binding != nil:
		return "binding " + *r.Binding
	case r.Sync != nil:
		return "sync " + *r.Sync
	}
	return "all"
}

func mapText(to api.MapDirection, field, property string) string {
	if to == api.MapDirectionFrameio {
		return property + " → " + field
	}
	return field + " → " + property
}

func mapNotes(r api.MapRow) string {
	var notes []string
	for _, from := range slices.Sorted(maps.Keys(r.Values)) {
		notes = append(notes, from+"="+r.Values[from])
	}

	for note, is := range map[string]bool{"clears": r.Clears, "off": r.Off, "configured": r.Configured} {
		if is {
			notes = append(notes, note)
		}
	}

	return strings.Join(notes, ", ")
}

type mapSet struct {
	clientFlags
	Field    string            `arg:"" help:"Name or id of the field on Frame.io; of several names, separated by commas, the first with a value counts."`
	Property string            `arg:"" help:"Property of Nuxeo, such as dc:rights."`
	To       string            `env:"-" help:"Which side is written: nuxeo, when assets arrive, or frameio, when documents are pushed." enum:"nuxeo,frameio" default:"nuxeo"`
	Kind     string            `env:"-" help:"What the values are: text, number, date, yes-no, list or vocabulary." enum:"text,number,date,yes-no,list,vocabulary" default:"text"`
	Value    map[string]string `env:"-" help:"What a value becomes; several may be given. Without any, values stay as they are." placeholder:"FROM=TO" mapsep:"none"`
	Binding  string            `env:"-" help:"Only for this binding: its id, or the name of its action." xor:"for" placeholder:"ID|NAME"`
	Sync     string            `env:"-" help:"Only for this synchronization." xor:"for" placeholder:"ID"`
	Clear    bool              `env:"-" help:"An empty value empties the other side; otherwise that stays."`
	Off      bool              `env:"-" help:"Write nothing: switches off a row for all, for one binding or synchronization."`
	Row      string            `env:"-" help:"The row to replace, by its id; without it, the one that writes to the same place." placeholder:"ID"`
}

// Run sets a row.
func (c *mapSet) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		form := api.MapRowForm{
			Direction: api.MapDirection(c.To), Field: c.Field, Property: c.Property, Kind: api.MapKind(c.Kind),
			Clears: &c.Clear, Off: &c.Off,
		}
		if len(c.Value) > 0 {
			form.Values = &c.Value
		}

		if c.Row != "" {
			form.Id = &c.Row
		}

		if c.Sync != "" {
			form.Sync = &c.Sync
		}

		if c.Binding != "" {
			id, err := k.binding(t, c.Binding)
			if err != nil {
				return err
			}
			form.Binding = &id
		}

		got, err := k.SetMapRow(t.ctx, form)
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, got)
		}

		t.printf("%s is row %s, for %s.\n", mapText(got.Direction, got.Field, got.Property), got.Id, mapFor(*got))
		return nil
	})
}

type mapRemove struct {
	clientFlags
	Row string `arg:"" help:"The row, by its id."`
}

// Run removes a row.
func (c *mapRemove) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		if err := k.RemoveMapRow(t.ctx, c.Row); err != nil {
			return err
		}
		if !c.JSON {
			t.printf("The row is removed. What it has written stays.\n")
		}
		return nil
	})
}

type mapTest struct {
	clientFlags
	Document string `arg:"" help:"Uid or path of a document."`
}

// Run says what would change.
func (c *mapTest) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		if strings.TrimSpace(c.Document) == "" {
			return fault.Field("document", "Give its uid or its path.", "No document is named.")
		}

		got, err := k.TestMap(t.ctx, c.Document)
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, got)
		}

		var rows [][]string
		for _, ch := range got.Changes {
			rows = append(rows, []string{
				mapText(ch.Direction, ch.Field, ch.Property), shown(ch.Source), shown(ch.Before), changeText(ch),
			})
		}

		return table(t, "No row of the metadata map holds for this document.", "MAPS\tREAD\tNOW\tWOULD BE", rows)
	})
}

func shown(text string) string {
	if text == "" {
		return "-"
	}
	return plain.Line(text)
}

func changeText(c api.MapChange) string {
	switch {
	case c.Problem != nil && c.Writes:
		return shown(c.After) + "; " + plain.Line(*c.Problem)
	case c.Problem != nil:
		return "stays: " + plain.Line(*c.Problem)
	case !c.Writes:
		return "the same"
	}
	return shown(c.After)
}
