package document

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"
)

func TestSumsAndProductsStayAtTheLargestNumber(t *testing.T) {
	number := rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(0, math.MaxInt), rapid.Just(math.MaxInt), rapid.Just(math.MaxInt/2))
	largest := big.NewInt(math.MaxInt)
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		x, y := big.NewInt(int64(a)), big.NewInt(int64(b))
		for name, c := range map[string]struct {
			got  int
			want *big.Int
		}{
			"plus":  {plus(a, b), new(big.Int).Add(x, y)},
			"times": {times(a, b), new(big.Int).Mul(x, y)},
		} {
			if c.want.Cmp(largest) > 0 {
				c.want = largest
			}
			if int64(c.got) != c.want.Int64() {
				t.Errorf("%s of %d and %d is %d, not %s", name, a, b, c.got, c.want)
			}
		}
	})
}

// TestCostWithoutALimit: a cost that no number can hold is the largest one.
func TestCostWithoutALimit(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `type Query { customers(paging: P): C } type C { edges: Query } input P { first: Int }`})
	query := strings.Repeat("customers(paging: {first: 100}) { edges { ", 40) + "__typename" + strings.Repeat(" } }", 40)
	document := gqlparser.MustLoadQueryWithRules(schema, "{ "+query+" }", nil)
	counter := costCounter{within: map[string]int{"Query": math.MinInt, "C": math.MinInt}}
	counter.spend(document.Operations[0].SelectionSet, 1)
	if counter.data != math.MaxInt {
		t.Errorf("it costs %d", counter.data)
	}
}
