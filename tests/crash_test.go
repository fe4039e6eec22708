package tests

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// TestKillLosesNothingAcknowledged kills the server half way through 10,000 provisions by 32 clients, and
// looks at what the next server finds: every acknowledged customer, and none that is half written.
func TestKillLosesNothingAcknowledged(t *testing.T) {
	const customers, clients = 10_000, 32
	if testing.Short() {
		t.Skip("sends 10,000 requests")
	}
	dataDir := t.TempDir()
	server := startProcess(t, dataDir)

	acknowledged := make([]bool, customers)
	count := killHalfWay(t, server, clients, customers, func(i int) error {
		got, err := server.send(t.Context(), provisionOperation, object{"input": numbered(i)})
		if err == nil && len(got.Errors) > 0 {
			t.Errorf("customer %d: %s", i, got.body)
		}
		acknowledged[i] = err == nil && len(got.Errors) == 0
		return err
	})

	server = startProcess(t, dataDir)
	found := map[string]bool{}
	total := -1
	var after any
	for {
		data := server.must(t, `query($paging: CursorPaging, $sorting: [CustomerSort!]) {
  customers(paging: $paging, sorting: $sorting) { totalCount edges { node { customerId name email additionalMetaData } } pageInfo { hasNextPage endCursor } }
}`, object{
			"paging":  object{"first": 100, "after": after},
			"sorting": []object{{"field": "customerId", "direction": "ASC"}},
		})["customers"].(object)
		total = int(data["totalCount"].(float64))
		for _, edge := range data["edges"].([]any) {
			node := edge.(object)["node"].(object)
			var i int
			if _, err := fmt.Sscanf(node["customerId"].(string), "customer-%d", &i); err != nil {
				t.Fatal(err)
			}
			want := numbered(i)
			metadata, _ := node["additionalMetaData"].(object)
			if node["name"] != want["name"] || node["email"] != want["email"] || metadata["number"] != float64(i) {
				t.Errorf("customer %d is half written: %v", i, node)
			}
			found[node["customerId"].(string)] = true
		}
		page := data["pageInfo"].(object)
		if page["hasNextPage"] != true {
			break
		}
		after = page["endCursor"]
	}
	lost := 0
	for i, ok := range acknowledged {
		if ok && !found[numbered(i)["customerId"].(string)] {
			lost++
		}
	}
	if lost > 0 || total != len(found) {
		t.Errorf("of %d acknowledged customers %d are lost; %d were listed and %d counted", count, lost, len(found), total)
	}
	t.Logf("killed after %d acknowledged provisions; %d customers found afterwards, none lost", count, len(found))
}

// killHalfWay lets clients send numbered requests at once, each number once, and kills the server when half of them
// are acknowledged. It returns how many were. A request returns an error once the server was killed.
func killHalfWay(t *testing.T, server *process, clients, requests int, request func(i int) error) int {
	t.Helper()
	var next, acknowledged atomic.Int64
	halfWay := make(chan struct{})
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < requests; i = int(next.Add(1)) - 1 {
				if request(i) != nil {
					return
				}
				if acknowledged.Add(1) == int64(requests)/2 {
					close(halfWay)
				}
			}
		})
	}
	waitFor(t, halfWay, &group)
	server.kill(t)
	group.Wait()
	if acknowledged.Load() == int64(requests) {
		t.Fatal("the kill came too late to prove anything")
	}
	return int(acknowledged.Load())
}

// waitFor waits until clients have come to a point, and fails if they end before.
func waitFor(t *testing.T, point <-chan struct{}, clients *sync.WaitGroup) {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		clients.Wait()
		close(ended)
	}()
	select {
	case <-point:
	case <-ended:
		t.Fatal("the clients ended too early")
	}
}

func numbered(i int) object {
	return object{
		"customerId": fmt.Sprintf("customer-%05d", i), "name": fmt.Sprintf("Customer %d", i),
		"email": fmt.Sprintf("customer-%d@example.com", i), "additionalMetaData": object{"number": i},
	}
}
