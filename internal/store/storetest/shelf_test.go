package storetest_test

import (
	"testing"

	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

func TestShelfOfModel(t *testing.T) {
	storetest.RunShelf(t, func(testing.TB) storetest.Opened { return storetest.Opened{Store: model.New()} }, storetest.Lacks(storetest.SecondHandle))
}
