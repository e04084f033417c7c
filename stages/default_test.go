package stages

import (
	"bytes"
	"os"
	"testing"
)

func TestDefaultPipelineIsTheRepositorys(t *testing.T) {
	root, err := os.ReadFile("../pipeline.hcl")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(root, DefaultPipeline) {
		t.Error("stages/pipeline.hcl differs from pipeline.hcl: run go generate ./stages")
	}
}
