package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/internal/remote"
)

func endpointFlag(cmd *cobra.Command, to *[]string) {
	cmd.Flags().StringArrayVar(to, "allow-endpoint", nil, "SPARQL endpoint that may be asked again, where the folder's record names an answer of it that is not kept on this machine; may be repeated")
}

// notAllowed adds to the error of an endpoint that a record names how to allow it.
func notAllowed(err error) error {
	var refused *remote.NotAllowedError
	if errors.As(err, &refused) && refused.Again {
		return fmt.Errorf("%w\nTo ask it, and be refused if it now answers otherwise: --allow-endpoint %s", err, refused.Endpoint)
	}
	return err
}
