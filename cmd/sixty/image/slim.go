package image

// Slim returns dpkg's path patterns of files that no build reads, and the
// exceptions to them: what an image leaves out unless its spec says otherwise.
func Slim() (exclude, include []string) {
	return append([]string{}, slim...), append([]string{}, slimBut...)
}
