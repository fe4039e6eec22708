// Command attack sends every attack of the folder vectors to a server that it starts, and fails unless each is refused
// as its file says, with a short response, at once, and without the server's memory growing. It knows of the server no
// more than its program and HTTP.
//
//	attack PROGRAM FOLDER
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
	"time"
)

// What a refusal may cost.
const (
	maxAnswer = 2 << 10
	maxTime   = 50 * time.Millisecond
	maxGrowth = 50 << 20
	// tries is how often an attack is made at most until it is refused in time: other programs use the machine too.
	tries = 20
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: attack PROGRAM FOLDER")
	}
	vectors, err := readVectors(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	held, err := attack(context.Background(), os.Args[1], vectors)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d of %d\n", held, len(vectors))
	if held != len(vectors) {
		log.Fatal("the server did not withstand the others")
	}
}

// attack returns how many attacks the server withstood. Those that want it started with the same flags are made on
// the same one.
func attack(ctx context.Context, program string, vectors []*vector) (int, error) {
	held := 0
	for len(vectors) > 0 {
		flags := strings.Join(vectors[0].Flags, " ")
		others := slices.DeleteFunc(slices.Clone(vectors), func(v *vector) bool { return strings.Join(v.Flags, " ") == flags })
		n, err := attackWith(ctx, program, vectors[0].Flags, slices.DeleteFunc(slices.Clone(vectors), func(v *vector) bool {
			return strings.Join(v.Flags, " ") != flags
		}))
		if err != nil {
			return held, err
		}
		held, vectors = held+n, others
	}
	return held, nil
}

func attackWith(ctx context.Context, program string, flags []string, vectors []*vector) (held int, err error) {
	s, err := start(ctx, program, flags)
	if err != nil {
		return 0, err
	}
	defer s.stop()
	if err := s.warm(ctx); err != nil {
		return 0, err
	}
	before, err := s.Memory("VmHWM")
	if err != nil {
		return 0, err
	}
	last := 0
	for _, v := range vectors {
		v, err := v.written()
		if err != nil {
			return held, err
		}
		outcome := s.withstand(ctx, v)
		after, err := s.Memory("VmHWM")
		if err != nil {
			return held, err
		}
		growth := max(0, after-before)
		if growth > max(last, maxGrowth) {
			outcome.faults = append(outcome.faults, "the memory has grown too much")
		}
		last = growth
		verdict := "refused"
		switch {
		case len(outcome.faults) > 0:
			verdict = "FAILED "
		case v.Expect.Succeeds:
			verdict = "harmless"
		}
		fmt.Printf("%-8s %4d B %8.2f ms  memory +%2d MB  %s: %s\n", verdict, outcome.bytes,
			float64(outcome.took.Microseconds())/1000, growth>>20, strings.TrimSuffix(v.file, ".yaml"), v.Name)
		for _, fault := range outcome.faults {
			fmt.Printf("         %s\n", fault)
		}
		if len(outcome.faults) == 0 {
			held++
		}
	}
	// An attack that ends the server is none that it withstood.
	return held, s.warm(ctx)
}
