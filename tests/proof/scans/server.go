package main

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
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"clientele/internal/auth"
	"clientele/internal/domain"
	"clientele/persistence/bolt"
)

const (
	environment = "development"
	// writers are many, because the customers that are written at once share a commit.
	writers = 2000
)

// keys are the secrets of the two callers.
type keys struct{ reader, sender string }

func customerID(i int) string { return fmt.Sprintf("customer-%d", i) }

// fill stores customers and keys in a folder, in less time than over HTTP.
func fill(ctx context.Context, folder string, count int) (keys keys, err error) {
	store, err := bolt.Open(ctx, folder)
	if err != nil {
		return keys, err
	}
	defer func() { err = errors.Join(err, store.Close(ctx)) }()
	service := auth.New(store)
	for _, secret := range []*string{&keys.reader, &keys.sender} {
		if *secret, _, err = service.Create(ctx, auth.Request{EnvironmentID: environment, Scope: domain.ScopeRead}); err != nil {
			return keys, err
		}
	}
	var next atomic.Int64
	var group errgroup.Group
	for range writers {
		group.Go(func() error {
			for i := int(next.Add(1)) - 1; i < count; i = int(next.Add(1)) - 1 {
				if err := store.InsertCustomer(ctx, customer(i)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return keys, group.Wait()
}

func customer(i int) *domain.Customer {
	at := time.UnixMilli(1_700_000_000_000 + int64(i)).UTC()
	ref := domain.CustomerRef{EnvironmentID: environment, CustomerID: customerID(i)}
	return &domain.Customer{
		Key: ref.Key(), EnvironmentID: environment, CustomerID: ref.CustomerID, Version: 1,
		ID:   fmt.Sprintf("%08x-0000-4000-8000-%012x", uint32(i)*2654435761, i),
		Name: new(fmt.Sprintf("Customer number %d of the proof", i)), Email: new(fmt.Sprintf("customer%d@example.com", i)),
		CreatedAt: at, UpdatedAt: at,
	}
}

// server is the program, running.
type server struct {
	command *exec.Cmd
	address string
	client  *http.Client
}

var addressForm = regexp.MustCompile(`GraphQL\s+http://(\S+)/graphql`)

// start starts the program on a folder, with the limits that it has where other machines reach it.
func start(ctx context.Context, program, folder string) (*server, error) {
	s := &server{
		command: exec.CommandContext(ctx, program, "--listen=127.0.0.1:0", "--data-dir="+folder, "--log-level=error", //nolint:gosec // the caller's program
			"--rate-limit-key=30000000"),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 200}},
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
			s.address = found[1]
		}
		if strings.Contains(lines.Text(), "Data ") {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return s, nil
		}
	}
	return nil, errors.Join(errors.New("the program ended without serving"), s.command.Wait())
}

func (s *server) stop() {
	_ = s.command.Process.Kill()
	_ = s.command.Wait()
}

// answer is what the server answered.
type answer struct {
	status     int
	retryAfter string
	text       []byte
}

func (s *server) post(ctx context.Context, key string, body []byte) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.address+"/graphql", bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Api-Key", key)
	response, err := s.client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header.Get("Retry-After"), text}, err
}

func bodyOf(query string, variables map[string]any) []byte {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		panic(err) // Texts and lists of texts.
	}
	return body
}

// readCustomer reads one customer by its id.
func (s *server) readCustomer(ctx context.Context, key, id string) error {
	const query = `query ($id: String!) { getCustomerByRefId(input: { customerId: $id }) { id refId name email createdAt updatedAt } }`
	got, err := s.post(ctx, key, bodyOf(query, map[string]any{"id": id}))
	if err == nil && !bytes.Contains(got.text, []byte(`"refId":"`+id+`"`)) {
		err = fmt.Errorf("%.300s", got.text)
	}
	return err
}

// ready asks whether the server is ready.
func (s *server) ready(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/readyz", nil)
	if err != nil {
		return err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

// scanBody asks for counts that no index leads to. No customer matches a pattern, so each is evaluated on every row.
func scanBody() []byte {
	or := make([]map[string]any, patterns)
	for i := range or {
		or[i] = map[string]any{"name": map[string]any{"iLike": fmt.Sprintf("%%nobody %d%%", i)}}
	}
	query := "query ($or: [CustomerFilter!]) {"
	for i := range fields {
		query += fmt.Sprintf(" c%d: customers(filter: { or: $or }) { totalCount }", i)
	}
	return bodyOf(query+" }", map[string]any{"or": or})
}
