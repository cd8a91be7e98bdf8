package blob

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Config says which bucket of which service keeps the blobs.
type S3Config struct {
	Endpoint string // host or host:port
	Bucket   string // which exists
	Prefix   string // of every key, such as "captures/"; may be empty
	Region   string // may be empty where the service has one only
	// AccessKey and SecretKey; where both are empty they are found as the AWS
	// command line finds them: in the environment, its file, or the machine's role.
	AccessKey, SecretKey string
	// Plain speaks HTTP without TLS, for a service on the same machine.
	Plain bool
	// Transport replaces the default one, for tests and proxies.
	Transport http.RoundTripper
}

// S3 keeps blobs in a bucket of a service that speaks the S3 protocol.
type S3 struct {
	client         *minio.Client
	bucket, prefix string
}

var _ Store = (*S3)(nil)

// OpenS3 opens a bucket. That it exists and can be reached is checked.
func OpenS3(ctx context.Context, c S3Config) (*S3, error) {
	keys := credentials.NewStaticV4(c.AccessKey, c.SecretKey, "")
	if c.AccessKey == "" && c.SecretKey == "" {
		keys = credentials.NewChainCredentials([]credentials.Provider{
			&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{},
		})
	}
	client, err := minio.New(c.Endpoint, &minio.Options{Creds: keys, Secure: !c.Plain, Region: c.Region, Transport: c.Transport, TrailingHeaders: true})
	if err != nil {
		return nil, fmt.Errorf("open the bucket of captures: %w", err)
	}
	exists, err := client.BucketExists(ctx, c.Bucket)
	if err != nil {
		return nil, fmt.Errorf("open the bucket %q at %s: %w", c.Bucket, c.Endpoint, err)
	}
	if !exists {
		return nil, fmt.Errorf("there is no bucket %q at %s; make it first", c.Bucket, c.Endpoint)
	}
	return &S3{client: client, bucket: c.Bucket, prefix: c.Prefix}, nil
}

func (s *S3) key(name string) string { return s.prefix + name }

// Put implements Store. The bytes pass through a temporary file, since a key
// must be known before an object is sent; the service is given their SHA-256 to
// check what reaches it.
func (s *S3) Put(ctx context.Context, r io.Reader, limit int64) (name string, n int64, err error) {
	h, err := Hold(ctx, r, limit)
	if err != nil {
		return "", 0, err
	}
	defer h.Close() //nolint:errcheck // only read from here on
	sum, err := hex.DecodeString(h.name)
	if err != nil {
		return "", 0, fmt.Errorf("store a capture: %w", err)
	}
	options := minio.PutObjectOptions{
		ContentType:      "application/octet-stream",
		DisableMultipart: true, // a checksum of parts would not be that of the whole
		UserMetadata:     map[string]string{"x-amz-checksum-sha256": base64.StdEncoding.EncodeToString(sum)},
	}
	if _, err := s.client.PutObject(ctx, s.bucket, s.key(h.name), h.File, h.size, options); err != nil {
		return "", 0, fmt.Errorf("store a capture in the bucket %q: %w", s.bucket, err)
	}
	return h.name, h.size, nil
}

// Open implements Store.
func (s *S3) Open(ctx context.Context, name string) (io.ReadSeekCloser, int64, error) {
	size, err := s.Stat(ctx, name)
	if err != nil {
		return nil, 0, err
	}
	object, err := s.client.GetObject(ctx, s.bucket, s.key(name), minio.GetObjectOptions{})
	if err != nil {
		return nil, 0, s.fail("read", name, err)
	}
	return newChecked(object, name), size, nil
}

// Stat implements Store.
func (s *S3) Stat(ctx context.Context, name string) (int64, error) {
	if err := checkName(name); err != nil {
		return 0, err
	}
	info, err := s.client.StatObject(ctx, s.bucket, s.key(name), minio.StatObjectOptions{})
	if err != nil {
		return 0, s.fail("look for", name, err)
	}
	return info.Size, nil
}

// Delete implements Store. In a bucket that keeps versions, every one is deleted.
func (s *S3) Delete(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	versions := minio.ListObjectsOptions{Prefix: s.key(name), WithVersions: true}
	for version := range s.client.ListObjectsIter(ctx, s.bucket, versions) {
		if version.Err != nil {
			return s.fail("delete", name, version.Err)
		}
		if version.Key != s.key(name) {
			continue
		}
		err := s.client.RemoveObject(ctx, s.bucket, version.Key, minio.RemoveObjectOptions{VersionID: version.VersionID})
		if err != nil {
			return s.fail("delete", name, err)
		}
	}
	return nil
}

// List implements Store.
func (s *S3) List(ctx context.Context) iter.Seq2[Listed, error] {
	return func(yield func(Listed, error) bool) {
		for object := range s.client.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.prefix, Recursive: true}) {
			if object.Err != nil {
				yield(Listed{}, fmt.Errorf("list the captures in the bucket %q: %w", s.bucket, object.Err))
				return
			}
			name := strings.TrimPrefix(object.Key, s.prefix)
			if isName(name) && !yield(Listed{Name: name, Put: object.LastModified}, nil) {
				return
			}
		}
	}
}

func (s *S3) fail(what, name string, err error) error {
	if code := minio.ToErrorResponse(err).Code; code == minio.NoSuchKey {
		return notFound(name)
	}
	return fmt.Errorf("%s the capture %s in the bucket %q: %w", what, name, s.bucket, err)
}
