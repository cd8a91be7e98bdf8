package storetest_test

import (
	"testing"

	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

// TestModel runs the suite on the model itself, which checks the model against
// the lists written by hand and the invariants against what evidence decides.
func TestModel(t *testing.T) {
	storetest.Run(t, func(testing.TB) storetest.Opened { return storetest.Opened{Store: model.New()} }, storetest.Thorough(4),
		storetest.Lacks(storetest.SecondHandle, storetest.BulkLoad, storetest.Corridors))
}
