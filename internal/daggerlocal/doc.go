// Package daggerlocal is a small client of the Dagger API, with the calls that
// the module makes and no others. Package internal/dagger is made of its names
// until the Dagger engine loads the module: then the engine's generated client
// stands there, whose names and signatures these are. So the module compiles,
// and is tested, without an engine.
package daggerlocal
