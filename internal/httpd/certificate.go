package httpd

import (
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"
)

// recheckInterval is how long a replaced certificate may go unnoticed.
const recheckInterval = time.Second

// ErrCertificate is wrapped by every error of the certificate's files.
var ErrCertificate = errors.New("the TLS certificate cannot be used")

// Certificate is a certificate in two files that may be replaced while the server runs.
type Certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	now               func() time.Time

	mutex   sync.Mutex
	checked time.Time
	// seen is a digest of what was last read, or why it could not be read.
	seen string
	// current is the last valid pair.
	current *tls.Certificate
}

// LoadCertificate reads a certificate chain and its private key.
func LoadCertificate(certFile, keyFile string, log *slog.Logger) (*Certificate, error) {
	return loadCertificate(certFile, keyFile, log, time.Now)
}

func loadCertificate(certFile, keyFile string, log *slog.Logger, now func() time.Time) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, log: log, now: now, checked: now()}
	pair, err := c.read()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	c.current = pair
	return c, nil
}

// TLSConfig uses the certificate that is current at each handshake.
func (c *Certificate) TLSConfig() *tls.Config {
	// Go's own choice of everything else is good, and improves with each version.
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}
}

// get reads the files again, at most once a second. Unlike watching them or comparing times, that works with every way
// to replace a file.
func (c *Certificate) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if now := c.now(); now.Sub(c.checked) >= recheckInterval {
		c.checked = now
		pair, err := c.read()
		if err != nil {
			// The two files are not replaced at the same moment, so the next read may succeed.
			c.log.ErrorContext(hello.Context(), "the new TLS certificate cannot be used; the server goes on with the old one", "error", err)
		}
		if pair != nil {
			c.current = pair
			c.log.InfoContext(hello.Context(), "the server uses a new TLS certificate", "expires", pair.Leaf.NotAfter.UTC())
		}
	}
	return c.current, nil
}

// read returns the pair in the files, or its error; neither if nothing has changed.
func (c *Certificate) read() (*tls.Certificate, error) {
	cert, err := os.ReadFile(c.certFile)
	var key []byte
	if err == nil {
		key, err = os.ReadFile(c.keyFile)
	}
	seen := fmt.Sprintf("%x %v", sha256.Sum256(slices.Concat(cert, []byte{0}, key)), err)
	if seen == c.seen {
		return nil, nil
	}
	c.seen = seen
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%s and %s: %w", c.certFile, c.keyFile, err)
	}
	return &pair, nil
}
