package sim

import (
	"strconv"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
)

// fetches reports whether Frame.io fetches what is pushed in a seed: in every eighth.
func (c chance) fetches() bool { return c.ofPushes() && c%8 == 6 }

// fate is what becomes of the nth fetch; more than half of them do well.
func (c chance) fate(n int) frameiosim.RemoteFate {
	at := strconv.Itoa(n)
	late := time.Duration(c.hash("late", at)%600) * time.Second
	return [...]frameiosim.RemoteFate{
		{}, {}, {Behind: late / 20}, {Behind: late}, {Lost: true}, {Empty: true}, {Failed: true}, {Short: 1},
	}[c.hash("fate", at)%8]
}

// byAddress lets Frame.io fetch from any host: all of them are in memory.
func byAddress(c *app.Config) {
	c.Push.ByAddress, c.Nuxeo.BlobHosts = true, []string{"*"}
}
