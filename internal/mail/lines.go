package mail

const (
	most = 50 // lines of a mail about what went well
	few  = 5  // beside what did not
)

// Lines are the lines of a mail about many things: all that failed first, for that is what
// needs attention, then the first of what went well; more is how many of those are
// only counted.
func Lines(failed, well []Line) (lines []Line, more int) {
	show := most
	if len(failed) > 0 {
		show = few
	}
	show = min(show, len(well))
	return append(failed, well[:show]...), len(well) - show
}
