package mongotest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const (
	defaultImage = "mongo:8"
	port         = "27017/tcp"
	pollInterval = 50 * time.Millisecond
)

// startContainer runs MongoDB as a replica set of one, because that has everything that a standalone
// server has and retryable writes and majorities besides; or the image that the environment names.
func startContainer(ctx context.Context) (server *instance, err error) {
	// Where there is no Docker at all, testcontainers panics.
	defer func() {
		if fault := recover(); fault != nil {
			server, err = nil, fmt.Errorf("%s is not set, and there is no container: %v", envURI, fault)
		}
	}()
	image := os.Getenv(envImage)
	opts := []testcontainers.ContainerCustomizer{
		testcontainers.WithExposedPorts(port),
		// A look from inside would need a shell in the image.
		testcontainers.WithWaitStrategy(wait.ForListeningPort(port).SkipInternalCheck()),
	}
	asReplicaSet := image == ""
	if asReplicaSet {
		image = defaultImage
		opts = append(opts, testcontainers.WithCmd("--replSet", "rs0", "--bind_ip_all"))
	}
	container, err := testcontainers.Run(ctx, image, opts...)
	if err == nil {
		server, err = connectTo(ctx, container, asReplicaSet)
	}
	if err != nil {
		err = errors.Join(err, testcontainers.TerminateContainer(container))
		return nil, fmt.Errorf("%s is not set, and there is no container of %s: %w", envURI, image, err)
	}
	return server, nil
}

func connectTo(ctx context.Context, container *testcontainers.DockerContainer, asReplicaSet bool) (*instance, error) {
	address, err := container.PortEndpoint(ctx, port, "")
	if err != nil {
		return nil, err
	}
	// The replica set knows itself by an address inside the container, so it must not be discovered.
	server := &instance{uri: "mongodb://" + address + "/?directConnection=true", container: container}
	if asReplicaSet {
		if err := initiate(ctx, server.uri); err != nil {
			return nil, fmt.Errorf("initiate the replica set: %w", err)
		}
	}
	if err := server.connect(ctx); err != nil {
		return nil, err
	}
	return server, nil
}

// initiate makes a replica set of the server, and waits until it has elected itself.
func initiate(ctx context.Context, uri string) error {
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		return err
	}
	defer func() { _ = client.Disconnect(ctx) }()
	config := bson.D{
		{Key: "_id", Value: "rs0"},
		{Key: "members", Value: bson.A{bson.D{{Key: "_id", Value: 0}, {Key: "host", Value: "127.0.0.1:27017"}}}},
	}
	admin := client.Database("admin")
	if err := admin.RunCommand(ctx, bson.D{{Key: "replSetInitiate", Value: config}}).Err(); err != nil {
		return err
	}
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	for {
		var hello struct {
			Primary bool `bson:"isWritablePrimary"`
		}
		err := run(ctx, client, &hello, "hello")
		if hello.Primary {
			return nil
		}
		// An election may interrupt anything, so an error is no reason to end before the time is up.
		select {
		case <-poll.C:
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}
