package auth

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

// usedKeys is a store of one key in memory, which counts the writes of uses and can fail them.
type usedKeys struct {
	persistence.Keys

	mu     sync.Mutex
	key    domain.APIKey
	writes int
	broken atomic.Bool
}

// recorded is the last use that is recorded; zero for none.
func (k *usedKeys) recorded() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.key.LastUsedAt == nil {
		return time.Time{}
	}
	return *k.key.LastUsedAt
}

// written is how many writes there were.
func (k *usedKeys) written() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.writes
}

func (k *usedKeys) Key(context.Context, string) (*domain.APIKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key := k.key
	return &key, nil
}

func (k *usedKeys) UseKeys(ctx context.Context, uses map[string]time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if k.broken.Load() {
		return errBroken
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.writes++
	k.key.LastUsedAt = new(uses[k.key.ID])
	return nil
}

func newUsed(log *bytes.Buffer) (*Service, *usedKeys) {
	store := &usedKeys{key: domain.APIKey{ID: idOf(hash(given)), Hash: hash(given), EnvironmentID: "a", Scope: domain.ScopeFull}}
	return New(store, WithLog(slog.New(slog.NewTextHandler(log, nil)))), store
}

// use runs the service in the background while do sends requests, and ends it gracefully.
func use(t *testing.T, service *Service, do func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		service.Run(ctx)
	}()
	do()
	cancel()
	<-ended
}

func mustAuthenticate(t *testing.T, service *Service) time.Time {
	t.Helper()
	if _, err := service.Authenticate(t.Context(), given); err != nil {
		t.Fatal(err)
	}
	return domain.Timestamp(time.Now())
}

func TestAKeyInUseIsWrittenOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service, store := newUsed(&bytes.Buffer{})
		var last time.Time
		use(t, service, func() {
			for range 600 {
				last = mustAuthenticate(t, service)
				time.Sleep(time.Second)
			}
			synctest.Wait()
			if n := store.written(); n < 9 || n > 11 {
				t.Errorf("%d writes in ten minutes", n)
			}
		})
		if late := last.Sub(store.recorded()); late < 0 || late > usePrecision+flushEvery {
			t.Errorf("the recorded use is %s older than the last one", late)
		}
	})
}

func TestAUseIsRecordedWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service, store := newUsed(&bytes.Buffer{})
		use(t, service, func() {
			at := mustAuthenticate(t, service)
			time.Sleep(flushEvery)
			synctest.Wait()
			if !store.recorded().Equal(at) {
				t.Errorf("recorded is %v, not %v", store.recorded(), at)
			}
		})
	})
}

func TestAGracefulEndLosesNoUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service, store := newUsed(&bytes.Buffer{})
		var at time.Time
		use(t, service, func() { at = mustAuthenticate(t, service) })
		if !store.recorded().Equal(at) {
			t.Errorf("recorded is %v, not %v", store.recorded(), at)
		}
	})
}

func TestAStoreThatFailsCostsNoRequestAndNoUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		service, store := newUsed(&log)
		var at time.Time
		use(t, service, func() {
			store.broken.Store(true)
			for range 10 {
				at = mustAuthenticate(t, service)
				time.Sleep(flushEvery)
			}
			store.broken.Store(false)
			time.Sleep(flushEvery)
			synctest.Wait()
			if !store.recorded().Equal(at) {
				t.Errorf("recorded is %v, not %v", store.recorded(), at)
			}
		})
		if warnings := strings.Count(log.String(), "level=WARN"); warnings != 1 || strings.Contains(log.String(), given) {
			t.Errorf("an outage should be one warning without a secret:\n%s", log.String())
		}
	})
}

func TestIdentifyIsNoUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service, store := newUsed(&bytes.Buffer{})
		use(t, service, func() {
			if _, err := service.Identify(t.Context(), given); err != nil {
				t.Fatal(err)
			}
		})
		if store.written() != 0 {
			t.Error("a use was recorded")
		}
	})
}

func TestARefusedKeyIsNotUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service, store := newUsed(&bytes.Buffer{})
		store.key.RevokedAt = new(time.Now())
		use(t, service, func() {
			if _, err := service.Authenticate(t.Context(), given); !domain.IsKind(err, domain.Unauthenticated) {
				t.Fatal(err)
			}
		})
		if store.written() != 0 {
			t.Error("a use was recorded")
		}
	})
}

func TestPendingUsesAreBounded(t *testing.T) {
	t.Parallel()
	var u uses
	for i := range maxPending + 10 {
		u.record(&domain.APIKey{ID: fmt.Sprint(i)}, noon)
	}
	u.record(&domain.APIKey{ID: "0"}, noon.Add(time.Second))
	taken := u.take()
	if len(taken) != maxPending || !taken["0"].Equal(noon.Add(time.Second)) {
		t.Errorf("%d uses wait, the first of %v", len(taken), taken["0"])
	}
	u.record(&domain.APIKey{ID: "0"}, noon.Add(time.Minute))
	u.putBack(taken)
	if len(u.pending) != maxPending || !u.pending["0"].Equal(noon.Add(time.Minute)) {
		t.Errorf("%d uses wait, the first of %v", len(u.pending), u.pending["0"])
	}
}
