package frameio

import "testing"

func TestNamesFindAField(t *testing.T) {
	t.Parallel()
	metadata := []Field{
		{ID: "1", Name: "Width"},
		{ID: "2", Name: "Resolution - Height", Value: "1080"},
		{ID: "3", Name: "RESOLUTION_WIDTH", Value: "1920"},
		{ID: "4", Name: "Höhe", Value: "720"},
		{ID: "5", Name: "Frame Rate"},
		{ID: "6", Name: "Frame Rate", Value: "25"},
	}

	for names, want := range map[Names]string{
		"Resolution - Width":           "3",
		"Width, Resolution - Width":    "3", // the one with a value
		"Width":                        "1",
		"Resolution Height, Höhe":      "2",
		"höhe , Resolution Height":     "4",
		"resolution–height":            "2",
		"frame-rate":                   "6",
		"Codec":                        "",
		"":                             "",
		" , ":                          "",
		"Resolution - Depth,Bit Depth": "",
	} {
		if got := names.In(metadata).ID; got != want {
			t.Errorf("%q finds the field %q, want %q", names, got, want)
		}
		if want != "" && !names.Has(names.In(metadata).Name) {
			t.Errorf("%q does not have the name %q of the field that it finds, want it", names, names.In(metadata).Name)
		}
	}
}
