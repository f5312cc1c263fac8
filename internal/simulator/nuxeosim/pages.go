package nuxeosim

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

var loginPage = template.Must(template.New("login").
	Parse(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Nuxeo Platform - Login</title>` +
		pageStyle + `</head>
<body><main class="box"><h1>Nuxeo <span class="tag">simulation</span></h1>{{if .Failed}}<p role="alert">Invalid username or password.</p>{{end}}
<form method="post" action="login.jsp">
<label>User name <input name="user_name" autocomplete="username" required autofocus></label>
<label>Password <input name="user_password" type="password" autocomplete="current-password" required></label>
<input type="hidden" name="requestedUrl" value="{{.Requested}}">
<input type="hidden" name="fragment"><script>document.forms[0].fragment.value = location.hash</script>
<button type="submit" name="Submit" value="Log In">Log in</button></form>
{{with .Logins}}<p class="soft">For this trial: {{.}}</p>{{end}}</main></body></html>`))

// publicRoute finds the handlers that need no credentials.
func publicRoute(seg []string) func(*call, []string) (*answer, error) {
	switch strings.Join(seg, "/") {
	case "login.jsp", "nxstartup.faces":
		return loginRoute
	case "":
		return func(c *call, _ []string) (*answer, error) { return c.redirect(c.s.url + "/ui/"), nil }
	case "logout":
		return logoutRoute
	case "runningstatus":
		return func(*call, []string) (*answer, error) {
			return &answer{status: 200, text: `{"runtimeStatus":"ok","repositoryStatus":"ok","streamStatus":"ok"}`}, nil
		}
	case "oauth2/token":
		return func(c *call, _ []string) (*answer, error) { return c.oauthTokenEndpoint() }
	case "oauth2/authorize":
		return func(c *call, _ []string) (*answer, error) { return c.oauthAuthorize() }
	}

	switch {
	case len(seg) == 2 && seg[0] == "_direct":
		return directDownload
	case len(seg) > 1 && seg[0] == "icons":
		return iconRoute
	case len(seg) > 0 && seg[0] == "ui":
		return uiRoute
	// as Web UI is addressed where there are several repositories
	case len(seg) > 2 && seg[0] == "repo" && seg[2] == "ui":
		return func(c *call, seg []string) (*answer, error) { return uiRoute(c, seg[2:]) }
	case len(seg) == 4 && seg[0] == "site" && seg[1] == "oauth2" && seg[3] == "callback":
		return providerCallback
	}

	return nil
}

// iconRoute answers the icons of types and renditions, all of which look the same here.
func iconRoute(*call, []string) (*answer, error) {
	const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#8a94a6" d="M3 1h7l3 ` +
		`3v11H3z"/></svg>`
	return &answer{status: http.StatusOK, text: icon, header: map[string]string{"Content-Type": "image/svg+xml"}}, nil
}

func loginRoute(c *call, _ []string) (*answer, error) {
	if c.r.Method != http.MethodPost {
		return page(loginPage, http.StatusOK, map[string]any{
			"Requested": c.r.FormValue("requestedUrl"),
			"Logins":    c.s.knownLogins(),
		})
	}

	login, password := c.r.FormValue("user_name"), c.r.FormValue("user_password")
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	u := c.s.users[login]
	if u == nil || u.Disabled || u.Password != password {
		return page(loginPage, http.StatusUnauthorized, map[string]any{
			"Requested": c.r.FormValue("requestedUrl"),
			"Failed":    true,
			"Logins":    c.s.loginsText(),
		})
	}

	id := strings.ToUpper(strings.ReplaceAll(newUUID(), "-", ""))
	c.s.logins.sessions[id] = login
	c.rec.User = login
	http.SetCookie(c.w, &http.Cookie{
		Name:     "JSESSIONID",
		Value:    id,
		Path:     contextPath,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	})

	return c.redirect(c.localURL(c.r.FormValue("requestedUrl")) + c.startFragment()), nil
}

// startFragment is the place inside Web UI that was asked for. A server never
// sees it: the login page hands it over, or Web UI by a cookie when a session
// has ended.
func (c *call) startFragment() string {
	fragment := strings.TrimPrefix(c.r.FormValue("fragment"), "#")
	if cookie, err := c.r.Cookie(fragmentCookie); err == nil && fragment == "" {
		fragment = cookie.Value
		http.SetCookie(c.w, &http.Cookie{Name: fragmentCookie, Path: "/", MaxAge: -1})
	}

	u, err := url.Parse("#" + fragment)
	if err != nil || fragment == "" {
		return ""
	}

	return u.String()
}

const fragmentCookie = "nuxeo.start.url.fragment"

func (s *Server) knownLogins() string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.loginsText()
}

// loginsText names who can log in; the passwords of a simulation are no secret.
// The caller holds mu.
func (s *Server) loginsText() string {
	var out []string
	for _, login := range sortedKeys(s.users) {
		if u := s.users[login]; !u.Disabled && len(out) < maxLogins {
			out = append(out, u.Login+" / "+u.Password)
		}
	}
	return strings.Join(out, ", ")
}

const maxLogins = 10 // that the login page names

// localURL is an address below the context; anything else goes to the start
// page, or the form would redirect anywhere.
func (c *call) localURL(requested string) string {
	requested = strings.TrimPrefix(strings.TrimPrefix(requested, c.s.url), "/")
	if u, err := url.Parse(requested); err != nil || u.IsAbs() || u.Host != "" || strings.HasPrefix(requested, "/") {
		requested = ""
	}
	return c.s.url + "/" + strings.TrimPrefix(requested, strings.TrimPrefix(contextPath, "/")+"/")
}

func logoutRoute(c *call, _ []string) (*answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if cookie, err := c.r.Cookie("JSESSIONID"); err == nil {
		delete(c.s.logins.sessions, cookie.Value)
	}
	http.SetCookie(c.w, &http.Cookie{Name: "JSESSIONID", Path: contextPath, MaxAge: -1})
	return c.redirect(c.s.url + "/login.jsp"), nil
}

func (c *call) redirect(to string) *answer {
	return &answer{status: http.StatusFound, header: map[string]string{"Location": to}}
}

func page(t *template.Template, status int, data any) (*answer, error) {
	var b strings.Builder
	if err := t.Execute(&b, data); err != nil {
		return nil, err
	}
	return &answer{status: status, text: b.String(), html: true}, nil
}
