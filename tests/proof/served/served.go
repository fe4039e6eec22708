// Package served runs the program for the proofs, as a process of its own, and sends it requests.
package served

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// Server is the program, serving on a loopback address.
type Server struct {
	Address string

	command *exec.Cmd
	client  *http.Client
}

var addressForm = regexp.MustCompile(`GraphQL\s+http://(\S+)/graphql`)

// Start starts the program with flags of serve, and waits until it serves.
func Start(ctx context.Context, program string, flags ...string) (*Server, error) {
	s := &Server{
		command: exec.CommandContext(ctx, program, append([]string{"serve", "--listen=127.0.0.1:0", "--log-level=warn"}, flags...)...), //nolint:gosec // the caller's program
		client:  &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 200}, Timeout: time.Minute},
	}
	s.command.Stderr = os.Stderr
	out, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if found := addressForm.FindStringSubmatch(lines.Text()); found != nil {
			s.Address = found[1]
		}
		if strings.Contains(lines.Text(), "Data ") {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return s, nil
		}
	}
	return nil, errors.Join(errors.New("the program ended without serving"), s.command.Wait())
}

// Stop ends the program.
func (s *Server) Stop() {
	_ = s.command.Process.Kill()
	_ = s.command.Wait()
}

// Get returns the body of a resource.
func (s *Server) Get(ctx context.Context, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Address+path, nil)
	if err != nil {
		return "", err
	}
	_, text, err := s.do(request)
	return string(text), err
}

// Post sends an operation with an API key.
func (s *Server) Post(ctx context.Context, key, query string, variables map[string]any) (*http.Response, []byte, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return nil, nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.Address+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Api-Key", key)
	return s.do(request)
}

// Must is Post for what has to succeed.
func (s *Server) Must(ctx context.Context, key, query string, variables map[string]any) error {
	response, text, err := s.Post(ctx, key, query, variables)
	if err == nil && (response.StatusCode != http.StatusOK || bytes.Contains(text, []byte(`"errors"`))) {
		err = fmt.Errorf("status %d: %.500s", response.StatusCode, text)
	}
	return err
}

func (s *Server) do(request *http.Request) (*http.Response, []byte, error) {
	response, err := s.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return response, text, err
}
