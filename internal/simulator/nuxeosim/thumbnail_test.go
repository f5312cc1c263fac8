package nuxeosim

import (
	"bytes"
	"image/png"
	"testing"
)

func TestThumbnail(t *testing.T) {
	t.Parallel()
	f := setup(t)
	uid := f.sim.MkDoc(folder+"/still", "File", nil)
	r := f.send("josh", "GET", "/api/v1/id/"+uid+"/@rendition/thumbnail", nil).is(200)
	if _, err := png.Decode(bytes.NewReader(r.body)); err != nil {
		t.Errorf("the thumbnail: got %v, want a PNG", err)
	}

	f.send("josh", "GET", "/api/v1/id/"+uid+"/@rendition/other", nil).is(500)
	f.send("josh", "GET", "/api/v1/id/none/@rendition/thumbnail", nil).is(404)
}
