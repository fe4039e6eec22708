package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"clientele/graph/resolver"
	"clientele/internal/domain"
	"clientele/internal/limits"
	"clientele/persistence"
)

const (
	// A decoded body takes bodyFactor times its length, plus valueBytes for each value: an object with one short member is
	// a few bytes of text, and 400 in memory.
	bodyFactor = 6
	valueBytes = 176
)

// bodyMemory is the memory of a decoded body in bytes.
func bodyMemory(bytes, values int) int { return bodyFactor*bytes + valueBytes*values }

// bodyReader reads requests within limits.
type bodyReader struct {
	limits   limits.Limits
	arriving *arrivals
}

// readParams reads a request. A refusal repeats nothing of it.
func (b bodyReader) readParams(r *http.Request) (*request, *refusal) {
	params := &request{}
	start := graphql.Now()
	switch r.Method {
	case http.MethodGet:
		// Bad parameters are not ignored: a query without its filter would return everything.
		query, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return nil, refusedWith(http.StatusBadRequest, domain.Errorf(domain.BadUserInput, "the parameters of the URL must be percent-encoded, a semicolon included"))
		}
		for _, name := range []string{"query", "operationName", "documentId", "variables", "extensions"} {
			if len(query[name]) > 1 {
				return nil, refusedWith(http.StatusBadRequest, domain.FieldErrorf(domain.BadUserInput, name, "must be given once"))
			}
		}
		params.Query, params.OperationName = query.Get("query"), query.Get("operationName")
		params.DocumentID = query.Get("documentId")
		for name, target := range map[string]*map[string]any{"variables": &params.Variables, "extensions": &params.Extensions} {
			text := []byte(query.Get(name))
			// In a body they are nested in one more object.
			values, refused := b.checkSize(text, depthAround-1)
			if refused != nil {
				return nil, refused
			}
			callOf(r.Context()).reading.body(len(text), values)
			if len(text) == 0 {
				continue
			}
			if decodeJSON(text, target) != nil {
				return nil, refusedWith(http.StatusBadRequest, domain.FieldErrorf(domain.BadUserInput, name, "must be a JSON object in UTF-8"))
			}
			if repeatsKey(text, *target) {
				return nil, refusedWith(http.StatusBadRequest, repeatedKey(name))
			}
		}
	case http.MethodPost:
		body, refused := b.readBody(r)
		if refused != nil {
			return nil, refused
		}
		if bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) {
			return nil, refusedWith(http.StatusBadRequest, domain.Errorf(domain.TooManyOperations, "the body must be one operation: batches are not supported"))
		}
		if err := params.decode(body); err != nil {
			if !domain.IsKind(err, domain.BadUserInput) {
				err = domain.Errorf(domain.BadUserInput, "the body must be a JSON object in UTF-8 with the text query and, if needed, operationName and the object variables")
			}
			return nil, refusedWith(http.StatusBadRequest, err)
		}
	default:
		return nil, notAllowed("GET, POST", "the method must be GET or POST")
	}
	if limits.Over(len(params.Query), b.limits.QueryBytes) {
		return nil, refusedWith(http.StatusRequestEntityTooLarge, domain.FieldErrorf(domain.BadUserInput, "query", "must have at most %d bytes; send values as variables", b.limits.QueryBytes).Limited("queryBytes", b.limits.QueryBytes))
	}
	if limits.Over(len(params.OperationName), b.limits.NameLength) {
		return nil, refusedWith(http.StatusBadRequest, domain.FieldErrorf(domain.BadUserInput, "operationName", "must have at most %d bytes", b.limits.NameLength).Limited("nameLength", b.limits.NameLength))
	}
	if !utf8.ValidString(params.Query) {
		return nil, refusedWith(http.StatusBadRequest, domain.FieldErrorf(domain.BadUserInput, "query", "must be valid UTF-8"))
	}
	if path, found := b.longList(params.Variables); found {
		return nil, refusedWith(http.StatusRequestEntityTooLarge, domain.FieldErrorf(domain.BadUserInput, "variables"+path, "must have at most %d values", b.limits.ListLength).Limited("listLength", b.limits.ListLength))
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	return params, nil
}

