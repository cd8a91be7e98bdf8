package server

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// VariableFaults gives all that is wrong with the variables of a request in the place of faults, where
// there are none or these are the first such thing that validation came upon. Validation stops there, and
// takes what the specification has it refuse, such as the text of a number for the number.
func VariableFaults(schema *ast.Schema, prepared *graphql.OperationContext, params *graphql.RawParams, faults gqlerror.List) gqlerror.List {
	ofVariables := len(faults) == 1 && len(faults[0].Path) > 0 && faults[0].Path[0] == ast.PathName("variable")
	if len(faults) > 0 && !ofVariables || prepared.Operation == nil {
		return faults
	}
	look := variableLook{schema: schema}
	for _, v := range prepared.Operation.VariableDefinitions {
		path := variablePath(v)
		value, given := params.Variables[v.Variable]
		switch {
		case given:
			look.value(path, v.Type, value)
		case v.Type.NonNull && v.DefaultValue == nil:
			look.fault(path, "it is missing; give a value of type %s", v.Type)
		}
	}
	look.nulls(prepared.Operation, params.Variables)
	if len(look.faults) == 0 {
		return faults
	}
	return look.faults
}

func variablePath(v *ast.VariableDefinition) ast.Path {
	return ast.Path{ast.PathName("variable"), ast.PathName(v.Variable)}
}

// variableLook goes through the variables of one request and notes what their types do not hold. It
// ends a little past the number of faults that are told.
type variableLook struct {
	schema *ast.Schema
	faults gqlerror.List
}

func (l *variableLook) full() bool { return len(l.faults) > maxErrors }

func (l *variableLook) fault(path ast.Path, format string, args ...any) {
	if !l.full() {
		err := gqlerror.ErrorPathf(slices.Clone(path), format, args...)
		errcode.Set(err, errcode.ValidationFailed)
		l.faults = append(l.faults, err)
	}
}

// value looks at one value, which is as JSON has it, with numbers as they are written.
func (l *variableLook) value(path ast.Path, typ *ast.Type, value any) {
	if l.full() {
		return
	}
	if value == nil {
		if typ.NonNull {
			l.fault(path, "it is null; give a value of type %s", typ)
		}
		return
	}
	if typ.Elem != nil {
		list, ok := value.([]any)
		if !ok {
			l.value(path, typ.Elem, unlisted(value))
			return
		}
		for i, item := range list {
			l.value(append(path, ast.PathIndex(i)), typ.Elem, item)
		}
		return
	}
	switch definition := l.schema.Types[typ.NamedType]; definition.Kind {
	case ast.InputObject:
		l.object(path, definition, value)
	case ast.Enum:
		name, ok := value.(string)
		if !ok || definition.EnumValues.ForName(name) == nil {
			l.fault(path, "%s is not a value of %s; the documentation of that type lists them", written(value), typ.NamedType)
		}
	case ast.Scalar:
		if !scalarHolds(typ.NamedType, value) {
			l.fault(path, "%s is not a value of type %s; %s", written(value), typ.NamedType, scalarAdvice[typ.NamedType])
		}
	default: // validation refuses a variable of another type
	}
}

// unlisted is the one value that stands for a list of it. Of one in an object, validation has
// made a list by then, and not of anything as JSON has it.
func unlisted(value any) any {
	if list := reflect.ValueOf(value); list.Kind() == reflect.Slice && list.Len() == 1 {
		return list.Index(0).Interface()
	}
	return value
}

func (l *variableLook) object(path ast.Path, definition *ast.Definition, value any) {
	fields, ok := value.(map[string]any)
	if !ok {
		l.fault(path, "%s is not an object; give one with the fields of %s", written(value), definition.Name)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if name != "__typename" && definition.Fields.ForName(name) == nil {
			l.fault(append(path, ast.PathName(cut(name))), "%s has no such field; leave it out, or mend its name", definition.Name)
		}
	}
	for _, field := range definition.Fields {
		at := append(path, ast.PathName(field.Name)) //nolint:gocritic // each fault keeps a copy
		value, given := fields[field.Name]
		switch {
		case given:
			l.value(at, field.Type, value)
		case field.Type.NonNull && field.DefaultValue == nil:
			l.fault(at, "it is missing; give a value of type %s", field.Type)
		}
	}
}

// scalarAdvice says what the scalars of GraphQL hold. Those of the schema are read, and refused, where
// they are used.
var scalarAdvice = map[string]string{
	"Int":     "give a whole number of at most 32 bits, without a point or exponent",
	"Float":   "give a number",
	"String":  "give a text",
	"Boolean": "give true or false",
	"ID":      "give a text, or a whole number",
}

// scalarHolds says whether a scalar takes a value.
func scalarHolds(scalar string, value any) bool {
	_, isText := value.(string)
	number, isNumber := value.(json.Number)
	switch scalar {
	case "Int":
		_, err := strconv.ParseInt(number.String(), 10, 32)
		return err == nil
	case "Float":
		_, err := number.Float64()
		return err == nil
	case "String":
		return isText
	case "Boolean":
		_, ok := value.(bool)
		return ok
	case "ID":
		return isText || isNumber && !strings.ContainsAny(number.String(), ".eE")
	default:
		return true
	}
}

// written is a value as a fault quotes it.
func written(value any) string {
	switch value := value.(type) {
	case string:
		return cut(strconv.Quote(value))
	case json.Number, bool:
		return cut(fmt.Sprint(value))
	case []any:
		return "a list"
	default:
		return "an object"
	}
}
