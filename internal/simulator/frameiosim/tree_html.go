package frameiosim

import (
	"fmt"
	"html/template"
)

// pageStyle is how the pages of the simulator look.
const pageStyle = `<meta name="viewport" content="width=device-width"><style>
:root{color-scheme:light dark;--line:#8884;--soft:light-dark(#555,#aaa);--card:light-dark(#f5f5f9,#23232b);--mark:light-dark(#5b43e0,#a99bff)}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem;margin:0}h2{font-size:1.1rem;margin:1.5rem 0 0}h3{font-size:1rem;margin:1rem 0 .3rem}
.note{color:var(--soft);margin:.2rem 0 1.5rem}.soft,.note{color:var(--soft)}
article{border-top:1px solid var(--line);padding:.4rem 0 .5rem}
.type{display:inline-block;min-width:6.5rem;color:var(--soft);font-size:.85rem}
.tag{border:1px solid var(--line);border-radius:.6rem;padding:0 .5rem;font-size:.8rem;white-space:nowrap}
.id{font:12px ui-monospace,monospace;color:var(--soft)}form{display:inline}
button{font:inherit;font-size:.85rem;padding:.15rem .7rem;margin:.15rem .3rem .15rem 0;cursor:pointer}
.run,details{margin-left:6.7rem}summary{cursor:pointer;color:var(--mark);font-size:.9rem}
.comment{white-space:pre-wrap;border-left:3px solid var(--line);padding-left:.7rem;margin:.4rem 0;font-size:.9rem}.reply{margin-left:1.5rem}
.result{background:var(--card);border-left:.4rem solid var(--mark);padding:.7rem 1rem;margin-bottom:1.5rem}.bad{border-color:light-dark(#b00020,#ff8a80)}
.box{max-width:24rem;margin:12vh auto;padding:1.5rem 2rem 2rem;border:1px solid var(--line);border-radius:.6rem;background:var(--card)}
.box button{display:block;width:100%;margin:.6rem 0;padding:.5rem;font-size:1rem}
</style>`

var treeTemplate = template.Must(template.New("tree").Funcs(template.FuncMap{
	"size": func(n int64) string {
		if n < 1000 {
			return fmt.Sprintf("%d B", n)
		}
		f, units := float64(n)/1000, []string{"KB", "MB", "GB", "TB"}
		for len(units) > 1 && f >= 1000 {
			f, units = f/1000, units[1:]
		}
		return fmt.Sprintf("%.1f %s", f, units[0])
	},
	"indent": func(depth int) int { return min(depth, 12) * 2 },
}).Parse(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Frame.io (simulated)</title>` +
	pageStyle + `</head><body>
<h1>Frame.io <span class="tag">simulation</span></h1>
<p class="note">Everything that this simulated Frame.io holds. Its custom actions can be run from here, as from the menu of a real one.</p>
{{with .Result}}<div class="result{{if .Bad}} bad{{end}}" role="status"><span class="soft">{{.What}}</span><br><b>{{.Title}}</b> {{.Text}}</div>{{end}}
{{$bound := .Bound}}{{range .Spaces}}{{$space := .}}<h2>{{.Account}} / {{.Name}}</h2>
{{if .Actions}}<p class="soft">Custom actions: {{range $i, $a := .Actions}}{{if $i}}, {{end}}{{$a.Name}}{{end}}.</p>
{{else}}<p class="soft">No custom action yet: bind a folder of Nuxeo to this workspace.</p>{{end}}
{{range .Projects}}<h3>{{.Name}}</h3>
{{range .Rows}}{{$row := .}}<article style="padding-left:{{indent .Depth}}rem">
<span class="type">{{.Kind}}</span> {{.Name}} {{with .Status}}<span class="tag">{{.}}</span>{{end}}{{with .Upload}}<span class="tag">{{.}}</span>{{end}}
{{if .File}}<span class="soft">{{size .Size}}</span>{{end}} <span class="id">{{.ID}}</span>
{{if $space.Actions}}<div class="run">{{range $space.Actions}}{{$action := .}}{{range $space.People}}<form method="post" action="/plain"><input type="hidden" name="action" value="{{$action.ID}}"><input type="hidden" name="person" value="{{.ID}}"><input type="hidden" name="asset" value="{{$row.ID}}"><button>{{$action.Name}}: run as {{.Name}}</button></form>{{end}}{{end}}</div>{{end}}
{{if .Comments}}<details open><summary>Comments: {{len .Comments}}</summary>{{range .Comments}}<div class="comment{{if .Reply}} reply{{end}}"><span class="soft">{{.Who}}{{with .At}}, {{.}}{{end}}{{with .State}}, {{.}}{{end}}</span>
{{.Text}}</div>{{end}}</details>{{end}}
</article>{{else}}<p class="soft">There are no assets.</p>{{end}}
{{if .More}}<p class="note">Only the first {{$bound}} are shown.</p>{{end}}{{end}}{{end}}</body></html>`))

var choiceTemplate = template.Must(template.New("choice").
	Parse(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in to Frame.io</title>` +
		pageStyle + `</head>
<body><main class="box"><h1>Sign in to Frame.io <span class="tag">simulation</span></h1>
<p class="soft">As whom? There are no passwords here.</p>
<form method="post">{{range $key, $value := .Form}}<input type="hidden" name="{{$key}}" value="{{$value}}">{{end}}
{{range .People}}<button name="person" value="{{.ID}}">{{.Name}} ({{.Email}})</button>{{end}}
<button name="deny" value="1">Cancel</button></form></main></body></html>`))
