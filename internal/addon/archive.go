package addon

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"time"
)

// stamp is the time of every file: builds must not differ by when they ran.
var stamp = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)

type file struct {
	name string
	data []byte
}

// writeZip keeps the order of the files and records neither owner, mode nor the
// time of the build.
func writeZip(w io.Writer, files []file) error {
	z := zip.NewWriter(w)
	for _, f := range files {
		entry, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: stamp})
		if err != nil {
			return err
		}
		if _, err := entry.Write(f.data); err != nil {
			return err
		}
	}

	return z.Close()
}

// manifest is that of an OSGi bundle as Nuxeo reads it.
func manifest(version string, components []string) []byte {
	var b bytes.Buffer
	for _, header := range [][2]string{
		{"Manifest-Version", "1.0"},
		{"Bundle-ManifestVersion", "2"},
		{"Bundle-Name", "Nuxeo Frame.io connector"},
		{"Bundle-Vendor", vendor},
		{"Bundle-Version", bundleVersion(version)},
		{"Bundle-SymbolicName", symbolicName + ";singleton:=true"},
		{"Nuxeo-Component", strings.Join(components, ",")},
	} {
		b.WriteString(fold(header[0] + ": " + header[1]))
	}

	b.WriteString("\r\n")
	return b.Bytes()
}

// maxLine is what a manifest's line may hold beside its end: readers differ in
// whether the 72 bytes of the specification include CR and LF.
const maxLine = 70

// fold breaks a header into lines; a continuation starts with a space. Headers
// are ASCII, so no character is torn apart.
func fold(header string) string {
	var b strings.Builder
	for len(header) > maxLine {
		b.WriteString(header[:maxLine] + "\r\n")
		header = " " + header[maxLine:]
	}
	return b.String() + header + "\r\n"
}
