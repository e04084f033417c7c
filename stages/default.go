package stages

import _ "embed"

// DefaultPipeline is the pipeline that runs where a project has none of its
// own. It is a copy of the pipeline.hcl at the root of the repository, which an
// embed directive can't reach from here; a test holds the two together.
//
//go:generate cp ../pipeline.hcl pipeline.hcl
//go:embed pipeline.hcl
var DefaultPipeline []byte
