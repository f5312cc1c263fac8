package plain

import (
	"encoding/json"
	"os"
	"testing"
	"time"
)

// Pages are held to the same table: see ui/amounts_test.go.
func TestAmounts(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/amounts.json")
	if err != nil {
		t.Fatal(err)
	}

	var table struct{ Sizes, Numbers [][2]any }
	if err := json.Unmarshal(b, &table); err != nil || len(table.Sizes) == 0 {
		t.Fatalf("the table of sizes: got %d rows, %v; want some", len(table.Sizes), err)
	}

	for _, row := range table.Sizes {
		if got := Size(int64(row[0].(float64))); got != row[1] {
			t.Errorf("%.0f bytes are %q, want %q", row[0], got, row[1])
		}
	}

	for _, row := range table.Numbers {
		if got := Number(int64(row[0].(float64))); got != row[1] {
			t.Errorf("%.0f is %q, want %q", row[0], got, row[1])
		}
	}

	if got := Number(-12345) + " " + Count(1, "asset") + " " + Count(0, "asset") + " " +
		Count(2000, "asset"); got != "-12,345 1 asset 0 assets 2,000 assets" {
		t.Errorf("got %q, want -12,345 1 asset 0 assets 2,000 assets", got)
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		24 * time.Hour: "24h", 90 * time.Minute: "1h30m", 30 * time.Second: "30s", 15 * time.Minute: "15m",
		61 * time.Second: "1m1s", 0: "0s", 10 * time.Hour: "10h",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%d nanoseconds: got %q, want %q", d, got, want)
		}
	}
}
