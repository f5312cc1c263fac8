package metamap_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/metamap"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

const admin = "Administrator"

// set stores a row.
func set(b *testenv.Bed, r metamap.Row) metamap.Row {
	b.T.Helper()
	got, err := b.App.Map.Set(b.T.Context(), admin, r)
	if err != nil {
		b.T.Fatalf("setting %s: %v, want it taken", r, err)
	}
	return got
}

func in(field, property string, k metamap.Kind, values ...string) metamap.Row {
	r := metamap.Row{
		Direction: metamap.ToNuxeo, Field: frameio.Names(field), Property: property, Kind: k,
		Values: map[string]string{},
	}
	for i := 0; i+1 < len(values); i += 2 {
		r.Values[values[i]] = values[i+1]
	}
	return r
}

func out(property, field string, k metamap.Kind, values ...string) metamap.Row {
	r := in(field, property, k, values...)
	r.Direction = metamap.ToFrameio
	return r
}

// fields makes the fields of an account of its own.
func fields(b *testenv.Bed) {
	b.Frameio.AddField(b.Account, "Job Number", "text")
	b.Frameio.AddField(b.Account, "Deadline", "date")
	b.Frameio.AddField(b.Account, "Keywords", "select_multi", "Sea", "Sand, wet", "Sun")
	b.Frameio.AddField(b.Account, "Genre", "select", "Drama", "Noir")
	b.Nuxeo.AddEntries("l10nsubjects", "Sea", "Sand, wet", "Sun", "sea", "moon")
	b.Nuxeo.AddEntries("nature", "ok")
}

func must(b *testenv.Bed, err error) {
	b.T.Helper()
	if err != nil {
		b.T.Fatal(err)
	}
}

// choose chooses options of a selection of a file, by their names.
func choose(b *testenv.Bed, file, field string, names ...string) {
	b.T.Helper()
	fio, err := b.App.Identity.Frameio(b.T.Context(), "josh")
	if err != nil {
		b.T.Fatal(err)
	}

	var ids []string
	for d, err := range fio.Definitions(b.T.Context(), b.Account) {
		if err != nil {
			b.T.Fatal(err)
		}
		for _, o := range d.Options {
			if d.Name == field && slices.Contains(names, o.Name) {
				ids = append(ids, o.ID)
			}
		}
	}
	b.Frameio.SetMetadata(file, field, ids)
}

func holds(b *testenv.Bed, uid string, want map[string]any) {
	b.T.Helper()
	d, _ := b.Nuxeo.Doc(uid)
	for property, value := range want {
		if got := d.Properties[property]; fmt.Sprint(got) != fmt.Sprint(value) {
			b.T.Errorf("%s of %s is %v, want %v", property, d.Title, got, value)
		}
	}
}

