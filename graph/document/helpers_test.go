package document

import (
	"bytes"
	"encoding/json"

	"clientele/internal/config"
)

// testLimits are such that nothing in earnest comes near them.
var testLimits = config.Default().Limits

// decodeJSON reads variables as the server does: numbers keep their digits.
func decodeJSON(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(into)
}
