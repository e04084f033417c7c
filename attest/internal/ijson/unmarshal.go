package ijson

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Unmarshal stores data, which Check has accepted, in what v points to, like
// [json.Unmarshal] but with member names taken exactly: encoding/json also
// takes "PredicateType" for a field named "predicateType", other readers don't,
// and the two would see different values under one signature.
func Unmarshal(data []byte, v any) error {
	if err := exactNames(data, reflect.TypeOf(v), "$"); err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

func exactNames(data []byte, t reflect.Type, path string) error {
	if t.Implements(unmarshaler) || reflect.PointerTo(t).Implements(unmarshaler) {
		return nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return exactNames(data, t.Elem(), path)
	case reflect.Slice:
		var elems []json.RawMessage
		if json.Unmarshal(data, &elems) != nil {
			return nil //nolint:nilerr // json.Unmarshal names the mismatch better
		}
		for i, e := range elems {
			if err := exactNames(e, t.Elem(), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case reflect.Map, reflect.Struct:
		var members map[string]json.RawMessage
		if json.Unmarshal(data, &members) != nil {
			return nil //nolint:nilerr // as above
		}
		for name, value := range members {
			elem, err := memberType(t, name)
			if err != nil {
				return &Error{Path: path, Reason: err.Error()}
			}
			if elem == nil {
				continue
			}
			if err := exactNames(value, elem, path+"."+name); err != nil {
				return err
			}
		}
	}
	return nil
}

// memberType returns the type that a member is decoded into, nil when the
// member is unknown.
func memberType(t reflect.Type, name string) (reflect.Type, error) {
	if t.Kind() == reflect.Map {
		return t.Elem(), nil
	}
	for _, f := range reflect.VisibleFields(t) {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag == name {
			return f.Type, nil
		}
		if tag != "" && strings.EqualFold(tag, name) {
			return nil, fmt.Errorf("member %q differs from %q only in case", name, tag)
		}
	}
	return nil, nil
}
