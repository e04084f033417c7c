pack {
  id          = "io.sixty.rust.cli"
  version     = "0.1.0"
  description = "A command line tool in Rust on clap: subcommands, files and standard input, exit codes"
  license     = "MIT OR Apache-2.0"
  keywords    = ["rust", "clap", "cli", "command-line", "text"]
  category    = "command-line"
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
  description = "what the tool does, in one line"
  default     = "Counts, finds and replaces text"

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

templates = "templates"
