package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"runtime/debug"
	"slices"
	"syscall"

	"clientele/internal/catalog"
	"clientele/internal/config"
	"clientele/internal/domain"
	"clientele/internal/httpd"
	"clientele/persistence/bolt"
	"clientele/persistence/mongo"
)

// Run runs the configured command, until it or the context is done.
func Run(ctx context.Context, cfg config.Config, out io.Writer, log *slog.Logger) error {
	switch cfg.Command {
	case config.CommandHelp:
		_, err := io.WriteString(out, config.Help(cfg.HelpTopic))
		return err
	case config.CommandVersion:
		_, err := fmt.Fprintln(out, "clientele", Version())
		return err
	case config.CommandHealth:
		return health(ctx, cfg, out)
	case config.CommandServe:
		return serve(ctx, cfg, out, log)
	case config.CommandCatalogApply:
		return applyCatalog(ctx, cfg, out, log)
	case config.CommandCatalogExport:
		return withApp(ctx, cfg, log, func(a *App) error { return a.exportCatalog(ctx, cfg, out) })
	default:
		return manageKeys(ctx, cfg, out, log)
	}
}

// IsUsageError reports whether an error of Run is a mistake in arguments, environment or the files that they name.
func IsUsageError(err error) bool {
	_, wrongCatalog := errors.AsType[*catalog.InvalidError](err)
	return wrongCatalog || errors.Is(err, errProvider) || errors.Is(err, mongo.ErrURI) || errors.Is(err, httpd.ErrCertificate) || domain.IsKind(err, domain.BadUserInput)
}

// errNoData is for commands that create nothing: a mistyped folder must not become a store.
var errNoData = errors.New("there is no data in this folder")

func withApp(ctx context.Context, cfg config.Config, log *slog.Logger, do func(*App) error) error {
	switch cfg.Command {
	case config.CommandCatalogExport, config.CommandKeysList, config.CommandKeysRoll, config.CommandKeysRevoke:
		if exists, err := storeExists(cfg); err != nil {
			return err
		} else if !exists {
			return fmt.Errorf("%s: %w", cfg.DataDir, errNoData)
		}
	default:
	}
	a, err := New(ctx, cfg, log)
	if err != nil {
		return err
	}
	return errors.Join(do(a), a.Close(ctx))
}

// storeExists reports whether there is a store. MongoDB creates databases by itself.
func storeExists(cfg config.Config) (bool, error) {
	if cfg.MongoDBURI != "" {
		return true, nil
	}
	return bolt.Exists(cfg.DataDir)
}

func serve(ctx context.Context, cfg config.Config, out io.Writer, log *slog.Logger) error {
	// Before the store is opened: a start that must fail should not touch the data.
	listener, err := listen(ctx, "listen", cfg.Listen)
	if err != nil {
		return err
	}
	// Serving closes the listener too; this is for the returns before that.
	defer func() { _ = listener.Close() }()
	for _, name := range slices.Sorted(maps.Keys(cfg.Misspelled)) {
		log.WarnContext(ctx, "an environment variable has no effect", "name", name, "didYouMean", cfg.Misspelled[name])
	}
	if cfg.Observability.OpsListen == "" {
		return withApp(ctx, cfg, log, func(a *App) error { return a.Serve(ctx, listener, out) })
	}
	ops, err := listen(ctx, "ops-listen", cfg.Observability.OpsListen)
	if err != nil {
		return err
	}
	defer func() { _ = ops.Close() }()
	fmt.Fprintf(out, "Metrics and health at http://%s\n", ops.Addr())
	return withApp(ctx, cfg, log, func(a *App) error { return a.ServeWithOps(ctx, listener, ops, out) })
}

// listen listens on the address of a flag.
func listen(ctx context.Context, flag, address string) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("another program, or another clientele, listens on %s: stop it, or choose another port, as in --%s 127.0.0.1:9000", address, flag)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("--%s %s is not an address of this machine", flag, address)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("no permission to listen on %s: ports below 1024 are reserved; choose another with --%s", address, flag)
	case err != nil:
		return nil, fmt.Errorf("--%s: %w", flag, err)
	}
	return listener, nil
}

// version is set by release builds: go build -ldflags "-X clientele/internal/app.version=v1.2.3".
var version string

// Version is the version that the build was given, or else the one that Go recorded.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
