package persistence

import "slices"

// Compiled returns a filter that means the same as f and spares work that depends on f alone, for a scan
// over many documents. A nil filter matches everything.
func Compiled(f Filter) Filter {
	c := compiler{slots: map[Field]int{}}
	return compiled{root: c.compile(f, true), slots: len(c.slots)}
}

// Matcher evaluates one filter over many documents, and counts the conditions that it evaluated: an Or ends at its
// first match. It is not safe for concurrent use.
type Matcher struct {
	root   node
	leaves int
	state  evaluation
}

// NewMatcher compiles a filter. A nil filter matches everything.
func NewMatcher(f Filter) *Matcher {
	c := compiler{slots: map[Field]int{}}
	root := c.compile(f, true)
	return &Matcher{root: root, leaves: c.leaves, state: newEvaluation(len(c.slots))}
}

// Matches evaluates the filter over a document.
func (m *Matcher) Matches(document Document) bool {
	m.state.next()
	return m.root.matches(document, &m.state)
}

// Leaves are how many conditions the filter has.
func (m *Matcher) Leaves() int { return m.leaves }

// Conditions are how many conditions were evaluated so far.
func (m *Matcher) Conditions() int { return m.state.conditions }

type compiled struct {
	root  node
	slots int
}

// Matches implements Filter.
func (c compiled) Matches(document Document) bool {
	state := newEvaluation(c.slots)
	return c.root.matches(document, &state)
}

// evaluation is what is known while one document is evaluated. Values are read once, however many conditions
// there are on a field.
type evaluation struct {
	conditions int
	fields     []fieldValue
}

// fieldValue is what is known of a field.
type fieldValue struct {
	value  Value
	folded string
	read   bool
	// isFolded is set once folded is the value's text without its case.
	isFolded bool
}

func newEvaluation(slots int) evaluation { return evaluation{fields: make([]fieldValue, slots)} }

// next starts a new document.
func (e *evaluation) next() { clear(e.fields) }

func (e *evaluation) value(document Document, field Field, slot int) Value {
	if slot == noSlot {
		return document.Value(field)
	}
	known := &e.fields[slot]
	if !known.read {
		known.value, known.read = document.Value(field), true
	}
	return known.value
}

// folded is the text of a value of the slot without its case.
func (e *evaluation) folded(value Value, slot int) string {
	if slot == noSlot {
		return folded(value.text)
	}
	known := &e.fields[slot]
	if !known.isFolded {
		known.folded, known.isFolded = folded(value.text), true
	}
	return known.folded
}

// noSlot is for the fields of elements of lists, of which a document has many.
const noSlot = -1

// node is a compiled filter.
type node interface {
	matches(document Document, e *evaluation) bool
}

type (
	andNode []node
	orNode  []node
	anyNode struct {
		list List
		of   node
	}
	conditionNode struct {
		field Field
		slot  int
		test  func(Value) bool
	}
	patternNode struct {
		field   Field
		slot    int
		pattern Pattern
		// wanted is false for a negation.
		wanted bool
	}
	// otherNode is a filter of a type that is not known here.
	otherNode struct{ filter Filter }
)

func (n andNode) matches(document Document, e *evaluation) bool {
	for _, part := range n {
		if !part.matches(document, e) {
			return false
		}
	}
	return true
}

func (n orNode) matches(document Document, e *evaluation) bool {
	for _, part := range n {
		if part.matches(document, e) {
			return true
		}
	}
	return false
}

func (n anyNode) matches(document Document, e *evaluation) bool {
	e.conditions++ // A list is read even if it is empty.
	return slices.ContainsFunc(document.Elements(n.list), func(element Document) bool { return n.of.matches(element, e) })
}

func (n *conditionNode) matches(document Document, e *evaluation) bool {
	e.conditions++
	return n.test(e.value(document, n.field, n.slot))
}

func (n *patternNode) matches(document Document, e *evaluation) bool {
	e.conditions++
	value := e.value(document, n.field, n.slot)
	if value.IsNull() {
		return false
	}
	var text string
	if n.pattern.ignoreCase {
		text = e.folded(value, n.slot)
	} else {
		text = composed(value.text)
	}
	return n.pattern.matchesForm(text) == n.wanted
}

func (n otherNode) matches(document Document, e *evaluation) bool {
	e.conditions++
	return n.filter.Matches(document)
}

// compiler gives each field of the document itself a slot.
type compiler struct {
	slots  map[Field]int
	leaves int
}

func (c *compiler) compile(f Filter, ofDocument bool) node {
	switch f := f.(type) {
	case nil:
		return andNode{}
	case And:
		if len(f) == 1 {
			return c.compile(f[0], ofDocument)
		}
		return andNode(c.compileAll(f, ofDocument))
	case Or:
		if len(f) == 1 {
			return c.compile(f[0], ofDocument)
		}
		return orNode(c.compileAll(f, ofDocument))
	case Any:
		return anyNode{list: f.List, of: c.compile(f.Filter, false)}
	case Condition:
		c.leaves++
		slot := noSlot
		if ofDocument {
			slot = c.slot(f.Field)
		}
		switch f.Op {
		case Like, NotLike, ILike, NotILike:
			return &patternNode{
				field: f.Field, slot: slot, wanted: f.Op == Like || f.Op == ILike,
				pattern: f.Pattern(),
			}
		case In, NotIn:
			return &conditionNode{field: f.Field, slot: slot, test: f.testIn()}
		default:
			return &conditionNode{field: f.Field, slot: slot, test: f.test()}
		}
	default:
		return otherNode{f}
	}
}

func (c *compiler) compileAll(filters []Filter, ofDocument bool) []node {
	nodes := make([]node, len(filters))
	for i, f := range filters {
		nodes[i] = c.compile(f, ofDocument)
	}
	return nodes
}

func (c *compiler) slot(field Field) int {
	slot, known := c.slots[field]
	if !known {
		slot = len(c.slots)
		c.slots[field] = slot
	}
	return slot
}

// testIn is test for many operands: it looks a value up among them.
func (c Condition) testIn() func(Value) bool {
	operands := make(map[Value]bool, len(c.Operands))
	for _, operand := range c.Operands {
		operands[operand.plain()] = true
	}
	return func(v Value) bool { return !v.IsNull() && operands[v.plain()] == (c.Op == In) }
}

// plain is the value without what does not count when values are compared.
func (v Value) plain() Value {
	v.moving = false
	return v
}
