package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"clientele/internal/domain"
	"clientele/internal/idempotency"
)

// transport is GraphQL over HTTP: POST with a JSON body, and GET for queries. gqlgen's own transports
// repeat a body that is no JSON in the error, secrets included, and choose other status codes.
type transport struct {
	limits rateLimits
	// idempotency is nil where idempotency keys are refused.
	idempotency *idempotency.Service
}

// What one request may hold. Documents are written by people and generators, and values go in variables.
const (
	maxQueryBytes = 64 << 10
	maxListLength = 10_000
)

const (
	jsonType     = "application/json"
	responseType = "application/graphql-response+json"
)

// Supports takes every request, so that this package alone chooses how to refuse one.
func (transport) Supports(*http.Request) bool { return true }

// Do answers one request.
func (t transport) Do(w http.ResponseWriter, r *http.Request, executor graphql.GraphExecutor) {
	ctx := r.Context()
	refuse := func(status int, err error) {
		answer := executor.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(err)})
		writeError(w, r, status, answer.Errors...)
	}
	params, status, err := readParams(w, r)
	if err != nil {
		refuse(status, err)
		return
	}
	operation, errs := executor.CreateOperationContext(ctx, params)
	if errs != nil {
		answer := executor.DispatchError(graphql.WithOperationContext(ctx, operation), errs)
		writeError(w, r, requestErrorStatus(r), answer.Errors...)
		return
	}
	c := callOf(ctx)
	if c.cost, err = checkCost(operation); err != nil {
		refuse(requestErrorStatus(r), err)
		return
	}
	ctx = withCall(ctx, c)
	if operation.Operation.Operation == ast.Mutation {
		if r.Method == http.MethodGet {
			w.Header().Set("Allow", http.MethodPost)
			refuse(http.StatusMethodNotAllowed, domain.Errorf(domain.BadUserInput, "GET is for queries; send a mutation with POST"))
			return
		}
		if err := actorOf(ctx).AuthorizeWrite(); err != nil {
			refuse(http.StatusForbidden, err)
			return
		}
	}
	found := changesIn(operation)
	cost := newOperationCost(costOf(ctx), found)
	if err := t.limits.spend(w, actorOf(ctx), cost, found); err != nil {
		refuse(http.StatusTooManyRequests, err)
		return
	}
	answer, status, err := t.once(ctx, w, r, params, operation, func(ctx context.Context) (*graphql.Response, error) {
		return execute(ctx, executor, operation, cost)
	})
	if err != nil {
		refuse(status, err)
		return
	}
	writeJSON(w, r, http.StatusOK, answer)
}

// execute executes an operation that costs so much. Errors: the context's, if that ended first.
func execute(
	ctx context.Context, executor graphql.GraphExecutor, operation *graphql.OperationContext, cost operationCost,
) (*graphql.Response, error) {
	respond, ctx := executor.DispatchOperation(ctx, operation)
	answer := respond(ctx)
	if answer == nil {
		return nil, ctx.Err()
	}
	if answer.Extensions == nil {
		answer.Extensions = map[string]any{}
	}
	answer.Extensions["cost"] = cost
	return answer, nil
}

