package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"
	"time"

	"clientele/internal/auth"
	"clientele/internal/config"
	"clientele/internal/control"
	"clientele/internal/domain"
	"clientele/persistence"
)

// manageKeys runs a command about API keys: in the store, or through the running server that holds it (embedded engine).
func manageKeys(ctx context.Context, cfg config.Config, out io.Writer, log *slog.Logger) error {
	inStore := func() error {
		return withApp(ctx, cfg, log, func(a *App) error { return keyCommand(ctx, cfg, a.keys, out) })
	}
	if cfg.MongoDBURI != "" {
		return inStore()
	}
	client, err := control.Connect(ctx, cfg.DataDir)
	if err == nil {
		return keyCommand(ctx, cfg, client, out)
	}
	storeErr := inStore()
	if !errors.Is(storeErr, persistence.ErrInUse) {
		return storeErr
	}
	// A server may have started in the meantime.
	if client, err = control.Connect(ctx, cfg.DataDir); err == nil {
		return keyCommand(ctx, cfg, client, out)
	}
	return fmt.Errorf("%w; it cannot be reached while it runs: %w", storeErr, err)
}

func keyCommand(ctx context.Context, cfg config.Config, keys control.Keys, out io.Writer) error {
	switch cfg.Command {
	case config.CommandKeysCreate:
		secret, key, err := keys.Create(ctx, keyRequest(cfg, cfg.KeyName))
		if err != nil {
			return err
		}
		return printSecret(out, secret, key)
	case config.CommandKeysList:
		all, err := keys.List(ctx)
		if err != nil {
			return err
		}
		return printKeys(out, all, time.Now())
	case config.CommandKeysRoll:
		rolled, err := keys.Roll(ctx, cfg.KeyID, cfg.KeyOverlap)
		if err != nil {
			return unknownKey(err)
		}
		if err := printSecret(out, rolled.Secret, rolled.Key); err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "key %s, which it replaces, is %s\n", cfg.KeyID, ending(rolled.Replaced))
		return err
	default:
		if err := keys.Revoke(ctx, cfg.KeyID); err != nil {
			return unknownKey(err)
		}
		_, err := fmt.Fprintf(out, "key %s is revoked\n", cfg.KeyID)
		return err
	}
}

// unknownKey replaces not-found errors by one without the id, which may be the secret, given by mistake.
func unknownKey(err error) error {
	if errors.Is(err, persistence.ErrNotFound) {
		return errors.New("there is no key with that id; keys list shows the ids, of 16 digits each")
	}
	return err
}

func printSecret(out io.Writer, secret string, key *domain.APIKey) error {
	_, err := fmt.Fprintf(out, "%s\nid %s, environment %s, scope %s; shown this once, kept as a hash\n",
		secret, key.ID, key.EnvironmentID, key.Scope)
	return err
}

func ending(key *domain.APIKey) string {
	if key.RevokedAt != nil || key.ExpiresAt == nil {
		return "revoked"
	}
	return "usable until " + key.ExpiresAt.Format(time.RFC3339)
}

func keyRequest(cfg config.Config, name string) auth.Request {
	return auth.Request{
		EnvironmentID: cfg.Environment, Scope: domain.Scope(cfg.KeyScope), Name: name, ValidFor: cfg.KeyExpiresIn,
	}
}

// stateWords are the states as keys list prints them.
var stateWords = map[domain.KeyState]string{
	domain.KeyActive: "usable", domain.KeyExpired: "expired", domain.KeyRevoked: "revoked",
}

func printKeys(out io.Writer, keys []*domain.APIKey, now time.Time) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tENVIRONMENT\tSCOPE\tSTATE\tCREATED\tLAST USED\tEXPIRES\tREPLACED BY\tNAME")
	when := func(at *time.Time) string {
		if at == nil {
			return "never"
		}
		return at.Format(time.RFC3339)
	}
	for _, key := range keys {
		replacedBy := key.ReplacedBy
		if replacedBy == "" {
			replacedBy = "-"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", key.ID, key.EnvironmentID, key.Scope, stateWords[key.State(now)],
			key.CreatedAt.Format(time.RFC3339), when(key.LastUsedAt), when(key.ExpiresAt), replacedBy, key.Name)
	}
	return table.Flush()
}

// serveControl serves commands on this machine until end is called. A failure is logged only: commands about keys then
// need the server stopped.
func (a *App) serveControl(ctx context.Context) (end func()) {
	if a.config.MongoDBURI != "" {
		return func() {}
	}
	listener, err := control.Listen(ctx, a.config.DataDir)
	if err != nil {
		level := slog.LevelWarn
		if errors.Is(err, control.ErrPathTooLong) {
			level = slog.LevelInfo
		}
		a.log.Log(ctx, level, "commands cannot reach this server: there is no control socket", "error", err.Error())
		return func() {}
	}
	return inBackground(context.WithoutCancel(ctx), func(ctx context.Context) { control.Serve(ctx, listener, a.keys, a.log) })
}

// warnOfEarlierKeys logs which keys given at earlier starts are still valid, and returns lines for the greeting.
func (a *App) warnOfEarlierKeys(ctx context.Context) ([]string, error) {
	if a.config.APIKey == "" {
		return nil, nil
	}
	earlier, err := a.keys.GivenEarlier(ctx, string(a.config.APIKey))
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, key := range earlier {
		revoke := "clientele keys revoke " + key.ID
		lines = append(lines, "another one, given at an earlier start, is still valid; to end it: "+revoke)
		a.log.WarnContext(ctx, "an API key that was given at an earlier start is still valid", "keyId", key.ID, "revokeWith", revoke)
	}
	return lines, nil
}
