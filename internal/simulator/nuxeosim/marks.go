package nuxeosim

// marks are what a user has put on documents without writing to them: favorites
// and subscriptions, by kind and login.
type marks map[[2]string]map[string]bool

const (
	favorite   = "favorite"
	subscribed = "subscribed"
	commenting = "commenting"
)

func (m marks) set(kind, login, uid string, on bool) {
	key := [2]string{kind, login}
	if m[key] == nil {
		m[key] = map[string]bool{}
	}
	m[key][uid] = on
}

func (m marks) has(kind, login, uid string) bool { return m[[2]string{kind, login}][uid] }

// opMark is an operation that sets or takes away a mark.
func opMark(kind string, on bool) operation {
	return func(oc *opCall) (*answer, error) {
		return oc.each(func(n *node) error {
			oc.s.marks.set(kind, oc.user.login, n.id, on)
			return nil
		})
	}
}
