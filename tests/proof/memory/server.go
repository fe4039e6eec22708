package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"clientele/tests/served"
)

const apiKey = "server-for-the-proofs-on-this-machine"

// server is the program, running.
type server struct {
	*served.Server

	folder string
	// where says what bounds the server's memory.
	where string
	// group is nil outside one.
	group *cgroup
	// before is the size that it had before the first burst.
	before int
}

// start starts the program on the embedded engine, in a cgroup of 1 GiB if one can be made, and waits until it serves.
func start(ctx context.Context, program string, confined bool) (*server, error) {
	folder, err := os.MkdirTemp("", "clientele-proof-")
	if err != nil {
		return nil, err
	}
	s := &server{folder: folder, where: "On this machine, without a bound from outside"}
	var wrapper []string
	if confined {
		if s.group, err = newCgroup(container); err != nil {
			s.where = fmt.Sprintf("With GOMEMLIMIT=900MiB alone, because no cgroup can be made (%v)", err)
			wrapper = []string{"env", "GOMEMLIMIT=900MiB"}
		} else {
			s.where = fmt.Sprintf("In a cgroup (%s) of %d MB", s.group.version(), container>>20)
			// The shell puts itself into the group, and becomes the program.
			wrapper = []string{"sh", "-c", `echo $$ > "$0" && exec "$@"`, s.group.file("cgroup.procs")}
		}
	}
	s.Server, err = served.StartUnder(ctx, wrapper, program, "--ops-listen=127.0.0.1:0", "--data-dir="+folder, "--api-key="+apiKey)
	if err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

func (s *server) stop() {
	s.Stop()
	s.remove()
}

func (s *server) remove() {
	_ = os.RemoveAll(s.folder)
	if s.group != nil {
		s.group.remove()
	}
}

// memory is a figure of the server's memory; 0 once it is gone.
func (s *server) memory(figure string) int {
	bytes, err := s.Memory(figure)
	if err != nil {
		return 0
	}
	return bytes
}

// cgroup bounds the memory of a process, by version 2 or 1 of the interface.
type cgroup struct {
	folder string
	v2     bool
}

func newCgroup(bytes int) (*cgroup, error) {
	name := fmt.Sprintf("clientele-proof-%d", os.Getpid())
	var faults []error
	for _, g := range []*cgroup{{filepath.Join("/sys/fs/cgroup", name), true}, {filepath.Join("/sys/fs/cgroup/memory", name), false}} {
		if _, err := os.Stat(filepath.Join(filepath.Dir(g.folder), "cgroup.procs")); err != nil {
			faults = append(faults, err)
			continue
		}
		if err := os.Mkdir(g.folder, 0o755); err != nil { //nolint:gosec // the system has its own rights for it
			faults = append(faults, err)
			continue
		}
		limit := "memory.limit_in_bytes"
		if g.v2 {
			limit = "memory.max"
			_ = os.WriteFile(filepath.Join(filepath.Dir(g.folder), "cgroup.subtree_control"), []byte("+memory"), 0) // unless it is on
		}
		if err := os.WriteFile(g.file(limit), []byte(strconv.Itoa(bytes)), 0); err != nil {
			g.remove()
			faults = append(faults, err)
			continue
		}
		return g, nil
	}
	return nil, errors.Join(faults...)
}

func (g *cgroup) version() string {
	if g.v2 {
		return "v2"
	}
	return "v1"
}

func (g *cgroup) file(name string) string { return filepath.Join(g.folder, name) }

// peak is the most memory that the group has had.
func (g *cgroup) peak() int {
	name := "memory.max_usage_in_bytes"
	if g.v2 {
		name = "memory.peak"
	}
	text, _ := os.ReadFile(g.file(name))
	bytes, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return bytes
}

// kills is how often the system killed a process for want of memory.
func (g *cgroup) kills() int {
	name := "memory.oom_control"
	if g.v2 {
		name = "memory.events"
	}
	text, _ := os.ReadFile(g.file(name))
	found := regexp.MustCompile(`(?m)^oom_kill (\d+)`).FindSubmatch(text)
	if found == nil {
		return 0
	}
	kills, _ := strconv.Atoi(string(found[1]))
	return kills
}

// remove waits until the system has taken the process out of the group.
func (g *cgroup) remove() {
	for range 50 {
		if err := os.Remove(g.folder); err == nil {
			return
		}
		<-time.After(20 * time.Millisecond)
	}
}
