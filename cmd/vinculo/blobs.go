package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/vinculo/vinculo/internal/archive"
	"github.com/vinculo/vinculo/internal/capture"
	"github.com/vinculo/vinculo/internal/capture/blob"
	"github.com/vinculo/vinculo/internal/capture/extract"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/verify"
)

// blobPlace is how commands are told where captures are.
type blobPlace struct {
	Blobs  string `placeholder:"PLACE" help:"Where captures are kept: a directory, or s3://BUCKET?endpoint=HOST; beside an SQLite file, PATH.captures, where it is not given."`
	create bool   // the directory, where there is none
}

// AfterApply refuses a place that does not read before anything is opened, or what
// would be left behind is a new store, or one that was written to.
func (p blobPlace) AfterApply() error { return checkBlobs("--blobs", p.Blobs) }

// checkBlobs says what is wrong with the name of a place where captures are kept. A
// name with another scheme would else be that of a new directory.
func checkBlobs(flag, place string) error {
	scheme, _, ok := strings.Cut(place, ":")
	switch {
	case !ok || !isScheme(scheme):
		return nil
	case scheme == "s3":
		_, err := bucketOf(place)
		return err
	}
	return usageError{fmt.Errorf("%s begins with %q, and no such place holds captures; name a directory, with ./ before it where its name has a colon, or %s", flag, scheme+":", bucketForm)}
}

// isScheme says whether an address can begin so, and no path of Windows does.
func isScheme(s string) bool {
	u, err := url.Parse(s + ":x")
	return len(s) > 1 && err == nil && u.Scheme != ""
}

// blobsOf is where the captures of a store are: what is given, or, beside an
// SQLite file, PATH.captures; "" where neither says.
func blobsOf(given, storeName string) string {
	if given != "" {
		return given
	}
	if path, ok := strings.CutPrefix(storeName, "sqlite:"); ok && path != "" && path != sqlite.Memory {
		return path + ".captures"
	}
	return ""
}

// openBlobs opens the captures of a store. Where none is given and there is no
// place beside the store, it gives nil. A directory is made only where that is
// asked for; else one that is given and not there is an error, and one that is
// not given and not there is nil.
func openBlobs(ctx context.Context, given, storeName string, create bool) (blob.Store, error) {
	place := blobsOf(given, storeName)
	if place == "" {
		return nil, nil //nolint:nilnil // there are none
	}
	if strings.HasPrefix(place, "s3:") {
		bucket, err := bucketOf(place)
		if err != nil {
			return nil, err
		}
		return blob.OpenS3(ctx, bucket)
	}
	if !create {
		info, err := os.Stat(place)
		switch {
		case errors.Is(err, fs.ErrNotExist) && given == "":
			return nil, nil //nolint:nilnil // there are none
		case errors.Is(err, fs.ErrNotExist):
			return nil, noCaptures(place)
		case err != nil:
			return nil, fmt.Errorf("the directory of captures: %w", err)
		case !info.IsDir():
			return nil, fmt.Errorf("%s is not a directory of captures", place)
		}
		return blob.ExistingDir(place), nil
	}
	dir, err := blob.OpenDir(place)
	if err != nil {
		return nil, err
	}
	return dir, dir.RemoveLeftovers(ctx, beingWritten)
}

// beingWritten is how long a file that nobody wrote to is taken for one that
// somebody is writing all the same.
const beingWritten = time.Hour

// eraseLeftovers removes all that processes which were killed left of captures,
// and what others are writing now: nobody knows what is in it.
func (p blobPlace) eraseLeftovers(ctx context.Context, storeName string) error {
	blobs, err := openBlobs(ctx, p.Blobs, storeName, false)
	if err != nil {
		return err
	}
	if dir, ok := blobs.(*blob.Dir); ok {
		return dir.RemoveLeftovers(ctx, 0)
	}
	return nil
}

func noCaptures(place string) error {
	return fmt.Errorf("there is no directory of captures at %s; mend the path, or add a capture first", place)
}

