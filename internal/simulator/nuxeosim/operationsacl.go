package nuxeosim

import "slices"

// opAddPermission takes one of user, username and users; LTS 2025 the last only.
func opAddPermission(oc *opCall) (*answer, error) {
	permission, err := oc.need("permission")
	if err != nil {
		return nil, err
	}

	names := oc.strings("users")
	if oc.s.opt.LTS != "2025" {
		names = append(append(names, oc.strings("username")...), oc.strings("user")...)
	}

	if len(names) == 0 {
		return nil, badRequest("Missing required parameter: users")
	}

	return oc.securing(func(n *node) {
		for _, name := range names {
			n.acl = append([]ace{{user: name, permission: permission, granted: true, creator: oc.user.login}}, n.acl...)
		}
		n.blockRights = n.blockRights || oc.flag("blockInheritance", false)
	})
}

func opRemovePermission(oc *opCall) (*answer, error) {
	id, user := oc.str("id"), oc.str("user")
	if id == "" && user == "" {
		return nil, badRequest("'id' or 'user' parameter must be set")
	}

	return oc.securing(func(n *node) {
		n.acl = slices.DeleteFunc(n.acl, func(a ace) bool {
			return id != "" && a.id() == id || user != "" && a.user == user
		})
	})
}

func (oc *opCall) securing(step func(*node)) (*answer, error) {
	return oc.each(func(n *node) error {
		if err := oc.demand(n, "WriteSecurity"); err != nil {
			return err
		}
		step(n)
		oc.s.repo.generation++
		oc.s.event(oc.user, "documentSecurityUpdated", n, "")
		return nil
	})
}

// opBlockRights cuts what is inherited off; whoever does it keeps everything.
func opBlockRights(oc *opCall) (*answer, error) {
	return oc.securing(func(n *node) {
		n.blockRights = true
		n.acl = append(n.acl, ace{user: oc.user.login, permission: "Everything", granted: true, creator: oc.user.login},
			ace{user: "administrators", permission: "Everything", granted: true, creator: oc.user.login})
	})
}
