package egress

import (
	"net/http"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

func TestReceiverAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]fault.Code{
		"https://hooks.slack.com/services/verysecret":       "",
		"https://prod.logic.azure.com:443/x?sig=verysecret": "",
		"http://hooks.slack.com/verysecret":                 fault.Invalid,
		"https://127.1/verysecret":                          fault.Refused,
		"https://[::1]/verysecret":                          fault.Refused,
		"https://localhost/verysecret":                      fault.Refused,
		"https://evil.example/verysecret":                   fault.Refused,
		"https://u:verysecret@hooks.slack.com/":             fault.Invalid,
		"hooks.slack.com/verysecret":                        fault.Invalid,
		"https:verysecret":                                  fault.Invalid,
		"":                                                  fault.Invalid,
	} {
		hosts := Hosts{"hooks.slack.com", "*.logic.azure.com", "127.*", "[::1]", "::1", "localhost"}
		err := ReceiverAddress(hosts, Public)(address)
		if fault.CodeOf(err) != want || err != nil && strings.Contains(err.Error(), "verysecret") {
			t.Errorf("%s: got %v, want %q without the secret", address, err, want)
		}
	}

	if err := ReceiverAddress(Hosts{"*"}, Anywhere)("http://127.0.0.1:1/x"); err != nil {
		t.Errorf("in a test installation: got %v, want it allowed", err)
	}
}

// A receiver whose name leads into a private network opens no connection.
func TestReceiversStayOutside(t *testing.T) {
	t.Parallel()
	tr := newTrap(t)
	names := &wanders{answers: []string{"127.0.0.1"}}
	w := ways(t, Settings{Resolver: names.resolver(t)})
	client := &http.Client{Transport: Receivers(w.Calls(Public), Public, Hosts{"*"})}
	for _, host := range []string{"moving.example", "127.0.0.1", "localhost", "169.254.169.254"} {
		resp, err := client.Post("http://"+host+":"+tr.port+"/x", "application/json", strings.NewReader("{}"))
		if err == nil {
			_ = resp.Body.Close()
			t.Errorf("%s: got an answer, want it refused", host)
		}
	}
	if n := tr.opens.Load(); n != 0 {
		t.Errorf("%d connections were opened, want none", n)
	}
}