func TestPublishKeepsAndMapsFields(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Config(func(c *app.Config) {
		c.Frameio.StatusProperty, c.Frameio.StatusValues = "dc:nature", []string{"Approved=ok"}
	}))
	fields(b)
	b.Bind("Publish")
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 300))
	b.Frameio.SetStatus(file, "Approved")
	b.Frameio.SetMetadata(file, "Job Number", "J-17")
	b.Frameio.SetMetadata(file, "Deadline", "2026-12-24")
	choose(b, file, "Keywords", "Sea", "Sand, wet")
	choose(b, file, "Genre", "Noir")
	set(b, in("Job Number", "dc:publisher", metamap.Text))
	set(b, in("Deadline", "dc:expired", metamap.Date))
	set(b, in("Keywords", "dc:subjects", metamap.List))
	set(b, in("Genre", "dc:format", metamap.Vocabulary, "Drama", "drama"))
	set(b, in("Job Number", "dc:issued", metamap.Date))  // wrong: it is no date
	set(b, in("Job Number", "my:missing", metamap.Text)) // wrong: documents have no such property
	set(b, in("Job Number", "dc:valid", metamap.Text))   // wrong: the property is a date
	b.Published(b.Josh, file)
	d := b.Only()
	holds(b, d.UID, map[string]any{
		"dc:publisher": "J-17", "dc:subjects": []any{"Sea", "Sand, wet"}, "dc:nature": "ok", "dc:format": nil,
		"dc:issued": nil, "dc:valid": nil, "dc:expired": "2026-12-24 00:00:00 +0000 UTC",
	})

	// Every field is kept with the document, mapped or not.
	kept := fmt.Sprint(d.Properties["frameio:fields"])
	for _, want := range []string{"Genre", "Noir", "J-17", "Sand, wet", "Approved", "2026-12-24"} {
		if !strings.Contains(kept, want) {
			t.Errorf("the document keeps the fields %s, want %s among them", kept, want)
		}
	}

	// What could not be mapped is in the history and the mail, and nothing failed.
	story := b.Histories()
	for _, want := range []string{
		`Genre → dc:format: the table of the row has nothing for "Noir"`, `Job Number → dc:issued: "J-17" is not a date`,
		"Job Number → my:missing: documents of the type File have no property my:missing",
		"Job Number → dc:valid: the property is a date",
	} {
		if n := strings.Count(story, want); n != 1 {
			t.Errorf("the history tells %d times of %s, want once; it is %s", n, want, story)
		}
	}
	if mail := b.LastMail(); !strings.Contains(mail, "4 rows of the metadata map could not be applied") {
		t.Errorf("the mail is %s, want the 4 rows told", mail)
	}

	// The one version is that of the content, and publishing again writes nothing.
	if n := len(b.Nuxeo.Versions(d.UID)); n != 1 {
		t.Errorf("the document has %d versions, want that of its content alone", n)
	}
	b.Watch()
	b.Published(b.Josh, file)
	for _, w := range b.Writes() {
		if strings.Contains(w, "PUT") && strings.Contains(w, d.UID) {
			t.Errorf("publishing again wrote %s, want nothing", w)
		}
	}
}

func TestABindingHasItsOwnRows(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	fields(b)
	bound := b.Bind("Publish")
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 300))
	b.Frameio.SetMetadata(file, "Job Number", "J-17")
	set(b, in("Job Number", "dc:publisher", metamap.Text))
	set(b, in("Job Number", "dc:rights", metamap.Text))
	own := in("Job Number", "dc:publisher", metamap.Vocabulary, "J-17", "seventeen")
	own.Scope.Binding = bound.ID
	set(b, own)
	off := in("Job Number", "dc:rights", metamap.Text)
	off.Scope.Binding, off.Off = bound.ID, true
	set(b, off)
	b.Published(b.Josh, file)
	holds(b, b.Only().UID, map[string]any{"dc:publisher": "seventeen", "dc:rights": nil})
}

func TestAMirrorFollowsFieldsAndRows(t *testing.T) {
	t.Parallel()
	for _, fetch := range []string{foldersync.Original, foldersync.Metadata} {
		t.Run(fetch, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t)
			fields(b)
			file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 300))
			b.Frameio.SetMetadata(file, "Job Number", "J-17")
			set(b, in("Job Number", "dc:publisher", metamap.Text))
			set(b, in("Job Number", "dc:issued", metamap.Date))
			m := b.Mirrored(func(r *foldersync.Request) { r.Fetch = fetch })
			uid := m.At(m.Folder, "Cut").UID
			holds(b, uid, map[string]any{"dc:publisher": "J-17", "dc:issued": nil})
			if story := b.Histories(); !strings.Contains(story, `"J-17" is not a date`) {
				t.Errorf("the histories are %s, want the wrong row told", story)
			}

			// A refresh writes nothing; one after the rows have changed applies them to what is there.
			b.Watch()
			m.Refresh(false)
			for _, w := range b.Writes() {
				t.Errorf("a refresh without changes wrote %s, want nothing", w)
			}

			set(b, in("Job Number", "dc:rights", metamap.Text))
			m.Refresh(false)
			holds(b, uid, map[string]any{"dc:rights": "J-17"})

			b.Frameio.SetMetadata(file, "Job Number", "J-18")
			m.Refresh(false)
			holds(b, uid, map[string]any{"dc:publisher": "J-18", "dc:rights": "J-18"})
		})
	}
}

