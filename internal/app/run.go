package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"runtime/debug"
	"syscall"
	"text/tabwriter"
	"time"

	"clientele/internal/auth"
	"clientele/internal/catalog"
	"clientele/internal/config"
	"clientele/internal/domain"
	"clientele/internal/httpd"
	"clientele/persistence"
	"clientele/persistence/bolt"
	"clientele/persistence/mongo"
)

// Run does what the configuration asks for and returns when it is done, or when the context is.
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
		return withApp(ctx, cfg, log, func(a *App) error { return a.manageKeys(ctx, cfg, out) })
	}
}

// WronglyAsked reports whether an error of Run is the fault of what the program was told, which only shows
// once it tries.
func WronglyAsked(err error) bool {
	_, wrongCatalog := errors.AsType[*catalog.InvalidError](err)
	return wrongCatalog || errors.Is(err, mongo.ErrURI) || errors.Is(err, httpd.ErrCertificate) || domain.IsKind(err, domain.BadUserInput)
}

// errNoData answers a command that only looks, or ends something, where there is nothing to look at: a folder that
// was mistyped should not become a store.
var errNoData = errors.New("there is no data in this folder")

func withApp(ctx context.Context, cfg config.Config, log *slog.Logger, do func(*App) error) error {
	switch cfg.Command {
	case config.CommandCatalogExport, config.CommandKeysList, config.CommandKeysRevoke:
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

// storeExists reports whether there is data to look at. A database needs no look: it makes itself.
func storeExists(cfg config.Config) (bool, error) {
	if cfg.MongoDBURI != "" {
		return true, nil
	}
	return bolt.Exists(cfg.DataDir)
}

func serve(ctx context.Context, cfg config.Config, out io.Writer, log *slog.Logger) error {
	// The port comes first: a start that must fail should not touch the data.
	listener, err := listen(ctx, "listen", cfg.Listen)
	if err != nil {
		return err
	}
	// Serving closes the listener too; this is for the ways out before that.
	defer func() { _ = listener.Close() }()
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

// listen takes an address, or says why it cannot be had.
func listen(ctx context.Context, flag, address string) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("another program, or another clientele, listens on %s: stop it, or choose another port, as in --%s 127.0.0.1:9000", address, flag)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("--%s %s is not an address of this machine", flag, address)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("no permission to listen on %s: ports below 1024 are for the system; choose another with --%s", address, flag)
	case err != nil:
		return nil, fmt.Errorf("--%s: %w", flag, err)
	}
	return listener, nil
}

func (a *App) manageKeys(ctx context.Context, cfg config.Config, out io.Writer) error {
	switch cfg.Command {
	case config.CommandKeysCreate:
		secret, key, err := a.keys.Create(ctx, keyRequest(cfg, cfg.KeyName))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s\nid %s, environment %s, scope %s; shown this once, kept as a hash\n",
			secret, key.ID, key.EnvironmentID, key.Scope)
		return err
	case config.CommandKeysList:
		keys, err := a.keys.List(ctx)
		if err != nil {
			return err
		}
		return printKeys(out, keys, time.Now())
	default:
		err := a.keys.Revoke(ctx, cfg.KeyID)
		if errors.Is(err, persistence.ErrNotFound) {
			// Without the text, which may be the secret, given by mistake.
			return errors.New("there is no key with that id; keys list shows the ids, of 16 digits each")
		}
		if err == nil {
			_, err = fmt.Fprintf(out, "key %s is revoked\n", cfg.KeyID)
		}
		return err
	}
}

func keyRequest(cfg config.Config, name string) auth.Request {
	return auth.Request{
		EnvironmentID: cfg.Environment, Scope: domain.Scope(cfg.KeyScope), Name: name, ValidFor: cfg.KeyExpiresIn,
	}
}

func printKeys(out io.Writer, keys []*domain.APIKey, now time.Time) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tENVIRONMENT\tSCOPE\tSTATE\tCREATED\tEXPIRES\tNAME")
	for _, key := range keys {
		state, expires := "usable", "never"
		if key.ExpiresAt != nil {
			expires = key.ExpiresAt.Format(time.RFC3339)
		}
		switch {
		case key.RevokedAt != nil:
			state = "revoked"
		case !key.Usable(now):
			state = "expired"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			key.ID, key.EnvironmentID, key.Scope, state, key.CreatedAt.Format(time.RFC3339), expires, key.Name)
	}
	return table.Flush()
}

// Version is the program's version as the build recorded it.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
