// Package market finds packs: it reads their manifests, searches and resolves
// them over several sources, and pins what was resolved.
//
// A pack is a folder with a manifest, pack.hcl, at its root:
//
//	pack {
//	  id          = "io.example.rust.service"
//	  version     = "1.2.0"
//	  description = "…"
//	  license     = "MIT"
//	  keywords    = ["rust", "http"]
//	  category    = "web-service"
//	  authors     = ["Ada <ada@example.org>"]
//	  homepage    = "https://example.org"
//	}
//
//	variable "name" { type = string }   # as in a pipeline
//
//	templates = "templates"             # the default
//	graphs    = ["graphs/*.ttl"]        # Turtle that the templates' queries see
//	queries   = ["queries/**/*.rq"]     # queries that templates may name
//	shapes    = ["shapes/*.ttl"]        # SHACL that the graph must conform to
//	prefixes  = { ex = "http://example.org/" }
//	dependencies = { "io.example.base" = "^1.0" }
//
// The manifests of ggen, gpack.toml and pack.toml, are read as well.
//
// This package stays light: it imports neither a database nor a registry
// client. Sources that need one implement [Source] elsewhere.
package market
