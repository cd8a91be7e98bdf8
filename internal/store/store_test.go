package store_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/store"
)

// TestTheSeamIsSmall keeps what a new store has to write short: what more a store
// can do is asked for by interfaces of their own. EverCited is the fifteenth: no
// history is right without it, and no list of today leads to what it gives.
func TestTheSeamIsSmall(t *testing.T) {
	require.LessOrEqual(t, reflect.TypeFor[store.Store]().NumMethod()+reflect.TypeFor[store.Reader]().NumMethod(), 15)
}
