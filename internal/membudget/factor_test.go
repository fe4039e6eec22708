package membudget

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"clientele/internal/domain"
)

// heap is how many bytes are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// A decoded customer with the JSON of its metadata, which responses have, takes no more than is counted for it.
func TestDecodedDocumentsTakeWhatIsCounted(t *testing.T) { // Not parallel: the heap is the whole process's.
	const customers = 500
	for name, metadata := range map[string]domain.Metadata{
		"no metadata": nil, "small metadata": manyKeys(3, 10), "many small keys": manyKeys(50, 4), "21 kB of metadata": manyKeys(44, 470),
	} {
		t.Run(name, func(t *testing.T) {
			text := "somebody@example.com"
			stored, err := bson.Marshal(domain.Customer{
				Name: &text, Email: &text, Metadata: metadata, CustomerID: "customer-0001",
			})
			if err != nil {
				t.Fatal(err)
			}
			type held struct {
				customer *domain.Customer
				json     []byte
			}
			all := make([]held, customers)
			before := heap()
			for i := range all {
				all[i].customer = new(domain.Customer)
				if err := bson.Unmarshal(stored, all[i].customer); err != nil {
					t.Fatal(err)
				}
				all[i].json = all[i].customer.Metadata.JSON()
			}
			each := (heap() - before) / customers
			runtime.KeepAlive(all)
			counted := documentBytes(len(stored))
			t.Logf("%d bytes stored, %d decoded, %d counted", len(stored), each, counted)
			if each > counted {
				t.Errorf("%d bytes that are stored take %d, and %d are counted", len(stored), each, counted)
			}
		})
	}
}

func manyKeys(keys, length int) domain.Metadata {
	var metadata domain.Metadata
	for i := range keys {
		metadata = append(metadata, domain.MetadataEntry{Key: fmt.Sprintf("key%02d", i), Value: `"` + strings.Repeat("x", length) + `"`})
	}
	return metadata
}
