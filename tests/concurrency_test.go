package tests

import (
	"fmt"
	"sync"
	"testing"
)

// TestConcurrentUpdatesAllSurvive lets 50 clients set one metadata key each at once.
func TestConcurrentUpdatesAllSurvive(t *testing.T) {
	const clients = 50
	onEngines(t, func(t *testing.T, client *client) {
		client.must(t, provisionOperation, object{"input": object{"customerId": "shared"}})
		var group sync.WaitGroup
		for i := range clients {
			group.Go(func() {
				got, err := client.send(t.Context(), updateOperation, object{"input": object{
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
		data := client.must(t, getOperation, object{"input": object{"customerId": "shared"}})
		metadata := data["getCustomerByRefId"].(object)["additionalMetaData"].(object)
		for i := range clients {
			if metadata[fmt.Sprintf("key-%d", i)] != float64(i) {
				t.Errorf("key-%d was lost", i)
			}
		}
	})
}
