package sparql

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// Source is a document to load.
type Source struct {
	// Graph is where triples of the document's default graph go; the zero Term is
	// the store's default graph.
	Graph rdf.Term
	// Open opens the document. It is closed when it has been read.
	Open   func() (io.ReadCloser, error)
	Format rdf.Format
	// Options are those of [rdf.Parse]. Set File, so that errors name the
	// document, and BlankPrefix, unless blank nodes of several documents are meant
	// to be the same.
	Options rdf.Options
}

// Load reads documents, as many at a time as there are processors, and builds a
// store of them. The store does not depend on which is read first. The first
// error, in the order of sources, is returned; the error of a malformed document
// is a *[rdf.ParseError].
func Load(ctx context.Context, sources ...Source) (*Store, error) {
	builders := make([]*Builder, len(sources))
	errs := make([]error, len(sources))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wait sync.WaitGroup
	for i, source := range sources {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			builders[i], errs[i] = source.read(ctx)
		})
	}
	wait.Wait()
	whole := NewBuilder()
	for i, b := range builders {
		if errs[i] != nil {
			return nil, errs[i]
		}
		if i == 0 {
			whole = b
			continue
		}
		whole.Merge(b)
	}
	return whole.Build(), nil
}

// batchSize is how many quads go from the parser to the dictionary at a time.
const batchSize = 2048

// read parses a document while what has been parsed is added to a Builder.
func (s Source) read(ctx context.Context) (b *Builder, err error) {
	in, err := s.Open()
	if err != nil {
		return nil, fmt.Errorf("opening a document to load: %w", err)
	}
	defer in.Close()
	b = NewBuilder()
	full, empty := make(chan []rdf.Quad, 4), make(chan []rdf.Quad, 6)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for batch := range full {
			for _, q := range batch {
				b.Add(q)
			}
			select {
			case empty <- batch[:0]:
			default:
			}
		}
	}()
	batch := make([]rdf.Quad, 0, batchSize)
	err = rdf.Parse(ctx, in, s.Format, s.Options, func(q rdf.Quad, _ rdf.Position) error {
		if q.Graph.IsZero() {
			q.Graph = s.Graph
		}
		batch = append(batch, q)
		if len(batch) == batchSize {
			full <- batch
			select {
			case batch = <-empty:
			default:
				batch = make([]rdf.Quad, 0, batchSize)
			}
		}
		return nil
	})
	full <- batch
	close(full)
	<-done
	if !s.Graph.IsZero() {
		b.AddGraph(s.Graph)
	}
	return b, err
}
