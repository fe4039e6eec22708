package document

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"clientele/tests/clientops"
)

// TestDocumentsAreKept: a document is read once, unless it is long or wrong.
func TestDocumentsAreKept(t *testing.T) {
	schema := Schema()
	documents := NewReader(schema, testLimits, true)
	for name, c := range map[string]struct {
		text string
		kept bool
	}{
		"a document": {`{ customers { totalCount } }`, true},
		"a long one": {`{ customers { totalCount } }` + strings.Repeat(" ", maxKeptText), false},
	} {
		first, _, errs := documents.Read(c.text)
		again, _, moreErrs := documents.Read(c.text)
		if len(errs)+len(moreErrs) > 0 || first == again != c.kept {
			t.Errorf("%s: kept %t, %v", name, first == again, errs)
		}
	}
	for _, wrong := range []string{`{`, `{ a }`, `{ customers @a { totalCount } }`} {
		if _, _, errs := documents.Read(wrong); len(errs) == 0 {
			t.Errorf("%s is read", wrong)
		}
		if documents.kept.get(wrong) != nil {
			t.Errorf("%s is kept", wrong)
		}
	}
}

// TestKeptDocumentsTakeWhatIsCounted: a token can have one character and takes many times as much once it is parsed.
func TestKeptDocumentsTakeWhatIsCounted(t *testing.T) { // Not parallel: the heap is the whole process's.
	schema := Schema()
	for name, document := range map[string]string{
		"a list of texts": `{ customers(filter: { name: { in: [` + strings.Repeat(`"",`, 9_000) + `] } }) { totalCount } }`,
		"fields":          `{ customers { edges { node { ` + strings.Repeat("id ", 190) + ` } } } }`,
		"filters":         `{ customers(filter: { or: [` + strings.Repeat(`{name:{is:true}}`, 1_000) + `] }) { totalCount } }`,
	} {
		bounds := testLimits
		bounds.Tokens = 20_000
		documents := NewReader(schema, bounds, true)
		const times = 20
		before, counted := heap(), 0
		for i := range times {
			text := document + fmt.Sprint("#", i)
			kept, tokens, errs := documents.Read(text)
			if kept == nil {
				t.Fatalf("%s: %v", name, errs)
			}
			counted += documentSize(text, tokens)
		}
		taken := heap() - before
		runtime.KeepAlive(documents)
		t.Logf("%s: %d taken, %d counted", name, taken, counted)
		if taken > counted {
			t.Errorf("%s: %d bytes are taken, and %d counted", name, taken, counted)
		}
	}
}

// TestKeptDocumentsAreBounded by their memory, not by their texts.
func TestKeptDocumentsAreBounded(t *testing.T) {
	documents := NewReader(Schema(), testLimits, true)
	body := `{ customers(filter: { name: { in: [` + strings.Repeat(`"",`, 9_000) + `] } }) { totalCount } }`
	for i := range 60 {
		if _, _, errs := documents.Read(body + fmt.Sprint("#", i)); len(errs) > 0 {
			t.Fatal(errs)
		}
	}
	kept, all := documents.kept.kept.Len(), 0
	for _, document := range documents.kept.kept.Values() {
		all += document.size
	}
	if kept == 0 || kept == 60 || all != documents.kept.bytes || all > keptBytes {
		t.Errorf("%d documents of %d bytes are kept, and %d are counted", kept, all, documents.kept.bytes)
	}
	if _, tokens, _ := documents.Read(body + "#59"); tokens != 0 {
		t.Error("the last one is not kept")
	}
	if _, tokens, _ := documents.Read(body + "#0"); tokens == 0 {
		t.Error("the first one is kept")
	}
}

// heap is how many bytes are in use.
func heap() int {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

func BenchmarkReadDocument(b *testing.B) {
	schema := Schema()
	widest := clientops.Widest(schema, ast.Query, "getCustomerByRefId").Query
	for name, text := range map[string]string{
		"widest read": widest,
		"small read":  `query ($input: GetCustomerByRefIdInput!) { getCustomerByRefId(input: $input) { id name email } }`,
	} {
		b.Run(name, func(b *testing.B) {
			documents := NewReader(schema, testLimits, true)
			for i := range b.N {
				_, tokens, errs := documents.Read(text + strings.Repeat(" ", i%1000) + fmt.Sprint("#", i))
				if len(errs) > 0 {
					b.Fatal(errs)
				}
				b.ReportMetric(float64(tokens), "tokens")
			}
		})
	}
}
