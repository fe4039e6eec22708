package stripe

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	stripego "github.com/stripe/stripe-go/v86"

	"clientele/internal/billing"
	"clientele/internal/domain"
)

// maxCouponName is how many characters Stripe takes as a coupon's name.
const maxCouponName = 40

// SetCoupon makes the coupon if it is not there, and names it in the customer's metadata; the package comment
// says why it is not applied.
func (p *Provider) SetCoupon(ctx context.Context, id string, coupon *billing.Coupon) (billing.Receipt, error) {
	name := "" // takes the key away
	if coupon != nil {
		var err error
		if name, err = p.ensureCoupon(ctx, *coupon); err != nil {
			return billing.Receipt{}, err
		}
	}
	return p.update(ctx, id, &stripego.CustomerUpdateParams{Metadata: map[string]string{couponKey: name}})
}

// ensureCoupon returns the id of the coupon at Stripe.
func (p *Provider) ensureCoupon(ctx context.Context, coupon billing.Coupon) (string, error) {
	given := notEmpty(coupon.Definition.BillingID)
	params, err := couponParams(coupon)
	switch {
	case given != nil:
		params = &stripego.CouponCreateParams{ID: given}
	case err != nil:
		return "", err
	}
	_, err = p.client.V1Coupons.Retrieve(ctx, *params.ID, nil)
	if err == nil {
		return *params.ID, nil
	}
	f := failure(err, reads)
	if f.Code != string(stripego.ErrorCodeResourceMissing) || given != nil {
		return "", f
	}
	if _, err := p.client.V1Coupons.Create(ctx, params); err != nil {
		if f := failure(err, writes); f.Code != string(stripego.ErrorCodeResourceAlreadyExists) {
			return "", f
		}
	}
	return *params.ID, nil
}

// couponParams is the coupon as Stripe has it. Stripe's coupons do not change, so its id follows from what the
// coupon takes off, and a coupon that was changed here is another one there.
func couponParams(coupon billing.Coupon) (*stripego.CouponCreateParams, error) {
	def := coupon.Definition
	params := &stripego.CouponCreateParams{
		Name:     stripego.String(shortened(def.Name, maxCouponName)),
		Duration: stripego.String(string(stripego.CouponDurationForever)),
		Metadata: map[string]string{
			environmentKey: coupon.Ref.EnvironmentID, "clientele_coupon_id": def.RefID,
		},
	}
	if def.DurationInMonths != nil {
		params.Duration = stripego.String(string(stripego.CouponDurationRepeating))
		params.DurationInMonths = stripego.Int64(int64(*def.DurationInMonths))
	}
	if def.PercentOff != nil {
		params.PercentOff = stripego.Float64(def.PercentOff.Float())
	} else if err := setAmountsOff(params, def); err != nil {
		return nil, err
	}
	identity, err := json.Marshal([]any{
		coupon.Ref.EnvironmentID, def.RefID, def.PercentOff, def.AmountsOff, def.DurationInMonths,
	})
	if err != nil {
		return nil, &billing.ProviderError{Kind: billing.Permanent, Code: billing.CodeCouponUnsupported}
	}
	sum := sha256.Sum256(identity)
	params.ID = stripego.String("clientele_" + hex.EncodeToString(sum[:16]))
	return params, nil
}

// setAmountsOff gives the first currency as the coupon's own and the others as options. Stripe makes no coupon
// that takes an amount off for ever.
func setAmountsOff(params *stripego.CouponCreateParams, def domain.Coupon) error {
	unsupported := &billing.ProviderError{Kind: billing.Permanent, Code: billing.CodeCouponUnsupported}
	if len(def.AmountsOff) == 0 || def.DurationInMonths == nil {
		return unsupported
	}
	amounts := slices.SortedFunc(slices.Values(def.AmountsOff), func(a, b domain.Money) int {
		return strings.Compare(a.Currency, b.Currency)
	})
	for i, off := range amounts {
		units, ok := minorUnits(off)
		if !ok {
			return unsupported
		}
		currency := strings.ToLower(off.Currency)
		if i == 0 {
			params.Currency, params.AmountOff = stripego.String(currency), stripego.Int64(units)
			continue
		}
		if params.CurrencyOptions == nil {
			params.CurrencyOptions = map[string]*stripego.CouponCreateCurrencyOptionsParams{}
		}
		params.CurrencyOptions[currency] = &stripego.CouponCreateCurrencyOptionsParams{AmountOff: stripego.Int64(units)}
	}
	return nil
}

func shortened(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n])
	}
	return text
}

// Stripe's smallest units are not everywhere those of ISO 4217.
var (
	withoutUnits = strings.Fields("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF")
	// Whole numbers only, though Stripe counts them in hundredths.
	wholeHundredths = strings.Fields("ISK UGX")
	// In thousandths, of which the last is 0.
	thousandths = strings.Fields("BHD JOD KWD OMR TND")
)

// minorUnits is an amount in Stripe's smallest units, false if it has parts that are smaller still or none left.
func minorUnits(m domain.Money) (int64, bool) {
	places, exact := 2, 2
	switch {
	case slices.Contains(withoutUnits, m.Currency):
		places, exact = 0, 0
	case slices.Contains(wholeHundredths, m.Currency):
		places, exact = 2, 0
	case slices.Contains(thousandths, m.Currency):
		places, exact = 3, 2
	}
	if m.Amount.Round(exact).Compare(m.Amount) != 0 || m.Amount.Sign() <= 0 {
		return 0, false
	}
	scale := domain.WholeDecimal([]int64{1, 10, 100, 1000}[places])
	return int64(m.Amount.Times(scale).Float()), true
}
