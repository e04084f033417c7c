// Package cache says what becomes of the results of steps beyond one run: why a
// step has to run again ([Explain]).
package cache
