package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"clientele/persistence"
)

// Exists reports whether a directory holds a store. A directory or a file that cannot be looked at is an error.
func Exists(dir string) (bool, error) {
	file, err := os.Stat(filepath.Join(dir, fileName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, unusable(dir, err)
	}
	if file.IsDir() {
		return false, unusable(dir, &fs.PathError{Op: "open", Path: filepath.Join(dir, fileName), Err: syscall.EISDIR})
	}
	// An empty file is what a start that was killed leaves behind.
	return file.Size() > 0, nil
}

// OpenReadOnly opens a store that exists for methods that read, and changes nothing in its directory.
// Errors: ErrInUse.
func OpenReadOnly(ctx context.Context, dir string) (*Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	db, err := openBolt(filepath.Join(dir, fileName), &bbolt.Options{Timeout: lockTimeout, ReadOnly: true})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		err = persistence.ErrInUse
	}
	if err != nil {
		return nil, fmt.Errorf("open store in %s: %w", dir, unusable(dir, err))
	}
	if err := db.View(checkFormat); err != nil {
		return nil, fmt.Errorf("open store in %s: %w", dir, errors.Join(err, db.Close()))
	}
	return newStore(db), nil
}

// unusable explains an error of the file system with the path that it is about; other errors it returns as they are.
func unusable(dir string, err error) error {
	path := dir
	if of, is := errors.AsType[*fs.PathError](err); is {
		path = of.Path
	}
	reason := ""
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		reason = notAFolder(path)
	case errors.Is(err, syscall.EISDIR):
		reason = path + " is a folder where a file should be"
	case errors.Is(err, fs.ErrPermission):
		reason = fmt.Sprintf("permission denied on %s for the user that runs this program (uid %d)", path, os.Getuid())
	case errors.Is(err, syscall.EROFS):
		reason = path + " is on a read-only file system"
	case errors.Is(err, syscall.ENOSPC):
		reason = "no space is left on the disk of " + path
	default:
		return err
	}
	return &folderError{reason: reason, err: err}
}

// notAFolder names the part of a path that is a file.
func notAFolder(path string) string {
	for part := path; ; part = filepath.Dir(part) {
		if file, err := os.Stat(part); err == nil && !file.IsDir() {
			return part + " is a file, not a folder"
		}
		if part == filepath.Dir(part) {
			return path + " is not a folder"
		}
	}
}

// folderError reads as the reason alone.
type folderError struct {
	reason string
	err    error
}

func (e *folderError) Error() string { return e.reason }
func (e *folderError) Unwrap() error { return e.err }
