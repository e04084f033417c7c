// Package deploy wires the packages of a run together, from a pipeline file to a
// report: Load, Resolve, Plan, Run, Judge, Report. What it runs on, where packs
// come from and who watches is given to it.
package deploy
