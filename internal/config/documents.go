package config

// Documents are the GraphQL documents that clients may send, or name.
type Documents struct {
	Trusted     string `flag:"trusted-documents" usage:"manifest of the documents of your clients, as their generators write it"`
	TrustedMode string `flag:"trusted-documents-mode" default:"open" oneof:"open report enforce" usage:"open runs any document, report logs those that are not trusted, enforce runs trusted ones only"`
	// 32 kB each, 100,000 are 3.2 GB.
	Automatic int `flag:"automatic-persisted-queries" default:"1000" min:"0" max:"100000" usage:"how many documents are kept for clients that send a hash the next time; 0 is none"`
}

func (d Documents) verify() error {
	if d.TrustedMode != "open" && d.Trusted == "" {
		return wrong("trusted-documents-mode", "needs --trusted-documents, unless it is open")
	}
	return nil
}
