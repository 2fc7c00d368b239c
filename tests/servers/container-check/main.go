// Checks docker-compose.yml and Dockerfile where no Docker engine can be had, with Docker's own code: the file against the
// compose specification with every profile on (unknown keys, undefined services and volumes), and the Dockerfile's syntax.
//
// usage: container-check docker-compose.yml [Dockerfile]
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

func main() {
	failed := false
	say := func(file string, err error) {
		if err != nil {
			fmt.Printf("%s: %v\n", file, err)
			failed = true
		}
	}
	say(os.Args[1], checkCompose(os.Args[1]))
	if len(os.Args) > 2 {
		say(os.Args[2], checkDockerfile(os.Args[2]))
	}
	if failed {
		os.Exit(1)
	}
}

func checkCompose(file string) error {
	options, err := cli.NewProjectOptions([]string{file}, cli.WithProfiles([]string{"*"}), cli.WithInterpolation(true))
	if err != nil {
		return err
	}
	_, err = options.LoadProject(context.Background())
	return err
}

func checkDockerfile(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return err
	}
	_, _, err = instructions.Parse(parsed.AST, nil)
	return err
}
