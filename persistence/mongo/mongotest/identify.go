package mongotest

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// identify returns which server it is.
func identify(ctx context.Context, client *mongo.Client, address string) (Server, error) {
	var build struct {
		Version string `bson:"version"`
		// FerretDB 1 has its own version here, and in Version that of the MongoDB which it stands in for.
		FerretDB string `bson:"ferretdbVersion"`
	}
	if err := run(ctx, client, &build, "buildInfo"); err != nil {
		return Server{}, err
	}
	var hello struct {
		SetName string `bson:"setName"`
		Message string `bson:"msg"`
	}
	if err := run(ctx, client, &hello, "hello"); err != nil {
		return Server{}, err
	}
	kind := "standalone server"
	switch {
	case hello.Message == "isdbgrid":
		kind = "sharded cluster"
	case hello.SetName != "":
		kind = "replica set"
	}
	if build.FerretDB != "" {
		name := fmt.Sprintf("FerretDB 1 (version %s) at %s, which is not MongoDB", build.FerretDB, address)
		return Server{Name: name, IsFerretDB: true}, nil
	}
	return Server{Name: fmt.Sprintf("MongoDB %s %s at %s", build.Version, kind, address)}, nil
}

// run runs an administrative command without arguments.
func run(ctx context.Context, client *mongo.Client, answer any, command string) error {
	return client.Database("admin").RunCommand(ctx, bson.D{{Key: command, Value: 1}}).Decode(answer)
}
