package relink

import (
	"encoding/json"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/diff"
)

// A link is made of what a document tells: of a stack it is the stack's, else the file's.
func TestLinksOfFacets(t *testing.T) {
	t.Parallel()
	for stack, asset := range map[string]string{"": "file", "stack": "stack"} {
		doc := new(nuxeo.Document)
		if err := json.Unmarshal([]byte(`{"uid":"document","properties":{
			"frameio:accountId":"account","frameio:fileId":"file","frameio:stackId":"`+stack+`",
			"frameio:digest":"0cc175b9c0f1b6a831c399e269772661","frameio:fileSize":1000}}`), doc); err != nil {
			t.Fatal(err)
		}

		diff.Equal(t, "the link", linkOf(doc, "folder"), link.Link{
			FolderUID: "folder", Account: "account", AssetKey: asset, DocumentUID: "document", FileID: "file",
			Digest: "0cc175b9c0f1b6a831c399e269772661", Size: 1000,
		})
	}
}
