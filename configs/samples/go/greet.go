// Package greet says hello.
package greet

import "strings"

// Hello greets who is named, and everyone when nobody is.
func Hello(name string) string {
	name = strings.TrimSpace(name)
	if name == "" {
		name = "everyone"
	}
	return "Hello, " + name + "!"
}
