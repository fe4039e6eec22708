package mongo

import (
	"os"
	"testing"

	"clientele/persistence/mongo/mongotest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	mongotest.Report(mongotest.Finish())
	os.Exit(code)
}
