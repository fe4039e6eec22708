package catalog

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func TestSchemaIsValidJSONSchema(t *testing.T) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaText))
	if err != nil {
		t.Fatal(err)
	}
	if err := jsonschema.NewCompiler().MustCompile("https://json-schema.org/draft/2020-12/schema").Validate(document); err != nil {
		t.Error(err)
	}
}

func TestSchemaAndStructsHaveTheSameFields(t *testing.T) {
	var schema struct {
		Defs map[string]json.RawMessage `json:"$defs"`
	}
	if err := json.Unmarshal(schemaText, &schema); err != nil {
		t.Fatal(err)
	}
	for name, object := range map[string]any{
		"feature": feature{}, "product": product{}, "plan": plan{}, "addon": addon{}, "entitlement": entitlement{}, "price": price{},
		"coupon": coupon{}, "promotionCode": promotionCode{}, "money": money{},
	} {
		var definition struct {
			Properties map[string]struct {
				Description string `json:"description"`
				Ref         string `json:"$ref"`
			} `json:"properties"`
		}
		if err := json.Unmarshal(schema.Defs[name], &definition); err != nil {
			t.Fatal(err)
		}
		got, want := slices.Sorted(maps.Keys(definition.Properties)), fieldNames(reflect.TypeOf(object))
		if !slices.Equal(got, want) {
			t.Errorf("%s: the schema has %q, the struct %q", name, got, want)
		}
		for field, property := range definition.Properties {
			if property.Description == "" && property.Ref == "" {
				t.Errorf("%s.%s is not described", name, field)
			}
		}
	}
}

func fieldNames(of reflect.Type) []string {
	var names []string
	for _, field := range reflect.VisibleFields(of) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func TestEveryPatternIsExplained(t *testing.T) {
	var schema map[string]any
	if err := json.Unmarshal(schemaText, &schema); err != nil {
		t.Fatal(err)
	}
	var look func(name string, value any)
	look = func(name string, value any) {
		switch value := value.(type) {
		case map[string]any:
			if _, has := value["pattern"]; has && patternRules[name] == "" {
				t.Errorf("the pattern of %s is not in patternRules", name)
			}
			for name, inner := range value {
				look(name, inner)
			}
		case []any:
			for _, inner := range value {
				look(name, inner)
			}
		}
	}
	look("", schema)
}
