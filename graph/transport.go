package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"clientele/internal/domain"
)

// transport is GraphQL over HTTP: POST with a JSON body, and GET for queries. gqlgen's own transports
// repeat a body that is no JSON in the error, secrets included, and choose other status codes.
type transport struct{}

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
func (transport) Do(w http.ResponseWriter, r *http.Request, executor graphql.GraphExecutor) {
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
	if err := checkCost(operation); err != nil {
		refuse(requestErrorStatus(r), err)
		return
	}
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
	respond, ctx := executor.DispatchOperation(ctx, operation)
	answer := respond(ctx)
	if answer == nil {
		refuse(http.StatusOK, ctx.Err())
		return
	}
	writeJSON(w, r, http.StatusOK, answer)
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
		// JSON cannot hold anything else, but an address can.
		if !utf8.ValidString(params.Query) {
			return nil, http.StatusBadRequest, domain.FieldErrorf(domain.BadUserInput, "query", "must be valid UTF-8")
		}
		for name, target := range map[string]*map[string]any{"variables": &params.Variables, "extensions": &params.Extensions} {
			if text := query.Get(name); text != "" && decodeJSON(strings.NewReader(text), target) != nil {
				return nil, http.StatusBadRequest, domain.FieldErrorf(domain.BadUserInput, name, "must be a JSON object")
			}
		}
	case http.MethodPost:
		if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != jsonType {
			return nil, http.StatusUnsupportedMediaType, domain.Errorf(domain.BadUserInput, "the header Content-Type must be %s", jsonType)
		}
		// Into a pointer to the pointer, so that a body of null, which is JSON, shows.
		if err := decodeJSON(r.Body, &params); err != nil || params == nil {
			if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
				return nil, http.StatusRequestEntityTooLarge, domain.Errorf(domain.BadUserInput, "the body must have at most %d bytes", tooLarge.Limit)
			}
			return nil, http.StatusBadRequest, domain.Errorf(domain.BadUserInput, "the body must be a JSON object with the text query and, if needed, operationName and the object variables")
		}
	default:
		w.Header().Set("Allow", "GET, POST")
		return nil, http.StatusMethodNotAllowed, domain.Errorf(domain.BadUserInput, "the method must be GET or POST")
	}
	if len(params.Query) > maxQueryBytes {
		return nil, http.StatusRequestEntityTooLarge, domain.FieldErrorf(domain.BadUserInput, "query", "must have at most %d bytes; send values as variables", maxQueryBytes)
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

// decodeJSON reads one JSON value and nothing behind it; numbers keep their digits.
func decodeJSON(from io.Reader, into any) error {
	decoder := json.NewDecoder(from)
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.Join(errors.New("more than one JSON value"), err)
	}
	return nil
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
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	// Whoever does not read the answer to its end is not there to be told.
	_ = encoder.Encode(answer)
}
