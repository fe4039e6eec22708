package bolt

import (
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"clientele/internal/domain"
	"clientele/persistence"
)

// document is a customer as it is stored. Fields are looked up in the BSON, because a scan looks at a few
// fields of many documents. Nil stands for no document.
type document bson.Raw

// Value implements persistence.Document.
func (d document) Value(field persistence.Field) persistence.Value {
	value := bson.Raw(d).Lookup(string(field))
	switch value.Type {
	case bson.TypeString:
		return persistence.Text(value.StringValue())
	case bson.TypeDateTime:
		return persistence.Time(time.UnixMilli(value.DateTime()))
	default:
		return persistence.Value{}
	}
}

func (d document) text(field persistence.Field) string {
	text, _ := d.Value(field).AsText()
	return text
}

// version is zero, which no customer has, if the document is damaged.
func (d document) version() int64 {
	version, _ := bson.Raw(d).Lookup("version").AsInt64OK()
	return version
}

// live reports whether there is a document and it is not archived.
func (d document) live() bool {
	return d != nil && bson.Raw(d).Lookup("archivedAt").Type != bson.TypeDateTime
}

// customer decodes the document into memory of its own.
func (d document) customer() (*domain.Customer, error) {
	var customer domain.Customer
	if err := bson.Unmarshal(d, &customer); err != nil {
		return nil, fmt.Errorf("decode customer: %w", err)
	}
	return &customer, nil
}

// encodeCustomer is the customer as a document.
func encodeCustomer(customer *domain.Customer) (document, error) {
	if customer.Key != customer.Ref().Key() {
		// The indexes lead from environment and customer id to the key.
		return nil, errors.New("encode customer: the key is not that of its environment and customer id")
	}
	raw, err := bson.Marshal(customer)
	if err != nil {
		return nil, fmt.Errorf("encode customer: %w", err)
	}
	return raw, nil
}