func TestAPushFillsFields(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Telling(frameiosim.Healthy))
	fields(b)
	b.Bind("Publish")
	uid := b.Kept("Cut", []byte("pictures"))
	must(b, b.Nuxeo.SetProps(uid, map[string]any{"dc:publisher": "J-17", "dc:subjects": []any{"sea", "moon"}}))
	set(b, out("dc:publisher", "Job Number", metamap.Text))
	set(b, out("dc:subjects", "Keywords", metamap.List))
	set(b, out("dc:publisher", "Frame Rate", metamap.Number))
	set(b, in("Job Number", "dc:rights", metamap.Text))
	p := b.Pushed(uid).Pushes[0]
	b.Settle()
	var have []string
	fio, err := b.App.Identity.Frameio(t.Context(), "josh")
	if err != nil {
		t.Fatal(err)
	}
	f, err := fio.File(t.Context(), b.Account, b.OnePush(p.ID).File)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range f.Metadata {
		if one.Name == "Job Number" || one.Name == "Keywords" {
			have = append(have, one.Name+"="+one.Value)
		}
	}
	if got, want := strings.Join(have, " "), "Job Number=J-17 Keywords=Sea"; got != want {
		t.Errorf("the file has %s, want %s", got, want)
	}
	for _, want := range []string{
		`the field on Frame.io has no option "moon"`, "Frame Rate is filled in by Frame.io itself",
	} {
		if story := b.Histories(); !strings.Contains(story, want) {
			t.Errorf("the histories are %s, want %s told", story, want)
		}
	}

	// During the review the field comes back into another property.
	if err := b.App.Webhooks.Complete(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.Frameio.SetMetadata(f.ID, "Job Number", "J-18")
	b.Comes("the changed field", func() bool {
		d, _ := b.Nuxeo.Doc(uid)
		kept := fmt.Sprint(d.Properties["frameio:fields"])
		return d.Properties["dc:rights"] == "J-18" && strings.Contains(kept, "J-18")
	})
}

// A Nuxeo that fails at mapped values for good keeps no asset.
func TestAFailingNuxeoKeepsNoAsset(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.AroundNuxeo(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			if r.Method == http.MethodPut && bytes.Contains(body, []byte("dc:publisher")) {
				http.Error(w, "broken", http.StatusInternalServerError)
				return
			}
			next.ServeHTTP(w, r)
		})
	}))

	fields(b)
	b.Bind("Publish")
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 300))
	b.Frameio.SetMetadata(file, "Job Number", "J-17")
	arrivesWithout(b, file, "dc:publisher")
}

// A value that is no entry of the vocabulary of its property is told, and the others are written.
func TestAVocabularyOfNuxeoRefusesAValue(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	fields(b)
	b.Bind("Publish")
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 300))
	b.Frameio.SetMetadata(file, "Job Number", "J-17")
	arrivesWithout(b, file, "dc:nature")
}

// arrivesWithout publishes a file whose job number J-17 is mapped to dc:rights, too, and looks that it arrives without
// one property, which is told.
func arrivesWithout(b *testenv.Bed, file, property string) {
	b.T.Helper()
	set(b, in("Job Number", property, metamap.Text))
	set(b, in("Job Number", "dc:rights", metamap.Text))
	for _, v := range b.Published(b.Josh, file) {
		if v.State != work.Done {
			b.T.Errorf("%s is %s with %q, want it done", v.Title, v.State, v.Message)
		}
	}

	holds(b, b.Only().UID, map[string]any{property: nil, "dc:rights": "J-17"})
	if story := b.Histories(); !strings.Contains(story, `Nuxeo does not take "J-17"`) {
		b.T.Errorf("the histories are %s, want the refusal told", story)
	}
}

