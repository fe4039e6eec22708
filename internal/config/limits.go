package config

import (
	"fmt"
	"math"
	"time"
)

// Limits bound what one request may ask for, take and be answered. Each is on; none can be turned off.
type Limits struct {
	BodyBytes         int
	Values            int
	ListLength        int
	QueryBytes        int
	Tokens            int
	NameLength        int
	Depth             int
	Aliases           int
	RootFields        int
	Directives        int
	Cost              int
	IntrospectionCost int
	Errors            int
	AnswerBytes       int

	OperationTimeout  time.Duration
	ReadTimeout       time.Duration
	ReadHeaderTimeout time.Duration
}

func defaultLimits() Limits {
	return Limits{
		// An import of a thousand customers with 1 kB, and 100 values, each. A body takes about six times its size of
		// memory, and 10 ms for each MB, before anything in it can be refused.
		BodyBytes:  1 << 20,
		Values:     100_000,
		ListLength: 10_000,
		// Documents are written by people and generators, and values go in variables. Both are several times what a
		// selection of everything around one customer needs, see tests/clientops.
		QueryBytes: 128 << 10,
		Tokens:     10_000,
		NameLength: 128,
		// What tools ask for the schema is 18 levels deep.
		Depth:      30,
		Aliases:    30,
		RootFields: 20,
		Directives: 50,
		// Twenty times the widest read of one customer; a second of one core.
		Cost: 500_000,
		// More than the whole schema, less than twice of it.
		IntrospectionCost: 80_000,
		Errors:            10,
		AnswerBytes:       16 << 20,

		OperationTimeout:  30 * time.Second,
		ReadTimeout:       30 * time.Second,
		ReadHeaderTimeout: 5 * time.Second,
	}
}

// Beyond these a limit would be none.
const (
	largestLimit = math.MaxInt32
	longestLimit = time.Hour
)

func limitSettings() []Setting {
	return []Setting{
		{Flag: "max-body-bytes", Usage: "bytes of a request's body", commands: serving,
			target: func(c *Config) any { return &c.Limits.BodyBytes }},
		{Flag: "max-values", Usage: "JSON values in a request's body", commands: serving,
			target: func(c *Config) any { return &c.Limits.Values }},
		{Flag: "max-list-length", Usage: "values in one list of the variables", commands: serving,
			target: func(c *Config) any { return &c.Limits.ListLength }},
		{Flag: "max-query-bytes", Usage: "bytes of a GraphQL document", commands: serving,
			target: func(c *Config) any { return &c.Limits.QueryBytes }},
		{Flag: "max-tokens", Usage: "tokens of a document", commands: serving,
			target: func(c *Config) any { return &c.Limits.Tokens }},
		{Flag: "max-name-length", Usage: "bytes of the name of an operation, or any other name in a document", commands: serving,
			target: func(c *Config) any { return &c.Limits.NameLength }},
		{Flag: "max-depth", Usage: "levels of a selection, fragments included, or of a value in a document", commands: serving,
			target: func(c *Config) any { return &c.Limits.Depth }},
		{Flag: "max-aliases", Usage: "aliases in a document", commands: serving,
			target: func(c *Config) any { return &c.Limits.Aliases }},
		{Flag: "max-root-fields", Usage: "fields at the root of an operation", commands: serving,
			target: func(c *Config) any { return &c.Limits.RootFields }},
		{Flag: "max-directives", Usage: "directives in a document", commands: serving,
			target: func(c *Config) any { return &c.Limits.Directives }},
		{Flag: "max-cost", Usage: "points that an operation may cost at worst; about two microseconds of one core each", commands: serving,
			target: func(c *Config) any { return &c.Limits.Cost }},
		{Flag: "max-introspection-cost", Usage: "fields of the schema that an operation can answer", commands: serving,
			target: func(c *Config) any { return &c.Limits.IntrospectionCost }},
		{Flag: "max-errors", Usage: "errors in an answer", commands: serving,
			target: func(c *Config) any { return &c.Limits.Errors }},
		{Flag: "max-answer-bytes", Usage: "bytes of the data in an answer", commands: serving,
			target: func(c *Config) any { return &c.Limits.AnswerBytes }},
		{Flag: "operation-timeout", Usage: "how long an operation may take", commands: serving,
			target: func(c *Config) any { return &c.Limits.OperationTimeout }},
		{Flag: "read-timeout", Usage: "how long a request may take to arrive", commands: serving,
			target: func(c *Config) any { return &c.Limits.ReadTimeout }},
		{Flag: "read-header-timeout", Usage: "how long a request's header may take to arrive", commands: serving,
			target: func(c *Config) any { return &c.Limits.ReadHeaderTimeout }},
	}
}

func (l Limits) verify() error {
	holder := Config{Limits: l}
	for _, setting := range limitSettings() {
		switch value := setting.target(&holder).(type) {
		case *int:
			if *value < 1 || *value > largestLimit {
				return fmt.Errorf("--%s or %s must be from 1 to %d", setting.Flag, setting.variable(), largestLimit)
			}
		case *time.Duration:
			if *value <= 0 || *value > longestLimit {
				return fmt.Errorf("--%s or %s must be more than 0s and at most 1h", setting.Flag, setting.variable())
			}
		}
	}
	if l.ReadHeaderTimeout > l.ReadTimeout {
		return fmt.Errorf("--read-header-timeout or CLIENTELE_READ_HEADER_TIMEOUT must be at most --read-timeout, which is %s", l.ReadTimeout)
	}
	return nil
}
