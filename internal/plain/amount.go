package plain

import (
	"strconv"
	"strings"
	"time"
)

var units = []string{"kB", "MB", "GB", "TB"}

// Size is a number of bytes for people, like 999 bytes, 17 kB or 53.18 GB: the same in
// every mail, page and table. Units are steps of a thousand, as disks and Frame.io count;
// from megabytes on there are up to two decimals, rounded half up.
func Size(bytes int64) string {
	if bytes < 1000 {
		return Count(bytes, "byte")
	}

	// Kilobytes are whole, larger units have hundredths.
	unit := int64(1000)
	for i, name := range units {
		hundredths := int64(100)
		if i > 0 {
			hundredths = 1
		}
		step := unit / 100 * hundredths
		n := (bytes + step/2) / step * hundredths
		if n < 1000*100 || i == len(units)-1 {
			return decimal(n) + " " + name
		}
		unit *= 1000
	}

	return ""
}

// decimal is a number of hundredths without zeros at its end.
func decimal(hundredths int64) string {
	text := Number(hundredths / 100)
	if rest := hundredths % 100; rest > 0 {
		text += "." + strings.TrimRight(strconv.FormatInt(rest+100, 10)[1:], "0")
	}
	return text
}

// Number is a whole number for people, like 12,345.
func Number[N int | int64](n N) string {
	text := strconv.FormatInt(int64(n), 10)
	sign := ""
	if n < 0 {
		sign, text = "-", text[1:]
	}

	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}

	return sign + text
}

// Count is a number of things, like 1 asset or 12,345 assets.
func Count[N int | int64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return Number(n) + " " + thing + "s"
}

// Duration is a duration for people, like 24h or 1h30m, where a duration by itself writes 24h0m0s.
func Duration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
