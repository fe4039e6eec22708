package app

import (
	"clientele/graph/server"
	"clientele/internal/config"
	"clientele/internal/persisted"
)

// readDocuments reads the manifest of trusted documents, if one is configured, and validates it against the schema.
func readDocuments(cfg config.Config) (server.DocumentConfig, error) {
	documents := server.DocumentConfig{Mode: server.DocumentMode(cfg.Documents.TrustedMode), Automatic: cfg.Documents.Automatic}
	if cfg.Documents.Trusted == "" {
		return documents, nil
	}
	var err error
	if documents.Trusted, err = persisted.ReadManifest(cfg.Documents.Trusted); err != nil {
		return documents, err
	}
	return documents, server.CheckDocuments(documents.Trusted, cfg.Limits, cfg.Introspection)
}
