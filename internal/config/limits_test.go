package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// limitSettings are the settings of package limits.
func limitSettings() []Setting {
	field, _ := reflect.TypeFor[Config]().FieldByName("Limits")
	return slices.DeleteFunc(slices.Clone(Settings()), func(s Setting) bool { return s.index[0] != field.Index[0] })
}

func isDuration(s Setting) bool {
	_, is := s.target(&Config{}).(*time.Duration)
	return is
}

func limitCases() map[string]settingCase {
	cases := map[string]settingCase{}
	for _, limit := range limitSettings() {
		c := settingCase{
			env: "CLIENTELE_" + strings.ToUpper(strings.ReplaceAll(limit.Flag, "-", "_")),
			one: "7", two: "123456", wantOne: 7, wantTwo: 123456,
			value: func(c Config) any { return reflect.ValueOf(limit.target(&c)).Elem().Interface() },
		}
		if isDuration(limit) {
			c.one, c.two, c.wantOne, c.wantTwo = "1500ms", "4s", 1500*time.Millisecond, 4*time.Second
		}
		if limit.Flag == "read-timeout" {
			c.one, c.wantOne, c.two, c.wantTwo = "7s", 7*time.Second, "1m30s", 90*time.Second
		}
		cases[limit.Flag] = c
	}
	return cases
}

func init() { maps.Copy(settingCases, limitCases()) }

func TestNoLimitCanBeTurnedOff(t *testing.T) {
	t.Parallel()
	if len(limitSettings()) < 17 {
		t.Errorf("only %d limits have a setting", len(limitSettings()))
	}
	for _, limit := range limitSettings() {
		wrong := []string{"0", "-1", "2147483648", "9223372036854775808", "1e3", "many", "", " 5", "5 "}
		if isDuration(limit) {
			wrong = []string{"0s", "-1s", "1h0m1s", "5", "soon", "", "1s "}
		}
		for _, value := range wrong {
			_, err := Load([]string{"--" + limit.Flag + "=" + value}, variables(nil))
			requireSentence(t, err, "--"+limit.Flag)
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
