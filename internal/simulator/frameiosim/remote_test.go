package frameiosim

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// remote asks for the fetch of a source and gives the file's id.
func (w *world) remote(source string) string {
	w.t.Helper()
	r := w.call("POST", w.acc+"/folders/"+w.root+"/files/remote_upload", wrap("name", "a.mov", "source_url", source)).
		want(202)
	id := r.data()["id"].(string)
	if to := r.JSON["links"].(map[string]any)["status"]; to != w.acc+"/files/"+id+"/status" ||
		r.data()["status"] != "created" {
		w.t.Errorf("the remote upload is %s, want it created, with the address of its status", r.Raw)
	}

	return id
}

// arrived waits until all that was on its way has ended.
func (w *world) arrived(id string) (file, status map[string]any) {
	w.t.Helper()
	w.sim.sending.Wait()
	return w.get(w.acc + "/files/" + id).want(200).data(), w.get(w.acc + "/files/" + id + "/status").want(200).data()
}

func TestRemoteUpload(t *testing.T) {
	t.Parallel()
	data := []byte(strings.Repeat("0123456789", 1000))
	source := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/refused" {
			rw.WriteHeader(http.StatusForbidden)
			return
		}
		rw.Header().Set("Content-Length", map[string]string{"/a": "10000", "/cut": "20000"}[r.URL.Path])
		_, _ = rw.Write(data)
	}))
	defer source.Close()
	for name, c := range map[string]struct {
		path             string
		fate             RemoteFate
		size             int64
		complete, failed bool
	}{
		"whole":      {"/a", RemoteFate{}, 10_000, true, false},
		"late":       {"/a", RemoteFate{Behind: time.Millisecond}, 10_000, true, false},
		"lost":       {"/a", RemoteFate{Lost: true}, 0, false, false},
		"empty":      {"/a", RemoteFate{Empty: true}, 0, true, false},
		"meant":      {"/a", RemoteFate{Failed: true}, 0, false, true},
		"short":      {"/a", RemoteFate{Short: 1}, 9_999, true, false},
		"refused":    {"/refused", RemoteFate{}, 0, false, true},
		"cut":        {"/cut", RemoteFate{}, 0, false, true},
		"no machine": {"", RemoteFate{}, 0, false, true},
	} {
		w := setup(t, func(o *Options) { o.Remote = func(int) RemoteFate { return c.fate } })
		to := source.URL + c.path
		if c.path == "" {
			to = "http://127.0.0.1:1/a"
		}

		id := w.remote(to)
		file, status := w.arrived(id)
		if file["file_size"] != float64(c.size) || status["upload_complete"] != c.complete ||
			status["upload_failed"] != c.failed {
			t.Errorf("%s: the file is %v and its status %v, want %d bytes, complete %v, failed %v", name, file, status,
				c.size, c.complete, c.failed)
		}

		if !c.complete {
			continue
		}

		got, err := io.ReadAll(io.NewSectionReader(w.sim.Uploaded(id), 0, c.size))
		if err != nil || !bytes.Equal(got, data[:c.size]) {
			t.Errorf("%s: %d bytes arrived, %v; want the %d of the source", name, len(got), err, c.size)
		}
	}

	w := setup(t)
	for _, bad := range []string{"", "a", "ftp://x/a", "http://", "http://%zz"} {
		w.call("POST", w.acc+"/folders/"+w.root+"/files/remote_upload", wrap("name", "a", "source_url", bad)).want(422)
	}
}

// What is deleted while it is fetched stays deleted.
func TestRemoteUploadDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	began, goOn := make(chan struct{}), make(chan struct{})
	source := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		close(began)
		<-goOn
		_, _ = rw.Write([]byte("late"))
	}))
	defer source.Close()
	w := setup(t)
	id := w.remote(source.URL)
	<-began
	w.call("DELETE", w.acc+"/files/"+id, nil).want(204)
	close(goOn)
	w.sim.sending.Wait()
	w.get(w.acc + "/files/" + id).want(404)
	if used := w.sim.nodes[id].project.workspace.account.used; used != 0 {
		t.Errorf("the account uses %d bytes, want 0", used)
	}
}
