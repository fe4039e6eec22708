package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

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

// startCatalog applies the server's catalogue file, if it has one, and returns a line for the greeting.
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

// applyCatalog applies the file, or prints what that would change. A dry run creates no store.
func applyCatalog(ctx context.Context, cfg config.Config, out io.Writer, log *slog.Logger) error {
	exists := true
	if cfg.DryRun {
		var err error
		if exists, err = storeExists(cfg); err != nil {
			return err
		}
	}
	if exists {
		return withApp(ctx, cfg, log, func(a *App) error { return a.applyCatalog(ctx, cfg, out) })
	}
	file, err := readCatalog(cfg)
	if err != nil {
		return err
	}
	changes, err := catalog.DryRun(ctx, *file)
	if err != nil {
		return err
	}
	return reportCatalog(cfg, changes, nil, out)
}

func (a *App) applyCatalog(ctx context.Context, cfg config.Config, out io.Writer) error {
	changes, err := catalog.New(a.store).Apply(ctx, cfg.Environment, *a.catalog, cfg.DryRun)
	if err != nil {
		return err
	}
	environments, err := a.environments(ctx)
	if err != nil {
		return err
	}
	return reportCatalog(cfg, changes, environments, out)
}

func reportCatalog(cfg config.Config, changes catalog.Changes, environments []string, out io.Writer) error {
	report := changes.Summary() + "\n"
	if cfg.DryRun {
		report = changes.String()
	}
	// The first start of the server makes a key for the default environment.
	if cfg.Environment != auth.DefaultEnvironment && !slices.Contains(environments, cfg.Environment) {
		report += fmt.Sprintf("the environment %s is new: no API key belongs to it yet (clientele keys create --environment %s)\n",
			cfg.Environment, cfg.Environment)
	}
	_, err := fmt.Fprintf(out, "%s: %s", cfg.Catalog, report)
	return err
}

// environments returns those with an API key, in order.
func (a *App) environments(ctx context.Context) ([]string, error) {
	keys, err := a.keys.List(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, key := range keys {
		names = append(names, key.EnvironmentID)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func (a *App) exportCatalog(ctx context.Context, cfg config.Config, out io.Writer) error {
	service := catalog.New(a.store)
	if empty, err := service.Empty(ctx, cfg.Environment); err != nil {
		return err
	} else if empty {
		environments, err := a.environments(ctx)
		if err != nil {
			return err
		}
		if !slices.Contains(environments, cfg.Environment) {
			return noEnvironment(cfg.Environment, environments)
		}
	}
	file, err := service.Export(ctx, cfg.Environment)
	if err != nil {
		return err
	}
	_, err = out.Write(file)
	return err
}

func noEnvironment(name string, environments []string) error {
	there := "no environment has an API key yet"
	if environments != nil {
		there = "environments with an API key: " + strings.Join(environments, ", ")
	}
	return fmt.Errorf("there is no environment %s: it has neither a catalogue nor an API key; %s", name, there)
}
