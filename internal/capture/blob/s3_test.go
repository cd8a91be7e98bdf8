package blob_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"

	"github.com/vinculo/vinculo/internal/capture/blob"
	"github.com/vinculo/vinculo/internal/capture/blob/blobtest"
)

const (
	accessKey = "vinculo"
	secretKey = "a secret of this test"
)

// The service is the Versity S3 gateway over a directory, which checks
// signatures and checksums as the real thing does. It listens on a socket in the
// test's own directory.
func serveS3(t *testing.T) (transport *http.Transport, root string) {
	t.Helper()
	dir := t.TempDir()
	wd, err := os.Getwd()
	require.NoError(t, err)
	t.Chdir(wd) // the gateway changes the working directory; go back after the test
	root = filepath.Join(dir, "data")
	sidecar := filepath.Join(dir, "meta")
	for _, d := range []string{root, sidecar} {
		require.NoError(t, os.Mkdir(d, 0o700))
	}
	store, err := meta.NewSideCar(sidecar)
	require.NoError(t, err)
	backend, err := posix.New(root, store, posix.PosixOpts{SideCarDir: sidecar})
	require.NoError(t, err)
	socket := filepath.Join(dir, "s")
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() {
		done <- embedgw.RunVersityGW(ctx, backend, &embedgw.Config{
			RootUserAccess: accessKey, RootUserSecret: secretKey, Region: "us-east-1", Ports: []string{socket}, Quiet: true,
			MaxConnections: 64, MaxRequests: 64, MultipartMaxParts: 10_000,
		})
	}()
	t.Cleanup(func() {
		stop()
		select {
		case err := <-done:
			if err != nil {
				t.Logf("the gateway ended: %v", err)
			}
		case <-time.After(30 * time.Second):
			t.Error("the gateway does not end")
		}
	})
	transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	require.Eventually(t, func() bool {
		conn, err := net.Dial("unix", socket) //nolint:noctx // a socket in a directory answers at once
		if err != nil {
			return false
		}
		return conn.Close() == nil
	}, 30*time.Second, 20*time.Millisecond, "the gateway does not listen")
	return transport, root
}

func TestS3(t *testing.T) { //nolint:paralleltest // the gateway sets the process's working directory
	transport, root := serveS3(t)
	config := blob.S3Config{
		Endpoint: "s3.invalid", Region: "us-east-1", AccessKey: accessKey, SecretKey: secretKey, Plain: true, Transport: transport, Prefix: "captures/",
	}
	admin, err := minio.New(config.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(accessKey, secretKey, ""), Transport: transport, Region: config.Region,
	})
	require.NoError(t, err)
	var count atomic.Int32
	blobtest.Run(t, func(t *testing.T) (blob.Store, string) {
		t.Helper()
		c := config
		c.Bucket = fmt.Sprintf("captures-%d", count.Add(1))
		require.NoError(t, admin.MakeBucket(t.Context(), c.Bucket, minio.MakeBucketOptions{}))
		s, err := blob.OpenS3(t.Context(), c)
		require.NoError(t, err)
		return s, filepath.Join(root, c.Bucket)
	})

	t.Run("no such bucket", func(t *testing.T) {
		c := config
		c.Bucket = "nonesuch"
		_, err := blob.OpenS3(t.Context(), c)
		require.EqualError(t, err, `there is no bucket "nonesuch" at s3.invalid; make it first`)
	})
	t.Run("wrong key", func(t *testing.T) {
		c := config
		c.Bucket, c.SecretKey = "captures-1", "another"
		s, err := blob.OpenS3(t.Context(), c)
		if err == nil {
			_, err = s.Stat(t.Context(), absentName)
		}
		require.Error(t, err)
		require.NotErrorIs(t, err, blob.ErrNotFound)
	})
}

const absentName = "0000000000000000000000000000000000000000000000000000000000000000"
