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

// Export returns the stored catalogue of an environment as a file, with items in order of id. Applying it to the
// same environment changes nothing.
func (s *Service) Export(ctx context.Context, environmentID string) ([]byte, error) {
	stored, err := s.load(ctx, environmentID)
	if err != nil {
		return nil, err
	}
	return export(environmentID, stored)
}

// Empty reports whether an environment has no catalogue.
func (s *Service) Empty(ctx context.Context, environmentID string) (bool, error) {
	stored, err := s.load(ctx, environmentID)
	return len(stored.features)+len(stored.products)+len(stored.addons)+len(stored.plans)+len(stored.coupons)+len(stored.codes) == 0, err
}

func export(environmentID string, stored items) ([]byte, error) {
	text, err := encodeJSON(content{
		Features:       showAll(featureList, stored.features),
		Products:       showAll(productList, stored.products),
		Addons:         showAll(addonList, stored.addons),
		Plans:          showAll(planList, stored.plans),
		Coupons:        showAll(couponList, stored.coupons),
		PromotionCodes: showAll(codeList, stored.codes),
	})
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	root, err := yamlNode(decoder)
	if err != nil {
		return nil, err
	}
	layOut(root, 0)
	var out bytes.Buffer
	fmt.Fprintf(&out, "# The catalogue of the environment %s, written by clientele catalog export.\n", environmentID)
	fmt.Fprintf(&out, "# clientele catalog apply adds and changes these items; it never removes any.\n\n")
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return nil, err
	}
	return out.Bytes(), encoder.Close()
}

func showAll[F, T any, D pointer[T]](l list[F, T, D], stored []D) []F {
	var shown []F
	for _, d := range stored {
		shown = append(shown, l.show(d))
	}
	return shown
}

// yamlNode reads the next JSON value as YAML, with fields in their order and numbers exactly as written.
func yamlNode(decoder *json.Decoder) (*yaml.Node, error) {
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
			// The decoder returns an object's keys and values in turn, which is how a mapping node holds them.
			item, err := yamlNode(decoder)
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
	// plainText is text that needs no quotes in YAML in any context.
	plainText = regexp.MustCompile(`^[\p{L}\p{N}]([\p{L}\p{N} ._/()+-]*[\p{L}\p{N}.)])?$`)
)

func textNode(value string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
	if !plainText.MatchString(value) {
		node.Style = yaml.DoubleQuotedStyle
	}
	return node
}

// The layout of an export: what is within an item is written in one line if it fits.
const (
	itemDepth = 2
	lineWidth = 130
)

func layOut(node *yaml.Node, depth int) {
	if depth > itemDepth && node.Kind != yaml.ScalarNode && width(node) <= lineWidth && !isListOfObjects(node) {
		node.Style = yaml.FlowStyle
		return
	}
	for _, child := range node.Content {
		layOut(child, depth+1)
	}
}

// isListOfObjects reports whether a node is a list of objects, which are easier to read on separate lines.
func isListOfObjects(node *yaml.Node) bool {
	return node.Kind == yaml.SequenceNode && len(node.Content) > 0 && node.Content[0].Kind == yaml.MappingNode
}

// width estimates the length of the node in one line.
func width(node *yaml.Node) int {
	sum := utf8.RuneCountInString(node.Value) + len(", ")
	for _, child := range node.Content {
		sum += width(child)
	}
	return sum
}
