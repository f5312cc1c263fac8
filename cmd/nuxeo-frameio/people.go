package main

import (
	"strconv"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type peopleCmd struct {
	List   peopleList   `cmd:"" help:"List everybody who has signed in, and what access is kept for them." default:"withargs"`
	Revoke peopleRevoke `cmd:"" help:"End a person's sessions and everything that lets the connector act for them, and block them."`
	Lift   peopleLift   `cmd:"" help:"Let somebody sign in again whose access was ended."`
}

type peopleList struct{ clientFlags }

// Run lists people.
func (c *peopleList) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		got, err := k.ListPeople(t.ctx)
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, got.People)
		}

		var rows [][]string
		for _, p := range got.People {
			rows = append(rows, []string{
				p.Login, p.Name, strconv.Itoa(p.Sessions), nuxeoAccess(p), frameioAccess(p),
				clock(p.LastSignIn),
			})
		}

		return table(t, "Nobody has signed in yet.", "LOGIN\tNAME\tSESSIONS\tNUXEO\tFRAME.IO\tLAST SIGN-IN", rows)
	})
}

func nuxeoAccess(p api.Access) string {
	switch {
	case p.Revoked != nil:
		return "blocked " + *p.Revoked
	case p.NuxeoToken:
		return "token"
	}
	return "by the shared secret, or none"
}

func frameioAccess(p api.Access) string {
	switch {
	case p.FrameioConnected:
		return str(p.FrameioName)
	case p.FrameioProblem != nil:
		return "lost: " + *p.FrameioProblem
	}
	return "-"
}

type peopleRevoke struct {
	clientFlags
	sureFlag
	Login string `arg:"" help:"Nuxeo login."`
}

// Run revokes.
func (c *peopleRevoke) Run(t *terminal) error {
	if err := c.sure(t, "End the access of "+c.Login+" and block them?"); err != nil {
		return err
	}
	return c.session(t, func(k *client) error {
		got, err := k.Revoke(t.ctx, c.Login)
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, got)
		}

		t.printf("The access of %s is ended; what they answer for needs an owner.\nThey are blocked until "+
			"`nuxeo-frameio people lift %s`.\n", c.Login, c.Login)
		for _, left := range got.Left {
			t.printf("  Could not be ended on the other side: %s\n", left)
		}

		return nil
	})
}

type peopleLift struct {
	clientFlags
	Login      string `arg:"" help:"Nuxeo login."`
	AnyAccount bool   `env:"-" help:"They may connect another Frame.io account than before: what they answer for goes on as that one."`
}

// Run lifts.
func (c *peopleLift) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		if err := k.Lift(t.ctx, c.Login, api.LiftJSONRequestBody{AnyAccount: &c.AnyAccount}); err != nil {
			return err
		}
		t.printf("%s may sign in and connect Frame.io again.\n", c.Login)
		return nil
	})
}
