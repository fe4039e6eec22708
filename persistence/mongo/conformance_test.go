package mongo

import (
	"context"
	"sync"
	"testing"

	"clientele/persistence"
	"clientele/persistence/mongo/mongotest"
	"clientele/persistence/persistencetest"
)

func TestConformance(t *testing.T) {
	var uris sync.Map
	persistencetest.Run(t, persistencetest.Engine{
		Open: func(t *testing.T) persistence.Store {
			t.Helper()
			uri := mongotest.URI(t)
			store, err := Open(t.Context(), uri)
			if err != nil {
				t.Fatal(err)
			}
			uris.Store(store, uri)
			return store
		},
		Reopen: func(closed persistence.Store) (persistence.Store, error) {
			uri, _ := uris.Load(closed)
			return Open(context.Background(), uri.(string))
		},
	})
}
