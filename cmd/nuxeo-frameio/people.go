package main

import (
	"strconv"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type peopleCmd struct {
	List   peopleList   `cmd:"" help:"List everybody who has signed in, and what access is kept for them." default:"withargs"`
	Revoke peopleRevoke `cmd:"" help:"End a person's sessions and everything that lets the connector act for them."`
}

type peopleList struct{ clientFlags }

// Run lists people.
func (c *peopleList) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		resp, err := k.ListPeopleWithResponse(t.ctx)
		if err != nil {
			return k.unreachable(err)
		}
		if resp.JSON200 == nil {
			return problem(resp.ApplicationproblemJSONDefault, resp.HTTPResponse)
		}
		if c.JSON {
			return printJSON(t, resp.JSON200.People)
		}
		var rows [][]string
		for _, p := range resp.JSON200.People {
			rows = append(rows, []string{p.Login, p.Name, strconv.Itoa(p.Sessions), nuxeoAccess(p), frameioAccess(p), clock(p.LastSignIn)})
		}
		return table(t, "Nobody has signed in yet.", "LOGIN\tNAME\tSESSIONS\tNUXEO\tFRAME.IO\tLAST SIGN-IN", rows)
	})
}

func nuxeoAccess(p api.Access) string {
	switch {
	case p.Revoked != nil:
		return "ended " + *p.Revoked
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
	Login string `arg:"" help:"Nuxeo login."`
}

// Run revokes.
func (c *peopleRevoke) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		resp, err := k.RevokeWithResponse(t.ctx, c.Login)
		if err != nil {
			return k.unreachable(err)
		}
		if resp.JSON200 == nil {
			return problem(resp.ApplicationproblemJSONDefault, resp.HTTPResponse)
		}
		if c.JSON {
			return printJSON(t, resp.JSON200)
		}
		t.printf("The access of %s is ended; what they answer for needs an owner.\n", c.Login)
		for _, left := range resp.JSON200.Left {
			t.printf("  Could not be ended on the other side: %s\n", left)
		}
		return nil
	})
}
