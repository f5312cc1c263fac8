package testenv

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
)

// Mirror is a folder that is synchronized with the project.
type Mirror struct {
	*Bed
	ID string
}

// SyncRequest asks for the folder to be synchronized with the project.
func (b *Bed) SyncRequest() foldersync.Request {
	return foldersync.Request{
		Folder:    b.Folder,
		Workspace: b.Workspace,
		Project:   b.Project,
		Comments:  true,
		Events:    true,
	}
}

// Mirrored synchronizes the folder as josh and waits until it is.
func (b *Bed) Mirrored(change ...func(*foldersync.Request)) *Mirror {
	b.T.Helper()
	q := b.SyncRequest()
	for _, c := range change {
		c(&q)
	}

	s, err := b.App.Sync.Add(b.T.Context(), "josh", q)
	if err != nil {
		b.T.Fatal(err)
	}

	b.Settle()
	return &Mirror{b, s.ID}
}

// Get is the synchronization.
func (m *Mirror) Get() foldersync.Sync {
	m.T.Helper()
	s, err := m.App.Sync.Get(m.T.Context(), Viewer, m.ID)
	if err != nil {
		m.T.Fatal(err)
	}
	return s
}

// CheckVersions compares the contents of a document's versions, oldest first.
func (b *Bed) CheckVersions(uid string, want ...[]byte) {
	b.T.Helper()
	versions := b.Nuxeo.Versions(uid)
	if len(versions) != len(want) {
		b.T.Fatalf("the document has %d versions, want %d", len(versions), len(want))
	}

	for i, v := range versions {
		if v.Content == nil || v.Content.Digest != MD5(want[i]) {
			b.T.Errorf("version %s holds %+v, want the digest %s", v.VersionLabel, v.Content, MD5(want[i]))
		}
	}
}

// Refresh begins a run and waits until it has ended.
func (m *Mirror) Refresh(sure bool) foldersync.Run {
	m.T.Helper()
	if _, err := m.App.Sync.Refresh(m.T.Context(), Viewer, m.ID, sure); err != nil {
		m.T.Fatal(err)
	}
	m.Settle()
	return *m.Get().Last
}

// Below is what is below a document, by path of titles; of a document its content.
func (m *Mirror) Below(uid, at string) map[string]string {
	out := map[string]string{}
	for _, d := range m.Nuxeo.Children(uid) {
		if d.IsTrashed {
			continue
		}

		where := at + "/" + d.Title
		if d.Type == "Folder" {
			out[where] = ""
			for k, v := range m.Below(d.UID, where) {
				out[k] = v
			}
			continue
		}

		data := ""
		if d.Content != nil {
			data = fmt.Sprintf("%s %d", d.Content.Digest[:6], d.Content.Length)
		}

		out[where] = data
	}

	return out
}

// Is compares what is in the folder with what is wanted, by path of titles; of a folder, and of a document whose
// content does not matter, nil.
func (m *Mirror) Is(want map[string][]byte) {
	m.T.Helper()
	got := m.Below(m.Folder, "")
	for path, data := range want {
		value, ok := got[path]
		if !ok || data != nil && !strings.HasPrefix(value, MD5(data)[:6]) {
			m.T.Errorf("%s is %q (%v), want it with the content of %d bytes; there are %v", path, value, ok, len(data),
				got)
		}
		delete(got, path)
	}

	if len(got) > 0 {
		m.T.Errorf("too many documents: %v, want none besides", got)
	}
}

// At is the document with a title.
func (m *Mirror) At(uid, title string) nuxeosim.DocView {
	m.T.Helper()
	all := m.Nuxeo.Children(uid)
	slices.SortStableFunc(all, func(a, b nuxeosim.DocView) int { // what is not in the trash comes first
		return cmp.Compare(strconv.FormatBool(a.IsTrashed), strconv.FormatBool(b.IsTrashed))
	})

	for _, d := range all {
		if d.Title == title {
			return d
		}
		if d.Type == "Folder" {
			for _, in := range m.Nuxeo.Children(d.UID) {
				if in.Title == title {
					return in
				}
			}
		}
	}

	m.T.Fatalf("there is no document %q, want one", title)
	return nuxeosim.DocView{}
}

// Settled refreshes until both sides are equal, and once more, which must find
// nothing.
func (m *Mirror) Settled(want map[string][]byte) {
	m.T.Helper()
	m.Refresh(true)
	m.Is(want)
	if r := m.Refresh(true); r.State != foldersync.Done || r.Created+r.Updated+r.Unchanged+r.Renamed+r.Moved+
		r.Gone+r.Failed > 0 {
		m.T.Errorf("once more: %+v, want it done, and nothing to do", r)
	}

	if s := m.Get(); s.Troubled+s.Conflicting > 0 || s.State != foldersync.Active {
		m.T.Errorf("the synchronization is %+v, want it active, with no trouble and no conflict", s)
	}
}

// Differences compares and says what differs, by name.
func (m *Mirror) Differences() map[string]string {
	m.T.Helper()
	if _, err := m.App.Sync.Check(m.T.Context(), Viewer, m.ID); err != nil {
		m.T.Fatal(err)
	}

	m.Settle()
	out, after := map[string]string{}, ""
	for {
		page, err := m.App.Sync.Differences(m.T.Context(), Viewer, m.ID, after, 3)
		if err != nil {
			m.T.Fatal(err)
		}
		for _, d := range page.List {
			out[d.Name] = string(d.Sign) + " " + d.What
		}
		if after = page.Next; after == "" {
			return out
		}
	}
}
