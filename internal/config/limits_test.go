package config

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"
)

// limits are the limits with a setting each, and their defaults.
var limits = map[string]struct {
	of    func(*Limits) any
	value any
}{
	"max-body-bytes":         {func(l *Limits) any { return &l.BodyBytes }, 1048576},
	"max-values":             {func(l *Limits) any { return &l.Values }, 100000},
	"max-list-length":        {func(l *Limits) any { return &l.ListLength }, 10000},
	"max-query-bytes":        {func(l *Limits) any { return &l.QueryBytes }, 131072},
	"max-tokens":             {func(l *Limits) any { return &l.Tokens }, 10000},
	"max-name-length":        {func(l *Limits) any { return &l.NameLength }, 128},
	"max-depth":              {func(l *Limits) any { return &l.Depth }, 30},
	"max-aliases":            {func(l *Limits) any { return &l.Aliases }, 30},
	"max-root-fields":        {func(l *Limits) any { return &l.RootFields }, 20},
	"max-directives":         {func(l *Limits) any { return &l.Directives }, 50},
	"max-cost":               {func(l *Limits) any { return &l.Cost }, 500000},
	"max-introspection-cost": {func(l *Limits) any { return &l.IntrospectionCost }, 80000},
	"max-errors":             {func(l *Limits) any { return &l.Errors }, 10},
	"max-answer-bytes":       {func(l *Limits) any { return &l.AnswerBytes }, 16777216},
	"operation-timeout":      {func(l *Limits) any { return &l.OperationTimeout }, 30 * time.Second},
	"read-timeout":           {func(l *Limits) any { return &l.ReadTimeout }, 30 * time.Second},
	"read-header-timeout":    {func(l *Limits) any { return &l.ReadHeaderTimeout }, 5 * time.Second},
}

func limitCases() map[string]settingCase {
	cases := map[string]settingCase{}
	for flag, limit := range limits {
		c := settingCase{
			env: "CLIENTELE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_")),
			one: "7", two: "123456", wantOne: 7, wantTwo: 123456,
			value: func(c Config) any { return *limit.of(&c.Limits).(*int) },
		}
		if _, isTime := limit.value.(time.Duration); isTime {
			c.one, c.two, c.wantOne, c.wantTwo = "1500ms", "4s", 1500*time.Millisecond, 4*time.Second
			c.value = func(c Config) any { return *limit.of(&c.Limits).(*time.Duration) }
		}
		if flag == "read-timeout" {
			c.one, c.wantOne, c.two, c.wantTwo = "7s", 7*time.Second, "1m30s", 90*time.Second
		}
		cases[flag] = c
	}
	return cases
}

func init() { maps.Copy(settingCases, limitCases()) }

func TestLimitsAreOn(t *testing.T) {
	t.Parallel()
	got := Default()
	for flag, limit := range limits {
		if value := settingCases[flag].value(got); value != limit.value {
			t.Errorf("--%s is %v by default, want %v", flag, value, limit.value)
		}
	}
	if n := len(limitSettings()); n != len(limits) {
		t.Errorf("%d limits have a setting, %d a row here", n, len(limits))
	}
}

func TestNoLimitCanBeTurnedOff(t *testing.T) {
	t.Parallel()
	for flag, limit := range limits {
		wrong := []string{"0", "-1", "2147483648", "9223372036854775808", "1e3", "many", "", " 5", "5 "}
		if _, isTime := limit.value.(time.Duration); isTime {
			wrong = []string{"0s", "-1s", "1h0m1s", "5", "soon", "", "1s "}
		}
		for _, value := range wrong {
			_, err := Load([]string{"--" + flag + "=" + value}, variables(nil))
			requireSentence(t, err, "--"+flag)
		}
	}
	for _, value := range []string{"1", "2147483647"} {
		if _, err := Load([]string{"--max-cost=" + value}, variables(nil)); err != nil {
			t.Errorf("%s: %v", value, err)
		}
	}
}

func TestAHeaderCannotTakeLongerThanItsRequest(t *testing.T) {
	t.Parallel()
	for header, ok := range map[string]bool{"10s": true, "11s": false} {
		_, err := Load([]string{"--read-timeout=10s", fmt.Sprintf("--read-header-timeout=%s", header)}, variables(nil))
		if ok && err != nil {
			t.Errorf("%s: %v", header, err)
		}
		if !ok {
			requireSentence(t, err, "--read-header-timeout")
		}
	}
}
