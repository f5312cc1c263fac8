package publish_test

import (
	"net/mail"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// names that files have, and what they are called in Nuxeo: the same, but for
// what no file name may hold.
var names = map[string]string{
	"Ünïcödé 😀👩‍👩‍👧.mov":                 "Ünïcödé 😀👩‍👩‍👧.mov",
	"evil\u202Evom.exe.mov":              "evilvom.exe.mov",
	"\u2066isolated\u2069.mov":           "isolated.mov",
	"Caf\u00e9.mov":                      "Caf\u00e9.mov",
	"Cafe\u0301.mov":                     "Cafe\u0301.mov",
	strings.Repeat("x", 251) + ".mov":    strings.Repeat("x", 251) + ".mov",
	strings.Repeat("ü", 400) + ".mov":    strings.Repeat("ü", 251) + ".mov",
	strings.Repeat("e", 300):             strings.Repeat("e", 255),
	"a\r\nX-Batch-No-Drop: true\r\n.mov": "aX-Batch-No-Drop: true.mov",
	"nul\x00byte.mov":                    "nulbyte.mov",
	"..":                                 "unnamed",
	"../../etc/passwd":                   ".._.._etc_passwd",
	`..\..\boot.ini`:                     ".._.._boot.ini",
	"C:":                                 "C:",
	"CON.mov":                            "CON.mov",
	".hidden":                            ".hidden",
	"...":                                "unnamed",
	"%2e%2e%2f%00.mov":                   "%2e%2e%2f%00.mov",
	`"quoted" 'twice'; rm -rf.mov`:       `"quoted" 'twice'; rm -rf.mov`,
	" ":                                  "unnamed",
	"50% + more & less.mov":              "50% + more & less.mov",
	"bad\xff\xfeutf8.mov":                "badutf8.mov",
	"<script>alert(1)</script>.mov":      "<script>alert(1)<_script>.mov",
	"${7*7} <#assign x=1>.mov":           "${7*7} <#assign x=1>.mov",
	"=cmd|'/c calc'!A1.csv":              "=cmd|'_c calc'!A1.csv",
}

func TestNamesComeThroughOrAreCleaned(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	wanted := map[string]string{}
	var files []string
	for name, want := range names {
		id := b.Add(b.Root, name, []byte(want))
		files, wanted[id] = append(files, id), want
	}

	b.Run(b.Josh, files...)
	b.AllDone()
	for _, d := range b.Documents() {
		id, _ := d.Properties["frameio:fileId"].(string)
		want := wanted[id]
		delete(wanted, id)
		// What the content says is what the file is called.
		if d.Content == nil || d.Content.Name != want || d.Properties["frameio:fileName"] != nuxeo.Kept(want) ||
			string(b.Content(d.UID)) != want {
			t.Errorf("%q became %+v, called %v, holding %q; want this name in all of them", want, d.Content,
				d.Properties["frameio:fileName"], b.Content(d.UID))
		}

		if strings.ContainsFunc(d.Title, unicode.IsControl) || d.Title == "" ||
			!strings.HasPrefix(nuxeo.Kept(want), d.Title) {
			t.Errorf("%q has the title %q, want a beginning of it without controls", want, d.Title)
		}

		segment := d.Path[strings.LastIndex(d.Path, "/")+1:]
		if segment == "" || segment == "." || segment == ".." || strings.ContainsFunc(segment, unicode.IsControl) {
			t.Errorf("%q is at %q, want a last part that is a name without controls", want, d.Path)
		}
	}

	if len(wanted) != 0 || b.Nuxeo.Batches() != 0 {
		t.Errorf("%d documents are missing and %d batches are left, want none", len(wanted), b.Nuxeo.Batches())
	}
}

var hostile = []string{
	`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `<svg onload=alert(1)>`, `javascript:alert(1)`,
	`${7*7} ${Document.path} <#assign x="freemarker.template.utility.Execute"?new()>`,
	`&lt;script&gt;alert(2)&lt;/script&gt; &#36;{7*7}`,
	"=HYPERLINK(\"http://evil\")", "a\r\nBcc: all@example.org\r\n\r\nbody", "]]></component>",
	`{{.Heading}} {{template "x"}}`, `@{Document.path} #{1+1}`,
}

// nodes are the kinds of what a browser makes of the HTML in a comment, and what it shows.
func nodes(t *testing.T, markup string) (elements []string, text string) {
	t.Helper()
	list, err := html.ParseFragment(strings.NewReader(markup), &html.Node{
		Type: html.ElementNode, Data: "div",
		DataAtom: atom.Div,
	})
	if err != nil {
		t.Fatal(err)
	}

	for _, n := range list {
		switch n.Type {
		case html.TextNode:
			text += n.Data
		case html.ElementNode:
			elements = append(elements, n.Data)
		}
	}

	return elements, text
}

// Texts of others stay texts: in Nuxeo, where they are HTML, and in mails they are what
// people read, and what was written is kept beside.
func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	evil := b.Frameio.AddPerson(`<b onmouseover=alert(1)>Eve`+"\n"+`</b>${7*7}`, "eve@example.com")
	b.Frameio.AddMember(b.Account, evil, frameiosim.RoleMember)
	var files, words []string
	for i, text := range hostile {
		file := b.Add(b.Root, text+".mov", testenv.Bytes('a', 10+i), frameiosim.WithCreator(evil))
		b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: text, OwnerID: evil, Timestamp: new(int64(1))})
		files, words = append(files, file), append(words, strings.ReplaceAll(text, "\r", ""))
	}

	b.Run(b.Josh, files...)
	b.AllDone()
	for i, d := range sorted(b) {
		comments := b.Nuxeo.Comments(d.UID)
		if len(comments) != 1 {
			t.Fatalf("%q has %d comments, want 1", d.Title, len(comments))
		}

		elements, shown := nodes(t, comments[0].Text)
		if len(elements) > 0 {
			t.Errorf("the comment %q has the elements %v, want text only", comments[0].Text, elements)
		}

		head, text, _ := strings.Cut(shown, "\n")
		if text != words[i] || testenv.Words(comments[0]) != words[i] ||
			!strings.HasPrefix(head, "<b onmouseover=alert(1)>Eve </b>${7*7}") {
			t.Errorf("Nuxeo shows %q by %q and keeps %q, want %q", text, head, testenv.Words(comments[0]), words[i])
		}
	}

	b.Mails(1)
	m := b.Mail.Messages()[0]
	parsed, err := mail.ReadMessage(strings.NewReader(string(m.Raw)))
	if err != nil || parsed.Header.Get("Bcc") != "" || len(m.To) != 1 {
		t.Errorf("the mail is %+v to %v, %v; want one recipient and no Bcc", parsed, m.To, err)
	}

	for _, bad := range []string{"<script", "<img", "<svg", "<b ", ">49", "Heading}}</"} {
		if strings.Contains(m.HTML, bad) {
			t.Errorf("the mail holds %q, want it escaped", bad)
		}
	}

	if !strings.Contains(m.HTML, "&lt;script&gt;alert(1)") || !strings.Contains(m.Text(), "${7*7}") {
		t.Errorf("the mail says %q and %q, want the script escaped and ${7*7} as it is", m.HTML, m.Text())
	}
}

// sorted are the documents in the order of their sizes.
func sorted(b *testenv.Bed) []nuxeosim.DocView {
	docs := b.Documents()
	out := make([]nuxeosim.DocView, len(docs))
	for _, d := range docs {
		out[d.Content.Length-10] = d
	}
	return out
}

// A fault shows names as well: they are text there, too.
func TestHostileNamesInReasons(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	for i, text := range hostile[:5] {
		v := refused(b, b.Josh, "forbidden", "may not download",
			b.Add(b.Root, text+".mov", []byte("x"), frameiosim.NoOriginal()))
		if v.Title != text+".mov" {
			t.Errorf("%q is called %q, want its own name", text, v.Title)
		}
		if m := b.Mail.Messages()[i]; strings.Contains(m.HTML, "<script") || strings.Contains(m.HTML, "<img") ||
			strings.Contains(m.HTML, "<svg") || strings.Contains(m.HTML, "49 ") {
			t.Errorf("the mail holds %q, want no element and no formula of a name", m.HTML)
		}
	}
}
