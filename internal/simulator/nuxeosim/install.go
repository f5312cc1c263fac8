package nuxeosim

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxEntry bounds what one file of a package may unpack to.
const maxEntry = 64 << 20

// webUIPackage is the package that brings Web UI.
const webUIPackage = "nuxeo-web-ui"

// Packages are the names of installed marketplace packages. Web UI comes with
// the server, unless [Options.WithoutWebUI] says otherwise.
func (s *Server) Packages() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.packages)
}

// InstallPackage installs a marketplace package and starts its bundles: what it
// contributes is there afterwards. Errors are those that installing or the next
// start would end with.
func (s *Server) InstallPackage(data []byte) error {
	files, err := unzipped.get(data)
	if err != nil {
		return fmt.Errorf("package: %w", err)
	}

	name, err := s.checkPackage(files["package.xml"])
	if err != nil {
		return fmt.Errorf("package.xml: %w", err)
	}

	if err := checkInstall(files["install.xml"]); err != nil {
		return fmt.Errorf("install.xml: %w", err)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	for _, file := range sortedKeys(files) {
		if path.Dir(file) == "install/bundles" && path.Ext(file) == ".jar" {
			if err := s.startBundle(files[file]); err != nil {
				return fmt.Errorf("%s: %w", path.Base(file), err)
			}
		}
	}

	if !slices.Contains(s.packages, name) {
		s.packages = append(s.packages, name)
	}

	return nil
}

// unzipped are the files of archives that were opened before.
var unzipped = remembered[map[string][]byte]{
	of: func(archives ...[]byte) (map[string][]byte, error) { return unzip(archives[0]) },
}

func unzip(data []byte) (map[string][]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}

	files := map[string][]byte{}
	for _, f := range z.File {
		if f.FileInfo().IsDir() {
			continue
		}
		if files[f.Name], err = unzipFile(f); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}

	return files, nil
}

func unzipFile(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxEntry+1))
	if len(data) > maxEntry {
		return nil, errors.New("too large")
	}

	return data, err
}

// checkPackage reads type, name, version and target platform.
func (s *Server) checkPackage(data []byte) (string, error) {
	if data == nil {
		return "", errors.New("missing at the root of the zip")
	}

	x, err := parseXML(data)
	if err != nil {
		return "", err
	}

	switch {
	case x.name != "package" || x.attr("name") == "":
		return "", errors.New("not a package with a name")
	case x.attr("type") != "addon":
		return "", fmt.Errorf("type %q, not addon", x.attr("type"))
	case !packageVersion.MatchString(x.attr("version")):
		return "", fmt.Errorf("version %q", x.attr("version"))
	}

	target := x.first("target-platform")
	if target == nil {
		return "", errors.New("no target-platform")
	}

	if name := target.text("name"); name != "lts" {
		return "", fmt.Errorf("target platform %q, not lts", name)
	}

	if !inRange(target.text("version"), s.opt.LTS) {
		return "", fmt.Errorf("not for LTS %s: %s", s.opt.LTS, target.text("version"))
	}

	return x.attr("name"), s.checkDependencies(x)
}

// checkDependencies demands the packages that are named, as name, name:min or
// name:min:max; versions are not looked at.
func (s *Server) checkDependencies(x *element) error {
	for _, wanted := range x.listed("dependencies", "package") {
		name, _, _ := strings.Cut(wanted, ":")
		if !slices.Contains(s.Packages(), name) {
			return fmt.Errorf("depends on %s, which is not installed", wanted)
		}
	}
	return nil
}

var packageVersion = regexp.MustCompile(`^\d+\.\d+\.\d+(-[A-Za-z0-9.]+)?$`)

// inRange reports whether a version range such as [2021.0,2026) holds a year.
func inRange(rng, lts string) bool {
	if len(rng) < 2 || !strings.ContainsAny(rng[:1], "[(") {
		return strings.HasPrefix(rng, lts)
	}

	low, high, both := strings.Cut(strings.Trim(rng, "[]()"), ",")
	year, _ := strconv.ParseFloat(lts, 64)
	year += 0.5 // some hot fix in the middle of the line
	from, err := strconv.ParseFloat(strings.TrimSpace(low), 64)
	if err != nil || from > year {
		return false
	}

	to, err := strconv.ParseFloat(strings.TrimSpace(high), 64)
	return !both || strings.TrimSpace(high) == "" || err == nil && year < to
}

// checkInstall reads the commands. They are not run: bundles are started from
// the zip.
func checkInstall(data []byte) error {
	if data == nil {
		return errors.New("missing at the root of the zip")
	}

	x, err := parseXML(data)
	if err != nil {
		return err
	}

	if x.name != "install" {
		return fmt.Errorf("the root is <%s>", x.name)
	}

	for _, c := range x.children {
		if !slices.Contains([]string{
			"update", "copy", "config", "delete", "append", "mkdir", "print", "deploy",
			"undeploy",
		}, c.name) {
			return fmt.Errorf("unknown command <%s>", c.name)
		}
	}

	return nil
}

// startBundle deploys the components that the manifest lists.
func (s *Server) startBundle(jar []byte) error {
	files, err := unzipped.get(jar)
	if err != nil {
		return err
	}

	manifest := readManifest(files["META-INF/MANIFEST.MF"])
	if manifest["Bundle-SymbolicName"] == "" {
		return errors.New("the manifest has no Bundle-SymbolicName")
	}

	open := func(name string) ([]byte, bool) { data, found := files[name]; return data, found }
	for name := range strings.FieldsFuncSeq(manifest["Nuxeo-Component"], func(r rune) bool {
		return r == ',' || r == ' '
	}) {
		data, found := files[name]
		if !found {
			return fmt.Errorf("component file not found: %s", name)
		}
		if err := s.contribute(data, open); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}

	symbolicName, _, _ := strings.Cut(manifest["Bundle-SymbolicName"], ";")
	if err := s.deploy(symbolicName, jar, files["OSGI-INF/deployment-fragment.xml"]); err != nil {
		return fmt.Errorf("deployment-fragment.xml: %w", err)
	}

	s.bundles = append(s.bundles, symbolicName)
	return nil
}

// readManifest joins the lines that were folded at 72 bytes.
func readManifest(data []byte) map[string]string {
	text := strings.ReplaceAll(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n ", "")
	out := map[string]string{}
	for line := range strings.SplitSeq(text, "\n") {
		if name, value, found := strings.Cut(line, ":"); found {
			out[name] = strings.TrimSpace(value)
		}
	}
	return out
}
