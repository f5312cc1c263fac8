package transfer

import (
	"testing"
	"testing/synctest"
	"time"
)

// A transfer in which nothing moves has no speed, and says since when: a speed that fades
// would promise that it takes months.
func TestSilenceIsToldAndNotAFadingSpeed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := meter{at: time.Now(), moved: time.Now()}
		sent := int64(0)
		for range 10 {
			time.Sleep(time.Second)
			sent += 1_000_000
			if rate, quiet := m.of(sent); rate < 900_000 || rate > 1_100_000 || !quiet.IsZero() {
				t.Fatalf("while a megabyte a second moves it says %d, quiet since %s; want about a million, and never",
					rate, quiet)
			}
		}

		stood := time.Now()
		for range 60 {
			time.Sleep(time.Second)
			rate, quiet := m.of(sent)
			if long := time.Since(stood) >= silence; long != quiet.Equal(stood) || long && rate != 0 {
				t.Fatalf("%s after the last byte it says %d, quiet since %s; want 0 and since %s once that is %s ago",
					time.Since(stood), rate, quiet, stood, silence)
			}
		}

		time.Sleep(time.Second)
		if rate, quiet := m.of(sent + 2_000_000); rate == 0 || !quiet.IsZero() {
			t.Errorf("when it moves again it says %d, quiet since %s; want a rate, and never", rate, quiet)
		}
	})
}
