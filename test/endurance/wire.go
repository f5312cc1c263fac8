package main

import (
	"context"
	"fmt"
	"strings"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// wire is a connection between two places that can be disturbed.
type wire struct {
	proxy *toxiproxy.Proxy
}

// newWire leads to an address.
func newWire(name, to string) (*wire, error) {
	zerolog.SetGlobalLevel(zerolog.Disabled) // the library also has a logger that nobody gave it
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	w := &wire{proxy: toxiproxy.NewProxy(server, name, "127.0.0.1:0", to)}
	return w, w.proxy.Start()
}

// toxic disturbs one direction: upstream or downstream.
func (w *wire) toxic(kind, direction, attributes string) error {
	_, err := w.proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(
		`{"name":%q,"type":%q,"stream":%q,"attributes":{%s}}`, kind+direction, kind, direction, attributes)))
	return err
}

// silence lets nothing through and tells nobody.
func (w *wire) silence() error {
	if err := w.toxic("timeout", "upstream", `"timeout":0`); err != nil {
		return err
	}
	return w.toxic("timeout", "downstream", `"timeout":0`)
}

// clear ends all disturbance.
func (w *wire) clear(ctx context.Context) error {
	w.proxy.Toxics.ResetToxics(ctx)
	return nil
}

func (w *wire) close() { w.proxy.Stop() }
