package config

import (
	"errors"
	"fmt"
)

// Documents are the GraphQL documents that clients may send, or name.
type Documents struct {
	// Trusted is the file with the manifest of trusted documents; empty for none.
	Trusted     string
	TrustedMode string
	Automatic   int
}

func defaultDocuments() Documents { return Documents{TrustedMode: "open", Automatic: 1000} }

// mostAutomatic is how many documents may be kept for clients: 32 kB each, they would be 3.2 GB.
const mostAutomatic = 100_000

func documentSettings() []Setting {
	return []Setting{
		{Flag: "trusted-documents", Usage: "manifest of the documents of your clients, as their generators write it", commands: serving,
			target: func(c *Config) any { return &c.Documents.Trusted }},
		{Flag: "trusted-documents-mode", Usage: "open runs any document, report logs those that are not trusted, enforce runs trusted ones only", commands: serving,
			target: func(c *Config) any { return &c.Documents.TrustedMode }},
		{Flag: "automatic-persisted-queries", Usage: "how many documents are kept for clients that send a hash the next time; 0 is none", commands: serving,
			target: func(c *Config) any { return &c.Documents.Automatic }},
	}
}

func (d Documents) verify() error {
	switch d.TrustedMode {
	case "open":
	case "report", "enforce":
		if d.Trusted == "" {
			return fmt.Errorf("--trusted-documents-mode %s needs --trusted-documents", d.TrustedMode)
		}
	default:
		return errors.New("--trusted-documents-mode or CLIENTELE_TRUSTED_DOCUMENTS_MODE must be open, report or enforce")
	}
	if d.Automatic < 0 || d.Automatic > mostAutomatic {
		return fmt.Errorf("--automatic-persisted-queries or CLIENTELE_AUTOMATIC_PERSISTED_QUERIES must be from 0 to %d", mostAutomatic)
	}
	return nil
}
