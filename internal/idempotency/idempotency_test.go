package idempotency_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"clientele/internal/domain"
	"clientele/internal/idempotency"
	"clientele/persistence"
	"clientele/persistence/bolt"
)

var noon = time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)

// fixture is a service over a store, with a clock of the test's own.
type fixture struct {
	*idempotency.Service
	store persistence.Store
	log   *bytes.Buffer
	// now is the time in milliseconds after noon.
	now atomic.Int64
	// done counts how often something was carried out.
	done atomic.Int64
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	store, err := bolt.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close(context.Background()) })
	return over(store, store)
}

// over is a service over a store, which it may see in a way of its own.
func over(seen idempotency.Store, store persistence.Store) *fixture {
	f := &fixture{store: store, log: &bytes.Buffer{}}
	f.Service = idempotency.New(seen, slog.New(slog.NewTextHandler(f.log, nil)), idempotency.WithClock(func() time.Time {
		return noon.Add(time.Duration(f.now.Load()) * time.Millisecond)
	}))
	return f
}

// wait lets time pass.
func (f *fixture) wait(d time.Duration) { f.now.Add(d.Milliseconds()) }

// send sends a request whose response says how often something was carried out.
func (f *fixture) send(t *testing.T, request idempotency.Request, customers ...*domain.Customer) (idempotency.Response, error) {
	t.Helper()
	return f.Once(t.Context(), request, func(context.Context, string) idempotency.Outcome {
		return idempotency.Outcome{Response: fmt.Appendf(nil, "answer %d", f.done.Add(1)), Final: true, Customers: customers}
	})
}

// must sends a request and expects the response, and whether it is a replay.
func (f *fixture) must(t *testing.T, what string, request idempotency.Request, want string, replayed bool, customers ...*domain.Customer) {
	t.Helper()
	got, err := f.send(t, request, customers...)
	if err != nil || string(got.Text) != want || got.Replayed != replayed {
		t.Errorf("%s: got %q, replayed %t, %v, want %q, replayed %t", what, got.Text, got.Replayed, err, want, replayed)
	}
}

// refused sends a request and expects a refusal.
func (f *fixture) refused(t *testing.T, what string, request idempotency.Request, kind domain.Kind, words string) {
	t.Helper()
	before := f.done.Load()
	got, err := f.send(t, request)
	if !domain.IsKind(err, kind) || !strings.Contains(err.Error(), words) || got.Text != nil {
		t.Errorf("%s: got %q, %v, want %s with %q", what, got.Text, err, kind, words)
	}
	if f.done.Load() != before {
		t.Errorf("%s: it was carried out", what)
	}
}

func request(changes ...func(*idempotency.Request)) idempotency.Request {
	r := idempotency.Request{
		Actor:    domain.Actor{KeyID: "k", EnvironmentID: "production", Scope: domain.ScopeFull},
		Mutation: "provisionCustomer", Key: "the-key", Body: []byte("the body of ada@example.com"),
	}
	for _, change := range changes {
		change(&r)
	}
	return r
}

func body(text string) func(*idempotency.Request) {
	return func(r *idempotency.Request) { r.Body = []byte(text) }
}

