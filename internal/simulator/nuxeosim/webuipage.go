package nuxeosim

import "html/template"

// pagePolicy is what Nuxeo sends with its pages: Web UI may load from anywhere
// and evaluate expressions.
var pagePolicy = map[string]string{
	"Content-Security-Policy": "img-src data: blob: *; default-src blob: *; script-src 'unsafe-inline' 'unsafe-eval' " +
		"data: *; style-src 'unsafe-inline' *; font-src data: *",
	"X-Frame-Options":        "SAMEORIGIN",
	"X-Content-Type-Options": "nosniff",
	"Referrer-Policy":        "strict-origin-when-cross-origin",
	"Cache-Control":          "no-cache",
}

var facePage = template.Must(template.New("face").
	Parse(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Nuxeo (simulated)</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">
<script src="config.jsp"></script><script type="module" src="face.js"></script></head>
<body><nuxeo-connection url="{{.URL}}" method="form"></nuxeo-connection><sim-app lts="{{.LTS}}"></sim-app>
<noscript>These pages need a script; <a href="plain">the plain page</a> does not.</noscript></body></html>`))

// realPage is what Web UI's index.jsp makes.
var realPage = template.Must(template.New("real").
	Parse(`<!doctype html><html lang=""><head><meta charset="utf-8"><title>Nuxeo (simulated)</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,"><link rel="stylesheet" href="index.css"></head>
<body><nuxeo-connection url="{{.URL}}" repository-name="default"></nuxeo-connection>
<nuxeo-app base-url="{{.At}}" product-name="Nuxeo (simulated)" unresolved></nuxeo-app>
<script src="vendor/webcomponentsjs/webcomponents-loader.js"></script><script src="vendor/html-imports/html-imports.min.js"></script>
<script src="vendor/web-animations/web-animations-next-lite.min.js"></script><script src="config.jsp"></script><script src="main.bundle.js"></script>
</body></html>`))

// webUISettings are those that Web UI itself contributes to its configuration.
func webUISettings() map[string]any {
	return map[string]any{
		"enrichers": map[string]any{
			"document": []string{
				"hasContent", "firstAccessibleAncestor", "permissions", "breadcrumb", "preview", "favorites",
				"subscribedNotifications", "thumbnail",
				"renditions", "pendingTasks", "runnableWorkflows", "runningWorkflows", "collections", "audit",
				"subtypes", "tags", "publications",
			},
			"blob": []string{"appLinks", "preview"},
		},
		"fetch":      map[string]any{"document": []string{"properties"}},
		"dateFormat": "LL", "dateTimeFormat": "LLL", "firstDayOfWeek": "", "listingMaxItems": "10000",
	}
}
