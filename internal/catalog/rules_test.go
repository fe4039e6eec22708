package catalog

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// invalidFile is the small catalogue with old replaced by new. It has one problem, in the line that ends in "# here",
// with this path and a message that contains this text.
type invalidFile struct {
	old, new string
	path     string
	message  string
}

const (
	seats       = "{id: seats, name: Seats, type: NUMBER, meter: Fluctuating, units: {one: seat, many: seats}}"
	audit       = "{id: audit, name: Audit log, type: BOOLEAN}"
	flat        = "      - {period: MONTHLY, currency: USD, amount: 29}"
	perUnit     = "{period: MONTHLY, currency: USD, model: PER_UNIT, feature: seats, amount: 5, min: 1, max: 100}"
	yearly      = "{period: ANNUALLY, currency: USD, amount: 290}"
	danish      = "      - {period: MONTHLY, country: DK, currency: DKK, amount: 199}"
	limited     = "{feature: seats, limit: 10, reset: {every: MONTH, accordingTo: StartOfTheMonth}}"
	valued      = "{feature: login, values: [saml]}"
	granted     = "      - {feature: audit}"
	journeyMain = "    journey: {end: DOWNGRADE_TO_FREE, downgradePlan: free}"
	freePlan    = "{id: free, product: main, name: Free, pricing: FREE, entitlements: [{feature: seats, limit: 1}]}"
	tried       = "  - {id: tried, product: other, name: Tried, pricing: PAID, trial: {days: 14}, prices: "
	ten         = "{id: ten, name: Ten, percent: 10}"
	five        = "{id: five, name: Five, months: 3, amounts: [{currency: USD, amount: 5}, {currency: EUR, amount: 4}]}"
	code        = "  - {id: CODE, coupon: ten, starts: 2026-01-01, expires: 2027-01-01T12:00:00+01:00, minimumAmounts: [{currency: USD, amount: 1}]}"
	foreign     = "  - {id: foreign, product: other, name: Foreign, pricing: FREE}"
)

