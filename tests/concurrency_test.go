package tests

import (
	"fmt"
	"sync"
	"testing"

	"clientele/internal/config"
	"clientele/persistence/mongo/mongotest"
)

// TestConcurrentUpdatesAllSurvive lets 50 clients set one metadata key each at once.
func TestConcurrentUpdatesAllSurvive(t *testing.T) {
	const clients = 50
	onEngines(t, func(t *testing.T, server *service) {
		server.must(t, provisionOperation, object{"input": object{"customerId": "shared"}})
		var group sync.WaitGroup
		for i := range clients {
			group.Go(func() {
				got, err := server.send(t.Context(), updateOperation, object{"input": object{
					"customerId": "shared", "additionalMetaData": object{fmt.Sprintf("key-%d", i): i},
				}})
				if err != nil {
					t.Error(err)
				} else if len(got.Errors) > 0 {
					t.Errorf("%s", got.body)
				}
			})
		}
		group.Wait()
		data := server.must(t, getOperation, object{"input": object{"customerId": "shared"}})
		metadata := data["getCustomerByRefId"].(object)["additionalMetaData"].(object)
		for i := range clients {
			if metadata[fmt.Sprintf("key-%d", i)] != float64(i) {
				t.Errorf("key-%d was lost", i)
			}
		}
	})
}

// TestTwoServersLoseNoUpdate lets clients of two servers on one MongoDB change one customer. Within a server
// the keyed lock orders writes; between servers only the version of the document does.
func TestTwoServersLoseNoUpdate(t *testing.T) {
	const clients = 20
	cfg := config.Default()
	cfg.MongoDBURI = config.Secret(mongotest.URI(t))
	servers := []*service{startService(t, cfg), startService(t, cfg)}
	servers[0].must(t, provisionOperation, object{"input": object{"customerId": "shared"}})
	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() {
			got, err := servers[i%2].send(t.Context(), updateOperation, object{"input": object{
				"customerId": "shared", "additionalMetaData": object{fmt.Sprintf("key-%d", i): i},
			}})
			if err != nil {
				t.Error(err)
			} else if len(got.Errors) > 0 {
				t.Errorf("%s", got.body)
			}
		})
	}
	group.Wait()
	data := servers[1].must(t, getOperation, object{"input": object{"customerId": "shared"}})
	metadata, _ := data["getCustomerByRefId"].(object)["additionalMetaData"].(object)
	if len(metadata) != clients {
		t.Errorf("of %d keys %d are left: %v", clients, len(metadata), metadata)
	}
}
