package stripe

import (
	"context"
	"slices"

	stripego "github.com/stripe/stripe-go/v86"

	"clientele/internal/billing"
	"clientele/internal/billing/taxid"
	"clientele/internal/domain"
)

// maxTaxIDs is how many tax ids a customer has at most at Stripe.
const maxTaxIDs = 5

// SetTaxIDs sends ids in the layout that Stripe documents, and recognises those that are there in any other. It adds
// before it removes, so that a refused id leaves those that were there; unless there is no room.
func (p *Provider) SetTaxIDs(ctx context.Context, id string, taxIDs []domain.TaxID) (billing.Receipt, error) {
	if err := noCustomer(id); err != nil {
		return billing.Receipt{}, err
	}
	var done billing.Receipt
	list := &stripego.TaxIDListParams{Customer: stripego.String(id)}
	list.Limit = stripego.Int64(100)
	missing, surplus := slices.Clone(taxIDs), []string(nil)
	present := 0
	for there, err := range p.client.V1TaxIDs.List(ctx, list).All(ctx) {
		if err != nil {
			return done, p.ofCustomer(ctx, id, err, reads)
		}
		present++
		wanted := slices.IndexFunc(missing, func(t domain.TaxID) bool {
			return t.Type == string(there.Type) && taxid.Same(t.Type, t.Value, there.Value)
		})
		if wanted < 0 {
			surplus = append(surplus, there.ID)
		} else {
			missing = slices.Delete(missing, wanted, wanted+1)
		}
	}

	add := func() error {
		for _, t := range missing {
			made, err := p.client.V1TaxIDs.Create(ctx, &stripego.TaxIDCreateParams{
				Customer: stripego.String(id), Type: stripego.String(t.Type), Value: stripego.String(taxid.Canonical(t.Type, t.Value)),
			})
			if err != nil {
				return p.ofCustomer(ctx, id, err, writes)
			}
			done = receipt(made.LastResponse)
		}
		return nil
	}
	remove := func() error {
		for _, taxID := range surplus {
			gone, err := p.client.V1TaxIDs.Delete(ctx, taxID, &stripego.TaxIDDeleteParams{Customer: stripego.String(id)})
			if err != nil {
				// Somebody else may have removed it; whether the customer is still there, the caller finds out.
				if f := p.ofCustomer(ctx, id, err, writes); f.Code != string(stripego.ErrorCodeResourceMissing) {
					return f
				}
				continue
			}
			done = receipt(gone.LastResponse)
		}
		return nil
	}
	steps := []func() error{add, remove}
	if present+len(missing) > maxTaxIDs {
		slices.Reverse(steps)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return done, err
		}
	}
	return done, nil
}
