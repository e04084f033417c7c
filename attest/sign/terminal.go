package sign

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// PasswordFromTerminal asks for the password on a terminal, without showing
// it, and twice for a new key. Questions go to out. Where in is no terminal it
// is an error: nobody could answer.
func PasswordFromTerminal(in *os.File, out io.Writer) Password {
	ask := func(question string) ([]byte, error) {
		fmt.Fprint(out, question)
		secret, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(out)
		if err != nil {
			return nil, fmt.Errorf("ask for the key's password: %w", err)
		}
		return secret, nil
	}
	return func(isNew bool) ([]byte, error) {
		if !term.IsTerminal(int(in.Fd())) {
			return nil, errors.New("ask for the key's password: no terminal; set " + PasswordVariable + " or " + PasswordFileVariable)
		}
		if !isNew {
			return ask("Password of the signing key: ")
		}
		first, err := ask("Password for the new signing key (empty for none): ")
		if err != nil {
			return nil, err
		}
		second, err := ask("The same again: ")
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(first, second) {
			return nil, errors.New("ask for the key's password: the two are not the same")
		}
		return first, nil
	}
}
