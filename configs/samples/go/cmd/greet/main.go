package main

import (
	"fmt"
	"os"
	"strings"

	"example.com/greet"
)

func main() {
	fmt.Println(greet.Hello(strings.Join(os.Args[1:], " ")))
}
