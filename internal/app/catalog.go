package app

import (
	"context"
	"fmt"
	"io"

	"clientele/internal/auth"
	"clientele/internal/catalog"
	"clientele/internal/config"
)

// readCatalog reads the catalogue file that the configuration names; nil if it names none.
func readCatalog(cfg config.Config) (*catalog.File, error) {
	if cfg.Catalog == "" {
		return nil, nil
	}
	file, err := catalog.ReadFile(cfg.Catalog)
	if err != nil {
		return nil, err
	}
	return &file, nil
}

// startCatalog applies the server's catalogue file, if it has one, and answers a line for the greeting.
func (a *App) startCatalog(ctx context.Context) (string, error) {
	if a.catalog == nil {
		return "", nil
	}
	changes, err := catalog.New(a.store).Apply(ctx, auth.DefaultEnvironment, *a.catalog, false)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s: %s", a.config.Catalog, changes.Summary()), nil
}

func (a *App) applyCatalog(ctx context.Context, cfg config.Config, out io.Writer) error {
	changes, err := catalog.New(a.store).Apply(ctx, cfg.Environment, *a.catalog, cfg.DryRun)
	if err != nil {
		return err
	}
	report := changes.Summary() + "\n"
	if cfg.DryRun {
		report = changes.String()
	}
	_, err = fmt.Fprintf(out, "%s: %s", cfg.Catalog, report)
	return err
}

func (a *App) exportCatalog(ctx context.Context, cfg config.Config, out io.Writer) error {
	file, err := catalog.New(a.store).Export(ctx, cfg.Environment)
	if err != nil {
		return err
	}
	_, err = out.Write(file)
	return err
}
