package ingest

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
)

func TestNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	for name, want := range map[string][3]string{ // file name, title, path segment
		"f.mov":                {"f.mov", "f", "f"},
		" Ünï 🎬.mov ":          {"Ünï 🎬.mov", "Ünï 🎬", "Ünï -"},
		"a/b\\c.mov":           {"a_b_c.mov", "a_b_c", "a_b_c"},
		"../../etc/passwd":     {".._.._etc_passwd", ".._.._etc_passwd", "_.._etc_passwd"},
		"..":                   {"unnamed", "unnamed", "unnamed"},
		"":                     {"unnamed", "unnamed", "unnamed"},
		"\x00\x1f":             {"unnamed", "unnamed", "unnamed"},
		".mov":                 {".mov", ".mov", "mov"},
		"a\r\nb\x00\u0085.mov": {"ab.mov", "ab", "ab"},
		"photo\u202Egpj.exe":   {"photogpj.exe", "photogpj", "photogpj"},
		"bad\xff.mov":          {"bad.mov", "bad", "bad"},
		"Meeting 12.05 final cut": {
			"Meeting 12.05 final cut", "Meeting 12.05 final cut",
			"Meeting 12.05 final cut",
		},
		"take.2":         {"take.2", "take.2", "take.2"},
		"archive.tar.gz": {"archive.tar.gz", "archive.tar", "archive.tar"},
		"f.mp4":          {"f.mp4", "f", "f"},
		"🎬.mp4":          {"🎬.mp4", "unnamed", "unnamed"},
		"🎬 f.mp4":        {"🎬 f.mp4", "🎬 f", "- f"},
		`<img src=x onerror=alert(1)>`: {
			`<img src=x onerror=alert(1)>`, `<img src=x onerror=alert(1)>`,
			"-img src-x onerror-alert-1--",
		},
		long + ".mov":           {long[:251] + ".mov", long[:251], long[:64]},
		long[:63] + " and more": {long[:63] + " and more", long[:63] + " and more", long[:63]},
		long + "." + long:       {long[:255], long[:255], long[:64]},
	} {
		if got := [3]string{SafeName(name), Title(name), PathName(name)}; got != want {
			t.Errorf("%.30q became %.60q, want %.60q", name, got, want)
		}
	}
}

// Nuxeo drops what it takes for invisible, which is nobody's renaming.
func TestTitlesAreComparedAsNuxeoKeepsThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"Cut 🎬", "Cut", true},
		{"🎬 Cut", " Cut", true},
		{"A👩\u200d👧B\u00ad", "AB", true},
		{"Cut", "cut", false},
		{"Cut 1", "Cut 2", false},
	} {
		if got := SameTitle(c.a, c.b); got != c.want {
			t.Errorf("SameTitle(%q, %q) = %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

func TestNamesAreAlwaysUsable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.StringMatching(`[./\\ a-z\x{202E}\x00]{0,400}(\.[a-z0-9 ]{1,30})?`)).
			Draw(t, "name")
		safe, title, segment := SafeName(name), Title(name), PathName(name)
		for what, s := range map[string]string{"file name": safe, "title": title, "path": segment} {
			if !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxName || strings.Trim(s, ". ") == "" ||
				strings.ContainsAny(s, "/\\\u202e") || strings.ContainsFunc(s, unicode.IsControl) {
				t.Fatalf("the %s of %q is %q, want valid UTF-8 of 1 to %d characters without controls and separators",
					what, name, s, maxName)
			}
		}

		if SafeName(safe) != safe {
			t.Fatalf("%q changes again to %q, want it the same", safe, SafeName(safe))
		}

		if utf8.RuneCountInString(segment) > maxPathName || strings.Trim(segment, ". ") != segment {
			t.Fatalf("the path's last part is %q, want at most %d characters, without dots and spaces around", segment,
				maxPathName)
		}
	})
}