// customer is a stored customer with an ResponseKey.
func customer(t *testing.T, f *fixture, id string) *domain.Customer {
	t.Helper()
	ref := domain.CustomerRef{EnvironmentID: "production", CustomerID: id}
	c := &domain.Customer{Key: ref.Key(), ID: id, EnvironmentID: "production", CustomerID: id, Version: 1, ResponseKey: []byte("key of " + id)}
	if err := f.store.InsertCustomer(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return c
}

// archive archives a customer in one write, as a process that ends right after it does.
func archive(t *testing.T, f *fixture, c *domain.Customer) {
	t.Helper()
	c.Version++
	c.Archive(noon)
	if err := f.store.ReplaceCustomer(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func TestTheSameRequestIsCarriedOutOnce(t *testing.T) {
	f := newFixture(t)
	f.must(t, "first", request(), "answer 1", false)
	f.must(t, "second", request(), "answer 1", true)
	f.must(t, "third", request(), "answer 1", true)
	f.wait(24*time.Hour - time.Millisecond)
	f.must(t, "before the day is over", request(), "answer 1", true)
	f.wait(time.Millisecond)
	f.must(t, "after a day", request(), "answer 2", false)
	f.must(t, "after a day, again", request(), "answer 2", true)
}

func TestRequestsThatDiffer(t *testing.T) {
	f := newFixture(t)
	f.must(t, "first", request(), "answer 1", false)
	n := 1
	for name, change := range map[string]func(*idempotency.Request){
		"another key":         func(r *idempotency.Request) { r.Key = "The-key" },
		"another mutation":    func(r *idempotency.Request) { r.Mutation = "createOneCustomer" },
		"another API key":     func(r *idempotency.Request) { r.Actor.KeyID = "l" },
		"another environment": func(r *idempotency.Request) { r.Actor.EnvironmentID = "staging" },
		"parts that join alike": func(r *idempotency.Request) {
			r.Actor.KeyID, r.Actor.EnvironmentID = "nk", "productio"
		},
	} {
		n++
		f.must(t, name, request(change), fmt.Sprint("answer ", n), false)
		f.must(t, name+" again", request(change), fmt.Sprint("answer ", n), true)
	}
	for name, text := range map[string]string{"another body": "the body of eve@example.com", "an empty body": ""} {
		f.refused(t, name, request(body(text)), domain.IdempotencyKeyReused, "another request")
	}
	f.must(t, "the first again", request(), "answer 1", true)
}

// TestWhatIsNotSettledIsCarriedOutAgain: of such a request nothing is kept.
func TestWhatIsNotSettledIsCarriedOutAgain(t *testing.T) {
	f := newFixture(t)
	for i := range 3 {
		got, err := f.Once(t.Context(), request(), func(context.Context, string) idempotency.Outcome {
			return idempotency.Outcome{Response: fmt.Append(nil, i)}
		})
		if err != nil || string(got.Text) != fmt.Sprint(i) || got.Replayed {
			t.Errorf("got %q, replayed %t, %v", got.Text, got.Replayed, err)
		}
	}
	f.must(t, "with another body", request(body("another")), "answer 1", false)
}

func TestTheSeedIsTheRequests(t *testing.T) {
	f := newFixture(t)
	seed := func(r idempotency.Request) (seed string) {
		_, err := f.Once(t.Context(), r, func(_ context.Context, s string) idempotency.Outcome {
			seed = s
			return idempotency.Outcome{}
		})
		if err != nil {
			t.Fatal(err)
		}
		return seed
	}
	first := seed(request())
	if again := seed(request()); first == "" || again != first {
		t.Errorf("the seed is %q, then %q", first, again)
	}
	if other := seed(request(func(r *idempotency.Request) { r.Key = "other" })); other == first {
		t.Error("another key has the same seed")
	}
}

// TestDuplicatesUnderWayWait lets many send one request to two services of one store, as two servers are.
func TestDuplicatesUnderWayWait(t *testing.T) {
	one := newFixture(t)
	two := over(one.store, one.store)
	began, proceed := make(chan struct{}), make(chan struct{})
	var done atomic.Int64
	var group sync.WaitGroup
	var replays atomic.Int64
	for i := range 20 {
		service := []*fixture{one, two}[i%2]
		group.Go(func() {
			got, err := service.Once(t.Context(), request(), func(context.Context, string) idempotency.Outcome {
				close(began) // Panics the second time.
				<-proceed
				return idempotency.Outcome{Response: fmt.Appendf(nil, "answer %d", done.Add(1)), Final: true}
			})
			if err != nil || string(got.Text) != "answer 1" {
				t.Errorf("got %q, %v", got.Text, err)
			}
			if got.Replayed {
				replays.Add(1)
			}
		})
	}
	<-began
	// Whoever waits may stop waiting.
	impatient, leave := context.WithCancel(t.Context())
	leave()
	for _, f := range []*fixture{one, two} {
		if _, err := f.Once(impatient, request(), nil); !errors.Is(err, context.Canceled) {
			t.Errorf("who left is answered %v", err)
		}
	}
	// Another body need not wait for a refusal, but for the turn within its process.
	if _, err := over(one.store, one.store).Once(t.Context(), request(body("other")), nil); !domain.IsKind(err, domain.IdempotencyKeyReused) {
		t.Errorf("another body is answered %v", err)
	}
	close(proceed)
	group.Wait()
	if replays.Load() != 19 {
		t.Errorf("%d of 20 answers are replays", replays.Load())
	}
}

// TestAClientThatLeaves: its mutation goes on, and a retry gets the response.
func TestAClientThatLeaves(t *testing.T) {
	f := newFixture(t)
	ctx, leave := context.WithCancel(t.Context())
	_, err := f.Once(ctx, request(), func(ctx context.Context, _ string) idempotency.Outcome {
		leave()
		return idempotency.Outcome{Response: fmt.Append(nil, ctx.Err()), Final: true}
	})
	if err != nil {
		t.Fatal(err)
	}
	f.must(t, "back", request(), "<nil>", true)
}

func TestWhatIsCarriedOutHasTheRequestsDeadline(t *testing.T) {
	f := newFixture(t)
	deadline := time.Now().Add(time.Hour)
	ctx, cancel := context.WithDeadline(t.Context(), deadline)
	defer cancel()
	_, err := f.Once(ctx, request(), func(ctx context.Context, _ string) idempotency.Outcome {
		if got, set := ctx.Deadline(); !set || !got.Equal(deadline) {
			t.Errorf("the deadline is %v, %t", got, set)
		}
		return idempotency.Outcome{}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// crashing is a store whose process ended before it could write down what came of a request.
type crashing struct{ persistence.Store }

func (crashing) ReplaceRequest(context.Context, *domain.KeyedRequest) error {
	return persistence.ErrUnavailable
}

func (crashing) DeleteRequest(context.Context, string, int64) error {
	return persistence.ErrUnavailable
}

// TestARequestOfACrashedProcessIsTakenOver: its claim stands; the next request waits for the lease, sees no sign of life
// and carries the request out.
func TestARequestOfACrashedProcessIsTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		crashed := over(crashing{f.store}, f.store)
		crashed.must(t, "before the crash", request(), "answer 1", false)
		if log := crashed.log.String(); !strings.Contains(log, "was not stored") || strings.Contains(log, "the-key") || strings.Contains(log, "ada@") {
			t.Errorf("the log has %q", log)
		}
		short, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if _, err := f.Once(short, request(), nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("half the lease later: %v", err)
		}
		began := time.Now()
		f.must(t, "after the crash", request(), "answer 1", false)
		if waited := time.Since(began); waited < 10*time.Second || waited > 11*time.Second {
			t.Errorf("waited %v for the lease", waited)
		}
		f.must(t, "again", request(), "answer 1", true)
	})
}

// TestASlowRequestIsNotTakenOver: it gives signs of life.
func TestASlowRequestIsNotTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		other := over(f.store, f.store)
		var group sync.WaitGroup
		began := make(chan struct{})
		group.Go(func() {
			_, err := f.Once(t.Context(), request(), func(ctx context.Context, _ string) idempotency.Outcome {
				close(began)
				if err := persistence.Pause(ctx, time.Minute); err != nil {
					t.Errorf("it was ended: %v", err)
				}
				return idempotency.Outcome{Response: []byte("slow"), Final: true}
			})
			if err != nil {
				t.Error(err)
			}
		})
		<-began
		other.must(t, "the duplicate", request(), "slow", true)
		group.Wait()
	})
}

