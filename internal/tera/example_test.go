package tera_test

import (
	"context"
	"fmt"

	"github.com/sixtyhq/sixty/internal/tera"
)

func Example() {
	env := tera.New(tera.Options{})
	for name, filter := range tera.CaseFilters() {
		env.AddFilter(name, filter)
	}
	err := env.Add("struct.rs", `pub struct {{ name | pascal }} {
{%- for field in fields %}
    pub {{ field.name | snake }}: {{ field.type | default(value="String") }},
{%- endfor %}
}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := env.Render(context.Background(), "struct.rs", map[string]any{
		"name": "order item",
		"fields": []any{
			map[string]any{"name": "OrderID", "type": "u64"},
			map[string]any{"name": "note"},
		},
	})
	fmt.Println(out, err)
	// Output:
	// pub struct OrderItem {
	//     pub order_id: u64,
	//     pub note: String,
	// } <nil>
}
