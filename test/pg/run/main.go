// Command run runs a command, such as go test, beside a PostgreSQL of its own.
//
// The command finds the address in the environment; the server is stopped and
// removed when the command ends, whose exit code it passes on.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
)

func main() {
	runtime.LockOSThread() // the server ends with the thread that started it
	if err := run(os.Args[1:]); err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			os.Exit(exit.ExitCode())
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) (err error) {
	if len(args) == 0 {
		return errors.New("which command is to be run?")
	}

	c, err := pg.Start()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), pg.Env+"="+c.URL)
	return cmd.Run()
}
