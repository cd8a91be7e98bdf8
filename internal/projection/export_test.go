package projection

import "context"

// RunOlder makes a projection as it was made when salts followed from less.
func RunOlder(ctx context.Context, o Options) (Result, error) {
	return run(ctx, &projector{Options: o, older: true})
}