const bucketForm = "write s3://BUCKET/PREFIX?endpoint=HOST&region=REGION, with the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"

// bucketOf reads an address such as s3://bucket/prefix?endpoint=host.
func bucketOf(address string) (blob.S3Config, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return blob.S3Config{}, usageError{errors.New("the address of the bucket of captures does not read: " + bucketForm)}
	}
	if u.User != nil {
		return blob.S3Config{}, usageError{errors.New("the address of the bucket of captures holds credentials, which others can read off the list of processes: " + bucketForm)}
	}
	config := blob.S3Config{Bucket: u.Host, Endpoint: "s3.amazonaws.com", Prefix: strings.TrimPrefix(u.Path, "/")}
	if config.Prefix != "" && !strings.HasSuffix(config.Prefix, "/") {
		config.Prefix += "/"
	}
	for name, values := range u.Query() {
		switch value := values[0]; name {
		case "endpoint":
			config.Endpoint = value
		case "region":
			config.Region = value
		case "plain":
			if config.Plain, err = strconv.ParseBool(value); err != nil {
				return blob.S3Config{}, usageError{fmt.Errorf("the address of the bucket of captures: plain=%s is neither true nor false", value)}
			}
		default:
			return blob.S3Config{}, usageError{fmt.Errorf("the address of the bucket of captures knows no %q: %s", name, bucketForm)}
		}
	}
	return config, nil
}

// newArchive ties captures to a store for the time of the command.
func (m *Main) newArchive(st store.Store, planner *evidence.Planner, blobs blob.Store, log zerolog.Logger) *archive.Archive {
	extractor := extract.New(extract.Limits{})
	m.closeLater(extractor)
	return archive.New(st, planner, &capture.Service{Blobs: blobs, Extract: extractor}, log)
}

// checking is the store whose quotes are compared with the captures as they are
// written; the store itself where it has no captures.
func (m *Main) checking(ctx context.Context, place blobPlace, name string, st store.Store, planner *evidence.Planner, log zerolog.Logger) (store.Store, *archive.Archive, error) {
	blobs, err := openBlobs(ctx, place.Blobs, name, place.create)
	if err != nil || blobs == nil {
		return st, nil, err
	}
	kept := m.newArchive(st, planner, blobs, log)
	return kept.Checking(), kept, nil
}

// blobPlaces are where the captures of two stores are.
type blobPlaces struct {
	BlobsFrom       string `placeholder:"PLACE" help:"Where the captures of the store that is read are kept: as --blobs of other commands."`
	BlobsTo         string `placeholder:"PLACE" help:"Where to keep those of the store that is written."`
	WithoutCaptures bool   `help:"Carry no captures; the copy's log names them all the same."`
}

// check finds what makes no sense together.
func (p blobPlaces) check() error {
	if p.WithoutCaptures && (p.BlobsFrom != "" || p.BlobsTo != "") {
		return usageError{errors.New("--without-captures carries none, and --blobs-from or --blobs-to says where to; leave one out")}
	}
	return nil
}

// AfterApply refuses a place that does not read before anything is copied.
func (p blobPlaces) AfterApply() error {
	return cmp.Or(checkBlobs("--blobs-from", p.BlobsFrom), checkBlobs("--blobs-to", p.BlobsTo))
}

