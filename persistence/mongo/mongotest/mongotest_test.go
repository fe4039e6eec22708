package mongotest

import (
	"fmt"
	"os"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func TestMain(m *testing.M) {
	code := m.Run()
	fmt.Println(Finish())
	os.Exit(code)
}

func TestWithDatabase(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"mongodb://h":                                 "mongodb://h/x",
		"mongodb://h/":                                "mongodb://h/x",
		"mongodb://h/db":                              "mongodb://h/x",
		"mongodb://h:1,i:2/db?replicaSet=r":           "mongodb://h:1,i:2/x?replicaSet=r",
		"mongodb://u:p@h":                             "mongodb://u:p@h/x?authSource=admin",
		"mongodb://u:p@h/db?tls=true":                 "mongodb://u:p@h/x?tls=true&authSource=db",
		"mongodb+srv://u:p@h/db?authSource=elsewhere": "mongodb+srv://u:p@h/x?authSource=elsewhere",
	} {
		if got := withDatabase(uri, "x"); got != want {
			t.Errorf("%s: got %s, want %s", uri, got, want)
		}
	}
}

func TestEveryTestHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	if first, second := URI(t), URI(t); first == second {
		t.Errorf("got %s twice", first)
	}
}

// It is not parallel, because it goes on with what its subtest left behind.
func TestDatabasesAreDropped(t *testing.T) {
	client := serverFor(t).client
	var name string
	t.Run("use", func(t *testing.T) {
		name = newDatabase(t)
		if _, err := client.Database(name).Collection("c").InsertOne(t.Context(), bson.D{}); err != nil {
			t.Fatal(err)
		}
	})
	left, err := client.ListDatabaseNames(t.Context(), bson.D{{Key: "name", Value: name}})
	if err != nil || len(left) != 0 {
		t.Errorf("got %v, %v", left, err)
	}
}
