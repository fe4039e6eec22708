package config

import (
	"errors"
	"fmt"
	"strconv"
)

// Memory bounds what the whole server holds at once.
type Memory struct {
	// LimitSet and PercentSet are whether GOMEMLIMIT and GOGC of the environment set the limit and the target of Go's
	// garbage collection. They win over what the server would choose.
	LimitSet, PercentSet bool
	// BytesInFlight are those of the documents and responses of all requests together.
	BytesInFlight Bound
	// Connections are those of the API.
	Connections Bound
}

// Bound is a number that the server can choose itself; 0 has it do so.
type Bound int64

// leastBytesInFlight is less than what one long response takes.
const leastBytesInFlight = 1 << 20

// MarshalText implements encoding.TextMarshaler.
func (a Bound) MarshalText() ([]byte, error) {
	if a == 0 {
		return []byte("auto"), nil
	}
	return strconv.AppendInt(nil, int64(a), 10), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *Bound) UnmarshalText(text []byte) error {
	if string(text) == "auto" {
		*a = 0
		return nil
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || n < 1 {
		return errors.New("must be auto or a whole number above 0")
	}
	*a = Bound(n)
	return nil
}

func memorySettings() []Setting {
	return []Setting{
		{Flag: "max-bytes-in-flight", Usage: "bytes of memory that the documents and responses of all requests take at once; auto goes by the memory there is", commands: serving,
			target: func(c *Config) any { return &c.Memory.BytesInFlight }},
		{Flag: "max-connections", Usage: "connections at once, beside those of the operations listener; auto goes by the limit of open files and the memory there is", commands: serving,
			target: func(c *Config) any { return &c.Memory.Connections }},
	}
}

// readRuntime finds out what the standard variables of Go's runtime set, which reads them by itself.
func (m *Memory) readRuntime(getenv func(string) string) {
	m.LimitSet, m.PercentSet = getenv("GOMEMLIMIT") != "", getenv("GOGC") != ""
}

func (m Memory) verify() error {
	if m.BytesInFlight != 0 && m.BytesInFlight < leastBytesInFlight {
		return fmt.Errorf("--max-bytes-in-flight or CLIENTELE_MAX_BYTES_IN_FLIGHT must be auto or at least %d", leastBytesInFlight)
	}
	if m.Connections > largestLimit {
		return fmt.Errorf("--max-connections or CLIENTELE_MAX_CONNECTIONS must be auto or at most %d", largestLimit)
	}
	return nil
}
