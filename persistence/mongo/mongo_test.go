package mongo

import (
	"fmt"
	"os"
	"testing"

	"clientele/persistence/mongo/mongotest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	fmt.Println(mongotest.Finish())
	os.Exit(code)
}
