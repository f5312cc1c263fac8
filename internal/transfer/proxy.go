package transfer

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

type (
	dialer  func(ctx context.Context, network, address string) (net.Conn, error)
	chooser func(*http.Request) (*url.URL, error)
)

// unsecured leaves https to reach: net/http would put a connection of its own
// on top of a tunnel, which copies in narrow steps.
func unsecured(proxy chooser) chooser {
	return func(r *http.Request) (*url.URL, error) {
		if r.URL.Scheme == "https" {
			return nil, nil
		}
		return proxy(r)
	}
}

// reach connects to address, through a tunnel when there is a proxy for it.
func reach(
	ctx context.Context, dial dialer, proxy chooser, config *tls.Config, network, address string,
) (net.Conn, error) {
	via, err := proxy(&http.Request{URL: &url.URL{Scheme: "https", Host: address}})
	if err != nil {
		return nil, err
	}

	if via == nil {
		return dial(ctx, network, address)
	}

	// Ask the proxy for a tunnel.
	c, err := dialProxy(ctx, dial, config, network, via)
	if err != nil {
		return nil, fmt.Errorf("the proxy %s: %w", via.Host, err)
	}

	if err := tunnel(ctx, c, via, address); err != nil {
		_ = c.Close() // the first error says more
		return nil, fmt.Errorf("the proxy %s: %w", via.Host, err)
	}

	return c, nil
}

func dialProxy(ctx context.Context, dial dialer, config *tls.Config, network string, via *url.URL) (net.Conn, error) {
	port := via.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[via.Scheme]
	}

	where := net.JoinHostPort(via.Hostname(), port)
	c, err := dial(ctx, network, where)
	if err != nil || via.Scheme != "https" {
		return c, err
	}

	return wrapTLS(ctx, c, config, where)
}

// tunnelTime is how long a proxy may take to connect.
const tunnelTime = 30 * time.Second

// tunnel asks a proxy for a connection to address.
func tunnel(ctx context.Context, c net.Conn, via *url.URL, address string) error {
	ctx, cancel := context.WithTimeout(ctx, tunnelTime)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) }) // ends what waits
	err := connect(c, via, address)
	if !stop() { // the connection has a deadline now
		return context.Cause(ctx)
	}
	return err
}

func connect(c net.Conn, via *url.URL, address string) error {
	r := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if u := via.User; u != nil {
		password, _ := u.Password()
		r.Header.Set("Proxy-Authorization",
			"Basic "+base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password)))
	}

	if err := r.Write(c); err != nil {
		return err
	}

	// The other side speaks only when we have begun to, so that nothing of it is
	// read here; a proxy that speaks without end is cut short.
	resp, err := http.ReadResponse(bufio.NewReader(io.LimitReader(c, 64<<10)), r)
	if err != nil {
		return err
	}

	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", resp.Status)
	}

	return nil
}
