// Package buildkit runs plan steps on BuildKit: one embedded in the process
// ([StartEmbedded]) or one reached over the network ([Dial]).
//
// The same client code serves both. A step is lowered to LLB field by field
// ([lower]); nothing is decided here.
package buildkit
