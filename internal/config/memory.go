package config

// Memory bounds what the whole server holds at once.
type Memory struct {
	// LimitSet and PercentSet are whether GOMEMLIMIT and GOGC of the environment set the limit and the target of Go's
	// garbage collection. They win over what the server would choose.
	LimitSet, PercentSet bool
	// At least what one long response takes.
	BytesInFlight Quota `flag:"max-bytes-in-flight" default:"auto" min:"1048576" max:"9223372036854775807" usage:"bytes of memory that the documents and responses of all requests take at once; auto goes by the memory there is"`
	Connections   Quota `flag:"max-connections" default:"auto" usage:"connections at once, beside those of the operations listener; auto goes by the limit of open files and the memory there is"`
}

// readRuntime finds out what the standard variables of Go's runtime set, which reads them by itself.
func (m *Memory) readRuntime(getenv func(string) string) {
	m.LimitSet, m.PercentSet = getenv("GOMEMLIMIT") != "", getenv("GOGC") != ""
}