var invalidFiles = map[string]invalidFile{
	"neither YAML nor JSON":     {"features:", "features: [} # here", "", "is not valid YAML or JSON"},
	"a second document":         {"products:", "--- # here\nproducts:", "", "one YAML document"},
	"a duplicate field":         {"    name: Main", "    name: Main\n    name: Again # here", "products[0].name", "is a duplicate"},
	"a merge key":               {"    name: Main", "    <<: {name: Main} # here", "products[0].<<", "merge keys"},
	"a number as key":           {"    name: Main", "    1: Main # here", "products[0].1", "must be text"},
	"a hexadecimal number":      {"    maxQuantity: 3", "    maxQuantity: 0x1F # here", "addons[0].maxQuantity", "must be a JSON number"},
	"a number with underscores": {"    maxQuantity: 3", "    maxQuantity: 1_000 # here", "addons[0].maxQuantity", "must be a JSON number"},
	"infinity":                  {"    maxQuantity: 3", "    maxQuantity: .inf # here", "addons[0].maxQuantity", "must be a JSON number"},
	"a huge exponent":           {"    maxQuantity: 3", "    maxQuantity: 1e999999999 # here", "addons[0].maxQuantity", "must be a whole number"},
	"a tag":                     {"    name: Main", "    name: !secret Main # here", "products[0].name", "tag !secret"},
	"an alias to itself":        {"    name: Main", "    name: Main\n    metadata: &a {b: *a} # here", "products[0].metadata" + strings.Repeat(".b", 61), "levels deep"},

	"an unknown list":         {"coupons:", "vouchers: [] # here\ncoupons:", "vouchers", "is not a known field"},
	"an unknown field":        {"    name: Main", "    title: Main # here", "products[0].title", "is not a known field"},
	"a missing field":         {audit, "{id: audit, type: BOOLEAN} # here", "features[1].name", "is missing"},
	"null for text":           {"    name: Main", "    name: # here", "products[0].name", "must be text, not null"},
	"a number for text":       {"    name: Main", "    name: 5 # here", "products[0].name", "put it in quotes"},
	"text for a number":       {"    maxQuantity: 3", "    maxQuantity: three # here", "addons[0].maxQuantity", "must be a whole number, not text"},
	"a fraction for a count":  {"    maxQuantity: 3", "    maxQuantity: 1.5 # here", "addons[0].maxQuantity", "must be a whole number"},
	"text for true":           {audit, "{id: audit, name: A, type: BOOLEAN}\n  - {id: x, name: X, type: ENUM, values: yes} # here", "features[2].values", "must be a list, not text"},
	"a list for an object":    {"    name: Main", "    name: Main\n    metadata: [] # here", "products[0].metadata", "must be an object, not a list"},
	"an unknown enum value":   {audit, "{id: audit, name: A, type: BOOL} # here", "features[1].type", "must be one of BOOLEAN NUMBER ENUM"},
	"an empty name":           {"    name: Main", "    name: \"\" # here", "products[0].name", "at least 1 character"},
	"a long name":             {"    name: Main", "    name: " + strings.Repeat("n", 256) + " # here", "products[0].name", "at most 255 characters"},
	"an id with an @":         {audit, "{id: audit@2, name: A, type: BOOLEAN} # here", "features[1].id", "must be 1 to 255 letters"},
	"an id with a slash":      {audit, "{id: a/b, name: A, type: BOOLEAN} # here", "features[1].id", "must be 1 to 255 letters"},
	"an id with a space":      {audit, "{id: a b, name: A, type: BOOLEAN} # here", "features[1].id", "must be 1 to 255 letters"},
	"an id with a line break": {audit, "{id: \"a\\n\", name: A, type: BOOLEAN} # here", "features[1].id", "control characters"},
	"an id of 256 characters": {audit, "{id: " + strings.Repeat("i", 256) + ", name: A, type: BOOLEAN} # here", "features[1].id", "must be 1 to 255 letters"},
	"an id with a hyphen":     {audit, "{id: -a, name: A, type: BOOLEAN} # here", "features[1].id", "must be 1 to 255 letters"},
	"a coupon's id":           {ten, "{id: \" ten\", name: Ten, percent: 10}  # here", "coupons[0].id", "must be 1 to 255 letters"},

	"a duplicate id":                  {audit, "{id: audit, name: A, type: BOOLEAN}\n  - {id: audit, name: B, type: BOOLEAN} # here", "features[2].id", "is a duplicate of features[1].id in line 3"},
	"metadata, too many keys":         {"    name: Main", "    name: Main\n    metadata: {" + manyKeys(51) + "} # here", "products[0].metadata", "at most 50 keys"},
	"metadata, a long key":            {"    name: Main", "    name: Main\n    metadata: {" + strings.Repeat("k", 41) + ": 1} # here", "products[0].metadata", "keys of 1 to 40 characters"},
	"metadata, a long value":          {"    name: Main", "    name: Main\n    metadata: {k: " + strings.Repeat("v", 499) + "} # here", "products[0].metadata", "at most 500 characters"},
	"a meter of a BOOLEAN":            {audit, "{id: audit, name: A, type: BOOLEAN, meter: Incremental} # here", "features[1].meter", "type NUMBER"},
	"units of a BOOLEAN":              {audit, "{id: audit, name: A, type: BOOLEAN, units: {one: a, many: b}} # here", "features[1].units", "type NUMBER"},
	"units without a plural":          {seats, "{id: seats, name: Seats, type: NUMBER, units: {one: seat}} # here", "features[0].units.many", "is missing"},
	"an ENUM without values":          {audit, "{id: audit, name: Audit log, type: BOOLEAN}\n  - {id: e, name: E, type: ENUM} # here", "features[2].values", "is missing"},
	"values of a BOOLEAN":             {audit, "{id: audit, name: A, type: BOOLEAN, values: [a]} # here", "features[1].values", "type ENUM"},
	"a duplicate value":               {audit, "{id: audit, name: Audit log, type: BOOLEAN}\n  - {id: e, name: E, type: ENUM, values: [a, {value: a, name: A}]} # here", "features[2].values[1]", "is a duplicate"},
	"a start without its plan":        {journeyMain, "    journey: {start: FREE_PLAN} # here", "products[0].journey.startPlan", "is missing"},
	"a start plan without a start":    {journeyMain, "    journey: {startPlan: free} # here", "products[0].journey.startPlan", "is only allowed when start"},
	"a downgrade without its plan":    {journeyMain, "    journey: {end: DOWNGRADE_TO_FREE} # here", "products[0].journey.downgradePlan", "is missing"},
	"a downgrade plan without an end": {journeyMain, "    journey: {downgradePlan: free} # here", "products[0].journey.downgradePlan", "is only allowed when end"},

	"FREE_PLAN, a paid plan":                {journeyMain, "    journey: {start: FREE_PLAN, startPlan: paid} # here", "products[0].journey.startPlan", "FREE"},
	"TRIAL_PERIOD, no trial":                {journeyMain, "    journey: {start: TRIAL_PERIOD, startPlan: paid} # here", "products[0].journey.startPlan", "trial"},
	"a downgrade to a paid plan":            {journeyMain, "    journey: {end: DOWNGRADE_TO_FREE, downgradePlan: paid} # here", "products[0].journey.downgradePlan", "FREE"},
	"a start with a draft":                  {journeyMain, "    journey: {start: FREE_PLAN, startPlan: draft} # here", "products[0].journey.startPlan", "not published"},
	"a downgrade to a draft":                {journeyMain, "    journey: {end: DOWNGRADE_TO_FREE, downgradePlan: draft} # here", "products[0].journey.downgradePlan", "not published"},
	"a trial of a free plan":                {journeyMain, "    journey: {start: TRIAL_PERIOD, startPlan: gift} # here", "products[0].journey.startPlan", "FREE"},
	"a start with another product's plan":   {journeyMain, "    journey: {start: TRIAL_PERIOD, startPlan: tried} # here", "products[0].journey.startPlan", "product"},
	"a downgrade to another product's plan": {journeyMain, "    journey: {end: DOWNGRADE_TO_FREE, downgradePlan: tried} # here", "products[0].journey.downgradePlan", "product"},
	"a start with an unknown plan":          {journeyMain, "    journey: {start: FREE_PLAN, startPlan: nope} # here", "products[0].journey.startPlan", "nope"},
	"a downgrade to an unknown plan":        {journeyMain, "    journey: {end: DOWNGRADE_TO_FREE, downgradePlan: nope} # here", "products[0].journey.downgradePlan", "nope"},

	"a plan of an unknown product":    {tried, "  - {id: p, product: nope, name: P, pricing: FREE} # here\n" + tried, "plans[2].product", "nope"},
	"an add-on of an unknown product": {foreign, "  - {id: foreign, product: nope, name: F, pricing: FREE} # here", "addons[2].product", "nope"},
	"an unknown base plan":            {"    base: free", "    base: nope # here", "plans[1].base", "nope"},
	"a base of another product":       {"    base: free", "    base: tried # here", "plans[1].base", "product"},
	"a plan based on itself":          {"    base: free", "    base: paid # here", "plans[1].base", "itself"},
	"an unknown add-on":               {"    addons: [more, most]", "    addons: [more, nope] # here", "plans[1].addons[1]", "nope"},
	"an add-on of another product":    {"    addons: [more, most]", "    addons: [more, foreign] # here", "plans[1].addons[1]", "product"},
	"a duplicate add-on":              {"    addons: [more, most]", "    addons: [more, more] # here", "plans[1].addons[1]", "is a duplicate"},
	"an unknown dependency":           {foreign, "  - {id: foreign, product: other, name: F, pricing: FREE, dependencies: [nope]} # here", "addons[2].dependencies[0]", "nope"},
	"a dependency of another product": {foreign, "  - {id: foreign, product: other, name: F, pricing: FREE, dependencies: [more]} # here", "addons[2].dependencies[0]", "product"},
	"a dependency on itself":          {foreign, "  - {id: foreign, product: other, name: F, pricing: FREE, dependencies: [foreign]} # here", "addons[2].dependencies[0]", "itself"},
	"a duplicate widget":              {foreign, "  - {id: foreign, product: other, name: F, pricing: FREE, hiddenFromWidgets: [PAYWALL, PAYWALL]} # here", "addons[2].hiddenFromWidgets[1]", "is a duplicate"},

	"a trial without a length":    {tried, "  - {id: x, product: other, name: X, pricing: PAID, trial: {end: CONVERT_TO_PAID}, published: false} # here\n" + tried, "plans[2].trial", "either days or months"},
	"a trial in days and months":  {tried, "  - {id: x, product: other, name: X, pricing: PAID, trial: {days: 1, months: 1}, published: false} # here\n" + tried, "plans[2].trial", "either days or months"},
	"a trial of 0 days":           {tried, "  - {id: x, product: other, name: X, pricing: PAID, trial: {days: 0}, published: false} # here\n" + tried, "plans[2].trial.days", "must be at least 1"},
	"a trial of 10001 days":       {tried, "  - {id: x, product: other, name: X, pricing: PAID, trial: {days: 10001}, published: false} # here\n" + tried, "plans[2].trial.days", "must be at most 10000"},
	"a trial's budget below 0":    {tried, "  - {id: x, product: other, name: X, pricing: PAID, trial: {days: 1, budget: {limit: -1}}, published: false} # here\n" + tried, "plans[2].trial.budget.limit", "must be at least 0"},
	"a FREE plan with a price":    {freePlan, "{id: free, product: main, name: Free, pricing: FREE, prices: [{period: MONTHLY, currency: USD, amount: 1}]} # here", "plans[0].prices", "is only allowed when pricing is PAID"},
	"a PAID plan without a price": {tried, "  - {id: x, product: other, name: X, pricing: PAID} # here\n" + tried, "plans[2].prices", "is missing"},

	"an entitlement to an unknown feature": {granted, "      - {feature: nope} # here", "plans[1].entitlements[2].feature", "nope"},
	"a duplicate entitlement":              {granted, "      - {feature: seats, limit: 1} # here", "plans[1].entitlements[2].feature", "is a duplicate of plans[1].entitlements[0].feature in line "},
	"a NUMBER without a limit":             {limited, "{feature: seats} # here", "plans[1].entitlements[0]", "limit, unlimited and custom"},
	"a limit and unlimited":                {limited, "{feature: seats, limit: 1, unlimited: true} # here", "plans[1].entitlements[0]", "limit, unlimited and custom"},
	"a limit below 0":                      {limited, "{feature: seats, limit: -1} # here", "plans[1].entitlements[0].limit", "must be at least 0"},
	"soft without a limit":                 {limited, "{feature: seats, unlimited: true, soft: true} # here", "plans[1].entitlements[0].soft", "needs a limit"},
	"a BOOLEAN with a limit":               {granted, "      - {feature: audit, limit: 1} # here", "plans[1].entitlements[2]", "no limit"},
	"a BOOLEAN with a reset":               {granted, "      - {feature: audit, reset: {every: DAY}} # here", "plans[1].entitlements[2]", "no limit"},
	"a BOOLEAN with values":                {granted, "      - {feature: audit, values: [a]} # here", "plans[1].entitlements[2].values", "type ENUM"},
	"an ENUM with a limit":                 {valued, "{feature: login, values: [saml], limit: 1} # here", "plans[1].entitlements[1]", "no limit"},
	"an ENUM without values granted":       {valued, "{feature: login} # here", "plans[1].entitlements[1].values", "is missing"},
	"an ENUM with an unknown value":        {valued, "{feature: login, values: [saml, magic]} # here", "plans[1].entitlements[1].values[1]", "login"},
	"an ENUM with a duplicate value":       {valued, "{feature: login, values: [saml, saml]} # here", "plans[1].entitlements[1].values[1]", "is a duplicate"},
	"a reset of a year, by month":          {limited, "{feature: seats, limit: 1, reset: {every: YEAR, accordingTo: StartOfTheMonth}} # here", "plans[1].entitlements[0].reset.accordingTo", "SubscriptionStart for a YEAR"},
	"a reset of a month, by week":          {limited, "{feature: seats, limit: 1, reset: {every: MONTH, accordingTo: EveryMonday}} # here", "plans[1].entitlements[0].reset.accordingTo", "for a MONTH"},
	"a reset of a day, by week":            {limited, "{feature: seats, limit: 1, reset: {every: DAY, accordingTo: EveryMonday}} # here", "plans[1].entitlements[0].reset.accordingTo", "is only allowed for a YEAR, MONTH or WEEK"},
	"a plan's entitlement with a behavior": {limited, "{feature: seats, limit: 1, behavior: Increment} # here", "plans[1].entitlements[0].behavior", "is only allowed for add-ons"},

	"an unknown country":                   {danish, "      - {period: MONTHLY, country: UK, currency: DKK, amount: 199} # here", "plans[1].prices[2].country", "ISO 3166-1"},
	"a country in lower case":              {danish, "      - {period: MONTHLY, country: dk, currency: DKK, amount: 199} # here", "plans[1].prices[2].country", "upper case"},
	"an unknown currency":                  {flat, "      - {period: MONTHLY, currency: XXX, amount: 29} # here", "plans[1].prices[0].currency", "is not a known currency"},
	"a currency in lower case":             {flat, "      - {period: MONTHLY, currency: usd, amount: 29} # here", "plans[1].prices[0].currency", "upper case"},
	"a price without an amount":            {flat, "      - {period: MONTHLY, currency: USD} # here", "plans[1].prices[0].amount", "is missing"},
	"an amount below 0":                    {flat, "      - {period: MONTHLY, currency: USD, amount: -0.01} # here", "plans[1].prices[0].amount", "must be at least 0"},
	"an amount above the maximum":          {flat, "      - {period: MONTHLY, currency: USD, amount: 1000000000000.01} # here", "plans[1].prices[0].amount", "must be at most"},
	"an amount above the maximum, as text": {flat, "      - {period: MONTHLY, currency: USD, amount: \"1000000000001\"} # here", "plans[1].prices[0].amount", "must be from 0 to"},
	"an amount of 51 places":               {flat, "      - {period: MONTHLY, currency: USD, amount: \"0." + strings.Repeat("1", 51) + "\"} # here", "plans[1].prices[0].amount", "50 digits"},
	"an amount just above the maximum":     {flat, "      - {period: MONTHLY, currency: USD, amount: 1000000000000.000001} # here", "plans[1].prices[0].amount", "at most"},
	"an amount with a comma":               {flat, "      - {period: MONTHLY, currency: USD, amount: \"29,50\"} # here", "plans[1].prices[0].amount", "such as 19.99"},
	"a flat fee with a feature":            {flat, "      - {period: MONTHLY, currency: USD, amount: 29, feature: seats} # here", "plans[1].prices[0].feature", "PER_UNIT and USAGE_BASED"},
	"a unit price without a feature":       {perUnit, "{period: MONTHLY, currency: USD, model: PER_UNIT, amount: 5} # here", "plans[1].prices[1].feature", "is missing"},
	"a unit price of an unknown feature":   {yearly, "{period: ANNUALLY, currency: USD, model: PER_UNIT, feature: nope, amount: 5} # here", "plans[1].prices[4].feature", "nope"},
	"a unit price of a BOOLEAN":            {yearly, "{period: ANNUALLY, currency: USD, model: PER_UNIT, feature: audit, amount: 5} # here", "plans[1].prices[4].feature", "NUMBER"},
	"a minimum above the maximum":          {perUnit, "{period: MONTHLY, currency: USD, model: PER_UNIT, feature: seats, amount: 5, min: 2, max: 1} # here", "plans[1].prices[1].max", "at least min"},
	"bounds of a flat fee":                 {flat, "      - {period: MONTHLY, currency: USD, amount: 29, min: 1} # here", "plans[1].prices[0].min", "PER_UNIT"},
	"blocks of a flat fee":                 {flat, "      - {period: MONTHLY, currency: USD, amount: 29, block: 10} # here", "plans[1].prices[0].block", "PER_UNIT"},
	"tiers of a flat fee":                  {flat, "      - {period: MONTHLY, currency: USD, tiersMode: VOLUME, tiers: [{unit: 1}]} # here", "plans[1].prices[0].tiers", "PER_UNIT"},
	"a mode without tiers":                 {perUnit, "{period: MONTHLY, currency: USD, model: PER_UNIT, feature: seats, amount: 5, tiersMode: VOLUME} # here", "plans[1].prices[1].tiersMode", "needs tiers"},
	"tiers without a mode":                 {perUnit, "{period: MONTHLY, currency: USD, model: PER_UNIT, feature: seats, tiers: [{unit: 1}]} # here", "plans[1].prices[1].tiersMode", "is missing"},
	"tiers and an amount":                  {perUnit, "{period: MONTHLY, currency: USD, model: PER_UNIT, feature: seats, amount: 5, tiersMode: VOLUME, tiers: [{unit: 1}]} # here", "plans[1].prices[1].amount", "cannot be combined with tiers"},
	"tiers and blocks":                     {perUnit, "{period: MONTHLY, currency: USD, model: PER_UNIT, feature: seats, block: 5, tiersMode: VOLUME, tiers: [{unit: 1}]} # here", "plans[1].prices[1].block", "cannot be combined with tiers"},
	"an empty list of tiers":               {perUnit, "{period: MONTHLY, currency: USD, model: PER_UNIT, feature: seats, tiersMode: VOLUME, tiers: []} # here", "plans[1].prices[1].tiers", "at least 1 entr"},
	"a last tier with upTo":                {"          - {unit: 30, flat: 1}", "          - {upTo: 20, unit: 30} # here", "plans[1].prices[3].tiers[1].upTo", "last tier"},
	"tiers that do not ascend":             {"          - {upTo: 10, unit: 35}", "          - {upTo: 10, unit: 35}\n          - {upTo: 10, unit: 34} # here", "plans[1].prices[3].tiers[1].upTo", "more than"},
	"an inner tier without upTo":           {"          - {upTo: 10, unit: 35}", "          - {unit: 35} # here", "plans[1].prices[3].tiers[0].upTo", "is missing"},
	"a tier without a price":               {"          - {unit: 30, flat: 1}", "          - {} # here", "plans[1].prices[3].tiers[1]", "unit or flat"},
	"usage with a one-off price":           {perUnit, "{period: MONTHLY, currency: USD, model: USAGE_BASED, cadence: ONE_OFF, feature: seats, amount: 5} # here", "plans[1].prices[1].cadence", "ONE_OFF"},
	"a duplicate charge":                   {flat, flat + "\n      - {period: MONTHLY, currency: USD, amount: 30} # here", "plans[1].prices[1]", "is already in prices[0]"},
	"a charge missing for a country":       {danish + "\n", "", "plans[1].prices", "FLAT_FEE is missing for MONTHLY in DKK for DK, but there is one for MONTHLY in USD"},
	"a charge of one country only":         {danish, danish + "\n      - {period: MONTHLY, country: DK, currency: DKK, model: MINIMUM_SPEND, amount: 5} # here", "plans[1].prices[3]", "MINIMUM_SPEND is missing for MONTHLY in USD, but there is one for MONTHLY in DKK for DK"},

	"a coupon without a discount":      {ten, "{id: ten, name: Ten} # here", "coupons[0]", "either percent or amounts"},
	"a coupon of both kinds":           {ten, "{id: ten, name: Ten, percent: 10, amounts: [{currency: USD, amount: 1}]} # here", "coupons[0]", "either percent or amounts"},
	"0 per cent":                       {ten, "{id: ten, name: Ten, percent: 0} # here", "coupons[0].percent", "more than 0"},
	"0 per cent, as text":              {ten, "{id: ten, name: Ten, percent: \"0.00\"} # here", "coupons[0].percent", "more than 0"},
	"101 per cent":                     {ten, "{id: ten, name: Ten, percent: 101} # here", "coupons[0].percent", "at most 100"},
	"a discount of 0":                  {five, "{id: five, name: Five, amounts: [{currency: USD, amount: 0}]} # here", "coupons[1].amounts[0].amount", "more than 0"},
	"a duplicate currency":             {five, "{id: five, name: Five, amounts: [{currency: USD, amount: 5}, {currency: USD, amount: 4}]} # here", "coupons[1].amounts[1].currency", "is a duplicate"},
	"a discount that rounds to 0":      {five, "{id: five, name: Five, amounts: [{currency: USD, amount: 0.0000000000004}]} # here", "coupons[1].amounts[0].amount", "more than 0"},
	"a percentage that rounds to 0":    {ten, "{id: ten, name: Ten, percent: 0.0000000000004}  # here", "coupons[0].percent", "more than 0"},
	"a name with a line break":         {ten, "{id: ten, name: \"Te\\nn\", percent: 10}  # here", "coupons[0].name", "control characters"},
	"a name with a C1 control":         {ten, "{id: ten, name: \"Te\\x9bn\", percent: 10}  # here", "coupons[0].name", "control characters"},
	"a description with an escape":     {ten, "{id: ten, name: Ten, description: \"a\\x1b[0m\", percent: 10}  # here", "coupons[0].description", "other than tabs and line breaks"},
	"a metadata key with a NUL":        {ten, "{id: ten, name: Ten, percent: 10, metadata: {\"a\\0\": 1}}  # here", "coupons[0].metadata", "control characters"},
	"a code that differs only in case": {"promotionCodes:\n", "promotionCodes:\n  - {id: code, coupon: ten} # here\n", "promotionCodes[0].id", "CODE only in case"},
	"half a month":                     {ten, "{id: ten, name: Ten, percent: 10, months: 0.5} # here", "coupons[0].months", "must be a whole number"},
	"0 months":                         {ten, "{id: ten, name: Ten, percent: 10, months: 0} # here", "coupons[0].months", "must be at least 1"},
	"a code for an unknown coupon":     {code, "  - {id: CODE, coupon: nope} # here", "promotionCodes[0].coupon", "nope"},
	"a code that ends as it starts":    {code, "  - {id: CODE, coupon: ten, starts: 2026-01-01, expires: 2026-01-01} # here", "promotionCodes[0].expires", "must be after starts"},
	"an invalid time":                  {code, "  - {id: CODE, coupon: ten, starts: tomorrow} # here", "promotionCodes[0].starts", "must be a time"},
	"an invalid date":                  {code, "  - {id: CODE, coupon: ten, starts: 2026-02-30} # here", "promotionCodes[0].starts", "must be a time"},
	"0 redemptions":                    {code, "  - {id: CODE, coupon: ten, maxRedemptions: 0} # here", "promotionCodes[0].maxRedemptions", "must be at least 1"},
	"a minimum in an unknown currency": {code, "  - {id: CODE, coupon: ten, minimumAmounts: [{currency: ZZZ, amount: 1}]} # here", "promotionCodes[0].minimumAmounts[0].currency", "is not a known currency"},
	"an empty list of minimum amounts": {code, "  - {id: CODE, coupon: ten, minimumAmounts: []} # here", "promotionCodes[0].minimumAmounts", "leave the field out"},
	"a number as customer id":          {code, "  - {id: CODE, coupon: ten, customer: 5} # here", "promotionCodes[0].customer", "put it in quotes"},
}

