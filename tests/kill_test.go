package tests

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// life is what one client knows of one customer and one coupon: what was acknowledged, and what may have happened
// since. Its steps are made in order, one write each.
type life struct {
	id   string
	done int
}

// steps are the life of a customer and of a coupon. Each leaves a trace that the ones before it do not.
var steps = []struct {
	name  string
	query string
	input func(id string) object
}{
	{"provision", provisionOperation, func(id string) object { return object{"customerId": id, "name": "First", "email": id + "@example.com"} }},
	{"update", updateOperation, func(id string) object {
		return object{"customerId": id, "name": "Second", "additionalMetaData": object{"step": 1}}
	}},
	{"make a coupon", createCouponOperation, func(id string) object { return object{"refId": id, "name": "First", "percentOff": 10} }},
	{"set it", setCouponOperation, func(id string) object { return object{"id": id, "relationId": id} }},
	{"change it", updateCouponOperation, func(id string) object { return object{"refId": id, "name": "Second"} }},
	{"archive", archiveOperation, func(id string) object { return object{"customerId": id} }},
	{"archive the coupon", archiveCouponOperation, func(id string) object { return object{"refId": id} }},
}

// traces reads how many steps the store has seen of a life.
func (l life) traces(t *testing.T, server *client) int {
	t.Helper()
	customer, _ := server.must(t, `query($id: String!) { getCustomerByRefId(input: { customerId: $id }) { name additionalMetaData coupon { refId } } }`,
		object{"id": l.id})["getCustomerByRefId"].(object)
	coupon, _ := server.must(t, `query($id: String!) { coupon(id: $id) { name status } }`, object{"id": l.id})["coupon"].(object)
	set, _ := customer["coupon"].(object)
	metadata, _ := customer["additionalMetaData"].(object)
	for n, seen := range []bool{
		customer == nil && coupon == nil, customer["name"] == "First", customer["name"] == "Second" && metadata["step"] == 1.0 && coupon == nil,
		customer != nil && coupon["name"] == "First" && set == nil, coupon["name"] == "First" && set["refId"] == l.id,
		customer != nil && coupon["name"] == "Second" && set != nil, customer == nil && coupon["status"] == "ACTIVE", coupon["status"] == "ARCHIVED" && customer == nil,
	} {
		if seen {
			return n
		}
	}
	t.Fatalf("%s: neither before nor after a step: %v, %v", l.id, customer, coupon)
	return 0
}

// TestKillLosesNoStep kills the server while 16 clients provision, update and archive customers, and make, change,
// set and archive coupons. The next server must know of every acknowledged step, and of at most the one after it.
func TestKillLosesNoStep(t *testing.T) {
	const clients, before = 16, 1_500
	if testing.Short() {
		t.Skip("sends some thousand requests")
	}
	dataDir := t.TempDir()
	server := startProcess(t, dataDir)
	lives := make([][]life, clients)
	var acknowledged atomic.Int64
	busy := make(chan struct{})
	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() {
			for n := 0; ; n++ {
				lives[i] = append(lives[i], life{id: fmt.Sprintf("life-%02d-%05d", i, n)})
				l := &lives[i][n]
				for _, step := range steps {
					got, err := server.send(t.Context(), step.query, object{"input": step.input(l.id)})
					if err != nil {
						return // The server was killed.
					}
					if len(got.Errors) > 0 {
						t.Errorf("%s: %s: %s", l.id, step.name, got.body)
						return
					}
					l.done++
					if acknowledged.Add(1) == before {
						close(busy)
					}
				}
			}
		})
	}
	waitFor(t, busy, &group)
	server.kill(t)
	group.Wait()

	server = startProcess(t, dataDir)
	halves := map[string]int{}
	for _, of := range lives {
		for _, l := range of {
			got := l.traces(t, server.client)
			if got != l.done && got != l.done+1 {
				t.Errorf("%s: %d steps were acknowledged, and %d are there", l.id, l.done, got)
			}
			if l.done < len(steps) {
				halves[steps[l.done].name]++
			}
		}
	}
	t.Logf("killed after %d acknowledged steps, none of them lost; under way were: %v", acknowledged.Load(), halves)
}

// TestKillLosesNoCatalogue kills the server as soon as it says that it applied its catalogue file.
func TestKillLosesNoCatalogue(t *testing.T) {
	killed, undisturbed := t.TempDir(), t.TempDir()
	server := startProcess(t, killed, "--catalog", testCatalog)
	server.kill(t)
	if _, stderr, code := runProgram(t, "catalog", "apply", testCatalog, "--data-dir", undisturbed); code != 0 {
		t.Fatal(stderr)
	}
	want, _, _ := runProgram(t, "catalog", "export", "--data-dir", undisturbed)
	got, stderr, code := runProgram(t, "catalog", "export", "--data-dir", killed)
	if code != 0 || got != want || want == "" {
		t.Errorf("code %d, %s: %d bytes of catalogue, want %d", code, stderr, len(got), len(want))
	}
	// A second time there is nothing to do.
	if again, stderr, code := runProgram(t, "catalog", "apply", testCatalog, "--data-dir", killed); code != 0 || !strings.Contains(again, "nothing to change") {
		t.Errorf("applied again: code %d: %s%s", code, again, stderr)
	}
}
