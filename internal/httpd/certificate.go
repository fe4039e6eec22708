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

// recheckInterval is how long a certificate that was replaced may go unnoticed.
const recheckInterval = time.Second

// ErrCertificate is what every error wraps that is the fault of the certificate's files.
var ErrCertificate = errors.New("the TLS certificate cannot be used")

// Certificate is a certificate in two files that may be replaced while the server runs.
type Certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	now               func() time.Time

	mutex   sync.Mutex
	checked time.Time
	// seen stands for what was in the files when they were read last, or for why they could not be read.
	seen string
	// current is the last pair that was in order.
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

// TLSConfig serves with the certificate as it is at each handshake.
func (c *Certificate) TLSConfig() *tls.Config {
	// What else there is to choose Go chooses well, and better with each version.
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}
}

// get looks at the files again if the last look was some time ago. Reading them, unlike watching them or comparing
// times, works with every way to replace a file, and costs little at most once a second.
func (c *Certificate) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if now := c.now(); now.Sub(c.checked) >= recheckInterval {
		c.checked = now
		pair, err := c.read()
		if err != nil {
			// The two files are not replaced at once, so this may be over with the next look.
			c.log.ErrorContext(hello.Context(), "the new TLS certificate cannot be used; the server goes on with the old one", "error", err)
		}
		if pair != nil {
			c.current = pair
			c.log.InfoContext(hello.Context(), "the server uses a new TLS certificate", "expires", pair.Leaf.NotAfter.UTC())
		}
	}
	return c.current, nil
}

// read answers the pair in the files, or what is wrong with it; neither if that is what it found before.
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
