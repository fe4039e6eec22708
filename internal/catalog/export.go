package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Export answers the stored catalogue of an environment as a file, lists in the order of applying and items in
// order of id. Applying it to the environment changes nothing.
func (s *Service) Export(ctx context.Context, environmentID string) ([]byte, error) {
	stored, err := s.load(ctx, environmentID)
	if err != nil {
		return nil, fmt.Errorf("load the catalogue: %w", err)
	}
	return export(environmentID, stored)
}

// Empty reports whether an environment has no catalogue.
func (s *Service) Empty(ctx context.Context, environmentID string) (bool, error) {
	stored, err := s.load(ctx, environmentID)
	if err != nil {
		return false, fmt.Errorf("load the catalogue: %w", err)
	}
	return stored.empty(), nil
}

func export(environmentID string, stored items) ([]byte, error) {
	text, err := encodeJSON(content{
		Features:       showAll(stored.features, showFeature),
		Products:       showAll(stored.products, showProduct),
		Addons:         showAll(stored.addons, showAddon),
		Plans:          showAll(stored.plans, showPlan),
		Coupons:        showAll(stored.coupons, showCoupon),
		PromotionCodes: showAll(stored.codes, showPromotionCode),
	})
	if err != nil {
		return nil, err
	}
	root, err := yamlOf(text)
	if err != nil {
		return nil, err
	}
	layOut(root, 0)
	var out bytes.Buffer
	fmt.Fprintf(&out, "# The catalogue of the environment %s, as clientele catalog export wrote it.\n", environmentID)
	fmt.Fprintf(&out, "# clientele catalog apply takes it back; an item becomes what the file says, and nothing is ever removed.\n\n")
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return nil, err
	}
	return out.Bytes(), encoder.Close()
}

func showAll[D document, F any](stored []D, show func(D) F) []F {
	var shown []F
	for _, d := range stored {
		shown = append(shown, show(d))
	}
	return shown
}

// yamlOf is JSON as a tree of YAML, with fields in their order and numbers as they are written.
func yamlOf(text []byte) (*yaml.Node, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return nextNode(decoder)
}

func nextNode(decoder *json.Decoder) (*yaml.Node, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		node := &yaml.Node{Kind: yaml.MappingNode}
		if token == '[' {
			node.Kind = yaml.SequenceNode
		}
		for decoder.More() {
			// The keys of an object are tokens like its values, so they alternate as YAML has them.
			item, err := nextNode(decoder)
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, item)
		}
		_, err := decoder.Token()
		return node, err
	case string:
		return textNode(token), nil
	case json.Number:
		return scalarNode("!!float", token.String()), nil
	case bool:
		return scalarNode("!!bool", fmt.Sprint(token)), nil
	default:
		return scalarNode("!!null", "null"), nil
	}
}

func scalarNode(tag, value string) *yaml.Node {
	if tag == "!!float" && wholeNumber.MatchString(value) {
		tag = "!!int"
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

var (
	wholeNumber = regexp.MustCompile(`^-?[0-9]{1,18}$`)
	// harmless is text that YAML has no other reading of, whatever stands around it.
	harmless = regexp.MustCompile(`^[\p{L}\p{N}]([\p{L}\p{N} ._/()+-]*[\p{L}\p{N}.)])?$`)
)

// textNode leaves texts bare where that is safe; quotes hold everything, line breaks and strange spaces too.
func textNode(value string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
	if !harmless.MatchString(value) {
		node.Style = yaml.DoubleQuotedStyle
	}
	return node
}

// The layout of an export: what is within an item stands in one line if it fits.
const (
	itemDepth = 2
	lineWidth = 130
)

func layOut(node *yaml.Node, depth int) {
	if depth > itemDepth && node.Kind != yaml.ScalarNode && width(node) <= lineWidth && !listsGroups(node) {
		node.Style = yaml.FlowStyle
		return
	}
	for _, child := range node.Content {
		layOut(child, depth+1)
	}
}

// listsGroups reports whether a node is a list of groups of fields, which is read better one below the other.
func listsGroups(node *yaml.Node) bool {
	return node.Kind == yaml.SequenceNode && len(node.Content) > 0 && node.Content[0].Kind == yaml.MappingNode
}

// width is about how long the node is in one line.
func width(node *yaml.Node) int {
	sum := utf8.RuneCountInString(node.Value) + len(", ")
	for _, child := range node.Content {
		sum += width(child)
	}
	return sum
}
