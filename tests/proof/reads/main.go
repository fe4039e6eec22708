// Command reads shows that a back end which reads widely is not throttled: it sends 6,000 of the widest reads of one
// customer in a minute, at an even pace and with the rate that a key has by default. It prints what came of that, and
// fails if one was refused.
//
//	reads [-scale 0.1] PROGRAM CATALOGUE
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"clientele/internal/config"
	"clientele/tests/clientops"
	"clientele/tests/served"
)

const (
	apiKey  = "server-for-the-proofs-on-this-machine"
	aMinute = 6000
	every   = time.Minute / aMinute
)

func main() {
	log.SetFlags(0)
	scale := flag.Float64("scale", 1, "how much of a minute")
	flag.Parse()
	if flag.NArg() != 2 {
		log.Fatal("usage: reads [-scale 0.1] PROGRAM CATALOGUE")
	}
	if err := prove(context.Background(), flag.Arg(0), flag.Arg(1), int(aMinute**scale)); err != nil {
		log.Fatal("reads: ", err)
	}
	fmt.Println("reads: every bound held")
}

func prove(ctx context.Context, program, catalogue string, count int) error {
	folder, err := os.MkdirTemp("", "clientele-proof-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	exposed := config.Default()
	exposed.Listen = ":8080"
	perMinute, burst := exposed.KeyRate()
	s, err := served.Start(ctx, program, "--data-dir="+folder, "--api-key="+apiKey, "--catalog="+catalogue,
		fmt.Sprint("--rate-limit-key=", perMinute), fmt.Sprint("--rate-limit-key-burst=", burst))
	if err != nil {
		return err
	}
	defer s.Stop()
	if err := s.Must(ctx, apiKey, provision, nil); err != nil {
		return err
	}
	text, err := s.Get(ctx, s.Address, "/schema.graphql")
	if err != nil {
		return err
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: text})
	if err != nil {
		return err
	}
	widest := clientops.Widest(schema, ast.Query, "getCustomerByRefId")
	seen := paced(count, func() (int, int, error) {
		response, err := s.Post(ctx, apiKey, widest.Query, map[string]any{"input": map[string]any{"customerId": "full"}})
		if err != nil {
			return 0, 0, err
		}
		var body struct {
			Errors     []any
			Extensions struct{ Cost struct{ Charged int } }
		}
		err = json.Unmarshal(response.Text, &body)
		if err == nil && response.Status == http.StatusOK && len(body.Errors) > 0 {
			err = fmt.Errorf("%.300s", response.Text)
		}
		return response.Status, body.Extensions.Cost.Charged, err
	})
	slices.Sort(seen.took)
	fmt.Printf("%d reads of everything around a customer in %v: %d throttled, %d failed\n", count, seen.lasted.Round(time.Second), seen.throttled, len(seen.faults))
	fmt.Printf("charged %d points each, of %d a minute; p50 %v, p99 %v\n", seen.charged/max(1, count), perMinute,
		seen.took[len(seen.took)/2].Round(10*time.Microsecond), seen.took[len(seen.took)*99/100].Round(10*time.Microsecond))
	if seen.throttled > 0 {
		return errors.New("some were throttled")
	}
	return errors.Join(seen.faults...)
}

// outcome is what came of many requests.
type outcome struct {
	took               []time.Duration
	lasted             time.Duration
	throttled, charged int
	faults             []error
}

// paced sends so many requests at an even pace. What one takes is counted from when it was due.
func paced(count int, send func() (status, charged int, err error)) *outcome {
	var mu sync.Mutex
	var group sync.WaitGroup
	seen := &outcome{}
	began := time.Now()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for i := range count {
		<-ticker.C
		group.Go(func() {
			due := began.Add(time.Duration(i+1) * every)
			status, charged, err := send()
			mu.Lock()
			defer mu.Unlock()
			seen.took = append(seen.took, time.Since(due))
			seen.charged += charged
			switch {
			case err != nil:
				seen.faults = append(seen.faults, err)
			case status == http.StatusTooManyRequests:
				seen.throttled++
			case status != http.StatusOK:
				seen.faults = append(seen.faults, fmt.Errorf("status %d", status))
			}
		})
	}
	group.Wait()
	seen.lasted = time.Since(began)
	return seen
}

// provision makes a customer of the example catalogue with something in everything.
const provision = `mutation { provisionCustomer(input: {
	customerId: "full", name: "A customer with everything", email: "everything@example.com", couponRefId: "coupon-test-id",
	additionalMetaData: { a: "1", b: "2", c: "3" },
	subscriptionParams: {
		planId: "plan-basic", resourceId: "resource-01", billingPeriod: MONTHLY, awaitPaymentConfirmation: false,
		billableFeatures: [{ featureId: "feature-01-templates", quantity: 2 }], addons: [{ addonId: "addon-extra-stuff", quantity: 1 }] }
}) { customer { id } } }`
