package bolt

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"

	"clientele/persistence"
)

func TestAReadOnlyStoreReadsAndChangesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReadOnly(t.Context(), dir); !errors.Is(err, persistence.ErrInUse) {
		t.Errorf("beside a store: %v", err)
	}
	if err := store.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	store, err = OpenReadOnly(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if keys, err := store.ListKeys(t.Context()); err != nil || len(keys) != 0 {
		t.Errorf("%d keys, %v", len(keys), err)
	}
	if err := store.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if after, err := os.ReadFile(filepath.Join(dir, fileName)); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file changed: %v", err)
	}
}

func TestOpenReadOnlyRefusesOtherFormats(t *testing.T) {
	t.Parallel()
	for found, says := range map[string]string{"4": `older format "4"`, "6": "this program knows"} {
		dir := t.TempDir()
		store, err := Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		setFormat(t, store, found)
		if err := store.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenReadOnly(t.Context(), dir); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("format %s: %v", found, err)
		}
	}
}

func TestExists(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	half := t.TempDir()
	if err := os.WriteFile(filepath.Join(half, fileName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		dir  string
		says string
	}{
		"no folder":       {filepath.Join(dir, "none"), ""},
		"no file":         {dir, ""},
		"an empty file":   {half, ""},
		"a file":          {file, file + " is a file, not a folder"},
		"within a file":   {filepath.Join(file, "data"), file + " is a file, not a folder"},
		"a name too long": {filepath.Join(dir, strings.Repeat("a", 300)), "file name too long"},
	} {
		exists, err := Exists(c.dir)
		if exists || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %t, %v", name, exists, err)
		}
	}
}

func TestAnUnusableFolderSaysWhy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		says string
	}{
		"permission":         {&fs.PathError{Op: "open", Path: "/d/clientele.db", Err: syscall.EACCES}, "permission denied on /d/clientele.db for the user"},
		"not permitted":      {&fs.PathError{Op: "mkdir", Path: "/d", Err: syscall.EPERM}, "permission denied on /d for the user"},
		"read-only":          {&fs.PathError{Op: "mkdir", Path: "/d", Err: syscall.EROFS}, "/d is on a read-only file system"},
		"full":               {&fs.PathError{Op: "write", Path: "/d/clientele.db", Err: syscall.ENOSPC}, "no space is left on the disk of /d/clientele.db"},
		"full, path unknown": {syscall.ENOSPC, "no space is left on the disk of /d"},
		"a folder, no file":  {&fs.PathError{Op: "open", Path: "/d/clientele.db", Err: syscall.EISDIR}, "/d/clientele.db is a folder where a file should be"},
		"another error":      {errors.New("another"), "another"},
	} {
		got := unusable("/d", c.err)
		if !strings.HasPrefix(got.Error(), c.says) || !errors.Is(got, c.err) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func setFormat(t *testing.T, store *Store, found string) {
	t.Helper()
	if err := store.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(metaBucket).Put(formatKey, []byte(found)) }); err != nil {
		t.Fatal(err)
	}
}
