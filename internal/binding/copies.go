package binding

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// What becomes of the copy on Frame.io when a document has come back.
const (
	LeaveCopy  = "leave"
	MoveCopy   = "move"
	DeleteCopy = "delete"
)

// Copies is what becomes of the copies on Frame.io of the documents of a binding that have come back.
type Copies struct {
	Action string `json:"action"`           // LeaveCopy, which empty is, MoveCopy or DeleteCopy
	Days   int    `json:"days"`             // after the return that a copy is deleted; 0: at once
	Folder string `json:"folder,omitempty"` // outermost of the same project that a copy is moved to
}

const (
	mostCopyDays  = 3650
	mostNameChars = 255
)

// filled is c without what does not matter to its action, so that equal choices are equal.
func (c Copies) filled() Copies {
	switch c.Folder = strings.TrimSpace(c.Folder); c.Action {
	case MoveCopy:
		c.Days = 0
	case DeleteCopy:
		c.Folder = ""
	default:
		c = Copies{Action: LeaveCopy}
	}
	return c
}

func (c Copies) validate() error {
	switch {
	case c.Action != LeaveCopy && c.Action != MoveCopy && c.Action != DeleteCopy:
		return fault.Field("copies", "Choose leave, move or delete.", "There is no choice %q for copies.", c.Action)
	case c.Days < 0 || c.Days > mostCopyDays:
		return fault.Field("copy_days", fmt.Sprintf("Give a number from 0, which is at once, to %d.", mostCopyDays),
			"A copy cannot be deleted after %d days.", c.Days)
	case c.Action == MoveCopy && !isFolderName(c.Folder):
		return fault.Field("copy_folder", "Give a name of up to 255 characters without a slash.",
			"No folder on Frame.io can be called %q.", c.Folder)
	}
	return nil
}

func isFolderName(name string) bool {
	return name != "" && utf8.RuneCountInString(name) <= mostNameChars && utf8.ValidString(name) &&
		!strings.ContainsFunc(name, func(r rune) bool { return r == '/' || unicode.IsControl(r) })
}

// String says what becomes of a copy, in a few words.
func (c Copies) String() string {
	switch {
	case c.Action == MoveCopy:
		return fmt.Sprintf("moved to the folder %q", c.Folder)
	case c.Action == DeleteCopy && c.Days == 0:
		return "deleted at once"
	case c.Action == DeleteCopy && c.Days == 1:
		return "deleted after a day"
	case c.Action == DeleteCopy:
		return fmt.Sprintf("deleted after %d days", c.Days)
	}
	return "left"
}

// CheckCopies returns a choice for a binding as it would be kept, if a person may make it.
func (s *Service) CheckCopies(ctx context.Context, who work.Viewer, id string, c Copies) (Copies, error) {
	if _, err := s.MayEdit(ctx, who, id); err != nil {
		return c, err
	}
	return c.filled(), cmp.Or(c.validate(), c.filled().validate())
}

// CopiesOf returns what becomes of the copies of a binding. Those of one that is not there
// are left.
func CopiesOf(ctx context.Context, db store.Queryer, id string) (c Copies, err error) {
	err = db.QueryRowContext(ctx, `SELECT copy_action, copy_days, copy_folder FROM bindings WHERE id = $1`, id).
		Scan(&c.Action, &c.Days, &c.Folder)
	if errors.Is(err, sql.ErrNoRows) {
		return Copies{Action: LeaveCopy}, nil
	}
	return c.filled(), err
}
