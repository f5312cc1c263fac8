package store

import (
	"context"
	"database/sql/driver"
	"strings"

	"github.com/jackc/pgx/v5/stdlib"
)

// cleaning connects to PostgreSQL and makes texts storable there: names that
// people gave to files may contain NUL or no UTF-8 at all, which it refuses and
// SQLite does not. Whatever has to be kept exactly is stored as JSON or bytes.
type cleaning struct{ driver.Connector }

// Connect is driver.Connector's.
func (c cleaning) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return cleaned{conn.(*stdlib.Conn)}, nil
}

type cleaned struct{ *stdlib.Conn }

// CheckNamedValue is driver.NamedValueChecker's.
func (c cleaned) CheckNamedValue(v *driver.NamedValue) error {
	if text, ok := v.Value.(string); ok {
		v.Value = clean(text)
	}
	return c.Conn.CheckNamedValue(v)
}

// clean is a text as PostgreSQL can keep it.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}
