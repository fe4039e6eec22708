package stripe

import (
	"context"

	stripego "github.com/stripe/stripe-go/v86"

	"clientele/internal/billing"
)

// AttachPaymentMethod attaches first, and looks at the method only if Stripe refuses that.
func (p *Provider) AttachPaymentMethod(ctx context.Context, id, paymentMethodID string) (billing.Receipt, error) {
	if err := noCustomer(id); err != nil {
		return billing.Receipt{}, err
	}
	if err := noPaymentMethod(paymentMethodID); err != nil {
		return billing.Receipt{}, err
	}
	attached, err := p.client.V1PaymentMethods.Attach(ctx, paymentMethodID,
		&stripego.PaymentMethodAttachParams{Customer: stripego.String(id)})
	// The ids of Stripe's examples stand for a new method each time, which has an id of its own.
	if err == nil {
		paymentMethodID = attached.ID
	} else if f := p.ofCustomer(ctx, id, err, writes); f.Kind != billing.Permanent {
		return billing.Receipt{}, f
	} else if there, err := p.attachedTo(ctx, paymentMethodID); err != nil || there != id {
		return billing.Receipt{}, f
	}
	return p.update(ctx, id, &stripego.CustomerUpdateParams{
		InvoiceSettings: &stripego.CustomerUpdateInvoiceSettingsParams{
			DefaultPaymentMethod: stripego.String(paymentMethodID),
		},
	})
}

// DetachPaymentMethod looks at the method first: Stripe would detach it from whomever it is attached to.
func (p *Provider) DetachPaymentMethod(ctx context.Context, id, paymentMethodID string) (billing.Receipt, error) {
	if err := noCustomer(id); err != nil {
		return billing.Receipt{}, err
	}
	if err := noPaymentMethod(paymentMethodID); err != nil {
		return billing.Receipt{}, err
	}
	there, err := p.attachedTo(ctx, paymentMethodID)
	if err != nil {
		return billing.Receipt{}, failure(err, reads)
	}
	if there != id {
		return billing.Receipt{}, nil
	}
	detached, err := p.client.V1PaymentMethods.Detach(ctx, paymentMethodID, nil)
	if err != nil {
		f := failure(err, writes)
		if there, err := p.attachedTo(ctx, paymentMethodID); f.Kind == billing.Permanent && err == nil && there != id {
			return billing.Receipt{RequestID: f.RequestID}, nil
		}
		return billing.Receipt{}, f
	}
	return receipt(detached.LastResponse), nil
}

// attachedTo is whose payment method it is, "" if nobody's.
func (p *Provider) attachedTo(ctx context.Context, paymentMethodID string) (string, error) {
	method, err := p.client.V1PaymentMethods.Retrieve(ctx, paymentMethodID, nil)
	if err != nil || method.Customer == nil {
		return "", err
	}
	return method.Customer.ID, nil
}

func noPaymentMethod(id string) error {
	if validID.MatchString(id) {
		return nil
	}
	return &billing.ProviderError{
		Kind: billing.Permanent, Code: string(stripego.ErrorCodeResourceMissing), Param: "payment_method",
	}
}
