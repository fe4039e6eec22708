package persistence

import (
	"errors"

	"clientele/internal/domain"
)

// RefuseCursor turns ErrInvalidCursor into a refusal for the caller who sent the cursor, and leaves every
// other error as it is.
func RefuseCursor(err error, page PageRequest) error {
	if !errors.Is(err, ErrInvalidCursor) {
		return err
	}
	field := "paging.after"
	if page.Before != "" {
		field = "paging.before"
	}
	return domain.FieldErrorf(domain.BadUserInput, field, "must be a cursor of this list, made with the same filter and sorting")
}