func manyKeys(n int) string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("k%d: 1", i)
	}
	return strings.Join(keys, ", ")
}

// applyInvalid applies an invalid file and returns its problems.
func applyInvalid(t *testing.T, service *Service, text string) *InvalidError {
	t.Helper()
	file, err := Parse("catalog.yaml", []byte(text))
	if err == nil {
		_, err = service.Apply(t.Context(), environment, file, false)
	}
	invalid, ok := errors.AsType[*InvalidError](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	return invalid
}

func TestInvalidFilesAreRejected(t *testing.T) {
	store := openStore(t)
	service := newService(store)
	for _, name := range slices.Sorted(maps.Keys(invalidFiles)) {
		t.Run(name, func(t *testing.T) {
			c := invalidFiles[name]
			text := edited(t, c.old, c.new)
			invalid := applyInvalid(t, service, text)
			line := 0
			for i, l := range strings.Split(text, "\n") {
				if strings.HasSuffix(l, "# here") {
					line = i + 1
				}
			}
			if line == 0 { // A missing field has no line of its own.
				line = invalid.Problems[0].Line
			}
			if len(invalid.Problems) != 1 || invalid.Problems[0].Line != line || invalid.Problems[0].Path != c.path {
				t.Errorf("want line %d, path %s; got\n%v", line, c.path, invalid)
			}
			if !strings.Contains(invalid.Error(), c.message) || strings.Contains(invalid.Error(), "jsonschema") {
				t.Errorf("want %q in: %v", c.message, invalid)
			}
			prefix := fmt.Sprintf("catalog.yaml:%d: ", line)
			if c.path != "" {
				prefix += c.path + ": "
			}
			if !strings.HasPrefix(invalid.Error(), prefix) {
				t.Errorf("want the prefix %q: %v", prefix, invalid)
			}
		})
	}
	if n := count(t, store); n != 0 {
		t.Errorf("%d documents were written", n)
	}
}

func TestTheSmallCatalogueIsValid(t *testing.T) {
	service := newService(openStore(t))
	if got := apply(t, service, small); len(got) != 16 {
		t.Errorf("got %q", got)
	}
}
