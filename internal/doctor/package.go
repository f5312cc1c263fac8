package doctor

import (
	"context"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/addon"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// installPackage is how the package gets into Nuxeo.
const installPackage = "On the server of Nuxeo: write the package with `nuxeo-frameio package -o .`, " +
	"then nuxeoctl stop; nuxeoctl mp-install FILE; nuxeoctl start."

func (d *Doctor) pack(ctx context.Context) Finding {
	nx := d.nx()
	if d.away || nx == nil {
		return skipped("%s", d.why())
	}

	for _, schema := range []string{"frameio", "frameio_binding", "frameio_sync"} {
		if there, err := nx.HasSchema(ctx, schema); err != nil {
			return because(err, askAgain)
		} else if !there {
			return broken(installPackage, "the schema %s is missing", schema)
		}
	}

	for _, facet := range []string{"FrameioAsset", "FrameioBinding", "FrameioSync"} {
		if there, err := nx.HasFacet(ctx, facet); err != nil {
			return because(err, askAgain)
		} else if !there {
			return broken(installPackage, "the facet %s is missing", facet)
		}
	}

	// It is there; is it ours?
	return packVersion(ctx, nx, addon.Version(app.Version))
}

// packVersion compares the version of the installed package with the one that the connector
// makes. Without Web UI a package has no place to tell it, and one by a program that was
// built without the elements does not either.
func packVersion(ctx context.Context, nx *nuxeo.Client, ours string) Finding {
	var installed struct{ Version string }
	err := nx.WebUIFile(ctx, addon.VersionFile, &installed)
	switch {
	case err != nil || installed.Version == "":
		return ok("schemas and facets are there; its version is not told by this Nuxeo")
	case addon.Older(installed.Version, ours):
		return warning(installPackage, "version %s, older than that of this connector, %s", installed.Version, ours)
	case addon.Older(ours, installed.Version):
		return ok("version %s, newer than that of this connector, %s", installed.Version, ours)
	}

	return ok("version %s; schemas and facets are there", installed.Version)
}
