package mongo

import (
	"context"
	"flag"
	"sync"
	"testing"

	"clientele/persistence"
	"clientele/persistence/mongo/mongotest"
	"clientele/persistence/persistencetest"
)

// ferretCases is how many random cases FerretDB gets. It reads a whole collection for each query, so their time grows
// with the square of their number. The embedded engine runs as many as rapid does by itself, and so does MongoDB.
const ferretCases = "25"

func TestConformance(t *testing.T) {
	cases := flag.Lookup("rapid.checks")
	if mongotest.Running(t).IsFerretDB && cases.Value.String() == cases.DefValue {
		if err := cases.Value.Set(ferretCases); err != nil {
			t.Fatal(err)
		}
	}
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
