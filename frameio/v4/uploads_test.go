package v4

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What Frame.io says of the parts is looked at before it is believed.
func TestCreateUploadLooksAtTheParts(t *testing.T) {
	t.Parallel()
	for parts, good := range map[string]bool{
		`[{"size":4,"url":"https://a/1"},{"size":6,"url":"https://a/2"}]`: true,
		`[{"size":10,"url":"https://a/1"}]`:                               true,
		`[]`:                                                              false,
		`null`:                                                            false,
		`[{"size":4,"url":"https://a/1"}]`:                                false,
		`[{"size":11,"url":"https://a/1"}]`:                               false,
		`[{"size":10,"url":""}]`:                                          false,
		`[{"size":20,"url":"https://a/1"},{"size":-10,"url":"https://a/2"}]`:                              false,
		`[{"size":9223372036854775807,"url":"x"},{"size":9223372036854775807,"url":"x"}]`:                 false,
		`[` + strings.Repeat(`{"size":0,"url":"https://a/1"},`, 100) + `{"size":10,"url":"https://a/1"}]`: false,
		`"none"`:           false,
		`[{"size":"ten"}]`: false,
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(`{"data":{"id":"f1","name":"a","media_type":"video/mp4","upload_urls":` + parts +
				`}}`))
		}))
		defer s.Close()
		c, err := New(s.URL, s.Client(), func(context.Context, string) (string, error) { return "t", nil })
		if err != nil {
			t.Fatal(err)
		}

		up, err := c.CreateUpload(context.Background(), "a", "folder", "a.mp4", 10)
		if (err == nil) != good {
			t.Errorf("%.80s: got %v, want it accepted: %v", parts, err, good)
		}

		if err != nil && strings.Contains(err.Error(), "https://a") {
			t.Errorf("the error is %v, want no address in it", err)
		}

		if good && up.ID != "f1" {
			t.Errorf("the upload is %+v, want f1", up)
		}
	}
}
