package app

import (
	"clientele/internal/admission"
	"clientele/persistence"
)

// governor bounds the scans of one request.
type governor struct{ *admission.Operation }

// Hold implements its part of persistence.Governor.
func (governor) Hold(int) error { return nil }

// govern makes what bounds the work of one request of an API key.
func (a *App) govern(keyID string) (persistence.Governor, func()) {
	return governor{a.scans.Operation(keyID)}, func() {}
}
