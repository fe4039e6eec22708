package config

// Memory bounds what the whole server holds at once.
type Memory struct {
	// LimitSet and PercentSet are whether GOMEMLIMIT and GOGC are set. They win over what the server would choose.
	LimitSet, PercentSet bool
	// At least what one long response takes.
	BytesInFlight Quota `flag:"max-bytes-in-flight" default:"auto" min:"1048576" max:"9223372036854775807" usage:"bytes of memory that the documents and responses of all requests take at once; auto goes by the memory there is"`
	Connections   Quota `flag:"max-connections" default:"auto" usage:"connections at once, beside those of the operations listener; auto goes by the limit of open files and the memory there is"`
}

// readRuntime checks for the variables that Go's runtime reads itself.
func (m *Memory) readRuntime(getenv func(string) string) {
	m.LimitSet, m.PercentSet = getenv("GOMEMLIMIT") != "", getenv("GOGC") != ""
}
