package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sixtyhq/sixty/attest/sign"
)

func (a *app) keyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Make a key to sign with",
		Long: `The first signature makes a key of your own, so that none has to be made before.
This command is for keys of other kinds and places: those of a project, of a
workflow, or the next one before the present one ends.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.keyCreateCommand())
	return cmd
}

func (a *app) keyCreateCommand() *cobra.Command {
	algorithms := []string{string(sign.P256), string(sign.Ed25519)}
	algorithm := algorithms[0]
	cmd := &cobra.Command{
		Use:   "create DIR",
		Short: "Make a key pair in a folder that has none",
		Long: `Makes ` + sign.PrivateKeyName + `, encrypted as cosign does it, and ` + sign.PublicKeyName + ` in DIR. The password comes from
` + sign.PasswordVariable + `, the file that ` + sign.PasswordFileVariable + ` names, or the
terminal; with none of these the key has no password.`,
		Example: `  sixty key create keys
  sixty key create keys --algorithm ed25519
  sixty deploy --key keys/` + sign.PrivateKeyName,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			for _, known := range algorithms {
				if algorithm == known {
					return a.createKey(args[0], sign.Algorithm(algorithm))
				}
			}
			return usagef("there is no algorithm %q; keys are %s", algorithm, strings.Join(algorithms, " or "))
		},
	}
	cmd.Flags().StringVar(&algorithm, "algorithm", algorithm, "kind of the key: "+strings.Join(algorithms, " or "))
	completeWords(cmd, "algorithm", algorithms...)
	return cmd
}

func (a *app) createKey(dir string, algorithm sign.Algorithm) error {
	var ask sign.Password
	if term.IsTerminal(int(os.Stdin.Fd())) {
		ask = sign.PasswordFromTerminal(os.Stdin, a.stderr)
	}
	// A new key is read back at once; nobody is asked for its password again.
	var given []byte
	password := sign.PasswordFromEnv(os.LookupEnv, ask)
	_, file, err := sign.CreateKey(dir, algorithm, func(isNew bool) ([]byte, error) {
		if isNew {
			var err error
			given, err = password(true)
			return given, err
		}
		return given, nil
	})
	if err != nil {
		return usageError{err}
	}
	fmt.Fprintln(a.stdout, file)
	return nil
}
