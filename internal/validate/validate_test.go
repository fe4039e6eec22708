package validate_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"clientele/internal/domain"
	"clientele/internal/validate"
)

// requireRefused checks the kind of a refusal, and that it names its field to people and to programs.
func requireRefused(t *testing.T, err error, kind domain.Kind, field string) {
	t.Helper()
	refusal, ok := errors.AsType[*domain.Error](err)
	if !ok || refusal.Kind != kind || refusal.Facts["field"] != field || !strings.HasPrefix(err.Error(), field+" ") {
		t.Fatalf("got %v, want a refusal of kind %s about %s", err, kind, field)
	}
}

// requireVerdict checks that a value is accepted, or refused as BadUserInput about the field "input".
func requireVerdict(t *testing.T, err error, refused bool) {
	t.Helper()
	switch {
	case refused:
		requireRefused(t, err, domain.BadUserInput, "input")
	case err != nil:
		t.Errorf("refused: %v", err)
	}
}

type textCases map[string]struct {
	text    string
	refused bool
}

// check runs a check of texts on all cases.
func (cases textCases) check(t *testing.T, check func(field, text string) error) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { requireVerdict(t, check("input", c.text), c.refused) })
	}
}

func TestID(t *testing.T) {
	t.Parallel()
	textCases{
		"1 character":                     {"a", false},
		"255 characters":                  {strings.Repeat("a", 255), false},
		"255 wide characters":             {strings.Repeat("🔑", 255), false},
		"a space inside":                  {"ada lovelace", false},
		"slashes":                         {"/production/ada/", false},
		"dots and dollars":                {"$set.ada.", false},
		"wildcards":                       {`%_*\`, false},
		"quotes":                          {`"'` + "`", false},
		"letters beyond the Latin":        {"Ада-爱达", false},
		"only a hyphen":                   {"-", false},
		"empty":                           {"", true},
		"256 characters":                  {strings.Repeat("a", 256), true},
		"a space in front":                {" ada", true},
		"a space behind":                  {"ada ", true},
		"only a space":                    {" ", true},
		"a no-break space in front":       {"\u00a0ada", true},
		"an ideographic space behind":     {"ada\u3000", true},
		"a newline behind":                {"ada\n", true},
		"a newline inside":                {"ada\nlovelace", true},
		"a tab inside":                    {"ada\tlovelace", true},
		"a NUL":                           {"ada\x00", true},
		"a DEL":                           {"ada\x7f!", true},
		"a control character beyond":      {"ada\u0085lovelace", true},
		"a line separator in front":       {"\u2028ada", true},
		"a vertical tab inside":           {"ada\vlovelace", true},
		"an escape":                       {"\x1b[31mada", true},
		"a carriage return in the middle": {"ada\rlovelace", true},
	}.check(t, validate.ID)
}

func TestRefID(t *testing.T) {
	t.Parallel()
	textCases{
		"1 letter":                {"a", false},
		"1 digit":                 {"1", false},
		"every mark":              {"a.b:c-d_E", false},
		"255 characters":          {strings.Repeat("a", 255), false},
		"empty":                   {"", true},
		"256 characters":          {strings.Repeat("a", 256), true},
		"a mark in front":         {"-a", true},
		"a slash":                 {"a/b", true},
		"a space":                 {"a b", true},
		"a newline behind":        {"a\n", true},
		"a letter beyond ASCII":   {"é", true},
		"two lines, the 2nd good": {"?\na", true},
	}.check(t, validate.RefID)
}

func TestName(t *testing.T) {
	t.Parallel()
	textCases{
		"1 character":            {"A", false},
		"255 wide characters":    {strings.Repeat("🔑", 255), false},
		"white space at the end": {" Ada \u00a0", false},
		"a direction":            {"\u200fעדה\u200e", false},
		"empty":                  {"", true},
		"256 characters":         {strings.Repeat("é", 256), true},
		"a tab":                  {"a\tb", true},
		"two lines":              {"a\nb", true},
	}.check(t, validate.Name)
}

func TestDescription(t *testing.T) {
	t.Parallel()
	textCases{
		"empty":                {"", false},
		"two lines and a tab":  {"a\r\n\tb", false},
		"1000 wide characters": {strings.Repeat("🔑", 1000), false},
		"1001 characters":      {strings.Repeat("a", 1001), true},
		"an escape":            {"\x1b[31m", true},
	}.check(t, validate.Description)
}

func TestDate(t *testing.T) {
	t.Parallel()
	for year, refused := range map[int]bool{1899: true, 1900: false, 3000: false, 3001: true} {
		requireVerdict(t, validate.Date("input", time.Date(year, time.June, 1, 0, 0, 0, 0, time.UTC)), refused)
	}
}

func TestWholeNumber(t *testing.T) {
	t.Parallel()
	for n, refused := range map[float64]bool{
		1: true, 2: false, 3: false, 4: true, 2.5: true, -2: true, math.Inf(1): true, math.Inf(-1): true, math.NaN(): true,
	} {
		got, err := validate.WholeNumber(domain.BadUserInput, "input", n, 2, 3)
		requireVerdict(t, err, refused)
		if err == nil && got != int64(n) {
			t.Errorf("%v became %d", n, got)
		}
	}
	_, err := validate.WholeNumber(domain.InvalidQuantity, "input", 1, 2, 3)
	requireRefused(t, err, domain.InvalidQuantity, "input")
}

func TestMonths(t *testing.T) {
	t.Parallel()
	if got, err := validate.Months("input", nil); got != nil || err != nil {
		t.Errorf("for ever: %v, %v", got, err)
	}
	for months, refused := range map[float64]bool{0: true, 0.5: true, 1: false, 1200: false, 1201: true} {
		got, err := validate.Months("input", &months)
		requireVerdict(t, err, refused)
		if err == nil && *got != int(months) {
			t.Errorf("%v became %d", months, *got)
		}
	}
}

func TestAmount(t *testing.T) {
	t.Parallel()
	for amount, refused := range map[domain.Decimal]bool{
		"0": false, "0.000000000001": false, "1000000000000": false, "-0.01": true,
	} {
		requireVerdict(t, validate.Amount("input", amount), refused)
	}
	requireRefused(t, validate.Amount("input", "1000000000000.01"), domain.AmountTooLarge, "input")
}

func TestDiscount(t *testing.T) {
	t.Parallel()
	usd := func(amount domain.Decimal) domain.Money { return domain.Money{Amount: amount, Currency: "USD"} }
	for name, c := range map[string]struct {
		percentOff *domain.Decimal
		amountsOff []domain.Money
		// field is what the refusal is about; "" for none.
		field string
		kind  domain.Kind
	}{
		"a percentage":                     {new(domain.Decimal("0.1")), nil, "", ""},
		"all of it":                        {new(domain.Decimal("100")), nil, "", ""},
		"an amount":                        {nil, []domain.Money{usd("0.01")}, "", ""},
		"amounts in two currencies":        {nil, []domain.Money{usd("1"), {Amount: "7", Currency: "DKK"}}, "", ""},
		"neither":                          {nil, nil, "percentOff", domain.BadUserInput},
		"both":                             {new(domain.Decimal("1")), []domain.Money{usd("1")}, "percentOff", domain.BadUserInput},
		"0 %":                              {new(domain.Decimal("0")), nil, "percentOff", domain.BadUserInput},
		"more than 100 %":                  {new(domain.Decimal("100.1")), nil, "percentOff", domain.BadUserInput},
		"an amount of 0":                   {nil, []domain.Money{usd("0")}, "amountsOff", domain.BadUserInput},
		"an amount that is too large":      {nil, []domain.Money{usd("1000000000001")}, "amountsOff", domain.AmountTooLarge},
		"two amounts in the same currency": {nil, []domain.Money{usd("1"), usd("2")}, "amountsOff", domain.BadUserInput},
	} {
		t.Run(name, func(t *testing.T) {
			err := validate.Discount("coupon.", c.percentOff, c.amountsOff)
			switch {
			case c.field != "":
				requireRefused(t, err, c.kind, "coupon."+c.field)
			case err != nil:
				t.Errorf("refused: %v", err)
			}
		})
	}
}

func TestEntitlement(t *testing.T) {
	t.Parallel()
	const number, enum, boolean = domain.FeatureNumber, domain.FeatureEnum, domain.FeatureBoolean
	for name, c := range map[string]struct {
		kind      domain.FeatureType
		limit     *float64
		unlimited bool
		values    []string
		refused   bool
	}{
		"a number with a limit":             {number, new(0.5), false, nil, false},
		"a number with the highest limit":   {number, new(2147483647000.0), false, nil, false},
		"a number without limit":            {number, nil, true, nil, false},
		"a number and nothing said":         {number, nil, false, nil, true},
		"a number with both":                {number, new(1.0), true, nil, true},
		"a number with a negative limit":    {number, new(-1.0), false, nil, true},
		"a number with too high a limit":    {number, new(2147483647001.0), false, nil, true},
		"a number with values":              {number, new(1.0), false, []string{"red"}, true},
		"a list with values":                {enum, nil, false, []string{"red", "blue"}, false},
		"a list without values":             {enum, nil, false, nil, true},
		"a list with a value that it lacks": {enum, nil, false, []string{"red", "green"}, true},
		"a list with a limit":               {enum, new(1.0), false, []string{"red"}, true},
		"there or not":                      {boolean, nil, false, nil, false},
		"there or not, with a limit":        {boolean, new(1.0), false, nil, true},
		"there or not, with values":         {boolean, nil, false, []string{"red"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			feature := &domain.Feature{Record: domain.Record{RefID: "seats"}, Type: c.kind, EnumValues: []domain.EnumValue{{Value: "red"}, {Value: "blue"}}}
			err := validate.Entitlement("input", feature, c.limit, c.unlimited, c.values)
			requireVerdict(t, err, c.refused)
			if refusal, ok := errors.AsType[*domain.Error](err); ok && refusal.Facts["featureId"] != "seats" {
				t.Errorf("the facts are %v", refusal.Facts)
			}
		})
	}
}
