package main

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"go.yaml.in/yaml/v4"
)

// vector is one way to attack the server, as its file describes it. Texts are templates: {{repeat 3 "a#: b "}} is a text
// three times with its number for #, {{nest 3 "{ a " "b" " }"}} is a text in another, three times, {{unix "1h"}} the time in an hour.
type vector struct {
	// Name says what is sent, Source who describes the attack.
	Name   string
	Source string
	// Flags are given to the server.
	Flags []string

	Method  string
	Path    string
	Headers map[string]string
	// Query, Variables, which are JSON, and OperationName make a body. Body is sent as it is.
	Query         string
	Variables     string
	OperationName string `yaml:"operationName"`
	Body          string
	// Sign is the secret that the body is signed with, as Stripe signs events, now or SignAhead later.
	Sign      string
	SignAhead time.Duration `yaml:"signAhead"`
	// Gzip compresses the body, Chunked leaves its length out.
	Gzip    bool
	Chunked bool
	// Stall is "header" or "body": of this the last byte is not sent.
	Stall string
	// Crowd are connections that are there while the request is sent. Each sends a text and reads nothing.
	Crowd struct {
		Connections int
		Send        string
	}

	Expect struct {
		Status int
		Code   string
		// Limit is the one that the error names.
		Limit string
		// Header are headers that the response must have.
		Header map[string]string
		// Absent are texts that the response must not contain.
		Absent []string
		// Executed is for what is refused by a field of the operation, and not before.
		Executed bool
		// Succeeds is for requests that look like an attack but are valid.
		Succeeds bool
		// Closed is for a connection that is closed without a response.
		Closed bool
	}

	file string
}

func readVectors(folder string) ([]*vector, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		return nil, errors.Join(err, fmt.Errorf("no vectors in %s", folder))
	}
	var all []*vector
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		v := &vector{file: filepath.Base(file), Method: "POST", Path: "/graphql"}
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		decoder.KnownFields(true)
		if err := decoder.Decode(v); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if v.Name == "" || v.Source == "" || v.Expect.Status == 0 && !v.Expect.Closed {
			return nil, fmt.Errorf("%s: name, source and what to expect are missing", file)
		}
		all = append(all, v)
	}
	return all, nil
}

// written is the vector with what its templates stand for, which can be large.
func (v *vector) written() (*vector, error) {
	out := *v
	for _, field := range []*string{&out.Path, &out.Query, &out.Variables, &out.OperationName, &out.Body, &out.Crowd.Send} {
		var err error
		if *field, err = written(*field); err != nil {
			return nil, fmt.Errorf("%s: %w", v.file, err)
		}
	}
	out.Headers = map[string]string{}
	for name, value := range v.Headers {
		var err error
		if out.Headers[name], err = written(value); err != nil {
			return nil, fmt.Errorf("%s: %w", v.file, err)
		}
	}
	return &out, nil
}

// written is the text that a template stands for.
func written(text string) (string, error) {
	parsed, err := template.New("").Funcs(template.FuncMap{
		"repeat": func(n int, text string) string {
			if !strings.Contains(text, "#") {
				return strings.Repeat(text, n)
			}
			var out strings.Builder
			for i := range n {
				out.WriteString(strings.ReplaceAll(text, "#", fmt.Sprint(i)))
			}
			return out.String()
		},
		"nest": func(n int, before, inside, after string) string {
			return strings.Repeat(before, n) + inside + strings.Repeat(after, n)
		},
		"next": func(n int) []int {
			all := make([]int, n)
			for i := range all {
				all[i] = i
			}
			return all
		},
		"add": func(a, b int) int { return a + b },
		// unix is the time that is so far ahead of now, in seconds.
		"unix": func(ahead string) (int64, error) {
			d, err := time.ParseDuration(ahead)
			return time.Now().Add(d).Unix(), err
		},
	}).Parse(text)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = parsed.Execute(&out, nil)
	return out.String(), err
}

// header is what the request has besides what every request has.
func (v *vector) header(body []byte) map[string]string {
	if v.Sign == "" {
		return v.Headers
	}
	all := maps.Clone(v.Headers)
	now := time.Now().Add(v.SignAhead).Unix()
	mac := hmac.New(sha256.New, []byte(v.Sign))
	_, _ = fmt.Fprintf(mac, "%d.%s", now, body)
	all["Stripe-Signature"] = fmt.Sprintf("t=%d,v1=%x", now, mac.Sum(nil))
	return all
}

// body is what is sent behind the header.
func (v *vector) body() ([]byte, error) {
	text := []byte(v.Body)
	if v.Query != "" {
		request := map[string]any{"query": v.Query}
		if v.Variables != "" {
			request["variables"] = json.RawMessage(v.Variables)
		}
		if v.OperationName != "" {
			request["operationName"] = v.OperationName
		}
		var err error
		if text, err = json.Marshal(request); err != nil {
			return nil, err
		}
	}
	if !v.Gzip {
		return text, nil
	}
	var out bytes.Buffer
	compressed := gzip.NewWriter(&out)
	_, err := compressed.Write(text)
	return out.Bytes(), errors.Join(err, compressed.Close())
}