// requestErrorStatus is for a request that was understood while its document was not: an answer to clients
// that ask for the newer media type says so in its status, the older one always says 200.
func requestErrorStatus(r *http.Request) int {
	if responseMediaType(r) == responseType {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// readParams reads the operation. An error comes with the status to answer and repeats nothing of the body.
func readParams(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, int, error) {
	params := &graphql.RawParams{}
	start := graphql.Now()
	switch r.Method {
	case http.MethodGet:
		query := r.URL.Query()
		params.Query, params.OperationName = query.Get("query"), query.Get("operationName")
		for name, target := range map[string]*map[string]any{"variables": &params.Variables, "extensions": &params.Extensions} {
			if text := query.Get(name); text != "" && decodeJSON([]byte(text), target) != nil {
				return nil, http.StatusBadRequest, domain.FieldErrorf(domain.BadUserInput, name, "must be a JSON object in UTF-8")
			}
		}
	case http.MethodPost:
		if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != jsonType {
			return nil, http.StatusUnsupportedMediaType, domain.Errorf(domain.BadUserInput, "the header Content-Type must be %s", jsonType)
		}
		body, err := io.ReadAll(r.Body)
		if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, http.StatusRequestEntityTooLarge, domain.Errorf(domain.BadUserInput, "the body must have at most %d bytes", tooLarge.Limit)
		}
		// Into a pointer to the pointer, so that a body of null, which is JSON, shows.
		if err != nil || decodeJSON(body, &params) != nil || params == nil {
			return nil, http.StatusBadRequest, domain.Errorf(domain.BadUserInput, "the body must be a JSON object in UTF-8 with the text query and, if needed, operationName and the object variables")
		}
	default:
		w.Header().Set("Allow", "GET, POST")
		return nil, http.StatusMethodNotAllowed, domain.Errorf(domain.BadUserInput, "the method must be GET or POST")
	}
	if len(params.Query) > maxQueryBytes {
		return nil, http.StatusRequestEntityTooLarge, domain.FieldErrorf(domain.BadUserInput, "query", "must have at most %d bytes; send values as variables", maxQueryBytes)
	}
	// gqlgen's parser takes each half of a pair for a character that cannot be read.
	if !utf8.ValidString(params.Query) || surrogateEscape.MatchString(params.Query) {
		return nil, http.StatusBadRequest, domain.FieldErrorf(domain.BadUserInput, "query", "must be valid UTF-8 without escaped surrogates; write the character itself, or send it as a variable")
	}
	if path, found := longList("variables", params.Variables); found {
		return nil, http.StatusRequestEntityTooLarge, domain.FieldErrorf(domain.BadUserInput, path, "must have at most %d values", maxListLength)
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	return params, 0, nil
}

// longList finds a list of more values than any rule of the API allows, before each of them is read.
func longList(path string, value any) (string, bool) {
	switch v := value.(type) {
	case []any:
		if len(v) > maxListLength {
			return path, true
		}
		for i, element := range v {
			if found, ok := longList(fmt.Sprintf("%s[%d]", path, i), element); ok {
				return found, true
			}
		}
	case map[string]any:
		for name, element := range v {
			if found, ok := longList(path+"."+name, element); ok {
				return found, true
			}
		}
	}
	return "", false
}

var surrogateEscape = regexp.MustCompile(`(?i)\\ud[89a-f]`)

// decodeJSON reads one JSON value and nothing behind it; numbers keep their digits. Package json replaces
// what is no character; here it is an error, because two ids must not become one.
func decodeJSON(text []byte, into any) error {
	if !utf8.Valid(text) || hasLoneSurrogate(text) {
		return errors.New("not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.Join(errors.New("more than one JSON value"), err)
	}
	return nil
}

// hasLoneSurrogate finds an escape in JSON that is half a character.
func hasLoneSurrogate(text []byte) bool {
	high := false // whether the escape right before was the first half of a pair
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			if high {
				return true
			}
			continue
		}
		i++
		low := false
		if i+4 < len(text) && text[i] == 'u' {
			code, err := strconv.ParseUint(string(text[i+1:i+5]), 16, 16)
			if low = err == nil && code >= 0xDC00 && code <= 0xDFFF; low != high {
				return true
			}
			high = err == nil && code >= 0xD800 && code <= 0xDBFF
			i += 4
		} else if high {
			return true
		}
	}
	return high
}

// responseMediaType chooses by the header Accept. The newer type has to be asked for by name, and goes
// first when both are as welcome.
func responseMediaType(r *http.Request) string {
	var older, newer float64
	for _, accepted := range strings.Split(r.Header.Get("Accept"), ",") {
		mediaType, parameters, err := mime.ParseMediaType(accepted)
		if err != nil {
			continue
		}
		quality, err := strconv.ParseFloat(parameters["q"], 64)
		if err != nil {
			quality = 1
		}
		switch mediaType {
		case responseType:
			newer = quality
		case jsonType:
			older = quality
		}
	}
	if newer > 0 && newer >= older {
		return responseType
	}
	return jsonType
}

// writeError answers a request that was not executed: there is no data, not even null.
func writeError(w http.ResponseWriter, r *http.Request, status int, errs ...*gqlerror.Error) {
	writeJSON(w, r, status, struct {
		Errors []*gqlerror.Error `json:"errors"`
	}{errs})
}

func writeJSON(w http.ResponseWriter, r *http.Request, status int, answer any) {
	w.Header().Set("Content-Type", responseMediaType(r)+"; charset=utf-8")
	// Answers are of one key, and of one moment.
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// Whoever does not read the answer to its end is not there to be told.
	_ = encodeJSON(w, answer)
}

func encodeJSON(w io.Writer, answer any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(answer)
}
