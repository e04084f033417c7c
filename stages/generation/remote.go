package generation

import (
	"context"
	"fmt"

	"github.com/sixtyhq/sixty/internal/codegen"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/remote"
)

// Sources are the graph blocks of a pipeline's generation stage as sources.
func Sources(graphs []config.Graph) []remote.Source {
	var out []remote.Source
	for _, g := range graphs {
		out = append(out, remote.Source{Endpoint: g.Endpoint, Query: g.Query, SHA256: g.SHA256, Timeout: g.Timeout})
	}
	return out
}

// ask takes the graphs of a pipeline, or those that an earlier run recorded,
// into the graph of a run.
func ask(ctx context.Context, run *codegen.Request, asker *remote.Asker, graphs []config.Graph) error {
	if asker == nil && len(graphs) > 0 {
		return fmt.Errorf("graph (%s:%d): no endpoint can be asked here", graphs[0].Range.Filename, graphs[0].Range.Start.Line)
	}
	if asker == nil {
		return nil
	}
	run.Remote = asker
	for i, s := range Sources(graphs) {
		at := fmt.Sprintf("%s:%d", graphs[i].Range.Filename, graphs[i].Range.Start.Line)
		text, err := asker.Graph(ctx, s)
		if err != nil {
			return fmt.Errorf("graph (%s): %w", at, err)
		}
		take(run, codegen.GraphDocument{Name: fmt.Sprintf("answer of %s.nt", s.Endpoint), Text: text})
	}
	recorded, err := asker.Recorded(ctx)
	if err != nil {
		return err
	}
	for i, text := range recorded {
		take(run, codegen.GraphDocument{Name: fmt.Sprintf("recorded answer %d.nt", i+1), Text: text})
	}
	return nil
}

// take adds a document to the graph of a run and of all that it depends on.
func take(run *codegen.Request, doc codegen.GraphDocument) {
	run.Graph.Documents = append(run.Graph.Documents, doc)
	for _, dep := range run.Dependencies {
		dep.Run.Graph.Documents = append(dep.Run.Graph.Documents, doc)
	}
}
