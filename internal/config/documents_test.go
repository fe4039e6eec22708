package config

import (
	"strings"
	"testing"
)

func TestWrongDocumentSettingsAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"another mode":              {[]string{"--trusted-documents=a.json", "--trusted-documents-mode=allow"}, "open, report or enforce"},
		"report without a manifest": {[]string{"--trusted-documents-mode=report"}, "needs --trusted-documents"},
		"enforce without one":       {[]string{"--trusted-documents-mode=enforce"}, "needs --trusted-documents"},
		"fewer than none":           {[]string{"--automatic-persisted-queries=-1"}, "at least 0"},
		"too many":                  {[]string{"--automatic-persisted-queries=100001"}, "at most 100000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Load(c.args, variables(nil)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
