package optional

import (
	"encoding/json"
	"testing"
)

func TestThreeStates(t *testing.T) {
	type input struct {
		Name Value[string] `json:"name,omitempty"`
	}
	for text, want := range map[string]input{
		`{}`:            {},
		`{"name":null}`: {Null[string]()},
		`{"name":""}`:   {Of("")},
		`{"name":"a"}`:  {Of("a")},
	} {
		t.Run(text, func(t *testing.T) {
			written, err := json.Marshal(want)
			if err != nil || string(written) != text {
				t.Errorf("wrote %s: %v", written, err)
			}
			var read input
			if err := json.Unmarshal([]byte(text), &read); err != nil {
				t.Fatal(err)
			}
			got, isValue := read.Name.Get()
			wanted, wantValue := want.Name.Get()
			if got != wanted || isValue != wantValue || len(read.Name) != len(want.Name) {
				t.Errorf("read %v", read)
			}
		})
	}
}