func (b bodyReader) readBody(r *http.Request) ([]byte, *refusal) {
	mediaType, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != jsonType {
		return nil, refusedWith(http.StatusUnsupportedMediaType, domain.Errorf(domain.BadUserInput, "the header Content-Type must be %s", jsonType))
	}
	if charset, given := parameters["charset"]; given && !strings.EqualFold(charset, "utf-8") {
		return nil, refusedWith(http.StatusUnsupportedMediaType, domain.Errorf(domain.BadUserInput, "the charset of the header Content-Type must be utf-8"))
	}
	if encoding := strings.Join(r.Header.Values("Content-Encoding"), ","); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, refusedWith(http.StatusUnsupportedMediaType, domain.Errorf(domain.BadUserInput, "the body must not be compressed: the header Content-Encoding must be left out"))
	}
	tooLarge := func(limit int64) *refusal {
		return refusedWith(http.StatusRequestEntityTooLarge, domain.Errorf(domain.BadUserInput, "the body must have at most %d bytes", limit).Limited("bodyBytes", limit))
	}
	if b.limits.BodyBytes > 0 && r.ContentLength > int64(b.limits.BodyBytes) {
		return nil, tooLarge(int64(b.limits.BodyBytes))
	}
	c := callOf(r.Context())
	body, arrived, err := b.arriving.read(resolver.ActorOf(r.Context()).KeyID, r.Body, r.ContentLength)
	defer arrived()
	values := 0
	defer func() { c.reading.body(len(body), values) }() // Refused bodies are charged too.
	if errors.Is(err, persistence.ErrBusy) {
		return nil, refusedWith(http.StatusTooManyRequests, err)
	}
	if too, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, tooLarge(too.Limit)
	}
	if slow, ok := errors.AsType[net.Error](err); ok && slow.Timeout() {
		return nil, refusedWith(http.StatusRequestTimeout, domain.Errorf(domain.Timeout, "the body must arrive within %s; nothing was done", b.limits.ReadTimeout).Limited("readTimeout", b.limits.ReadTimeout.String()))
	}
	if err != nil {
		return nil, refusedWith(http.StatusBadRequest, domain.Errorf(domain.BadUserInput, "the body did not arrive in full"))
	}
	// Editors and some HTTP clients of Windows send a byte order mark, which JSON does not allow.
	body = bytes.TrimPrefix(body, []byte("\uFEFF"))
	counted, refused := b.checkSize(body, depthAround)
	if refused != nil {
		return nil, refused
	}
	values = counted
	if memory := bodyMemory(len(body), values); memory > bodyFactor*holdStep {
		if err := c.memory.HoldBytes(memory); err != nil {
			return nil, refusedWith(http.StatusTooManyRequests, err)
		}
	}
	return body, nil
}

// checkSize refuses a JSON text with too many values, or nested too deep, before it is decoded. around is the level of the
// variables in it. It returns the number of values.
func (b bodyReader) checkSize(text []byte, around int) (values int, _ *refusal) {
	values, depth := measureJSON(text)
	if limits.Over(values, b.limits.Values) {
		return values, refusedWith(http.StatusRequestEntityTooLarge, domain.Errorf(domain.BadUserInput, "the body must have at most %d values", b.limits.Values).Limited("values", b.limits.Values))
	}
	if limits.Over(depth-around, b.limits.Depth) {
		return values, refusedWith(http.StatusBadRequest, domain.Errorf(domain.BadUserInput, "a variable must be at most %d levels deep", b.limits.Depth).Limited("depth", b.limits.Depth))
	}
	return values, nil
}

// depthAround is the level of a variable in a body: in an object of variables, in an object.
const depthAround = 2