func TestATestChangesNothing(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	fields(b)
	b.Bind("Publish")
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 300))
	b.Frameio.SetMetadata(file, "Job Number", "J-17")
	choose(b, file, "Genre", "Noir")
	b.Published(b.Josh, file)

	// The rows come after the document.
	d := b.Only()
	set(b, in("Job Number", "dc:publisher", metamap.Text))
	set(b, in("Genre", "dc:format", metamap.Vocabulary, "Drama", "drama"))
	must(b, b.Nuxeo.SetProps(d.UID, map[string]any{"dc:language": "fr"}))
	set(b, out("dc:language", "Job Number", metamap.Text))
	b.Watch()

	for _, name := range []string{d.UID, d.Path} {
		p, err := b.App.Map.Test(t.Context(), "josh", name)
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, c := range p.Changes {
			said = append(said, fmt.Sprintf("%s: %q to %q %v %s", c.Row, c.Before, c.After, c.Writes, c.Problem))
		}
		slices.Sort(said)
		want := []string{
			`Genre → dc:format: "" to "" false the table of the row has nothing for "Noir"`,
			`Job Number → dc:publisher: "" to "J-17" true `,
			`dc:language → Job Number: "J-17" to "fr" true `,
		}
		if !slices.Equal(said, want) {
			t.Errorf("the test says %q, want %q", said, want)
		}
	}
	for _, w := range b.Writes() {
		t.Errorf("the test wrote %s, want nothing", w)
	}
	if _, err := b.App.Map.Test(t.Context(), "stranger", d.UID); err == nil {
		t.Error("the test of somebody who is not signed in: got an answer, want none")
	}
}

func TestRowsAreKept(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	m := b.App.Map
	one := set(b, in("Job Number", "dc:publisher", metamap.Text))
	same := set(b, in("job-number", "dc:publisher", metamap.Number)) // the same place: replaced
	if same.ID != one.ID {
		t.Errorf("a second row for the same place has the id %s, want that of the first, %s", same.ID, one.ID)
	}

	other := set(b, in("Genre", "dc:rights", metamap.Text))
	other.Property = "dc:publisher"
	if _, err := m.Set(t.Context(), admin, other); err == nil {
		t.Error("moving a row to the place of another: got it taken, want it refused")
	}

	rows, err := m.List(t.Context())
	if err != nil || len(rows) != 2 || rows[0].ChangedBy != admin {
		t.Errorf("the rows are %+v, %v; want two by %s", rows, err, admin)
	}

	if err := m.Remove(t.Context(), admin, one.ID); err != nil {
		t.Error(err)
	}
	if err := m.Remove(t.Context(), admin, one.ID); err == nil {
		t.Error("removing a row twice: got it done, want it not found")
	}
}

// A Frame.io that refuses fields keeps no push, and the status is set all the same.
func TestAFailingFrameioKeepsNoPush(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Config(func(c *app.Config) { c.Push.Status = "Needs Review" }))
	fields(b)
	b.Bind("Publish")
	uid := b.Kept("Cut", []byte("pictures"))
	must(b, b.Nuxeo.SetProps(uid, map[string]any{"dc:publisher": "J-17", "dc:rights": "2026-12-24"}))
	set(b, out("dc:publisher", "Job Number", metamap.Text))
	set(b, out("dc:rights", "Deadline", metamap.Date))
	b.Frameio.Faults().Add(faults.Rule{Path: "/metadata/values$", Method: "PATCH", Status: 422, Times: 3})
	p := b.Pushed(uid).Pushes[0]
	b.Settle()
	if got := b.OnePush(p.ID); got.State != push.Open {
		t.Errorf("the push is %s, want it open", got.State)
	}
	if got := b.Frameio.Status(b.OnePush(p.ID).File); got != "Needs Review" {
		t.Errorf("the status is %q, want Needs Review", got)
	}

	// The first call was for both fields, the next ones for one each.
	if story := b.Histories(); strings.Count(story, "no fields") != 2 {
		t.Errorf("the histories are %s, want both fields told", story)
	}
}
