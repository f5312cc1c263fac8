// Package bandwidth keeps the sum of all transfers of this process below a
// speed that may change with the time of the week.
//
// It owns the timetable, as people write it, and the sharing: who moves bytes
// pays for them afterwards, in small amounts and in turn, so that streams share
// evenly and a change of the speed takes effect within a moment, also in the
// middle of a transfer. Without a limit there is nothing on the way of a byte.
package bandwidth

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// Timetable is a week of speeds. The zero value never limits.
type Timetable struct {
	changes []change // by time
}

// change says that from a minute of the week on, counted from Sunday 00:00, a
// speed holds: bytes a second, 0 for no limit.
type change struct {
	at    int
	speed int64
	days  bool // written for every day
}

const (
	minutesOfDay  = 24 * 60
	minutesOfWeek = 7 * minutesOfDay
	// least is the lowest speed: with less, many streams would look silent.
	least = 16 << 10
	most  = 1 << 40
)

var days = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// Parse reads "off", a speed like 50M, or a timetable like
// "08:00,20M 19:00,off Sat-00:00,off". A speed is in bytes a second with a unit
// of B, K, M or G, of 1024 each. An entry without a day is for every day that
// has none of its own at that time.
func Parse(text string) (Timetable, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return Timetable{}, nil
	}

	// A single speed holds all the time.
	if len(words) == 1 && !strings.Contains(words[0], ",") {
		speed, err := parseSpeed(words[0])
		if err != nil || speed == 0 {
			return Timetable{}, err
		}
		return Timetable{changes: []change{{speed: speed}}}, nil
	}

	var t Timetable
	for _, w := range words {
		if err := t.add(w); err != nil {
			return Timetable{}, err
		}
	}

	slices.SortFunc(t.changes, func(a, b change) int { return a.at - b.at })
	return t, nil
}

func wrong(format string, args ...any) error {
	return fault.Field("transfer-bandwidth",
		`Write a speed like 50M, or a timetable like "08:00,20M 19:00,off Sat-00:00,off".`, format, args...)
}

func parseSpeed(word string) (int64, error) {
	if strings.EqualFold(word, "off") {
		return 0, nil
	}

	unit := strings.IndexByte("BKMG", upper(word))
	if unit < 0 {
		return 0, wrong("%q is not a speed: its unit must be B, K, M or G.", word)
	}

	n, err := strconv.ParseFloat(word[:len(word)-1], 64)
	speed := n * float64(int64(1)<<(10*unit))
	if err != nil || !(speed >= least && speed <= most) { // written so that NaN is refused
		return 0, wrong("%q is not a speed from 16K to 1024G a second.", word)
	}

	return int64(speed), nil
}

// upper is the last letter of a word.
func upper(word string) byte {
	if word == "" {
		return 0
	}
	return strings.ToUpper(word)[len(strings.ToUpper(word))-1]
}

// add reads an entry: Day-hh:mm,speed or hh:mm,speed.
func (t *Timetable) add(word string) error {
	when, what, ok := strings.Cut(word, ",")
	if !ok {
		return wrong("%q lacks a comma between time and speed.", word)
	}

	speed, err := parseSpeed(what)
	if err != nil {
		return err
	}

	name, clock, single := strings.Cut(when, "-")
	if !single {
		clock = when
	}

	at, err := time.Parse("15:04", clock)
	if err != nil {
		return wrong("%q is not a time of day.", clock)
	}

	// Without a day it is for each of them.
	minute := at.Hour()*60 + at.Minute()
	if !single {
		for day := range days {
			if err := t.put(change{at: day*minutesOfDay + minute, speed: speed, days: true}); err != nil {
				return err
			}
		}
		return nil
	}

	day := slices.Index(days, strings.ToLower(name))
	if day < 0 {
		return wrong("%q is not a day: write Mon, Tue, Wed, Thu, Fri, Sat or Sun.", name)
	}

	return t.put(change{at: day*minutesOfDay + minute, speed: speed})
}

// put adds a change; one of a single day is stronger than one of every day.
func (t *Timetable) put(c change) error {
	i := slices.IndexFunc(t.changes, func(o change) bool { return o.at == c.at })
	switch {
	case i < 0:
		t.changes = append(t.changes, c)
	case t.changes[i].days == c.days:
		return wrong("Two entries are for the same time, %02d:%02d.", c.at%minutesOfDay/60, c.at%60)
	case !c.days:
		t.changes[i] = c
	}

	return nil
}

// Never reports whether there is no limit at any time.
func (t Timetable) Never() bool {
	return !slices.ContainsFunc(t.changes, func(c change) bool { return c.speed > 0 })
}

// At is the speed at a time, by the clock of its zone: bytes a second, 0 for no
// limit. Before the week's first change the last one of the week before holds.
func (t Timetable) At(now time.Time) int64 {
	if len(t.changes) == 0 {
		return 0
	}

	// Until the first change of the week, the last one of the week before holds.
	minute := int(now.Weekday())*minutesOfDay + now.Hour()*60 + now.Minute()
	speed := t.changes[len(t.changes)-1].speed
	for _, c := range t.changes {
		if c.at <= minute {
			speed = c.speed
		}
	}

	return speed
}

// String writes the timetable so that Parse reads it.
func (t Timetable) String() string {
	if len(t.changes) == 0 {
		return "off"
	}

	var words []string
	for _, c := range t.changes {
		speed := "off"
		if c.speed > 0 {
			speed = strconv.FormatInt(c.speed, 10) + "B"
		}
		day := days[c.at/minutesOfDay]
		words = append(words, fmt.Sprintf("%s-%02d:%02d,%s", strings.ToUpper(day[:1])+day[1:], c.at%minutesOfDay/60,
			c.at%60, speed))
	}

	return strings.Join(words, " ")
}
