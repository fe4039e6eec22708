package bolt_test

import (
	"sync"
	"testing"

	"clientele/persistence"
	"clientele/persistence/bolt"
	"clientele/persistence/persistencetest"
)

func TestConformance(t *testing.T) {
	// The folder of each store, which a *bolt.Store does not expose.
	var directories sync.Map
	open := func(dir string) (persistence.Store, error) {
		store, err := bolt.Open(t.Context(), dir)
		if err != nil {
			return nil, err
		}
		directories.Store(store, dir)
		return store, nil
	}
	persistencetest.Run(t, persistencetest.Engine{
		Open: func(t *testing.T) persistence.Store {
			t.Helper()
			store, err := open(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			return store
		},
		Reopen: func(closed persistence.Store) (persistence.Store, error) {
			dir, _ := directories.Load(closed)
			return open(dir.(string))
		},
	})
}