// carry brings the captures that the log of the copy names to where the copy keeps
// them. It goes by the copy's log, so that a copy which holds less than the
// original gets no capture of what it does not hold. Captures that are not carried
// are an error unless that is meant: the copy may be a backup.
func (p blobPlaces) carry(ctx context.Context, m *Main, fromName, toName string, to store.Store) error {
	if p.WithoutCaptures {
		return nil
	}
	from, err := openBlobs(ctx, p.BlobsFrom, fromName, false)
	if err != nil {
		return err
	}
	why := ""
	switch place := blobsOf(p.BlobsFrom, fromName); {
	case from == nil && place == "":
		why = fmt.Sprintf("nothing says where %s keeps them; run it again with --blobs-from PLACE", fromName)
	case from == nil:
		why = fmt.Sprintf("there is no directory of captures at %s; put it back, or run it again with --blobs-from PLACE", place)
	case blobsOf(p.BlobsTo, toName) == "":
		why = fmt.Sprintf("nothing says where %s keeps them; run it again with --blobs-to PLACE", toName)
	}
	if why != "" {
		n, err := countNamed(ctx, to)
		if err == nil && n > 0 {
			err = fmt.Errorf("the log is copied, and %s that it names not carried: %s, or with --without-captures if that is meant", plural(n, "capture"), why)
		}
		return err
	}
	into, err := openBlobs(ctx, p.BlobsTo, toName, true)
	if err != nil {
		return err
	}
	carried, err := archive.Carry(ctx, to, into, from)
	if carried > 0 {
		fmt.Fprintf(m.Stdout, "%s of captures and their texts carried\n", plural(carried, "file"))
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	told := faultsIn(err)
	told.summary = plural(len(told.lines), "file") + " of captures and their texts not carried; put them back and run it again"
	return told
}

// captures verifies the captures that the log names, where they are kept where
// this program can read them, and adds to the report what is wrong with them. It
// gives how many there are.
func (c *verifyCmd) captures(ctx context.Context, m *Main, st store.Store, report *verify.Report) (int, error) {
	if len(report.Faults) > 0 {
		return 0, nil // a damaged log does not say which there are
	}
	blobs, err := openBlobs(ctx, c.Blobs, c.Store, false)
	if err != nil {
		return 0, err
	}
	if blobs == nil {
		return 0, c.withoutCaptures(ctx, m, st, report)
	}
	n, faults, err := archive.VerifyBlobs(ctx, st, blobs, c.LimitFaults)
	report.Faults = append(report.Faults, faults...)
	report.Cut = report.Cut || c.LimitFaults > 0 && len(faults) >= c.LimitFaults
	if err != nil {
		return n, err
	}
	found, err := archive.FindUnnamed(ctx, st, blobs, beingWritten)
	if err != nil {
		return n, err
	}
	report.Faults = append(report.Faults, erasedAndKept(found, c.Store)...)
	m.tellUnnamed(found, c.Store)
	return n, nil
}

// erasedAndKept are the faults of captures that were erased and are there.
func erasedAndKept(found *archive.Unnamed, storeName string) (faults []string) {
	for _, name := range found.Erased {
		faults = append(faults, fmt.Sprintf("the capture %s was erased, and its bytes are still kept; run `vinculo erase --store %s --scrub`", name, storeName))
	}
	return faults
}

// tellUnnamed tells of files that the log does not name. They are no fault: another
// store may name them.
func (m *Main) tellUnnamed(found *archive.Unnamed, storeName string) {
	if n := len(found.Others); n > 0 {
		fmt.Fprintf(m.Stderr, "%s among the captures not named by the log: an erasure or a command that adds captures may have been cut off; where no other store keeps its captures in the same place, run `vinculo erase --store %s --scrub --unnamed`\n", plural(n, "file"), storeName)
	}
}

// withoutCaptures tells that captures which the log names are not there: a fault
// where it is known where they should be.
func (c *verifyCmd) withoutCaptures(ctx context.Context, m *Main, st store.Store, report *verify.Report) error {
	n, err := countNamed(ctx, st)
	if err != nil || n == 0 {
		return err
	}
	if place := blobsOf(c.Blobs, c.Store); place != "" {
		report.Faults = append(report.Faults, fmt.Sprintf("the log names %s, and there is no directory of captures at %s; put it back, or say with --blobs where they are", plural(n, "capture"), place))
		return nil
	}
	fmt.Fprintf(m.Stderr, "%s of the log not looked at: nothing says where they are kept; give --blobs PLACE\n", plural(n, "capture"))
	return nil
}

// countNamed counts the captures that the log of a store names.
func countNamed(ctx context.Context, st store.Store) (n int, err error) {
	for _, err := range archive.Named(ctx, st) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