func TestPlanFor(t *testing.T) {
	t.Parallel()
	const mib, gib = int64(1) << 20, int64(1) << 30
	for size, want := range map[int64]struct {
		part  int64
		count int
	}{
		1: {16 * mib, 1}, 16 * mib: {16 * mib, 1}, 16*mib + 1: {16 * mib, 2}, 10 * gib: {16 * mib, 640},
		100 * gib: {100 * gib / 1000, 1001}, 1024 * gib: {256 * mib, 4096},
	} {
		if p := PlanFor(size); p.PartSize != want.part || p.Count() != want.count {
			t.Errorf("%d bytes are planned as %d parts of %d, want %d of %d", size, p.Count(), p.PartSize, want.count,
				want.part)
		}
	}
}

func TestPlanCoversTheFile(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(1, 5<<40).Draw(t, "size")
		p := PlanFor(size)
		last := p.Part(p.Count() - 1)
		if last.Offset+last.Length != size || last.Length <= 0 || last.Length > p.PartSize || p.PartSize < minPart ||
			p.PartSize > maxPart {
			t.Fatalf("%+v ends with %+v, want all %d bytes in parts of %d to %d", p, last, size, minPart, maxPart)
		}
	})
}

func TestSeconds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{
		"4": 4, " 4.5 ": 4.5, "4s": 4, "1:30": 90, "01:00:00.5": 3600.5, "0:0:0": 0,
		"": 0, "-4": 0, "1:-2": 0, "NaN": 0, "Inf": 0, "1e300": 0, "four": 0, "1::2": 0, "00:01:00:12": 0, ":": 0,
	} {
		if got := seconds(text); got != want {
			t.Errorf("%q is %v seconds, want %v", text, got, want)
		}
	}
}

func FuzzSeconds(f *testing.F) {
	for _, s := range []string{"4", "01:02:03.5", "1e7:1e7:1e7", "NaN"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := seconds(s); got < 0 || got != got || got > 4e10 {
			t.Fatalf("%q is read as %v seconds, want a number from 0", s, got)
		}
	})
}

func TestFacts(t *testing.T) {
	t.Parallel()
	s := &Service{Set: Settings{StatusField: "Status", FieldNames: FieldNames{
		FrameRate: "Frame Rate", Duration: "Duration", Codec: "Video Codec", Width: "Resolution - Width, Width",
		Height: "Resolution - Height, Height", Resolution: "Resolution",
	}}}

	given := func(pairs ...string) *File {
		f := &File{}
		for i := 0; i < len(pairs); i += 2 {
			f.Metadata = append(f.Metadata, frameio.Field{Name: pairs[i], Value: pairs[i+1]})
		}
		return f
	}

	for name, tc := range map[string]struct {
		file *File
		want facts
	}{
		"nothing": {given(), facts{}},
		"all": {
			given("status", "Approved", "Frame Rate", "25", "Duration", "4.04", "Video Codec", "h264",
				"Resolution - Width", "1920.0", "Resolution - Height", "1080"),
			facts{
				status:     "Approved",
				codec:      "h264",
				resolution: "1920 x 1080",
				fps:        25.0,
				duration:   4.04,
				frames:     int64(101),
			},
		},
		"sizes by other names": {given("resolution_width", "1920", "Height", "1080"), facts{resolution: "1920 x 1080"}},
		"a rate of 29.97": {
			given("Frame Rate", "29.97 fps", "Duration", "00:01:00"),
			facts{fps: 29.97, duration: 60.0, frames: int64(1798)},
		},
		"no rate": {given("Duration", "4"), facts{duration: 4.0}},
		"nonsense": {
			given("Frame Rate", "fast", "Duration", "long", "Resolution - Width", "1920"), facts{},
		},
		"resolution as text": {
			given("Resolution", "UHD", "Resolution - Width", "1", "Resolution - Height", "1"),
			facts{resolution: "UHD"},
		},
	} {
		if got := s.facts(tc.file); got != tc.want {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
	}
}

func TestFieldsWithoutANameAreNotRead(t *testing.T) {
	t.Parallel()
	if got := frameio.Names("").In([]frameio.Field{{Name: "", Value: "x"}}); got.Value != "" {
		t.Errorf("no name finds the field %+v, want none", got)
	}
}