// TestARequestThatWasTakenOverIsEnded: a process that cannot write heartbeats carries nothing out any more when
// others may do it.
func TestARequestThatWasTakenOverIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		mute := over(crashing{f.store}, f.store)
		began := time.Now()
		got, err := mute.Once(t.Context(), request(), func(ctx context.Context, _ string) idempotency.Outcome {
			<-ctx.Done()
			return idempotency.Outcome{Response: []byte("ended")}
		})
		if err != nil || string(got.Text) != "ended" {
			t.Errorf("got %q, %v", got.Text, err)
		}
		if lasted := time.Since(began); lasted > 10*time.Second {
			t.Errorf("it went on for %v, and others may begin after 10 s", lasted)
		}
	})
}

func TestAnswersThatAreNotKept(t *testing.T) {
	f := newFixture(t)
	keyless := customer(t, f, "keyless")
	keyless.ResponseKey = nil
	for name, outcome := range map[string]idempotency.Outcome{
		"a large answer":                 {Response: bytes.Repeat([]byte("a"), 1<<20+1), Final: true},
		"of a customer without a secret": {Response: []byte("x"), Final: true, Customers: []*domain.Customer{keyless}},
	} {
		r := request(func(r *idempotency.Request) { r.Key = name })
		got, err := f.Once(t.Context(), r, func(context.Context, string) idempotency.Outcome { return outcome })
		if err != nil || !bytes.Equal(got.Text, outcome.Response) {
			t.Errorf("%s: got %d bytes, %v", name, len(got.Text), err)
		}
		f.refused(t, name, r, domain.IdempotencyKeyReused, "carried out")
	}
	largest := bytes.Repeat([]byte("a"), 1<<20)
	for range 2 {
		got, err := f.Once(t.Context(), request(), func(context.Context, string) idempotency.Outcome {
			return idempotency.Outcome{Response: largest, Final: true}
		})
		if err != nil || !bytes.Equal(got.Text, largest) {
			t.Errorf("the largest: got %d bytes, %v", len(got.Text), err)
		}
	}
}

