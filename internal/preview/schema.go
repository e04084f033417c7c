package preview

import _ "embed"

// Schema is the JSON Schema (2020-12) of the plan.
//
//go:embed schema.json
var Schema []byte
