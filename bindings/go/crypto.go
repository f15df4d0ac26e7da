// SPDX-License-Identifier: Apache-2.0

//go:build libwal_crypto

package wal

// #cgo !libwal_static,!libwal_source pkg-config: libwal-crypto
// #cgo libwal_static libwal_source LDFLAGS: -l:libwal-crypto.a -lcrypto
// #include <libwal/crypto.h>
// #include "shim.h"
//
// static gowal_result set_aead(wal_options_t *o, uint32_t algorithm, uint32_t id,
//                              const uint8_t *key, size_t size)
// {
//     return gowal_result_of(wal_options_set_aead(o, algorithm, id, key, size));
// }
import "C"

// An AEAD is an algorithm for encrypted logs.
type AEAD uint32

// The algorithms.
const (
	AES256GCM        AEAD = C.WAL_AEAD_AES_256_GCM
	ChaCha20Poly1305 AEAD = C.WAL_AEAD_CHACHA20_POLY1305
)

// WithKey adds a key; it is there with the build tag libwal_crypto. A log writes with the key that
// was added last, and reads what was written with any of them, so a key is replaced by adding a new
// one under a new id. The key is 16 to 1024 random bytes, no password; it is copied, and wiped when
// the log is closed. The id is any number, and stands in the log's files.
//
// ErrExists: there is a key of that id already; ErrInvalid: an unknown algorithm, or the key's
// size; ErrUnsupported: this OpenSSL lacks the algorithm.
func WithKey(algorithm AEAD, id uint32, key []byte) Option {
	return func(s *settings) error {
		r := C.set_aead(s.native, C.uint32_t(algorithm), C.uint32_t(id), bytesOf(key),
			C.size_t(len(key)))
		return asError(&r, s.path)
	}
}
