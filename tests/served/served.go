// Package served runs the program for the proofs and the attacks, as a process of its own, and sends it requests.
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
	"slices"
	"strconv"
	"strings"
	"time"
)

// Server is the program, serving on a loopback address.
type Server struct {
	// Address is that of the API, Ops that of metrics and health; empty without --ops-listen.
	Address, Ops string

	command *exec.Cmd
	client  *http.Client
	exited  chan struct{}
}

var (
	addressForm = regexp.MustCompile(`GraphQL\s+http://(\S+)/graphql`)
	opsForm     = regexp.MustCompile(`Metrics and health at http://(\S+)`)
)

// Start starts the program with flags of serve, and waits until it serves.
func Start(ctx context.Context, program string, flags ...string) (*Server, error) {
	return StartUnder(ctx, nil, program, flags...)
}

// StartUnder is Start by a command that runs the one behind its own words, such as env, in the same process.
func StartUnder(ctx context.Context, wrapper []string, program string, flags ...string) (*Server, error) {
	words := slices.Concat(wrapper, []string{program, "serve", "--listen=127.0.0.1:0", "--log-level=warn"}, flags)
	s := &Server{
		command: exec.CommandContext(ctx, words[0], words[1:]...), //nolint:gosec // the caller's program
		client:  &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 200}, Timeout: time.Minute},
		exited:  make(chan struct{}),
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
		if found := opsForm.FindStringSubmatch(lines.Text()); found != nil {
			s.Ops = found[1]
		}
		if strings.Contains(lines.Text(), "Data ") {
			go func() {
				defer close(s.exited)
				_, _ = io.Copy(io.Discard, out)
				_ = s.command.Wait()
			}()
			return s, nil
		}
	}
	return nil, errors.Join(errors.New("the program ended without serving"), s.command.Wait())
}

// Stop ends the program.
func (s *Server) Stop() {
	_ = s.command.Process.Kill()
	<-s.exited
}

// Alive reports whether the program runs.
func (s *Server) Alive() bool {
	select {
	case <-s.exited:
		return false
	default:
		return true
	}
}

// Memory is one of the figures that the system has of the program's memory, such as VmRSS, in bytes.
func (s *Server) Memory(figure string) (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.command.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("the server's memory can only be seen on Linux, while it runs: %w", err)
	}
	found := regexp.MustCompile(`(?m)^` + figure + `:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		return 0, fmt.Errorf("the system has no figure %s", figure)
	}
	kilobytes, err := strconv.Atoi(string(found[1]))
	return kilobytes << 10, err
}

// Get returns the body of a resource at Address or Ops.
func (s *Server) Get(ctx context.Context, address, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return "", err
	}
	response, err := s.do(request)
	if err == nil && response.Status != http.StatusOK {
		err = fmt.Errorf("status %d", response.Status)
	}
	return string(response.Text), err
}

// Body is that of a request for an operation.
func Body(query string, variables map[string]any) ([]byte, error) {
	return json.Marshal(map[string]any{"query": query, "variables": variables})
}

// Response is one that was read.
type Response struct {
	Status int
	Header http.Header
	Text   []byte
}

// Post sends an operation with an API key.
func (s *Server) Post(ctx context.Context, key, query string, variables map[string]any) (Response, error) {
	body, err := Body(query, variables)
	if err != nil {
		return Response{}, err
	}
	return s.PostBody(ctx, key, body)
}

// PostBody is Post with a body that is used more than once.
func (s *Server) PostBody(ctx context.Context, key string, body []byte) (Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.Address+"/graphql", bytes.NewReader(body))
	if err != nil {
		return Response{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Api-Key", key)
	return s.do(request)
}

// Must is Post for what has to succeed.
func (s *Server) Must(ctx context.Context, key, query string, variables map[string]any) error {
	response, err := s.Post(ctx, key, query, variables)
	if err == nil && (response.Status != http.StatusOK || bytes.Contains(response.Text, []byte(`"errors"`))) {
		err = fmt.Errorf("status %d: %.500s", response.Status, response.Text)
	}
	return err
}

func (s *Server) do(request *http.Request) (Response, error) {
	response, err := s.client.Do(request)
	if err != nil {
		return Response{}, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return Response{response.StatusCode, response.Header, text}, err
}
