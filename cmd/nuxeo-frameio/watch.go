package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type itemsWatch struct {
	clientFlags
	Item   string `arg:"" optional:"" help:"Id of one item; without it, the newest of yours."`
	Parent string `env:"-" help:"Only those of an interaction or a binding; ends when all are finished." placeholder:"ID"`
}

// Run watches items until they are finished, or until it is stopped.
func (c *itemsWatch) Run(t *terminal) error {
	return c.session(t, func(k *client) error { return c.watch(t, k) })
}

func (c *itemsWatch) watch(t *terminal, k *client) error {
	q := url.Values{}
	if c.Item != "" {
		q.Set("item", c.Item)
	}

	if c.Parent != "" {
		q.Set("parent", c.Parent)
	}

	// The stream sends each item when it changes, and an empty line after each.
	resp, err := k.Open(t.ctx, http.MethodGet, "/events", q, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	screen := newScreen(t)
	in := bufio.NewScanner(resp.Body)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		if in.Text() == "event: end" { // all of what was asked for is finished
			return screen.verdict()
		}

		data, ok := strings.CutPrefix(in.Text(), "data: ")
		if !ok {
			if in.Text() == "" {
				screen.draw()
			}
			continue
		}

		// For programs each item is a line; people see a screen.
		if c.JSON {
			_, _ = fmt.Fprintln(plain.Writer(t.out), data)
		}

		var v api.Item
		if err := json.Unmarshal([]byte(data), &v); err != nil {
			return err
		}

		screen.put(v)
	}

	if t.ctx.Err() != nil {
		return nil
	}

	return fault.New(fault.Unavailable, "The connector ended the watch.").With("Watch again.")
}

type publishCmd struct {
	clientFlags
	Binding string   `arg:"" help:"The binding: its id, or the name of its action, as in \"bindings\"."`
	Assets  []string `arg:"" help:"Ids or view addresses of files, version stacks or folders."`
	NoWatch bool     `env:"-" help:"Do not wait until everything has arrived."`
}

// Run publishes assets and watches them arrive.
func (c *publishCmd) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		id, err := k.binding(t, c.Binding)
		if err != nil {
			return err
		}

		got, err := k.Publish(t.ctx, api.PublishJSONRequestBody{Binding: id, Assets: c.Assets})
		if err != nil {
			return err
		}

		if c.JSON {
			if err := printJSON(t, got); err != nil {
				return err
			}
		} else {
			t.printf("%s\n", got.Message)
		}

		if c.NoWatch {
			return nil
		}

		w := itemsWatch{clientFlags: c.clientFlags, Parent: got.Interaction}
		return w.watch(t, k)
	})
}
