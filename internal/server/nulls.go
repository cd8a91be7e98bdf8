package server

import "github.com/vektah/gqlparser/v2/ast"

// nulls notes variables that are null where a value has to be. Their own type allows that,
// and what they are used for would let them be left out, as it has a default value; but a
// null is taken as it is. Where nothing refuses it, it is read as false, as 0 or as no text.
func (l *variableLook) nulls(operation *ast.OperationDefinition, given map[string]any) {
	null := nullLook{asked: map[string]*ast.Type{}, seen: map[*ast.FragmentDefinition]bool{}}
	for _, v := range operation.VariableDefinitions {
		if value, there := given[v.Variable]; there && value == nil && !v.Type.NonNull {
			null.asked[v.Variable] = nil
		}
	}
	if len(null.asked) == 0 {
		return
	}
	null.directives(operation.Directives)
	null.selections(operation.SelectionSet)
	for _, v := range operation.VariableDefinitions {
		if typ := null.asked[v.Variable]; typ != nil {
			l.fault(variablePath(v), "it is null, and used where a value of type %s is asked for; give one, or leave the variable out", typ)
		}
	}
}

// nullLook looks for where variables are used that are null. It only reads what validation
// has noted in the document, which requests share.
type nullLook struct {
	asked map[string]*ast.Type // by variable, what is asked for where it cannot be null; nil while nothing is
	seen  map[*ast.FragmentDefinition]bool
}

func (n *nullLook) selections(set ast.SelectionSet) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			n.arguments(s.Arguments)
			n.directives(s.Directives)
			n.selections(s.SelectionSet)
		case *ast.InlineFragment:
			n.directives(s.Directives)
			n.selections(s.SelectionSet)
		case *ast.FragmentSpread:
			n.directives(s.Directives)
			if of := s.Definition; of != nil && !n.seen[of] {
				n.seen[of] = true
				n.selections(of.SelectionSet)
			}
		}
	}
}

func (n *nullLook) directives(list ast.DirectiveList) {
	for _, d := range list {
		n.arguments(d.Arguments)
	}
}

func (n *nullLook) arguments(list ast.ArgumentList) {
	for _, a := range list {
		n.value(a.Value)
	}
}

func (n *nullLook) value(v *ast.Value) {
	if v.Kind == ast.Variable && v.ExpectedType != nil && v.ExpectedType.NonNull {
		if _, null := n.asked[v.Raw]; null {
			n.asked[v.Raw] = v.ExpectedType
		}
	}
	for _, child := range v.Children {
		n.value(child.Value)
	}
}
