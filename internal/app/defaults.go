package app

import "github.com/alecthomas/kong"

// Defaults is the configuration when nothing is set.
func Defaults() Config {
	var c Config
	if err := kong.ApplyDefaults(&c); err != nil {
		panic(err) // the tags of Config are wrong, which every test would notice
	}
	return c
}
