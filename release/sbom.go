package main

import (
	"context"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
)

// sboms writes what each program is made of, as CycloneDX: its Go modules as the linker has
// recorded them, and the packages of npm that run in the browser.
func (r *release) sboms(context.Context) error {
	for _, p := range r.platforms("") {
		bom, err := r.sbom(p)
		if err != nil {
			return err
		}

		f, err := r.create(fmt.Sprintf("nuxeo-frameio-%s-%s-%s.cdx.json", r.version, p.system, p.processor))
		if err != nil {
			return err
		}

		encoder := cyclonedx.NewBOMEncoder(f, cyclonedx.BOMFileFormatJSON).SetPretty(true)
		if err := errors.Join(encoder.Encode(bom), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (r *release) sbom(p platform) (*cyclonedx.BOM, error) {
	info, err := buildinfo.ReadFile(r.programs[p])
	if err != nil {
		return nil, err
	}

	components := []cyclonedx.Component{{
		BOMRef: "go", Type: cyclonedx.ComponentTypeLibrary, Name: "std", Version: info.GoVersion,
		PackageURL: "pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go"),
	}}

	for _, module := range info.Deps {
		components = append(components, componentOf(module))
	}

	browser, err := r.browserParts()
	if err != nil {
		return nil, err
	}

	components = append(components, browser...)

	product := "pkg:golang/" + info.Main.Path + "@v" + r.version
	refs := make([]string, len(components))
	for i, c := range components {
		refs[i] = c.BOMRef
	}

	bom := cyclonedx.NewBOM()
	bom.Metadata = &cyclonedx.Metadata{
		Timestamp: r.time.Format("2006-01-02T15:04:05Z"),
		Component: &cyclonedx.Component{
			BOMRef: product, Type: cyclonedx.ComponentTypeApplication, Name: "nuxeo-frameio", Version: r.version,
			PackageURL: product,
			Licenses:   &cyclonedx.Licenses{{License: &cyclonedx.License{ID: "Apache-2.0"}}},
			Properties: &[]cyclonedx.Property{{Name: "platform", Value: p.String()}},
		},
	}

	bom.Components = &components
	bom.Dependencies = &[]cyclonedx.Dependency{{Ref: product, Dependencies: &refs}}
	return bom, nil
}

// componentOf is a Go module, with the hash that go.sum has of it.
func componentOf(module *debug.Module) cyclonedx.Component {
	if module.Replace != nil {
		module = module.Replace
	}

	ref := "pkg:golang/" + module.Path + "@" + module.Version
	c := cyclonedx.Component{
		BOMRef: ref, Type: cyclonedx.ComponentTypeLibrary, Name: module.Path, Version: module.Version, PackageURL: ref,
	}

	if sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(module.Sum, "h1:")); err == nil && len(sum) > 0 {
		c.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(sum)}}
	}

	return c
}

// bundled are the packages of npm that are part of what runs in the browser; the others are
// tools.
var bundled = []string{"lit", "lit-element", "lit-html", "@lit/reactive-element"}

// browserParts reads their versions from the lock file.
func (r *release) browserParts() (all []cyclonedx.Component, err error) {
	b, err := os.ReadFile(filepath.Join(r.root, "package-lock.json"))
	if err != nil {
		return nil, err
	}

	var lock struct {
		Packages map[string]struct{ Version, License string }
	}

	if err := json.Unmarshal(b, &lock); err != nil {
		return nil, err
	}

	for _, name := range slices.Sorted(slices.Values(bundled)) {
		p, there := lock.Packages["node_modules/"+name]
		if !there {
			return nil, fmt.Errorf("package-lock.json does not name %s", name)
		}
		ref := "pkg:npm/" + strings.Replace(name, "@", "%40", 1) + "@" + p.Version
		all = append(all, cyclonedx.Component{
			BOMRef: ref, Type: cyclonedx.ComponentTypeLibrary, Name: name, Version: p.Version, PackageURL: ref,
			Licenses: &cyclonedx.Licenses{{License: &cyclonedx.License{ID: p.License}}},
		})
	}

	return all, nil
}
