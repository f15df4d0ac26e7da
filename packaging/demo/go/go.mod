// SPDX-License-Identifier: Apache-2.0

module github.com/libwal/libwal/packaging/demo/go

go 1.23

replace github.com/libwal/libwal/bindings/go => ../../../bindings/go

require github.com/libwal/libwal/bindings/go v1.0.0
