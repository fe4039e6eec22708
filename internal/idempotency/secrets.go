package idempotency

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"clientele/internal/domain"
)

// What is stored of a request cannot be read without its idempotency key, which is not stored.

// idOf is the ID of a keyed request.
func idOf(request Request) string {
	sum := sha256.Sum256(joined(request.Actor.EnvironmentID, request.Actor.KeyID, request.Mutation, request.Key))
	return hex.EncodeToString(sum[:])
}

// fingerprintOf is a hash of the body, keyed by the idempotency key: without the key, the body cannot be found by trying
// many.
func fingerprintOf(request Request) string {
	return hex.EncodeToString(keyed(request, "fingerprint", request.Body))
}

// seedOf is a text that is the same for the same request, on any server.
func seedOf(request Request) string {
	return hex.EncodeToString(keyed(request, "seed", nil))
}

func keyed(request Request, purpose string, text []byte) []byte {
	mac := hmac.New(sha256.New, joined(request.Key, idOf(request), purpose))
	mac.Write(text)
	return mac.Sum(nil)
}

// seal encrypts a response with the idempotency key and the ResponseKeys of the customers that it is about: all of them
// are needed to decrypt it. The request's ID is authenticated with it.
func seal(request Request, customers []*domain.Customer, response []byte) ([]byte, error) {
	sealer, err := sealerOf(request, customers)
	if err != nil {
		return nil, err
	}
	return sealer.Seal(nil, nil, response, []byte(idOf(request))), nil //nolint:gosec // it makes a nonce of its own
}

// open decrypts what seal encrypted, given the same customers in the same order.
func open(request Request, customers []*domain.Customer, sealed []byte) ([]byte, error) {
	sealer, err := sealerOf(request, customers)
	if err != nil {
		return nil, err
	}
	return sealer.Open(nil, nil, sealed, []byte(idOf(request)))
}

func sealerOf(request Request, customers []*domain.Customer) (cipher.AEAD, error) {
	secrets := []string{request.Key}
	for _, customer := range customers {
		secrets = append(secrets, string(customer.ResponseKey))
	}
	key, err := hkdf.Key(sha256.New, joined(secrets...), []byte(idOf(request)), "clientele idempotent answer", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// joined is texts in a row, each behind its length, so that no two rows are alike.
func joined(texts ...string) []byte {
	var out []byte
	for _, text := range texts {
		out = binary.BigEndian.AppendUint64(out, uint64(len(text)))
		out = append(out, text...)
	}
	return out
}
