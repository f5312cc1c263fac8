package addon

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
)

var (
	numbers    = regexp.MustCompile(`^v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(.*)$`)
	prerelease = regexp.MustCompile(`(?i)^-(alpha|beta|rc)[.-]?(\d{0,9})$`)
)

// packageVersion turns the version of the program into one of Nuxeo, x.y.z with
// an optional classifier. What is neither a release nor announced as leading to
// one becomes a SNAPSHOT, which Nuxeo lets an administrator install over itself.
func packageVersion(version string) string {
	m := numbers.FindStringSubmatch(strings.TrimSpace(version))
	if m == nil {
		return "0.0.0-SNAPSHOT"
	}

	// Nuxeo wants three numbers.
	v := m[1] + "." + cmp.Or(m[2], "0") + "." + cmp.Or(m[3], "0")
	if m[4] == "" {
		return v
	}

	// What leads to a release says so.
	if p := prerelease.FindStringSubmatch(m[4]); p != nil {
		return v + "-" + strings.ToUpper(p[1]) + p[2]
	}

	return v + "-SNAPSHOT"
}

// VersionFile is where an installed package tells its version, among the files of Web UI: as
// JSON, {"version": "1.2.3"}. A program that was built without the elements makes a package
// without it.
const VersionFile = name + ".version.json"

// Version is that of the package that a version of the program makes.
func Version(program string) string { return packageVersion(program) }

// Older reports whether a version of the package comes before another. What leads to a
// version comes before it; two such are told apart by nothing.
func Older(a, b string) bool {
	x, y := numbers.FindStringSubmatch(a), numbers.FindStringSubmatch(b)
	if x == nil || y == nil {
		return false
	}

	for i := 1; i <= 3; i++ {
		m, _ := strconv.Atoi(x[i]) // digits, nine at most
		n, _ := strconv.Atoi(y[i])
		if m != n {
			return m < n
		}
	}

	// With the same numbers, only what leads to the version is older.
	return x[4] != "" && y[4] == ""
}

// bundleVersion is OSGi's way to write it: the classifier is a fourth part.
func bundleVersion(packageVersion string) string {
	return strings.Replace(packageVersion, "-", ".", 1)
}
