// Nbseal keeps credentials out of Jupyter notebooks: it finds them, moves them
// to a vault, and hands them to programs without their showing in any output.
//
// The manual is in its own help: nbseal help.
package main

import (
	"context"
	"os"

	"github.com/nbseal/nbseal/internal/cli"
)

func main() {
	os.Exit(cli.Main(context.Background(), cli.System()))
}
