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
	root  node
	state evaluation
}

// NewMatcher compiles a filter. A nil filter matches everything.
func NewMatcher(f Filter) *Matcher {
	c := compiler{slots: map[Field]int{}}
	root := c.compile(f, true)
	return &Matcher{root: root, state: newEvaluation(len(c.slots))}
}

// Matches evaluates the filter over a document.
func (m *Matcher) Matches(document Document) bool {
	m.state.next()
	return m.root.matches(document, &m.state)
}

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
	values     []Value
	read       []bool
}

func newEvaluation(slots int) evaluation {
	return evaluation{values: make([]Value, slots), read: make([]bool, slots)}
}

// next forgets the document before.
func (e *evaluation) next() { clear(e.read) }

func (e *evaluation) value(document Document, field Field, slot int) Value {
	if slot == noSlot {
		return document.Value(field)
	}
	if !e.read[slot] {
		e.values[slot], e.read[slot] = document.Value(field), true
	}
	return e.values[slot]
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

func (n conditionNode) matches(document Document, e *evaluation) bool {
	e.conditions++
	return n.test(e.value(document, n.field, n.slot))
}

func (n otherNode) matches(document Document, e *evaluation) bool {
	e.conditions++
	return n.filter.Matches(document)
}

// compiler gives each field of the document itself a slot.
type compiler struct{ slots map[Field]int }

func (c compiler) compile(f Filter, ofDocument bool) node {
	switch f := f.(type) {
	case nil:
		return andNode{}
	case And:
		return andNode(c.compileAll(f, ofDocument))
	case Or:
		return orNode(c.compileAll(f, ofDocument))
	case Any:
		return anyNode{list: f.List, of: c.compile(f.Filter, false)}
	case Condition:
		slot := noSlot
		if ofDocument {
			slot = c.slot(f.Field)
		}
		return conditionNode{field: f.Field, slot: slot, test: f.test()}
	default:
		return otherNode{f}
	}
}

func (c compiler) compileAll(filters []Filter, ofDocument bool) []node {
	nodes := make([]node, len(filters))
	for i, f := range filters {
		nodes[i] = c.compile(f, ofDocument)
	}
	return nodes
}

func (c compiler) slot(field Field) int {
	slot, known := c.slots[field]
	if !known {
		slot = len(c.slots)
		c.slots[field] = slot
	}
	return slot
}
