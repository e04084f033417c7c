package tera

// CaseFilters returns filters.
func CaseFilters() map[string]Filter { return map[string]Filter{} }
