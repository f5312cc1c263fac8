package app

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/support"
)

// Support is what an archive for who helps is made of. Who asks for it brings the doctor.
func (a *App) Support() support.Sources {
	return support.Sources{
		DB: a.DB, Engine: a.Engine, Maintenance: a.Maintenance, Metrics: a.measured,
		Settings: a.Config.Settings(), Secrets: a.Config.Secrets(), Node: a.node, Version: Version, Now: a.world.Now,
	}
}

// Settings are all settings as they may be shown.
func (c Config) Settings() (all []support.Setting) {
	k, err := kong.New(&c, kong.NoDefaultHelp())
	if err != nil {
		panic(err) // the tags of Config are wrong, which every test would notice
	}
	for _, flag := range k.Model.Flags {
		all = append(all, support.Setting{Name: flag.Name, Value: Shown(flag), Default: flag.Default})
	}
	return all
}

// Shown is the value of a setting as it may be shown: a secret is hidden, whole or where it is part of an address.
func Shown(flag *kong.Flag) string {
	text := shown(flag.Target)
	if flag.Tag.Has("secret") && text != "" {
		return "(set, hidden)"
	}
	return text
}

func shown(v reflect.Value) string {
	if v.Kind() == reflect.Slice {
		words := make([]string, v.Len())
		for i := range words {
			words[i] = plain.Address(fmt.Sprint(v.Index(i)))
		}
		return strings.Join(words, ",")
	}

	if d, ok := v.Interface().(time.Duration); ok {
		return plain.Duration(d)
	}

	return plain.Address(fmt.Sprint(v.Interface()))
}
