package tests

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// writeCertificate writes a certificate for 127.0.0.1 that signs itself, and its key, over those that are there.
func writeCertificate(t *testing.T, dir, name string) (certFile, keyFile string, cert []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
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
	cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, content := range map[string][]byte{
		certFile: cert, keyFile: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}),
	} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile, cert
}

func TestServerSpeaksTLS(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile, cert := writeCertificate(t, dir, "one")
	server := startProcess(t, t.TempDir(), "--tls-cert", certFile, "--tls-key", keyFile)
	if !strings.HasPrefix(server.url, "https://127.0.0.1:") {
		t.Fatalf("the greeting says %s", server.url)
	}
	// served returns the name in the certificate of a new connection that the trusted one vouches for.
	served := func(trusted []byte) (string, error) {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(trusted)
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
		defer transport.CloseIdleConnections()
		response, err := (&http.Client{Transport: transport}).Get(server.url + "/readyz")
		if err != nil {
			return "", err
		}
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode != http.StatusOK || response.Proto != "HTTP/2.0" || response.Header.Get("Strict-Transport-Security") == "" {
			t.Errorf("%s, %s, %v", response.Status, response.Proto, response.Header)
		}
		return response.TLS.PeerCertificates[0].Subject.CommonName, nil
	}
	if name, err := served(cert); name != "one" {
		t.Fatalf("%q, %v", name, err)
	}
	_, address, _ := strings.Cut(server.url, "://")
	if out, stderr, code := runProgram(t, "health", "--listen", address, "--tls-cert", certFile, "--tls-key", keyFile); code != 0 || out != "ready\n" {
		t.Errorf("health says %q, %q with code %d", out, stderr, code)
	}

	_, _, renewed := writeCertificate(t, dir, "two")
	for deadline := time.Now().Add(time.Minute); ; {
		name, err := served(renewed)
		if name == "two" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the new certificate is not used: %v", err)
		}
	}
	if err := os.WriteFile(keyFile, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stderr, code := runProgram(t, "--data-dir", filepath.Join(dir, "data"), "--listen", "127.0.0.1:0", "--tls-cert", certFile, "--tls-key", keyFile)
	if code != 2 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, keyFile) {
		t.Errorf("a start with it: code %d, %q", code, stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, "data")); !os.IsNotExist(err) {
		t.Errorf("a start that fails made a store: %v", err)
	}
}

func TestReadiness(t *testing.T) {
	server := startProcess(t, t.TempDir())
	_, address, _ := strings.Cut(server.url, "://")
	_, port, _ := net.SplitHostPort(address)
	// The address to listen on is not always one to connect to.
	for _, listen := range []string{address, ":" + port, "0.0.0.0:" + port} {
		if out, stderr, code := runProgram(t, "health", "--listen", listen); code != 0 || out != "ready\n" {
			t.Errorf("%s: %q, %q with code %d", listen, out, stderr, code)
		}
	}
	if err := server.stop(t, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if out, stderr, code := runProgram(t, "health", "--listen", address); code != 1 || out != "" || strings.Count(stderr, "\n") != 1 {
		t.Errorf("when it is gone: %q, %q with code %d", out, stderr, code)
	}
}
