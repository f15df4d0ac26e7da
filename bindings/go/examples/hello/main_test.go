// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"
	"testing"
)

func Example() {
	dir, err := os.MkdirTemp("", "libwal-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chdir(dir); err != nil {
		panic(err)
	}
	for range 3 {
		main()
	}
	// Output:
	// 1: Hello
	// 1: Hello
	// 2: Hello
	// 1: Hello
	// 2: Hello
	// 3: Hello
}

var here, _ = os.Getwd()

// The documents show this program, from its first import on.
func TestDocumentsShowIt(t *testing.T) {
	program, err := os.ReadFile(here + "/main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, _ := strings.Cut(string(program), "\n\nimport ")
	for _, document := range []string{"/../../README.md", "/../../../../README.md"} {
		text, err := os.ReadFile(here + document)
		if os.IsNotExist(err) {
			continue // the package alone
		}
		if err != nil || !strings.Contains(string(text), shown) {
			t.Errorf("%s doesn't show the program: %v", document, err)
		}
	}
}
