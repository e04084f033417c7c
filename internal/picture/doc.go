// Package picture draws a plan: as DOT and Mermaid for other programs, as an
// SVG, and as a page that shows what each step is. All of them are the same
// bytes for the same plan.
//
// Pictures show steps in the columns of their stages, from left to right, and
// the edges that do not follow from others. A plan of more than [MaxSteps]
// steps is drawn by its stages.
package picture
