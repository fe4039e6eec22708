package app

import (
	"clientele/graph"
	"clientele/internal/config"
	"clientele/internal/httpd"
)

// graphLimits are the limits of the configuration as the edge knows them.
func graphLimits(l config.Limits) graph.Limits {
	return graph.Limits{
		BodyBytes: l.BodyBytes, Values: l.Values, ListLength: l.ListLength,
		QueryBytes: l.QueryBytes, Tokens: l.Tokens, NameLength: l.NameLength,
		Depth: l.Depth, Aliases: l.Aliases, RootFields: l.RootFields, Directives: l.Directives,
		Cost: l.Cost, IntrospectionCost: l.IntrospectionCost, Errors: l.Errors, AnswerBytes: l.AnswerBytes,
		ReadTimeout: l.ReadTimeout, OperationTimeout: l.OperationTimeout,
	}
}

func timeouts(l config.Limits) httpd.Timeouts {
	return httpd.Timeouts{ReadHeader: l.ReadHeaderTimeout, Read: l.ReadTimeout, Handle: l.OperationTimeout}
}