// TestArchivedCustomersAreForgotten: the one write that archives a customer makes the stored responses about it
// unreadable, whatever comes after it or does not.
func TestArchivedCustomersAreForgotten(t *testing.T) {
	f := newFixture(t)
	ada, eve := customer(t, f, "ada"), customer(t, f, "eve")
	both, hers, nobodys := request(), request(func(r *idempotency.Request) { r.Key = "hers" }), request(func(r *idempotency.Request) { r.Key = "nobody's" })
	f.must(t, "about both", both, "answer 1", false, ada, eve, ada)
	f.must(t, "about one", hers, "answer 2", false, eve)
	f.must(t, "about nobody", nobodys, "answer 3", false)
	f.must(t, "about both, again", both, "answer 1", true)

	archive(t, f, ada)
	f.refused(t, "about both", both, domain.Archived, "archived since")
	f.must(t, "about the other", hers, "answer 2", true)
	f.must(t, "about nobody", nobodys, "answer 3", true)

	// Coming back, and a new secret, bring nothing back.
	ada.Version++
	ada.Unarchive(noon)
	ada.ResponseKey = []byte("a new key")
	if err := f.store.ReplaceCustomer(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	f.refused(t, "about both, after the return", both, domain.Archived, "archived since")

	// What is dropped is refused whatever the body is: that is not known any more.
	about, err := f.store.RequestsAbout(t.Context(), eve.Key, 10)
	if err != nil || len(about) != 2 {
		t.Fatalf("%d requests are about eve, %v", len(about), err)
	}
	for _, r := range about {
		r.Clear()
		r.Version++
		if err := f.store.ReplaceRequest(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	f.refused(t, "forgotten", hers, domain.Archived, "archived since")
	f.refused(t, "forgotten, with another body", request(func(r *idempotency.Request) { r.Key = "hers" }, body("another")), domain.Archived, "archived since")
}

// TestACustomerThatIsArchivedMeanwhile: a response from before is stored after, and cannot be read.
func TestACustomerThatIsArchivedMeanwhile(t *testing.T) {
	f := newFixture(t)
	ada := customer(t, f, "ada")
	before := *ada
	_, err := f.Once(t.Context(), request(), func(context.Context, string) idempotency.Outcome {
		archive(t, f, ada)
		return idempotency.Outcome{Response: []byte("Ada"), Final: true, Customers: []*domain.Customer{&before}}
	})
	if err != nil {
		t.Fatal(err)
	}
	f.refused(t, "afterwards", request(), domain.Archived, "archived since")
}

// keeping is a store that remembers the requests that were written.
type keeping struct {
	persistence.Store
	written *[]domain.KeyedRequest
}

func (k keeping) InsertRequest(ctx context.Context, r *domain.KeyedRequest) error {
	*k.written = append(*k.written, *r)
	return k.Store.InsertRequest(ctx, r)
}

func (k keeping) ReplaceRequest(ctx context.Context, r *domain.KeyedRequest) error {
	*k.written = append(*k.written, *r)
	return k.Store.ReplaceRequest(ctx, r)
}

// TestNothingIsReadable: neither the key, nor the request, nor its response is in what is stored, and equal requests
// under two keys do not show as equal.
func TestNothingIsReadable(t *testing.T) {
	plain := newFixture(t)
	var written []domain.KeyedRequest
	f := over(keeping{plain.store, &written}, plain.store)
	ada := customer(t, f, "ada")
	f.must(t, "first", request(), "answer 1", false, ada)
	f.must(t, "with another key", request(func(r *idempotency.Request) { r.Key = "another-key" }), "answer 2", false, ada)
	if len(written) != 4 {
		t.Fatalf("%d writes, want a claim and an answer for each", len(written))
	}
	for _, r := range written {
		for _, secret := range []string{"the-key", "another-key", "body", "ada@example.com", "answer", "provisionCustomer"} {
			if text := fmt.Sprintf("%q %q %q %s", r.ID, r.Fingerprint, r.CustomerKeys, r.Response); strings.Contains(text, secret) {
				t.Errorf("%q is in %s", secret, text)
			}
		}
	}
	if written[0].Fingerprint == written[2].Fingerprint || written[0].ID == written[2].ID {
		t.Error("equal requests under two keys look alike")
	}
}

func TestSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		const requests = 603
		var group sync.WaitGroup
		for i := range requests {
			group.Go(func() {
				r := &domain.KeyedRequest{ID: fmt.Sprint(i), Version: 1, State: domain.RequestCompleted, ExpiresAt: noon.Add(time.Duration(i) * time.Millisecond)}
				if err := f.store.InsertRequest(t.Context(), r); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		f.wait(599 * time.Millisecond)
		if n, err := f.Sweep(t.Context()); n != 600 || err != nil {
			t.Errorf("swept %d, %v, want 600", n, err)
		}
		if _, err := f.store.Request(t.Context(), "600"); err != nil {
			t.Errorf("one that had not expired: %v", err)
		}
		// The sweeper sweeps at once, and again, and ends with its context.
		f.wait(2 * time.Millisecond)
		ctx, end := context.WithCancel(t.Context())
		group.Go(func() { f.Run(ctx) })
		time.Sleep(time.Second)
		f.wait(time.Hour)
		if _, err := f.store.Request(t.Context(), "602"); err != nil {
			t.Errorf("one that had not expired: %v", err)
		}
		time.Sleep(time.Minute)
		if _, err := f.store.Request(t.Context(), "602"); !errors.Is(err, persistence.ErrNotFound) {
			t.Errorf("one that had expired: %v", err)
		}
		end()
		group.Wait()
		if f.log.Len() > 0 {
			t.Errorf("the log has %s", f.log)
		}
	})
}

func TestWhatMustNotBeKeptIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	// Too long to be kept, so that a bound on the wrong text shows.
	secret := strings.Repeat("s", 2<<20)
	for i, want := range []string{secret, "null"} {
		got, err := f.Once(t.Context(), request(), func(context.Context, string) idempotency.Outcome {
			return idempotency.Outcome{Response: []byte(secret), Stored: []byte("null"), Final: true}
		})
		if err != nil || string(got.Text) != want || got.Replayed != (i == 1) {
			t.Errorf("request %d: %d bytes, replayed %t, %v", i, len(got.Text), got.Replayed, err)
		}
	}
}
