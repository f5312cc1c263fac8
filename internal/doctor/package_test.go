package doctor_test

import (
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/addon"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/doctor"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
)

// packageTells has the installed package tell another version.
func (p *patient) packageTells(version string) {
	p.Nuxeo.Faults().Add(faults.Rule{Path: addon.VersionFile, Status: 200, Body: `{"version": "` + version + `"}`})
}

// A package that is newer, or that has no place to tell its version, is no ill.
func TestPackagesThatWillDo(t *testing.T) {
	t.Parallel()
	for want, make := range map[string]func(*patient){
		"version 9.9.9, newer than that of this connector": func(p *patient) { p.packageTells("9.9.9") },
		"its version is not told":                          func(p *patient) { p.nuxeoFails(addon.VersionFile, 404) },
	} {
		p := admit(t)
		make(p)
		if f := p.examine()["Package in Nuxeo"]; f.Mark != doctor.OK || !strings.Contains(f.Detail, want) {
			t.Errorf("got %+v, want it to be ok: %s", f, want)
		}
	}
}
