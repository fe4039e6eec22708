// Command sample prints sentences of the project, chosen by a seed, for somebody to read with fresh eyes: forty comments,
// ten error messages and five descriptions of the schema. The same seed and tree give the same sentences.
//
//	go run ./tools/sample SEED
package main

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	commentsShown     = 40
	errorsShown       = 10
	descriptionsShown = 5
)

// sentence is a text and where it is.
type sentence struct{ place, text string }

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: sample SEED")
	}
	seed, err := strconv.ParseUint(os.Args[1], 10, 64)
	if err != nil {
		log.Fatal("the seed must be a whole number")
	}
	comments, messages, err := readGo()
	if err != nil {
		log.Fatal(err)
	}
	descriptions, err := readSchema()
	if err != nil {
		log.Fatal(err)
	}
	random := rand.New(rand.NewPCG(seed, 0))
	show(random, "comments", comments, commentsShown)
	show(random, "error messages", messages, errorsShown)
	show(random, "descriptions", descriptions, descriptionsShown)
}

func show(random *rand.Rand, what string, all []sentence, n int) {
	slices.SortFunc(all, func(a, b sentence) int { return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.text, b.text)) })
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	fmt.Printf("%d of %d %s\n\n", min(n, len(all)), len(all), what)
	for _, s := range all[:min(n, len(all))] {
		fmt.Printf("%s\n  %s\n", s.place, strings.ReplaceAll(strings.TrimSpace(s.text), "\n", "\n  "))
	}
	fmt.Println()
}

var generated = regexp.MustCompile(`^// Code generated .* DO NOT EDIT\.$`)

// readGo returns the comments and the error messages of all hand-written Go.
func readGo() (comments, messages []sentence, err error) {
	files := token.NewFileSet()
	err = filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		if len(file.Comments) > 0 && generated.MatchString(file.Comments[0].List[0].Text) {
			return nil
		}
		for _, group := range file.Comments {
			comments = append(comments, sentence{files.Position(group.Pos()).String(), group.Text()})
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if text, pos := errorMessage(node); text != "" && !strings.HasSuffix(path, "_test.go") {
				messages = append(messages, sentence{files.Position(pos).String(), text})
			}
			return true
		})
		return nil
	})
	return comments, messages, err
}

// errorMessage returns the format of a call that makes an error; "" for anything else.
func errorMessage(node ast.Node) (string, token.Pos) {
	call, ok := node.(*ast.CallExpr)
	if !ok {
		return "", 0
	}
	function, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !strings.HasSuffix(function.Sel.Name, "Errorf") && function.Sel.Name != "New" {
		return "", 0
	}
	for _, argument := range call.Args {
		if literal, ok := argument.(*ast.BasicLit); ok && literal.Kind == token.STRING && strings.Contains(literal.Value, " ") {
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				return "", 0
			}
			return text, literal.Pos()
		}
	}
	return "", 0
}

var description = regexp.MustCompile(`(?s)"""\n(.*?)"""|"([^"\n]+)"`)

// readSchema returns the descriptions of the schema. Strings are descriptions but for defaults and deprecations, which
// are few.
func readSchema() ([]sentence, error) {
	paths, err := filepath.Glob("graph/schema/*.graphqls")
	if err != nil || len(paths) == 0 {
		return nil, cmp.Or(err, errors.New("there is no schema; run it in the root of the repository"))
	}
	var all []sentence
	for _, path := range append(paths, "schema.graphqls") {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		for _, found := range description.FindAllSubmatchIndex(text, -1) {
			line := strings.Count(string(text[:found[0]]), "\n") + 1
			all = append(all, sentence{fmt.Sprintf("%s:%d", path, line), strings.Trim(string(text[found[0]:found[1]]), "\"\n ")})
		}
	}
	return all, nil
}
