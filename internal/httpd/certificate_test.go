package httpd

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// newPair is a certificate for localhost that signs itself, in PEM.
func newPair(t *testing.T, name string) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAnUnusableCertificateIsRefused(t *testing.T) {
	t.Parallel()
	cert, key := newPair(t, "one")
	otherCert, otherKey := newPair(t, "two")
	cases := map[string]struct {
		cert, key []byte
		ok        bool
	}{
		"a pair":                        {cert, key, true},
		"a chain":                       {append(bytes.Clone(cert), otherCert...), key, true},
		"no certificate file":           {nil, key, false},
		"no key file":                   {cert, nil, false},
		"an empty certificate":          {[]byte{}, key, false},
		"an empty key":                  {cert, []byte{}, false},
		"the key of another":            {cert, otherKey, false},
		"the other way round":           {key, cert, false},
		"no PEM":                        {[]byte("certificate"), key, false},
		"half a key":                    {cert, key[:len(key)/2], false},
		"a chain in the wrong order":    {append(bytes.Clone(otherCert), cert...), key, false},
		"a certificate that is damaged": {pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}), key, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
			if c.cert != nil {
				write(t, certFile, c.cert)
			}
			if c.key != nil {
				write(t, keyFile, c.key)
			}
			_, err := LoadCertificate(certFile, keyFile, slog.New(slog.DiscardHandler))
			if c.ok {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, ErrCertificate) || !strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestACertificateIsReadAgain(t *testing.T) {
	t.Parallel()
	oneCert, oneKey := newPair(t, "one")
	twoCert, twoKey := newPair(t, "two")
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write(t, certFile, oneCert)
	write(t, keyFile, oneKey)
	var log bytes.Buffer
	now := time.Now()
	c, err := loadCertificate(certFile, keyFile, slog.New(slog.NewTextHandler(&log, nil)), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	const bad, good = "level=ERROR", "level=INFO"
	steps := []struct {
		name   string
		change func()
		after  time.Duration
		serves string
		logs   string
	}{
		{"nothing happened", func() {}, time.Hour, "one", ""},
		{"half of the new pair is there", func() { write(t, certFile, twoCert) }, time.Second, "one", bad},
		{"it is still half", func() {}, time.Second, "one", ""},
		{"both are there, for less than a second", func() { write(t, keyFile, twoKey) }, time.Second - 1, "one", ""},
		{"for a second", func() {}, 1, "two", good},
		{"nothing happened again", func() {}, time.Second, "two", ""},
		{"the key is gone", func() { _ = os.Remove(keyFile) }, time.Second, "two", bad},
		{"it is still gone", func() {}, time.Second, "two", ""},
		{"both are gone", func() { _ = os.Remove(certFile) }, time.Second, "two", bad},
		{"the first is back", func() { write(t, certFile, oneCert); write(t, keyFile, oneKey) }, time.Second, "one", good},
		{"what is there is no certificate", func() { write(t, certFile, []byte("x")) }, time.Second, "one", bad},
	}
	for _, step := range steps {
		log.Reset()
		step.change()
		now = now.Add(step.after)
		hello := &tls.ClientHelloInfo{}
		got, err := c.get(hello)
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if name := got.Leaf.Subject.CommonName; name != step.serves {
			t.Errorf("%s: it serves %s", step.name, name)
		}
		if text := log.String(); strings.Count(text, "\n") != min(len(step.logs), 1) || !strings.Contains(text, step.logs) {
			t.Errorf("%s: logged %q", step.name, text)
		}
		if strings.Contains(log.String(), "PRIVATE") {
			t.Errorf("%s: the log has the key: %s", step.name, log.String())
		}
	}
}

func TestServeOverTLS(t *testing.T) {
	t.Parallel()
	cert, key := newPair(t, "one")
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write(t, certFile, cert)
	write(t, keyFile, key)
	certificate, err := LoadCertificate(certFile, keyFile, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	outcome := make(chan error, 1)
	s := server(NewHandler(routes()), time.Minute)
	s.TLS = certificate.TLSConfig()
	go func() { outcome <- s.Serve(ctx, listener) }()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(cert)
	cases := map[string]struct {
		lowest, highest uint16
		protocols       []string
		// speaks is the protocol of the response, or empty.
		speaks string
	}{
		"HTTP/2":   {tls.VersionTLS12, 0, []string{"h2", "http/1.1"}, "HTTP/2.0"},
		"HTTP/1.1": {tls.VersionTLS12, 0, []string{"http/1.1"}, "HTTP/1.1"},
		"TLS 1.3":  {tls.VersionTLS13, 0, []string{"h2"}, "HTTP/2.0"},
		"TLS 1.2":  {tls.VersionTLS12, tls.VersionTLS12, []string{"h2"}, "HTTP/2.0"},
		"TLS 1.1":  {tls.VersionTLS10, tls.VersionTLS11, []string{"http/1.1"}, ""},
	}
	for name, c := range cases {
		protocols := &http.Protocols{}
		protocols.SetHTTP1(c.protocols[len(c.protocols)-1] == "http/1.1")
		protocols.SetHTTP2(c.protocols[0] == "h2")
		transport := &http.Transport{Protocols: protocols, TLSClientConfig: &tls.Config{
			RootCAs: roots, ServerName: "localhost", MinVersion: c.lowest, MaxVersion: c.highest,
		}}
		response, err := (&http.Client{Transport: transport}).Get("https://" + listener.Addr().String() + "/")
		if err != nil {
			if c.speaks != "" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		text, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if response.Proto != c.speaks || string(text) != "playground" || response.Header.Get("Strict-Transport-Security") == "" {
			t.Errorf("%s: %s, %q, %v", name, response.Proto, text, response.Header)
		}
		transport.CloseIdleConnections()
	}
	response, err := http.Get("http://" + listener.Addr().String() + "/")
	if err != nil || response.StatusCode != http.StatusBadRequest {
		t.Errorf("plain HTTP gets %v, %v", response, err)
	}
	if err == nil {
		_ = response.Body.Close()
	}
	stop()
	if err := <-outcome; err != nil {
		t.Error(err)
	}
}
