package publish_test

import (
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

func addVideo(b *testenv.Bed, name, content string) string {
	return b.Frameio.AddFile(b.Root, name, frameiosim.Bytes([]byte(content)),
		frameiosim.WithMedia(frameiosim.Media{FPS: 25, Duration: 4, Width: 1920, Height: 1080, Codec: "ProRes"}),
		frameiosim.WithStatus("Approved"), frameiosim.WithCreator(b.Josh))
}

// Accounts call the fields otherwise than others; what they tell arrives by any of the
// names that the settings give.
func TestFieldsByOtherNames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		names  map[string]string
		config func(*app.Config)
	}{
		"as Frame.io has them": {nil, func(*app.Config) {}},
		"in older spellings": {map[string]string{
			frameiosim.FieldWidth: "Resolution Width", frameiosim.FieldHeight: "height",
			frameiosim.FieldFrameRate: "frame_rate", frameiosim.FieldCodec: "Codec",
		}, func(*app.Config) {}},
		"in another language": {map[string]string{
			frameiosim.FieldWidth: "Auflösung – Breite", frameiosim.FieldHeight: "Höhe",
			frameiosim.FieldFrameRate: "Bildrate", "Status": "Freigabe",
		}, func(c *app.Config) {
			f := &c.Frameio
			f.WidthField, f.HeightField, f.FrameRateField, f.StatusField = "Breite, Auflösung Breite", f.HeightField+
				", höhe", "Bildrate", "Status, Freigabe"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t, testenv.Config(c.config), testenv.Frameio(func(o *frameiosim.Options) {
				o.FieldNames = c.names
			}))

			b.Bind("Publish")
			b.Published(b.Josh, addVideo(b, "Cut.mov", "frames"))
			got := b.Only().Properties
			for property, want := range map[string]any{
				"resolution": "1920 x 1080",
				"frameRate":  25.0,
				"codec":      "ProRes",
				"status":     "Approved",
			} {
				if got["frameio:"+property] != want {
					t.Errorf("%s is %v, want %v", property, got["frameio:"+property], want)
				}
			}
		})
	}
}

func TestPublishBringsEverythingAndTellsPeople(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	made := b.Bind("Publish to Nuxeo")
	file := addVideo(b, "Teaser.final.mov", strings.Repeat("frame ", 1000))
	b.Frameio.AddComment(file, frameiosim.CommentSpec{
		Text:      "Too dark",
		OwnerID:   b.Julia,
		Timestamp: new(int64(50)),
		Duration:  new(int64(25)),
	})

	b.Frameio.AddComment(file, frameiosim.CommentSpec{
		Text:       "This corner",
		Timestamp:  new(int64(10)),
		Annotation: `[{"tool":"rect","x":0.1,"y":0.1,"w":0.2,"h":0.2}]`,
	})

	res := b.Run(b.Josh, file)
	if res.Title != "Success" || res.Description != "Asset pushed to Nuxeo." || res.Attempts != 1 {
		t.Fatalf("the answer is %+v, want Success at the first attempt: Asset pushed to Nuxeo.", res)
	}

	for _, v := range b.Settle() {
		if v.State != work.Done {
			t.Fatalf("%s %s is %s at %q with %q and the remedy %q, want it done", v.Kind, v.Title, v.State, v.Step,
				v.Message, v.Remedy)
		}
	}

	d := b.Only()
	if d.Title != "Teaser.final" || d.Type != "File" || d.Content == nil || d.Content.Length != 6000 {
		t.Errorf("the document is %+v, want a File Teaser.final of 6000 bytes", d)
	}

	for property, want := range map[string]any{
		"frameio:fileId": file, "frameio:codec": "ProRes", "frameio:resolution": "1920 x 1080",
		"frameio:frameRate": 25.0,
		"frameio:duration":  4.0, "frameio:frames": int64(100), "frameio:status": "Approved",
		"frameio:documentUid": d.UID,
		"frameio:publishedBy": "josh", "frameio:uploader": "Josh Editor",
	} {
		if got := d.Properties[property]; got != want {
			t.Errorf("%s = %v (%T), want %v", property, got, got, want)
		}
	}

	comments := b.Nuxeo.Comments(d.UID)
	if len(comments) != 2 {
		t.Fatalf("%d comments, want 2: %+v", len(comments), comments)
	}

	if c := comments[0]; c.Text != "Julia Reviewer · 00:00:02:00 – 00:00:02:24\nToo dark" &&
		comments[1].Text != "Julia Reviewer · 00:00:02:00 – 00:00:02:24\nToo dark" {
		t.Errorf("the comments read %q and %q, want one %q", c.Text, comments[1].Text,
			"Julia Reviewer · 00:00:02:00 – 00:00:02:24\nToo dark")
	}

	mails := b.Mail.Messages()
	if len(mails) != 1 || mails[0].To[0] != "josh@example.org" ||
		!strings.Contains(mails[0].HTML, "/ui/#!/doc/"+d.UID) {
		t.Errorf("the mails are %+v, want one to josh@example.org with the address of %s", mails, d.UID)
	}

	if made.State != "bound" {
		t.Errorf("the binding is %+v, want it bound", made)
	}
}
