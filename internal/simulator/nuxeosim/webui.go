package nuxeosim

import (
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
)

// uiFolder is where Web UI lies among the unpacked files.
const uiFolder = "nuxeo.war/ui/"

// The face is built by `make ui`; without it there is the plain page.
//
//go:embed all:face/dist
var face embed.FS

//go:embed face/messages.json
var faceMessages []byte

// unpackWebUI puts Web UI among the unpacked files.
func (s *Server) unpackWebUI() error {
	if s.opt.WithoutWebUI {
		return nil
	}

	s.packages, s.bundles = append(s.packages, webUIPackage), append(s.bundles, webUIBundle)
	if s.opt.WebUI != nil {
		return errors.Join(s.disk.addAll(uiFolder, s.opt.WebUI), s.disk.addSecondNames())
	}

	files, err := webUIFiles()
	maps.Copy(s.disk, files)
	return err
}

// webUIFiles are the face and its texts: those of Nuxeo's elements, as far as
// they are built in, and its own. Servers share them, as deployment replaces
// files and does not change them.
var webUIFiles = sync.OnceValues(func() (disk, error) {
	built, err := fs.Sub(face, "face/dist")
	if err != nil {
		return nil, err
	}
	d := disk{}
	if err := d.addAll(uiFolder, built); err != nil {
		return nil, err
	}
	return d, d.addTexts()
})

// textsIn is where the texts of a language lie; English, the reference, has no name.
func textsIn(language string) string {
	return uiFolder + "i18n/" + strings.TrimSuffix("messages-"+language, "-") + ".json"
}

// Languages are those that Web UI has texts in, in order; English, the reference, is left out.
func (s *Server) Languages() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []string
	for file := range s.disk {
		language, of := strings.CutPrefix(file, uiFolder+"i18n/messages-")
		if of {
			all = append(all, strings.TrimSuffix(language, ".json"))
		}
	}

	slices.Sort(all)
	return all
}

// texts are those of Nuxeo's own elements in a language; none where the face was not built.
func (d disk) texts(language string) []byte {
	if t := d[textsIn(language)]; t != nil {
		return t
	}
	return []byte("{}")
}

// addTexts completes the texts of Web UI: each of its languages has every key, in English
// what nobody has translated, and some are there under a second name.
func (d disk) addTexts() error {
	english, err := mergeJSON(d.texts(""), faceMessages)
	if err != nil {
		return err
	}

	d[textsIn("")] = english

	for _, language := range []string{
		"ar", "cs", "de", "es-ES", "eu", "fr", "he", "id", "it", "ja", "nl", "pl",
		"pt-PT", "sv-SE", "zh-CN",
	} {
		if d[textsIn(language)], err = mergeJSON(english, d.texts(language)); err != nil {
			return err
		}
	}

	return d.addSecondNames()
}

// addSecondNames puts texts under further names, as the bundle of Web UI does.
func (d disk) addSecondNames() error {
	for second, first := range map[string]string{
		"es":    "es-ES",
		"pt":    "pt-PT",
		"sv":    "sv-SE",
		"fr-FR": "fr",
		"fr-CA": "fr",
	} {
		text, found := d[textsIn(first)]
		if !found {
			return fmt.Errorf("no %s in Web UI", textsIn(first))
		}
		d[textsIn(second)] = text
	}
	return nil
}

func (d disk) addAll(to string, files fs.FS) error {
	return fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		d[to+name], err = fs.ReadFile(files, name)
		return err
	})
}

func (s *Server) hasFace() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.disk[uiFolder+"face.js"] != nil || s.opt.WebUI != nil
}

// uiRoute serves Web UI and what packages have added to it. The files need no
// sign-in, as nothing in them is a secret; a real server asks for one.
func uiRoute(c *call, seg []string) (*answer, error) {
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		return nil, methodNotAllowed()
	}

	name := strings.Join(seg[1:], "/")
	switch {
	case c.s.opt.WithoutWebUI:
		return nil, notFound("there is no Web UI")
	case name == "" && !strings.HasSuffix(c.r.URL.Path, "/"):
		// or relative addresses would lead astray
		return c.redirect(strings.TrimSuffix(c.s.url, contextPath) + c.r.URL.Path + "/"), nil
	case name == "" || name == "index.jsp":
		return c.webUI()
	case name == "plain":
		return treeRoute(c, seg)
	case name == "config" || name == "config.jsp":
		return c.webUIConfig()
	}

	c.s.mu.RLock()
	data, found := c.s.disk[uiFolder+name]
	c.s.mu.RUnlock()
	if !found {
		return nil, notFound("no such file")
	}

	return fileAnswer(name, data), nil
}

func fileAnswer(name string, data []byte) *answer {
	kind := cmp.Or(mime.TypeByExtension(path.Ext(name)), "application/octet-stream")
	return &answer{
		header: map[string]string{
			"Content-Type":           kind,
			"Cache-Control":          "no-cache",
			"X-Content-Type-Options": "nosniff",
		},
		stream: func(c *call) error {
			_, err := c.w.Write(data)
			return err
		},
	}
}

// webUI is the page, for who is signed in.
func (c *call) webUI() (*answer, error) {
	if !c.s.hasFace() {
		return treeRoute(c, nil)
	}

	if err := c.authenticate([]string{"ui"}); err != nil {
		return c.redirect(c.s.url + "/login.jsp?requestedUrl=" + url.QueryEscape("ui/")), nil
	}

	layout := facePage
	if c.s.opt.WebUI != nil {
		layout = realPage
	}

	at := strings.TrimSuffix(c.r.URL.Path, "index.jsp")
	a, err := page(layout, http.StatusOK, map[string]any{"LTS": c.s.opt.LTS, "URL": contextPath, "At": at})
	if err == nil {
		a.header = pagePolicy
	}

	return a, err
}

// webUIConfig is the script that tells the page its configuration, and which
// bundles to load: for each installed package the one with its name.
func (c *call) webUIConfig() (*answer, error) {
	c.s.mu.RLock()
	defer c.s.mu.RUnlock()
	bundles := []string{}
	for _, name := range c.s.packages {
		if c.s.disk[uiFolder+name+".bundle.js"] != nil {
			bundles = append(bundles, name)
		}
	}

	settings := webUISettings()
	maps.Copy(settings, nested(c.s.config, "org.nuxeo.web.ui."))
	config, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}

	addons, err := json.Marshal(bundles)
	if err != nil {
		return nil, err
	}

	script := "var Nuxeo = window.Nuxeo || {};\nNuxeo.UI = Nuxeo.UI || {};\n" +
		"Nuxeo.UI.config = " + string(config) + ";\nNuxeo.UI.bundles = " + string(addons) + ";\n"
	return fileAnswer("config.js", []byte(script)), nil
}

// nested makes objects of names with dots, as Web UI reads them.
func nested(flat map[string]string, prefix string) map[string]any {
	all := map[string]any{}
	for _, name := range sortedKeys(flat) {
		rest, ours := strings.CutPrefix(name, prefix)
		if !ours || rest == "" {
			continue
		}

		at := all
		steps := strings.Split(rest, ".")
		for _, step := range steps[:len(steps)-1] {
			deeper, is := at[step].(map[string]any)
			if !is {
				deeper = map[string]any{}
				at[step] = deeper
			}
			at = deeper
		}

		at[steps[len(steps)-1]] = flat[name]
	}

	return all
}
