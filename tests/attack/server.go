package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"clientele/tests/served"
)

const apiKey = "server-for-the-attacks-on-this-machine"

// A round of ordinary requests makes more garbage than the heap can grow by between two collections.
const (
	requestsPerRound = 2000
	maxRounds        = 10
	maxIdleGrowth    = 1 << 20
)

// server is the program, running.
type server struct {
	*served.Server

	folder string
	client *http.Client
}

// collectSoon has the heap collected when it has doubled. The program itself allows five times as much, which would be
// most of the growth and differs from run to run; tests/proof/memory measures it with all of that.
var collectSoon = []string{"env", "GOGC=100"}

// start starts the program on the embedded engine and waits until it serves.
func start(ctx context.Context, program string, flags []string) (*server, error) {
	folder, err := os.MkdirTemp("", "clientele-attack-")
	if err != nil {
		return nil, err
	}
	s := &server{folder: folder, client: &http.Client{}}
	s.Server, err = served.StartUnder(ctx, collectSoon, program,
		append([]string{"--data-dir=" + folder, "--api-key=" + apiKey}, flags...)...)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return s, nil
}

func (s *server) stop() {
	s.Stop()
	_ = os.RemoveAll(s.folder)
}

// warm sends ordinary requests until they no longer raise the server's memory. A collected heap grows to several times
// what is in use before the collector runs, so before that, any request at all would look like an attack.
func (s *server) warm(ctx context.Context) error {
	for range maxRounds {
		before, err := s.Memory("VmHWM")
		if err != nil {
			return err
		}
		for range requestsPerRound {
			got, err := s.send(ctx, &vector{Method: "POST", Path: "/graphql", Query: "{ customers { totalCount edges { node { id } } } }"})
			if err != nil {
				return err
			}
			if got.status != http.StatusOK || len(got.Errors) > 0 {
				return fmt.Errorf("an ordinary request gets status %d: %s", got.status, got.text)
			}
		}
		after, err := s.Memory("VmHWM")
		if err != nil {
			return err
		}
		if after-before < maxIdleGrowth {
			return nil
		}
	}
	return fmt.Errorf("the memory still grows after %d ordinary requests", maxRounds*requestsPerRound)
}

// apiResponse is what the server sent back.
type apiResponse struct {
	status int
	header http.Header
	text   []byte
	took   time.Duration
	closed bool

	Data   map[string]any
	Errors []struct {
		Message    string
		Extensions map[string]any
	}
}

// outcome is how an attack ended.
type outcome struct {
	bytes  int
	took   time.Duration
	faults []string
}

// withstand makes an attack, several times if need be, and returns the outcome of the fastest.
func (s *server) withstand(ctx context.Context, v *vector) outcome {
	crowd, err := s.crowd(ctx, v)
	defer func() {
		for _, connection := range crowd {
			_ = connection.Close()
		}
	}()
	if err != nil {
		return outcome{faults: []string{"no crowd: " + err.Error()}}
	}
	var best outcome
	for try := range tries {
		got, err := s.send(ctx, v)
		if err != nil {
			return outcome{faults: []string{"no response: " + err.Error()}}
		}
		if try == 0 || got.took < best.took {
			best = outcome{len(got.text), got.took, v.faults(got)}
		}
		if len(best.faults) > 0 || try >= 2 && best.took <= maxTime {
			break
		}
	}
	if best.took > maxTime && v.Stall == "" && !v.Expect.Succeeds {
		best.faults = append(best.faults, fmt.Sprintf("it took more than %s", maxTime))
	}
	return best
}

// crowd opens the connections of a vector's crowd.
func (s *server) crowd(ctx context.Context, v *vector) ([]net.Conn, error) {
	var all []net.Conn
	for range v.Crowd.Connections {
		connection, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, "tcp", s.Address)
		if err != nil {
			return all, err
		}
		all = append(all, connection)
		if tcp, ok := connection.(*net.TCPConn); ok {
			_ = tcp.SetReadBuffer(4 << 10)
		}
		if _, err := io.WriteString(connection, v.Crowd.Send); err != nil {
			return all, err
		}
	}
	return all, nil
}

