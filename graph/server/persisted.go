package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"clientele/graph/document"
	"clientele/graph/resolver"
	"clientele/internal/domain"
	"clientele/internal/limits"
	"clientele/internal/logging"
	"clientele/internal/persisted"
)

// DocumentMode says what the server does with a document that is not trusted.
type DocumentMode string

// The modes.
const (
	// OpenDocuments runs every document.
	OpenDocuments DocumentMode = "open"
	// ReportDocuments runs every document, and logs those that are not trusted.
	ReportDocuments DocumentMode = "report"
	// EnforceDocuments runs trusted documents only.
	EnforceDocuments DocumentMode = "enforce"
)

// DocumentConfig says which documents clients may name, and which they may send.
type DocumentConfig struct {
	// Trusted are the documents that the operator trusts; nil for none.
	Trusted *persisted.Manifest
	// Mode is OpenDocuments when it is empty.
	Mode DocumentMode
	// Automatic is the size of the cache for automatic persisted queries: documents that clients sent with their hash, so
	// that they can send the hash alone the next time. There is no cache with 0, or with EnforceDocuments.
	Automatic int
}

// maxAutomaticDocument is the longest text in that cache, in bytes.
const maxAutomaticDocument = 32 << 10

// CheckDocuments reads every trusted document as the handler would, so that the server does not start with a manifest for
// another schema. Errors: BadUserInput, with the document's name.
func CheckDocuments(trusted *persisted.Manifest, bounds limits.Limits, introspection bool) error {
	reader := document.NewReader(document.Schema(), bounds, introspection)
	for _, named := range trusted.Documents() {
		if _, _, errs := reader.Read(named.Text); len(errs) > 0 {
			return domain.Errorf(domain.BadUserInput, "the trusted document %s does not fit the schema and the limits of this server: %s", named, errs[0].Message)
		}
	}
	return nil
}

// persistedDocuments finds the texts of documents that clients name. gqlgen's own extension for automatic persisted queries
// caches texts before they are parsed, knows no other way to name one, and no trusted documents.
type persistedDocuments struct {
	trusted *persisted.Manifest
	mode    DocumentMode
	// automatic is nil without such a cache.
	automatic *persisted.Cache
	untrusted *untrustedDocuments
}

func newPersistedDocuments(config DocumentConfig, log *slog.Logger) *persistedDocuments {
	p := &persistedDocuments{trusted: config.Trusted, mode: config.Mode, untrusted: newUntrustedDocuments(log)}
	if config.Automatic > 0 && config.Mode != EnforceDocuments {
		p.automatic = persisted.NewCache(config.Automatic, maxAutomaticDocument)
	}
	return p
}

type documentSource struct {
	// keep is whether the client sent the text with its hash, to send the hash alone the next time.
	keep    bool
	trusted bool
}

// resolve sets the text that a request names, and decides whether it may run.
func (p *persistedDocuments) resolve(r *http.Request, params *request) (documentSource, *refusal) {
	id, err := params.documentID()
	if err != nil {
		return documentSource{}, refusedWith(http.StatusBadRequest, err)
	}
	if id == "" && params.Query == "" {
		return documentSource{}, refusedWith(http.StatusBadRequest,
			domain.FieldErrorf(domain.BadUserInput, "query", "must be the text of an operation; or else documentId must name one"))
	}
	var out documentSource
	switch {
	case id == "":
	case params.Query == "":
		text, found := p.text(id)
		if !found {
			return documentSource{}, refusedWith(requestErrorStatus(r), p.notFound())
		}
		params.Query = text
	case persisted.Hash(params.Query) == id:
		out.keep = true
	default:
		if text, _ := p.text(id); text != params.Query {
			return documentSource{}, refusedWith(http.StatusBadRequest, domain.FieldErrorf(domain.BadUserInput, "query",
				"is not the document that the request names: its SHA-256 hash, in lower-case hexadecimal digits, is another"))
		}
	}
	out.trusted = p.trusted != nil && p.trusted.Holds(params.Query)
	if p.mode == EnforceDocuments && !out.trusted {
		return documentSource{}, refusedWith(http.StatusForbidden,
			domain.Errorf(domain.UntrustedDocument, "this server runs trusted documents only, and the operation is none of them").
				With("documentId", "sha256:"+persisted.Hash(params.Query)))
	}
	return out, nil
}

