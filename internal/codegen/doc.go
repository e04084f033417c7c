// Package codegen does one generation run: it reads template files (a YAML
// frontmatter and a Tera body each), asks the graph the queries they name,
// renders everything, and gives one [Plan] of writes. Only [Plan.Apply] touches
// a disk.
//
// [Render] is pure. Its result depends on the [Request] alone: the clock is the
// request's epoch, chance is seeded from the digest of the inputs, the
// environment is the request's own list, and query rows come in one order. So
// the plan that a dry run or a diff shows is the plan that the run applies.
//
// # Template files
//
// A template folder holds three kinds of files:
//
//   - NAME.tera and NAME.tmpl are templates. With frontmatter, the key `to` says
//     where the output goes; without it the output is the file's own path less
//     the suffix. Either path may hold Tera expressions.
//   - A file or folder whose name starts with an underscore makes no output; it
//     is there to be included, imported or extended.
//   - Any other file is copied as it is.
//
// A template file may hold several frontmatter documents, each followed by its
// body: a line `---` begins the next one when the lines up to the following
// `---` have a `to:` or `from:` key in the first column.
package codegen