// faults are the differences between a response and what the vector expects.
func (v *vector) faults(got *apiResponse) []string {
	var all []string
	fault := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if got.closed != v.Expect.Closed {
		fault("closed without a response: %t", got.closed)
	}
	if got.closed {
		return all
	}
	if got.status != v.Expect.Status {
		fault("status %d: %.300s", got.status, got.text)
	}
	if len(got.text) > maxAnswer {
		fault("the response has %d bytes: %.300s", len(got.text), got.text)
	}
	for name, value := range v.Expect.Header {
		if got.header.Get(name) != value {
			fault("the header %s is %q", name, got.header.Get(name))
		}
	}
	for _, text := range v.Expect.Absent {
		if bytes.Contains(got.text, []byte(text)) {
			fault("the response contains %q: %.500s", text, got.text)
		}
	}
	if v.Expect.Succeeds {
		if len(got.Errors) > 0 {
			fault("refused: %.500s", got.text)
		}
		return all
	}
	if v.Expect.Code == "" {
		return all // It did not come as far as GraphQL.
	}
	if len(got.Errors) == 0 {
		fault("not refused: %.500s", got.text)
		return all
	}
	last := got.Errors[len(got.Errors)-1].Extensions
	if got.Errors[0].Extensions["code"] != v.Expect.Code {
		fault("the code is %v: %.500s", got.Errors[0].Extensions["code"], got.text)
	}
	if v.Expect.Limit != "" && (last["limit"] != v.Expect.Limit || last["max"] == nil) {
		fault("the limit is %v: %.500s", last["limit"], got.text)
	}
	if got.Data != nil || bytes.Contains(got.text, []byte(`"data"`)) != v.Expect.Executed {
		fault("there is data, or there is none: %.500s", got.text)
	}
	return all
}

// send sends what the file of a vector says.
func (s *server) send(ctx context.Context, v *vector) (*apiResponse, error) {
	body, err := v.body()
	if err != nil {
		return nil, err
	}
	if v.Stall != "" {
		return s.stall(ctx, v, body)
	}
	var reader io.Reader = bytes.NewReader(body)
	if v.Chunked {
		reader = io.MultiReader(reader)
	}
	request, err := http.NewRequestWithContext(ctx, v.Method, "http://"+s.Address+v.Path, reader) //nolint:gosec // the server is ours
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-API-KEY", apiKey)
	if v.Gzip {
		request.Header.Set("Content-Encoding", "gzip")
	}
	for name, value := range v.header(body) {
		request.Header.Set(name, value)
		if value == "" {
			request.Header.Del(name)
		}
	}
	began := time.Now()
	response, err := s.client.Do(request) //nolint:bodyclose,gosec // read closes it; the server is ours
	if err != nil {
		return nil, err
	}
	return read(response, began)
}

func read(response *http.Response, began time.Time) (*apiResponse, error) {
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	got := &apiResponse{status: response.StatusCode, header: response.Header, text: text, took: time.Since(began)}
	if strings.Contains(response.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(text, got); err != nil {
			return nil, fmt.Errorf("the response is not JSON: %w: %.300s", err, text)
		}
	}
	return got, nil
}

// stall sends all but the last byte of the header or of the body, and waits.
func (s *server) stall(ctx context.Context, v *vector, body []byte) (*apiResponse, error) {
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.Address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = connection.Close() }()
	if err := connection.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, err
	}
	text := fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: server\r\nContent-Type: application/json\r\nX-API-KEY: %s\r\nContent-Length: %d\r\n",
		v.Method, v.Path, apiKey, len(body))
	for name, value := range v.header(body) {
		text = fmt.Appendf(text, "%s: %s\r\n", name, value)
	}
	text = append(text, "\r\n"...)
	if v.Stall == "body" {
		text = append(text, body...)
	}
	began := time.Now()
	if _, err := connection.Write(text[:len(text)-1]); err != nil {
		return nil, err
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil) //nolint:bodyclose // read closes it
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &apiResponse{closed: true, took: time.Since(began)}, nil
	}
	if err != nil {
		return nil, err
	}
	return read(response, began)
}
