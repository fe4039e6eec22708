package stripe

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v86"
	"golang.org/x/text/language"

	"clientele/internal/billing"
	"clientele/internal/domain"
)

// The keys of a customer's metadata that are ours: they begin with billing.OwnMetadataPrefix, and leave room for
// maxMetadataKeys.
const (
	environmentKey = "clientele_environment_id"
	customerKey    = "clientele_customer_id"
	idKey          = "clientele_id"
	couponKey      = "clientele_coupon"
	// Stripe has no fields for these: it settles on a currency with the first invoice.
	currencyKey = "clientele_currency"
	timezoneKey = "clientele_timezone"
)

// clockMargin makes up for the clocks of Stripe's servers, which are not all the same.
const clockMargin = 2 * time.Second

// CreateCustomer makes an empty customer under the creation's key.
func (p *Provider) CreateCustomer(ctx context.Context, customer billing.NewCustomer) (billing.Created, error) {
	params := &stripego.CustomerCreateParams{Metadata: ids(customer.Ref, customer.ID)}
	params.IdempotencyKey = stripego.String(customer.Key())
	made, err := p.client.V1Customers.Create(ctx, params)
	if err != nil {
		f := failure(err, writes)
		if f.Kind == billing.UnknownOutcome && replayed(err) {
			f.Kind = billing.KeySpent
		}
		return billing.Created{}, f
	}
	if made.ID == "" {
		return billing.Created{}, &billing.ProviderError{
			Kind: billing.UnknownOutcome, Code: billing.CodeUnreadableResponse, RequestID: requestID(made.LastResponse),
		}
	}
	return billing.Created{
		CustomerID: made.ID, LinkURL: linkURL(made.ID, made.Livemode), Receipt: receipt(made.LastResponse),
	}, nil
}

// UpdateCustomer sends one request.
func (p *Provider) UpdateCustomer(
	ctx context.Context, id string, update billing.CustomerUpdate,
) (billing.Receipt, error) {
	params, err := updateParams(update)
	if err != nil {
		return billing.Receipt{}, err
	}
	return p.update(ctx, id, params)
}

func (p *Provider) update(
	ctx context.Context, id string, params *stripego.CustomerUpdateParams,
) (billing.Receipt, error) {
	if err := noCustomer(id); err != nil {
		return billing.Receipt{}, err
	}
	customer, err := p.client.V1Customers.Update(ctx, id, params)
	if err != nil {
		return billing.Receipt{}, p.ofCustomer(ctx, id, err, writes)
	}
	return receipt(customer.LastResponse), nil
}

func updateParams(update billing.CustomerUpdate) (*stripego.CustomerUpdateParams, error) {
	info := update.Information
	// Stripe takes a key away whose value is the empty text.
	given, err := billing.MetadataTexts(info.Metadata)
	if err != nil {
		return nil, unreadable("metadata")
	}
	metadata := map[string]string{}
	maps.Copy(metadata, given)
	maps.Copy(metadata, ids(update.Ref, update.ID))
	if info.Currency != nil {
		metadata[currencyKey] = *info.Currency
	}
	if info.Timezone != nil {
		metadata[timezoneKey] = *info.Timezone
	}
	params := &stripego.CustomerUpdateParams{
		Name: cmp.Or(info.CustomerName, update.Name), Email: update.Email, Metadata: metadata,
	}
	if info.Language != nil {
		params.PreferredLocales = []*string{stripego.String(locale(*info.Language))}
	}
	if err := setCustomFields(params, info.InvoiceCustomFields); err != nil {
		return nil, err
	}
	setAddresses(params, update)
	return params, nil
}

// locale is a language tag in the case that Stripe names locales in, as in pt-BR.
func locale(tag string) string {
	parsed, err := language.Raw.Parse(tag)
	if err != nil {
		return tag
	}
	return parsed.String()
}

// setAddresses sends what of the addresses is given. Stripe replaces an address as a whole. Its shipping
// address has a name, which is ours or else our id of the customer.
func setAddresses(params *stripego.CustomerUpdateParams, update billing.CustomerUpdate) {
	if address := update.Information.BillingAddress; address != nil {
		params.Phone = cmp.Or(address.PhoneNumber, stripego.String(""))
		if params.Address = addressParams(*address); params.Address == nil {
			params.AddUnsetField(stripego.CustomerUpdateParamsUnsetFieldAddress)
		}
	}
	if address := update.Information.ShippingAddress; address != nil {
		if sent := addressParams(*address); sent == nil {
			params.AddUnsetField(stripego.CustomerUpdateParamsUnsetFieldShipping)
		} else {
			name := update.Ref.CustomerID
			if params.Name != nil && *params.Name != "" {
				name = *params.Name
			}
			params.Shipping = &stripego.CustomerUpdateShippingParams{
				Name: stripego.String(name), Address: sent, Phone: notEmpty(address.PhoneNumber),
			}
		}
	}
}

// addressParams is nil if nothing of the address is left to send: Stripe takes no empty texts in it.
func addressParams(a domain.Address) *stripego.AddressParams {
	params := stripego.AddressParams{
		City: notEmpty(a.City), Country: upperCase(notEmpty(a.Country)), Line1: notEmpty(a.AddressLine1),
		Line2: notEmpty(a.AddressLine2), PostalCode: notEmpty(a.PostalCode), State: notEmpty(a.State),
	}
	if params == (stripego.AddressParams{}) {
		return nil
	}
	return &params
}

