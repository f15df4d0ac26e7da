// SPDX-License-Identifier: Apache-2.0

module github.com/libwal/libwal/bindings/go

go 1.23