// measureJSON returns upper bounds of the number of values in a JSON text and of their depth: every value but the first
// follows one of three signs. It does not decode the text, which would take many times its memory. Text that is not JSON
// is refused later.
func measureJSON(text []byte) (values, depth int) {
	values = 1
	open := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = stringEnd(text, i+1)
		case ',', ':':
			values++
		case '[':
			values++
			open++
		case '{':
			open++
		case ']', '}':
			open--
		}
		depth = max(depth, open)
	}
	return values, depth
}

// stringEnd is the end of a JSON string whose content starts at i.
func stringEnd(text []byte, i int) int {
	for i < len(text) {
		quote := bytes.IndexByte(text[i:], '"')
		if quote < 0 {
			return len(text)
		}
		escape := bytes.IndexByte(text[i:i+quote], '\\')
		if escape < 0 {
			return i + quote
		}
		i += escape + 2
	}
	return i
}

// longList finds a list of more values than any rule of the API allows, and returns its path.
func (b bodyReader) longList(value any) (string, bool) {
	switch v := value.(type) {
	case []any:
		if limits.Over(len(v), b.limits.ListLength) {
			return "", true
		}
		for i, element := range v {
			if path, found := b.longList(element); found {
				return fmt.Sprintf("[%d]%s", i, path), true
			}
		}
	case map[string]any:
		for name, element := range v {
			if path, found := b.longList(element); found {
				return "." + name + path, true
			}
		}
	}
	return "", false
}

// decodeJSON reads exactly one JSON value; numbers keep their digits. Package json replaces invalid characters; here they
// are an error, because two ids must not become one.
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

// decode reads a request from a body. Keys are matched exactly, where package json ignores case, and no key may be
// repeated, so that two servers cannot read different operations from one body. Unknown keys of the body are ignored, as
// GraphQL over HTTP requires.
// Errors: BadUserInput for a repeated key; others for a body that is not a request.
func (r *request) decode(body []byte) error {
	if !utf8.Valid(body) || hasLoneSurrogate(body) {
		return errors.New("not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if first, err := decoder.Token(); err != nil || first != json.Delim('{') {
		return errors.Join(errors.New("not an object"), err)
	}
	members := map[string]any{
		"query": &r.Query, "operationName": &r.OperationName, "documentId": &r.DocumentID,
		"variables": &r.Variables, "extensions": &r.Extensions,
	}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		target, known := members[key]
		switch {
		case !known:
			target = &json.RawMessage{}
		case target == nil:
			return repeatedKey(key)
		default:
			members[key] = nil
		}
		before := decoder.InputOffset()
		if err := decoder.Decode(target); err != nil {
			return err
		}
		// The text starts with the colon after the key.
		value := bytes.TrimLeft(body[before:decoder.InputOffset()], ": \t\r\n")
		if object, nested := target.(*map[string]any); nested && repeatsKey(value, *object) {
			return repeatedKey(key)
		}
	}
	if _, err := decoder.Token(); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.Join(errors.New("more than one JSON value"), err)
	}
	return nil
}

func repeatedKey(field string) error {
	return domain.FieldErrorf(domain.BadUserInput, field, "must be given once, and every key in it once")
}

// repeatsKey reports whether a key is repeated in a JSON object. Package json keeps the last value, so the decoded object
// has fewer members than the text has colons.
func repeatsKey(text []byte, read map[string]any) bool {
	colons := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = stringEnd(text, i+1)
		case ':':
			colons++
		}
	}
	return colons != countMembers(read)
}

func countMembers(value any) int {
	n := 0
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			n += countMembers(element)
		}
	case map[string]any:
		n = len(v)
		for _, element := range v {
			n += countMembers(element)
		}
	}
	return n
}

// hasLoneSurrogate finds an escape in JSON that is half of a surrogate pair.
func hasLoneSurrogate(text []byte) bool {
	high := false // whether the previous escape was the first half of a pair
	for i := 0; i < len(text); i++ {
		escape := bytes.IndexByte(text[i:], '\\')
		if high && escape != 0 {
			return true
		}
		if escape < 0 {
			return false
		}
		i += escape + 1
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
