package nuxeosim

import "testing"

const allowConnector = `<component name="c"><extension target="org.nuxeo.ecm.platform.web.common.requestcontroller.service.RequestControllerService" point="corsConfig">
	<corsConfig name="c" allowOrigin="https://frameio.example.com" supportedMethods="GET,PUT" maxAge="60"><pattern>/api/.*</pattern></corsConfig></extension></component>`

func TestNoPageOfAnotherOriginMayCall(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.send("josh", "GET", "/api/v1/me", nil, "Origin: https://frameio.example.com").is(200)
	if r.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("Access-Control-Allow-Origin: got %q, want none", r.header.Get("Access-Control-Allow-Origin"))
	}

	f.send("josh", "POST", "/api/v1/upload/", nil, "Origin: https://frameio.example.com").is(403)
	f.send("josh", "POST", "/api/v1/upload/", nil, "Origin: null").is(403)
	f.sim.SetProperty("nuxeo.cors.allowNullOrigin", "true")
	f.send("josh", "POST", "/api/v1/upload/", nil, "Origin: null").is(201)
}

func TestCORSByContribution(t *testing.T) {
	t.Parallel()
	f := setup(t)
	if err := f.sim.AddContribution([]byte(allowConnector)); err != nil {
		t.Fatal(err)
	}

	from := "Origin: https://frameio.example.com"
	r := f.send("josh", "GET", "/api/v1/me", nil, from).is(200)
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin":      "https://frameio.example.com",
		"Access-Control-Allow-Credentials": "true",
		"Vary":                             "Origin",
	} {
		if got := r.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}

	f.send("josh", "GET", "/api/v1/me", nil, "Origin: https://other.example.com").is(403)
	f.send("josh", "POST", "/api/v1/upload/", nil, from).is(201)
	f.send("josh", "POST", "/automation/Log", nil, from).is(403) // the pattern does not match
	// A preflight has no credentials.
	r = f.send("", "OPTIONS", "/api/v1/me", nil, from, "Access-Control-Request-Method: PUT",
		"Access-Control-Request-Headers: x-a").is(200)
	if r.header.Get("Access-Control-Allow-Methods") != "GET, PUT" ||
		r.header.Get("Access-Control-Allow-Headers") != "x-a" || r.header.Get("Access-Control-Max-Age") != "60" {
		t.Errorf("the preflight has %v, want GET, PUT and x-a allowed for 60 s", r.header)
	}

	f.send("", "OPTIONS", "/api/v1/me", nil, from, "Access-Control-Request-Method: DELETE").is(405)
}

func TestCORSByConfiguration(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *Options) { o.Properties = map[string]string{"nuxeo.cors.urls": "https://example.com"} })
	for origin, status := range map[string]int{
		"https://example.com":         200,
		"https://frameio.example.com": 200,
		"http://frameio.example.com":  403,
		"https://badexample.com":      403,
	} {
		f.send("josh", "GET", "/api/v1/me", nil, "Origin: "+origin).is(status)
	}
}

func TestPointsThatAreGone(t *testing.T) {
	t.Parallel()
	old := []byte(`<component name="c"><extension target="org.nuxeo.ecm.platform.comment.service.CommentService" ` +
		`point="config"><config/></extension></component>`)
	for lts, fails := range map[string]bool{"2021": false, "2023": false, "2025": true} {
		if err := setup(t, func(o *Options) { o.LTS = lts }).sim.AddContribution(old); (err != nil) != fails {
			t.Errorf("an old contribution on LTS %s: got %v, want it refused: %v", lts, err, fails)
		}
	}
}
