package sim

import (
	"regexp"
	"slices"
	"strings"

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
	for words, v := range map[string]string{"is a new document": "created", "has a new version": "updated", "was up to date": "unchanged", "was cancelled": "canceled", "failed:": "failed"} {
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
		var lines []string
		for _, l := range mailLine.FindAllStringSubmatch(m.HTML, -1) {
			lines = append(lines, l[1]+": "+verdict(l[2]))
		}
		if _, ok := owed[said(lines)]; !ok && !strings.Contains(m.Subject, "bound") {
			w.violate("mail: it says what is not so: %q %q", m.Subject, lines)
		}
		owed[said(lines)]--
	}
	for lines, n := range owed {
		if n > 0 {
			w.violate("mail: %d too few about %q", n, lines)
		}
	}
}

// told are the lines of an interaction's mail, and whether it was sent.
func told(items []work.View) (lines []string, sent bool) {
	for _, it := range items {
		switch {
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
