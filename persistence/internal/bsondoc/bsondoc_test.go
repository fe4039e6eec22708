package bsondoc

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"clientele/internal/domain"
	"clientele/persistence"
)

var at = time.UnixMilli(-1).UTC()

func encode(t *testing.T, v any) Document {
	t.Helper()
	raw, err := bson.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestValues(t *testing.T) {
	d := encode(t, bson.D{
		{Key: "name", Value: "Ada"}, {Key: "createdAt", Value: at}, {Key: "email", Value: nil}, {Key: "source", Value: 1},
	})
	for field, want := range map[persistence.Field]persistence.Value{
		persistence.FieldName: persistence.Text("Ada"), persistence.FieldCreatedAt: persistence.Time(at),
		persistence.FieldEmail: {}, persistence.FieldCRMID: {}, persistence.FieldSource: {},
	} {
		if got := d.Value(field); got != want {
			t.Errorf("%s is %#v, want %#v", field, got, want)
		}
	}
	if d.Text(persistence.FieldName) != "Ada" || d.Text(persistence.FieldCreatedAt) != "" {
		t.Errorf("got %q and %q", d.Text(persistence.FieldName), d.Text(persistence.FieldCreatedAt))
	}
}

func TestElements(t *testing.T) {
	d := encode(t, bson.D{
		{Key: "subscriptions", Value: bson.A{
			bson.D{{Key: "productId", Value: "a"}, {Key: "phases", Value: bson.A{bson.D{{Key: "status", Value: "ACTIVE"}}}}},
			"no document", nil, bson.D{{Key: "productId", Value: "b"}},
		}},
		{Key: "phases", Value: nil}, {Key: "promotionalEntitlements", Value: bson.A{}},
	})
	subscriptions := d.Elements(persistence.ListSubscriptions)
	if len(subscriptions) != 2 || subscriptions[1].Value(persistence.FieldProductID) != persistence.Text("b") {
		t.Fatalf("got %v", subscriptions)
	}
	phases := subscriptions[0].Elements(persistence.ListPhases)
	if len(phases) != 1 || phases[0].Value(persistence.FieldStatus) != persistence.Text("ACTIVE") {
		t.Errorf("got %v", phases)
	}
	for _, list := range []persistence.List{persistence.ListPhases, persistence.ListPromotionalEntitlements, "unknown"} {
		if got := d.Elements(list); len(got) > 0 {
			t.Errorf("%s has %v", list, got)
		}
	}
}

func TestVersionAndArchived(t *testing.T) {
	live, archived := encode(t, domain.Customer{Version: 1 << 40}), encode(t, domain.Customer{ArchivedAt: &at})
	if live.Version() != 1<<40 || live.Archived() || !archived.Archived() {
		t.Errorf("got version %d, archived %t and %t", live.Version(), live.Archived(), archived.Archived())
	}
}

func TestDueAt(t *testing.T) {
	for _, c := range []struct {
		sync *domain.Sync
		want persistence.Value
	}{
		{nil, persistence.Value{}},
		{&domain.Sync{}, persistence.Value{}},
		{&domain.Sync{DueAt: &at}, persistence.Time(at)},
	} {
		if got := encode(t, domain.Customer{Sync: c.sync}).DueAt(); got != c.want {
			t.Errorf("%+v is due at %#v, want %#v", c.sync, got, c.want)
		}
	}
	for _, foreign := range []any{bson.D{}, bson.D{{Key: "sync", Value: 1}}, bson.D{{Key: "sync", Value: bson.D{{Key: "dueAt", Value: int64(1)}}}}} {
		if got := encode(t, foreign).DueAt(); !got.IsNull() {
			t.Errorf("%v is due at %#v", foreign, got)
		}
	}
}

// What was cut off has no values, and is no reason to panic.
func TestDamagedDocument(t *testing.T) {
	whole := encode(t, domain.Customer{Name: new("Ada"), Sync: &domain.Sync{DueAt: &at}, Subscriptions: []domain.Subscription{{Phases: make([]domain.Phase, 2)}}})
	for n := range len(whole) {
		d := whole[:n]
		d.Value(persistence.FieldName)
		for _, s := range d.Elements(persistence.ListSubscriptions) {
			s.Elements(persistence.ListPhases)
		}
		d.Version()
		d.DueAt()
		d.Archived()
	}
}

func TestDecode(t *testing.T) {
	want := &domain.Plan{Package: domain.Package{DisplayName: "Plan", Prices: []domain.Price{{Amount: new(domain.Decimal("0.10"))}}}}
	want.Record = domain.NewRecord(domain.Ref{EnvironmentID: "e", RefID: "p"}, "id", at)
	if got, err := Decode[domain.Plan](encode(t, want)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestErrorsHoldNoContent(t *testing.T) {
	d := encode(t, bson.D{{Key: "subscriptions", Value: bson.A{bson.D{{Key: "startDate", Value: "secret"}}}}})
	_, err := Decode[domain.Customer](d)
	if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "startDate") {
		t.Errorf("got %v, want an error that names the place alone", err)
	}
	page, err := ReadPage[domain.Customer](t.Context(), persistence.Slice[Document]{Documents: []Document{d}, Cursors: []string{"c"}})
	if err == nil || page.Items != nil {
		t.Errorf("got %+v, %v, want an error alone", page, err)
	}
}
