package domain

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
)

func TestErrorf(t *testing.T) {
	t.Parallel()
	err := Errorf(Conflict, "%d of %q", 3, "a")
	if err.Kind != Conflict || err.Error() != `3 of "a"` || len(err.Facts) != 0 {
		t.Errorf("got %+v", err)
	}
}

func TestFieldErrorf(t *testing.T) {
	t.Parallel()
	err := FieldErrorf(InvalidAddress, "billing.country", "must be one of %d", 249)
	requireFieldRefusal(t, err, InvalidAddress, "billing.country")
	if err.Error() != "billing.country must be one of 249" {
		t.Errorf("got %q", err)
	}
}

func TestFieldErrorfTakesThePathLiterally(t *testing.T) {
	t.Parallel()
	if err := FieldErrorf(BadUserInput, "100%d", "is wrong"); err.Error() != "100%d is wrong" {
		t.Errorf("got %q", err)
	}
}

func TestErrorWith(t *testing.T) {
	t.Parallel()
	base := Errorf(Duplicate, "taken").With("entityName", "Customer")
	one := base.With("identifier", "a")
	two := base.With("identifier", "b").With("field", "customerId")
	one.Facts["changed"] = true

	cases := map[string]struct {
		err  *Error
		want map[string]any
	}{
		"the base keeps its own":    {base, map[string]any{"entityName": "Customer"}},
		"one has what it was given": {one, map[string]any{"entityName": "Customer", "identifier": "a", "changed": true}},
		"the other has its own": {
			two, map[string]any{"entityName": "Customer", "identifier": "b", "field": "customerId"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !maps.Equal(c.err.Facts, c.want) {
				t.Errorf("got %v, want %v", c.err.Facts, c.want)
			}
			if c.err.Kind != Duplicate || c.err.Message != "taken" {
				t.Errorf("kind and sentence became %s, %q", c.err.Kind, c.err.Message)
			}
		})
	}
}

func TestIsKind(t *testing.T) {
	t.Parallel()
	refusal := Errorf(Conflict, "again")
	cases := map[string]struct {
		err  error
		want bool
	}{
		"the kind":         {refusal, true},
		"wrapped":          {fmt.Errorf("change: %w", refusal), true},
		"joined":           {errors.Join(io.EOF, refusal), true},
		"another kind":     {Errorf(Archived, "gone"), false},
		"an unknown error": {io.EOF, false},
		"the same words":   {errors.New("again"), false},
		"no error":         {nil, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := IsKind(c.err, Conflict); got != c.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func requireFieldRefusal(t *testing.T, err error, kind Kind, field string) {
	t.Helper()
	refusal, ok := errors.AsType[*Error](err)
	if !ok || refusal.Kind != kind {
		t.Fatalf("got %v, want a refusal of kind %s", err, kind)
	}
	if refusal.Facts["field"] != field || !strings.HasPrefix(refusal.Message, field+" ") {
		t.Errorf("the refusal does not name %s: %q, facts %v", field, refusal.Message, refusal.Facts)
	}
}
