// SPDX-License-Identifier: Apache-2.0

//go:build libwal_crypto

package wal_test

import (
	"bytes"
	"os"
	"testing"

	wal "github.com/libwal/libwal/bindings/go"
)

func TestEncryptedLog(t *testing.T) {
	key1 := bytes.Repeat([]byte{1}, 32)
	key2 := bytes.Repeat([]byte{2}, 32)
	for _, aead := range []wal.AEAD{wal.AES256GCM, wal.ChaCha20Poly1305} {
		path := newPath(t)
		log := open(t, path, wal.WithKey(aead, 1, key1))
		must(log.Append(background, []byte("secret secret")))(t)
		info := must(log.Info())(t)
		equal(t, info.Cipher, uint32(aead))
		equal(t, info.KeyID, 1)
		check(t, log.Close())
		for _, file := range segmentFiles(t, path) {
			equal(t, bytes.Contains(must(os.ReadFile(file))(t), []byte("secret")), false)
		}
		_, err := wal.Open(path)
		wants(t, err, wal.ErrCrypto)
		_, err = wal.Open(path, wal.WithKey(aead, 1, key2))
		wants(t, err, wal.ErrCrypto)
		_, err = wal.Verify(background, path, nil)
		wants(t, err, wal.ErrCrypto)
		log = open(t, path, wal.WithKey(aead, 1, key1), wal.WithKey(aead, 2, key2))
		holds(t, log, 1, "secret secret")
		must(log.Append(background, []byte("with another key")))(t)
		check(t, log.Close())
		must(wal.Verify(background, path, nil, wal.WithKey(aead, 1, key1),
			wal.WithKey(aead, 2, key2)))(t)
		_, err = wal.Open(path, wal.WithKey(aead, 1, key1), wal.WithKey(aead, 1, key1))
		wants(t, err, wal.ErrExists)
		_, err = wal.Open(path, wal.WithKey(aead, 1, nil))
		wants(t, err, wal.ErrInvalid)
	}
}
