package buildkit

import (
	"sync"

	"github.com/sixtyhq/sixty/internal/plan"
)

// twins are the vertex names of all steps with a step's key, itself included:
// to the engine they are one vertex, which has the name of one of them.
func (e *Engine) twins(s plan.Step) map[string]bool {
	names := map[string]bool{vertexName(s.ID): true}
	key := e.opts.Keys[s.ID].Digest
	for id, other := range e.opts.Keys {
		if other.Digest == key && key != "" {
			names[vertexName(id)] = true
		}
	}
	return names
}

// writing is held while a results folder is written: twins share one, and all
// but the first find it as they want it.
func (e *Engine) writing(dir string) *sync.Mutex {
	mu, _ := e.folders.LoadOrStore(dir, &sync.Mutex{})
	return mu.(*sync.Mutex)
}
