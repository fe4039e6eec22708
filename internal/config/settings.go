package config

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Setting is a flag, and an environment variable if it is one of the server. The tags of Config make it.
type Setting struct {
	Flag string
	// Env is empty for what describes a single command rather than the program.
	Env     string
	Default string
	Usage   string

	commands []Command
	// index is the path of its field in Config.
	index []int
	tag   reflect.StructTag
}

// Settings are all settings, in the order of the documentation.
var Settings = sync.OnceValue(func() []Setting { return settingsOf(reflect.TypeFor[Config](), nil) })

func settingsOf(group reflect.Type, path []int) []Setting {
	var settings []Setting
	for field := range group.Fields() {
		index := slices.Concat(path, field.Index)
		flag, isSetting := field.Tag.Lookup("flag")
		switch {
		case isSetting:
			s := Setting{Flag: flag, Usage: field.Tag.Get("usage"), index: index, tag: field.Tag, Default: field.Tag.Get("default")}
			for name := range strings.SplitSeq(cmp.Or(field.Tag.Get("commands"), string(CommandServe)), ",") {
				for _, spec := range commandSpecs() {
					if string(spec.name) == name || spec.group() == name {
						s.commands = append(s.commands, spec.name)
					}
				}
			}
			if s.isFor(CommandServe) {
				s.Env = variable(flag)
			}
			settings = append(settings, s)
		case field.Type.Kind() == reflect.Struct:
			settings = append(settings, settingsOf(field.Type, index)...)
		}
	}
	return settings
}

// target is a pointer to the setting's field.
func (s Setting) target(c *Config) any {
	return reflect.ValueOf(c).Elem().FieldByIndex(s.index).Addr().Interface()
}

// set parses a text into the setting's field. The error never quotes the text, which may be a secret.
func (s Setting) set(config *Config, text string) (err error) {
	switch t := s.target(config).(type) {
	case *string:
		*t = text
	case *Secret:
		*t = Secret(text)
	case *bool:
		if *t, err = strconv.ParseBool(text); err != nil {
			return errors.New("must be true or false")
		}
	case *time.Duration:
		if *t, err = time.ParseDuration(text); err != nil {
			return errors.New("must be a duration, as in 20s or 1m30s")
		}
	case *int:
		if *t, err = strconv.Atoi(text); err != nil {
			return errors.New("must be a whole number")
		}
	case *[]string:
		*t = nil
		for element := range strings.SplitSeq(text, ",") {
			if element = strings.TrimSpace(element); element != "" {
				*t = append(*t, element)
			}
		}
	case *Quota:
		if text == "auto" {
			*t = Auto
			return nil
		}
		number, err := strconv.Atoi(text)
		if err != nil || number < 0 {
			return errors.New("must be a whole number, or auto")
		}
		*t = Quota(number)
	}
	return nil
}

// check holds the value against the tags oneof, min and max. Without them a number is from 1 to MaxInt32, and a
// duration is above 0 and at most an hour: beyond these a limit would be none.
func (s Setting) check(c *Config) error {
	value := reflect.ValueOf(s.target(c)).Elem()
	if words := strings.Fields(s.tag.Get("oneof")); len(words) > 0 && !slices.Contains(words, value.String()) {
		return fmt.Errorf("must be %s", list(words, "or"))
	}
	if quota, is := s.target(c).(*Quota); !value.CanInt() || is && *quota == Auto {
		return nil
	}
	least, most := "1", strconv.Itoa(math.MaxInt32)
	if value.Type() == reflect.TypeFor[time.Duration]() {
		least, most = "1ns", "1h"
	}
	least, most = cmp.Or(s.tag.Get("min"), least), cmp.Or(s.tag.Get("max"), most)
	switch {
	case value.Int() < s.number(least):
		return fmt.Errorf("must be at least %s", least)
	case value.Int() > s.number(most):
		return fmt.Errorf("must be at most %s", most)
	}
	return nil
}

// number is the value of a text that the setting accepts.
func (s Setting) number(text string) int64 {
	var c Config
	if err := s.set(&c, text); err != nil {
		panic(fmt.Sprintf("a bound of --%s %v", s.Flag, err))
	}
	return reflect.ValueOf(s.target(&c)).Elem().Int()
}

const variablePrefix = "CLIENTELE_"

// variable is the environment variable of a flag.
func variable(flag string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

func (s Setting) isFor(command Command) bool { return slices.Contains(s.commands, command) }

// Commands are the commands that the setting is for, in words.
func (s Setting) Commands() string {
	var names []string
	for _, command := range s.commands {
		names = append(names, string(command))
	}
	return strings.Join(names, ", ")
}
