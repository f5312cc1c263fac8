package addon

import (
	"cmp"
	"regexp"
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

	v := m[1] + "." + cmp.Or(m[2], "0") + "." + cmp.Or(m[3], "0")
	if m[4] == "" {
		return v
	}

	if p := prerelease.FindStringSubmatch(m[4]); p != nil {
		return v + "-" + strings.ToUpper(p[1]) + p[2]
	}

	return v + "-SNAPSHOT"
}

// bundleVersion is OSGi's way to write it: the classifier is a fourth part.
func bundleVersion(packageVersion string) string {
	return strings.Replace(packageVersion, "-", ".", 1)
}