func (p *persistedDocuments) text(id string) (string, bool) {
	if p.trusted != nil {
		if text, found := p.trusted.Text(id); found {
			return text, true
		}
	}
	if p.automatic != nil {
		return p.automatic.Text(id)
	}
	return "", false
}

// accept is called with a document before it runs.
func (p *persistedDocuments) accept(ctx context.Context, from documentSource, operation *graphql.OperationContext) {
	if from.keep && p.automatic != nil {
		p.automatic.Add(operation.RawQuery)
	}
	if p.mode == ReportDocuments && !from.trusted {
		p.untrusted.report(ctx, operation)
	}
}

// Clients of automatic persisted queries send the text when they get the first of these errors, and always when they get
// the second. Some compare the code, others the whole message.
const (
	persistedQueryNotFound     = "PERSISTED_QUERY_NOT_FOUND"
	persistedQueryNotSupported = "PERSISTED_QUERY_NOT_SUPPORTED"
)

var persistedQueryMessages = map[string]string{
	persistedQueryNotFound:     "PersistedQueryNotFound",
	persistedQueryNotSupported: "PersistedQueryNotSupported",
}

// isPersistedQueryCode reports whether the message of a code must not be changed.
func isPersistedQueryCode(code any) bool {
	return code == persistedQueryNotFound || code == persistedQueryNotSupported
}

func (p *persistedDocuments) notFound() *gqlerror.Error {
	code := persistedQueryNotFound
	if p.trusted == nil && p.automatic == nil {
		code = persistedQueryNotSupported
	}
	err := gqlerror.Errorf("%s", persistedQueryMessages[code])
	errcode.Set(err, code)
	return err
}

// request is what a client sends: a text, its name, or both.
type request struct {
	graphql.RawParams

	// DocumentID names a document, as in the appendix on persisted documents of GraphQL over HTTP.
	DocumentID string
}

// documentID is the id of the document that the request names; "" for none.
func (r *request) documentID() (string, error) {
	id := persisted.CanonicalID(r.DocumentID)
	if r.Extensions["persistedQuery"] == nil {
		return id, nil
	}
	// This is the form of automatic persisted queries.
	named, _ := r.Extensions["persistedQuery"].(map[string]any)
	hash, _ := named["sha256Hash"].(string)
	if hash == "" || fmt.Sprint(named["version"]) != "1" {
		return "", domain.FieldErrorf(domain.BadUserInput, "extensions.persistedQuery", "must be an object with the version 1 and the text sha256Hash")
	}
	if id != "" && id != hash {
		return "", domain.FieldErrorf(domain.BadUserInput, "documentId", "is not the document that extensions.persistedQuery names")
	}
	return hash, nil
}

// untrustedDocuments logs documents that run although they are not trusted: each once, as long as there are not too many.
// Of a document it logs nothing but the hash and fields of the schema.
type untrustedDocuments struct {
	log    *slog.Logger
	logged graphql.Cache[struct{}]
	lines  *logging.Throttle
	count  atomic.Int64
}

const (
	// loggedDocuments is how many logged documents are remembered.
	loggedDocuments = 1000
	// New documents get ten lines a minute, and twenty at first.
	untrustedInterval = 6 * time.Second
	untrustedBurst    = 20
)

func newUntrustedDocuments(log *slog.Logger) *untrustedDocuments {
	return &untrustedDocuments{
		log: log, logged: lru.New[struct{}](loggedDocuments), lines: logging.NewThrottle(untrustedInterval, untrustedBurst),
	}
}

func (u *untrustedDocuments) report(ctx context.Context, operation *graphql.OperationContext) {
	count := u.count.Add(1)
	observationOf(ctx).untrusted()
	hash := persisted.Hash(operation.RawQuery)
	if _, known := u.logged.Get(ctx, hash); known {
		return
	}
	if _, pass := u.lines.Pass(""); !pass {
		return
	}
	u.logged.Add(ctx, hash, struct{}{})
	root := []string{"Query"}
	if operation.Operation.Operation == ast.Mutation {
		root = []string{"Mutation"}
	}
	var fields []string
	for _, field := range graphql.CollectFields(operation, operation.Operation.SelectionSet, root) {
		fields = append(fields, field.Name)
	}
	slices.Sort(fields)
	fields = slices.Compact(fields)
	u.log.WarnContext(ctx, "a document was run that is not trusted", "documentId", "sha256:"+hash,
		"fields", fields[:min(len(fields), maxReported)], "keyId", resolver.ActorOf(ctx).KeyID, "untrustedSoFar", count)
}
