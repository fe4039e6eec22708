package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"syscall"
	"time"

	"clientele/internal/auth"
	"clientele/internal/domain"
	"clientele/persistence"
)

// clientTimeout bounds a call. It is more than the server takes at most.
const clientTimeout = callTimeout + grace

// Client sends commands to the server of a data folder. It implements Keys, with keys that have no Hash.
type Client struct {
	http *http.Client
}

var _ Keys = (*Client)(nil)

// Connect connects to the server that holds a data folder. Errors: ErrNoServer, ErrPathTooLong.
func Connect(ctx context.Context, dir string) (*Client, error) {
	path, err := socketPath(dir)
	if err != nil {
		return nil, err
	}
	dial := func(ctx context.Context) (net.Conn, error) { return (&net.Dialer{}).DialContext(ctx, "unix", path) }
	connection, err := dial(ctx)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("%w %s", ErrNoServer, path)
	}
	if err != nil {
		return nil, err
	}
	_ = connection.Close()
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
	}
	return &Client{http: &http.Client{Transport: transport, Timeout: clientTimeout}}, nil
}

// Create implements Keys.
func (c *Client) Create(ctx context.Context, request auth.Request) (string, *domain.APIKey, error) {
	var reply createReply
	err := c.call(ctx, http.MethodPost, routeKeys, createRequest{
		EnvironmentID: request.EnvironmentID, Scope: request.Scope, Name: request.Name, ValidFor: duration(request.ValidFor),
	}, &reply)
	if err != nil {
		return "", nil, err
	}
	return reply.Secret, reply.Key.key(), nil
}

// List implements Keys.
func (c *Client) List(ctx context.Context) ([]*domain.APIKey, error) {
	var reply listReply
	if err := c.call(ctx, http.MethodGet, routeKeys, nil, &reply); err != nil {
		return nil, err
	}
	keys := []*domain.APIKey{}
	for _, message := range reply.Keys {
		keys = append(keys, message.key())
	}
	return keys, nil
}

// Roll implements Keys.
func (c *Client) Roll(ctx context.Context, id string, overlap time.Duration) (auth.Rolled, error) {
	var reply rollReply
	if err := c.call(ctx, http.MethodPost, routeRoll, rollRequest{ID: id, Overlap: duration(overlap)}, &reply); err != nil {
		return auth.Rolled{}, err
	}
	return auth.Rolled{Secret: reply.Secret, Key: reply.Key.key(), Replaced: reply.Replaced.key()}, nil
}

// Revoke implements Keys.
func (c *Client) Revoke(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodPost, routeRevoke, revokeRequest{ID: id}, &struct{}{})
}

// call calls a route. Errors are those of the server: domain.Error, persistence.ErrNotFound, others as text only.
func (c *Client) call(ctx context.Context, method, route string, request, reply any) error {
	var body io.Reader
	if request != nil {
		text, err := json.Marshal(request)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	// The host is not resolved: every connection is to the socket.
	r, err := http.NewRequestWithContext(ctx, method, "http://control"+route, body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", mediaType)
	response, err := c.http.Do(r)
	if err != nil {
		return fmt.Errorf("call the running server: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.Header.Get("Content-Type") != mediaType {
		return errors.New("the running server does not know this command; use the program of its version")
	}
	decoder := json.NewDecoder(response.Body)
	if response.StatusCode == http.StatusOK {
		return decoder.Decode(reply)
	}
	var refusal errorReply
	if err := decoder.Decode(&refusal); err != nil {
		return fmt.Errorf("read the response of the running server: %w", err)
	}
	switch {
	case refusal.Kind != "":
		return domain.Errorf(refusal.Kind, "%s", refusal.Message)
	case response.StatusCode == http.StatusNotFound:
		return persistence.ErrNotFound
	}
	return fmt.Errorf("the running server: %s", refusal.Message)
}
