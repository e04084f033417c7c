pack {
  id          = "io.sixty.rust.axum-service"
  version     = "0.1.0"
  description = "An HTTP service in Rust on axum and tokio: health checks, one resource, limits, graceful shutdown"
  license     = "MIT OR Apache-2.0"
  keywords    = ["rust", "axum", "tokio", "http", "rest", "service"]
  category    = "web-service"
  authors     = ["The sixty authors"]
}

variable "name" {
  type        = string
  description = "name of the crate and of its binary"

  validation {
    condition     = can(regex("^[a-z][a-z0-9_-]{0,63}$", var.name))
    error_message = "A crate name starts with a letter, has only a-z, 0-9, - and _, and at most 64 characters."
  }

  validation {
    condition     = !can(regex("[_-][_-]", var.name))
    error_message = "Two of - and _ in a row make a name that rustc warns of."
  }

  validation {
    condition = !contains([
      # Rust's keywords, and what cargo or its target folder use themselves.
      "abstract", "alloc", "as", "async", "await", "become", "box", "break", "build", "const", "continue", "core",
      "crate", "deps", "do", "dyn", "else", "enum", "examples", "extern", "false", "final", "fn", "for", "gen", "if",
      "impl", "in", "incremental", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv",
      "proc-macro", "proc_macro", "pub", "ref", "return", "self", "static", "std", "struct", "super", "test", "trait",
      "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
    ], var.name)
    error_message = "Rust or cargo use this name themselves."
  }
}

variable "version" {
  type        = string
  description = "version of the crate, as semver.org has it"
  default     = "0.1.0"

  validation {
    condition     = can(regex("^(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)(-[0-9A-Za-z-]+(\\.[0-9A-Za-z-]+)*)?(\\+[0-9A-Za-z-]+(\\.[0-9A-Za-z-]+)*)?$", var.version))
    error_message = "A version is MAJOR.MINOR.PATCH, with a pre-release or build part if need be."
  }
}

variable "description" {
  type        = string
  description = "what the service does, in one line"
  default     = "An HTTP service that keeps tasks"

  validation {
    condition     = can(regex("^[^\\x00-\\x1f\\x7f]+$", var.description))
    error_message = "The description is one line of text and not empty."
  }
}

variable "license" {
  type        = string
  description = "SPDX licence expression; the texts come with it"
  default     = "MIT OR Apache-2.0"

  validation {
    condition     = contains(["MIT OR Apache-2.0", "MIT", "Apache-2.0"], var.license)
    error_message = "This pack has the texts of \"MIT OR Apache-2.0\", \"MIT\" and \"Apache-2.0\"."
  }
}

variable "authors" {
  type        = list(string)
  description = "authors, each as \"Name <mail>\""
  default     = []
}

variable "repository" {
  type        = string
  description = "address of the source repository; none when empty"
  default     = ""

  validation {
    condition     = can(regex("^(https?://[^\\s\"\\\\]+)?$", var.repository))
    error_message = "The repository is an http or https address, or empty."
  }
}

variable "runtime" {
  type        = string
  description = "name of the member with the HTTP server; its code is the same in every project, so under one name it is compiled once for all"
  default     = "sixty-axum-runtime"

  validation {
    condition     = can(regex("^[a-z][a-z0-9_-]{0,63}$", var.runtime)) && !can(regex("[_-][_-]", var.runtime))
    error_message = "A crate name starts with a letter, has only a-z, 0-9, - and _, no two of - and _ in a row, and at most 64 characters."
  }
}

templates = "templates"
graphs    = ["graph/model.ttl"]
