package access

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-jose/go-jose/v4/json"

	"github.com/vinculo/vinculo/internal/evidence"
)

// Rule gives something to those whose claim has a value. Value "*" is any value
// that is not empty. The claim is a name, or a path such as realm_access.roles;
// a claim whose own name has dots in it is found first. Where it holds a list,
// one of its values is enough.
type Rule[T Role | evidence.Clearance] struct {
	Claim, Value string
	Grants       T
}

// ParseRoleRule reads a rule such as groups=newsroom:editor.
func ParseRoleRule(s string) (Rule[Role], error) { return parseRule(s, ParseRole) }

// ParseClearanceRule reads a rule such as groups=newsroom:RESTRICTED.
func ParseClearanceRule(s string) (Rule[evidence.Clearance], error) {
	return parseRule(s, func(s string) (evidence.Clearance, error) { return evidence.ParseClearance(strings.ToUpper(s)) })
}

func parseRule[T Role | evidence.Clearance](s string, parse func(string) (T, error)) (Rule[T], error) {
	claim, rest, found := strings.Cut(s, "=")
	colon := strings.LastIndexByte(rest, ':') // the value may be an URL
	if !found || claim == "" || colon <= 0 {
		return Rule[T]{}, fmt.Errorf("%q is no rule; write claim=value:what it gives, such as groups=newsroom:editor", s)
	}
	if end := firstRule(s, parse); end >= 0 {
		return Rule[T]{}, fmt.Errorf("%q holds several rules, of which the first is %q; write each on a line of its own, or repeat the flag", s, s[:end])
	}
	grants, err := parse(rest[colon+1:])
	if err != nil {
		return Rule[T]{}, fmt.Errorf("the rule %q: %w", s, err)
	}
	return Rule[T]{Claim: claim, Value: rest[:colon], Grants: grants}, nil
}

// firstRule is where the first of several rules in one text ends, or -1: taken as one,
// they would be a rule that nobody fits.
func firstRule[T Role | evidence.Clearance](s string, parse func(string) (T, error)) int {
	for i, r := range s {
		if (r == ',' || r == ';' || unicode.IsSpace(r)) && strings.Contains(s[i:], "=") {
			if _, err := parse(s[strings.LastIndexByte(s[:i], ':')+1 : i]); err == nil {
				return i
			}
		}
	}
	return -1
}

// highest is the most that any rule gives; ok is false where none gives anything.
func highest[T Role | evidence.Clearance](rules []Rule[T], claims map[string]any) (most T, ok bool) {
	for _, r := range rules {
		for _, value := range valuesAt(claims, r.Claim) {
			if value != "" && (r.Value == "*" || value == r.Value) {
				most, ok = max(most, r.Grants), true
			}
		}
	}
	return most, ok
}

// valuesAt are the values of a claim as texts; objects have none.
func valuesAt(claims map[string]any, path string) []string {
	if v, ok := claims[path]; ok {
		return texts(v)
	}
	name, rest, found := strings.Cut(path, ".")
	if !found {
		return nil
	}
	inner, ok := claims[name].(map[string]any)
	if !ok {
		return nil
	}
	return valuesAt(inner, rest)
}

func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case bool:
		return []string{strconv.FormatBool(v)}
	case json.Number:
		return []string{v.String()}
	case []any:
		var all []string
		for _, one := range v {
			if _, nested := one.([]any); !nested {
				all = append(all, texts(one)...)
			}
		}
		return all
	default:
		return nil
	}
}