// upperCase is a country's code as Stripe takes it; people write it in lower case too.
func upperCase(code *string) *string {
	if code == nil {
		return nil
	}
	return stripego.String(strings.ToUpper(*code))
}

func notEmpty(text *string) *string {
	if text == nil || *text == "" {
		return nil
	}
	return text
}

// setCustomFields sends the fields in the order of their names, and none that has no text.
func setCustomFields(params *stripego.CustomerUpdateParams, raw json.RawMessage) error {
	fields := map[string]string{}
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	if json.Unmarshal(raw, &fields) != nil {
		return unreadable("invoice_settings[custom_fields]")
	}
	settings := &stripego.CustomerUpdateInvoiceSettingsParams{}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if fields[name] != "" {
			settings.CustomFields = append(settings.CustomFields, &stripego.CustomerUpdateInvoiceSettingsCustomFieldParams{
				Name: stripego.String(name), Value: stripego.String(fields[name]),
			})
		}
	}
	if len(settings.CustomFields) == 0 {
		settings.AddUnsetField(stripego.CustomerUpdateInvoiceSettingsParamsUnsetFieldCustomFields)
	}
	params.InvoiceSettings = settings
	return nil
}

// unreadable refuses what Check would have refused.
func unreadable(param string) error {
	return &billing.ProviderError{
		Kind: billing.Permanent, Code: "parameter_invalid", Param: param,
	}
}

func ids(ref domain.CustomerRef, id string) map[string]string {
	return map[string]string{environmentKey: ref.EnvironmentID, customerKey: ref.CustomerID, idKey: id}
}

// methodsInSnapshot is how many payment methods a snapshot has, besides the one that is charged: the newest ones.
const methodsInSnapshot = 20

// RetrieveCustomer fetches the customer first, so that whatever changes before the second response is news from
// after the snapshot.
func (p *Provider) RetrieveCustomer(ctx context.Context, id string) (billing.Snapshot, error) {
	if err := noCustomer(id); err != nil {
		return billing.Snapshot{}, err
	}
	params := &stripego.CustomerRetrieveParams{}
	params.AddExpand("invoice_settings.default_payment_method")
	params.AddExpand("default_source")
	response, err := p.client.V1Customers.Retrieve(ctx, id, params)
	if err != nil {
		return billing.Snapshot{}, p.ofCustomer(ctx, id, err, reads)
	}
	at := respondedAt(response.LastResponse)
	snapshot := billing.Snapshot{
		CustomerID: id, At: at.Add(-clockMargin), RespondedAt: at, Receipt: receipt(response.LastResponse),
		Deleted: response.Deleted, LinkURL: linkURL(id, response.Livemode),
	}
	if snapshot.Deleted {
		return snapshot, nil
	}
	var seen customerObject
	if json.Unmarshal(response.LastResponse.RawJSON, &seen) != nil {
		return billing.Snapshot{}, &billing.ProviderError{
			Kind: billing.Temporary, Code: billing.CodeUnreadableResponse, RequestID: snapshot.RequestID,
		}
	}
	snapshot.Customer = seen.facts()

	list := &stripego.CustomerListPaymentMethodsParams{Customer: stripego.String(id)}
	list.Limit, list.Single = stripego.Int64(methodsInSnapshot), true
	for method, err := range p.client.V1Customers.ListPaymentMethods(ctx, list).All(ctx) {
		if err != nil {
			return billing.Snapshot{}, p.ofCustomer(ctx, id, err, reads)
		}
		snapshot.PaymentMethods = append(snapshot.PaymentMethods, readPaymentMethod(method.LastResponse.RawJSON))
	}
	// The method that is charged may be older than the page, or of a kind that the list does not have. It is in
	// every snapshot, so that no customer stays unsettled.
	if charged := seen.charged(); charged.id != "" &&
		!slices.ContainsFunc(snapshot.PaymentMethods, func(m billing.PaymentMethod) bool { return m.ID == charged.id }) {
		method := readPaymentMethod(charged.whole)
		method.ID = charged.id
		snapshot.PaymentMethods = append(snapshot.PaymentMethods, method)
	}
	return snapshot, nil
}

// respondedAt is the time of a response by the clock of Stripe. A date from the future, which a proxy may make up, would keep
// newer events out.
func respondedAt(response *stripego.APIResponse) time.Time {
	now := time.Now().Truncate(time.Second)
	date, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil || date.After(now.Add(billing.ClockTolerance)) {
		date = now
	}
	return date.UTC()
}

func receipt(response *stripego.APIResponse) billing.Receipt {
	return billing.Receipt{RequestID: requestID(response)}
}

func requestID(response *stripego.APIResponse) string {
	if response == nil {
		return ""
	}
	return word(response.RequestID)
}

func linkURL(id string, live bool) string {
	if live {
		return "https://dashboard.stripe.com/customers/" + id
	}
	return "https://dashboard.stripe.com/test/customers/" + id
}
