package sim

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/mailsim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

var mailLine = regexp.MustCompile(`(?s)<li><strong>(.*?)</strong> (.*?)(?: <a |</li>)`)

// said is what a mail or an interaction tells of its items, in a comparable form.
func said(lines []string) string {
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

// verdict is what a mail says of an item, as far as it matters.
func verdict(text string) string {
	for words, v := range map[string]string{
		"is a new document": "created",
		"has a new version": "updated",
		"was up to date":    "unchanged",
		"was cancelled":     "canceled",
		"failed:":           "failed",
	} {
		if strings.HasPrefix(text, words) {
			return v
		}
	}
	return "? " + text
}

// checkMails: each interaction that has ended was told of, and nothing else was.
func (w *world) checkMails() {
	owed := map[string]int{}
	byParent := map[string][]work.View{}
	var order []string
	for _, it := range w.items() {
		if it.Kind == "publish" || it.Kind == "expand" || it.Kind == "notice" {
			if byParent[it.Parent] == nil {
				order = append(order, it.Parent)
			}
			byParent[it.Parent] = append(byParent[it.Parent], it)
		}
	}

	for _, parent := range order {
		if lines, sent := told(byParent[parent]); sent {
			owed[said(lines)]++
		} else if !w.story.excused("not_connected") && !w.chaos.signInMayBeLost() {
			w.violate("mail: nobody was told of %d items", len(byParent[parent]))
		}
	}

	for _, m := range w.Mail.Messages() {
		if m.Subject == waitingSubject {
			w.checkWaiting(m)
			continue
		}

		var lines []string
		for _, l := range mailLine.FindAllStringSubmatch(m.HTML, -1) {
			lines = append(lines, l[1]+": "+verdict(l[2]))
		}

		about := said(lines)
		if more := andMore.FindStringSubmatch(m.HTML); more != nil {
			about = shortened(owed, lines, more[1])
		}
		if _, ok := owed[about]; !ok && !strings.Contains(m.Subject, "bound") {
			w.violate("mail: it says what is not so: %q %q", m.Subject, lines)
		}

		owed[about]--
	}

	for lines, n := range owed {
		if n > 0 {
			w.violate("mail: %d too few about %q", n, lines)
		}
	}
}

// andMore counts what a mail does not list: beside what failed it has the first few of what went well.
var andMore = regexp.MustCompile(`And (\d+) more\.`)

// shortened is what a mail that lists some lines and counts others is about, of what is owed.
func shortened(owed map[string]int, lines []string, more string) string {
	for about, n := range owed {
		left := strings.Split(about, "; ")
		for _, l := range lines {
			if i := slices.Index(left, l); i >= 0 {
				left = slices.Delete(left, i, i+1)
			} else {
				left = append(left, "", "") // it lists what is not in it
			}
		}
		failed := slices.ContainsFunc(left, func(l string) bool { return strings.HasSuffix(l, ": failed") })
		if n > 0 && strconv.Itoa(len(left)) == more && !failed {
			return about
		}
	}
	return said(lines)
}

// The mail that an interaction waits for somebody to act, and its item.
const (
	waitingSubject = "Frame.io: needs attention"
	waitingNotice  = "waiting for somebody"
	waitsFor       = "It waits for somebody to act for it"
)

// checkWaiting: whoever is told that something waits reads what for, and an item
// did wait.
func (w *world) checkWaiting(m mailsim.Message) {
	waited := slices.ContainsFunc(w.items(), func(it work.View) bool {
		return it.Kind == "notice" && it.Subject == waitingNotice
	})
	if !waited || !strings.Contains(m.HTML, waitsFor) {
		w.violate("mail: it says that something waits: %q", m.HTML)
	}
}

// checkForgotten: a mail that an item waits for somebody is not given up in the moment in
// which the item begins to wait.
func (w *world) checkForgotten() {
	byParent := map[string][]work.View{}
	for _, it := range w.items() {
		byParent[it.Parent] = append(byParent[it.Parent], it)
	}

	for _, all := range byParent {
		for _, it := range all {
			if it.Kind != "notice" || it.Subject != waitingNotice || it.Outcome != "not needed any more" {
				continue
			}
			for _, other := range all {
				if w.waitedFrom(other, it.Finished) {
					w.violate("mail: nobody was told that %q waits for somebody to act", other.Title)
				}
			}
		}
	}
}

// waitedFrom reports whether an item began to wait for somebody at a moment, and did for a
// minute or more.
func (w *world) waitedFrom(it work.View, moment time.Time) bool {
	list, err := w.nodes[0].app.Engine.History(w.T.Context(), it.ID)
	if err != nil {
		w.violate("histories: %v", err)
	}

	for i, e := range list {
		if e.Event == "waiting" && strings.HasPrefix(e.Detail, waitsFor) && e.At.Sub(moment).Abs() < time.Second &&
			(i+1 == len(list) || list[i+1].At.Sub(e.At) >= time.Minute) {
			return true
		}
	}

	return false
}

// told are the lines of an interaction's mail, and whether it was sent.
func told(items []work.View) (lines []string, sent bool) {
	for _, it := range items {
		switch {
		case it.Kind == "notice" && it.Subject == waitingNotice:
		case it.Kind == "notice":
			sent = sent || it.State == work.Done
		case it.Kind == "expand" && it.State == work.Done:
		case it.State == work.Done:
			lines = append(lines, it.Title+": "+it.Outcome)
		default:
			lines = append(lines, it.Title+": "+string(it.State))
		}
	}
	return lines, sent
}
