package sqlite_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// disk is a file system of one folder that remembers in which order it was
// written to and synced, so that it can say what may be left of it had the power
// failed at any moment. It promises what POSIX does and no more: a file holds
// what was written to it before it was synced, and has the name that it had when
// the folder was synced. Of everything later any part may be there or not.
type disk struct {
	mu     sync.Mutex
	base   map[string][]byte // what was there, durably, before the first event
	events []event
	files  int
}

// event is one thing that was asked of the disk.
type event struct {
	do   deed
	file int    // of written, resized and synced; what made names
	name string // of nameMade, nameGone
	at   int64  // where it was written, or the size it was cut to
	data []byte // what was written
}

type deed int

const (
	written deed = iota
	resized
	synced
	nameMade
	nameGone
	folderSynced
	// acknowledged is no deed of the disk: the program said so at that moment.
	acknowledged
)

// acknowledgements is the file to which the program tells what it acknowledges.
// It is no part of what the disk keeps.
const acknowledgements = "acknowledged"

// sector is what a disk writes whole or not at all.
const sector = 512

func (d *disk) note(e event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, e)
}

// mount shows the disk in a folder.
func (d *disk) mount(t *testing.T) (folder string, unmount func() error) {
	t.Helper()
	folder = t.TempDir()
	options := &fs.Options{MountOptions: fuse.MountOptions{DirectMountStrict: true, FsName: "disk", Name: "vinculo-test"}}
	server, err := fs.Mount(folder, &shown{disk: d}, options)
	if err != nil {
		t.Skipf("no power failure is tried: this system does not let the test mount a FUSE file system: %v", err)
	}
	return folder, server.Unmount
}

// fate is what happens to what was not synced when the power fails: each sector,
// size and name is kept with this probability.
type fate float64

const (
	nothingKept fate = 0
	allKept     fate = 1
)

func (f fate) keeps(random *rand.Rand) bool { return random.Float64() < float64(f) }

// left is what is found after the power failed between two events.
func (d *disk) left(events int, f fate, random *rand.Rand) map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	files, unsynced := map[int][]byte{}, map[int][]event{}
	names, unsyncedNames := map[string]int{}, []event(nil)
	for i, name := range sortedNames(d.base) {
		names[name], files[-i-1] = -i-1, bytes.Clone(d.base[name])
	}
	for _, e := range d.events[:events] {
		switch e.do {
		case written, resized:
			unsynced[e.file] = append(unsynced[e.file], e)
		case synced:
			for _, u := range unsynced[e.file] {
				files[e.file] = u.on(files[e.file])
			}
			delete(unsynced, e.file)
		case nameMade, nameGone:
			unsyncedNames = append(unsyncedNames, e)
		case folderSynced:
			for _, u := range unsyncedNames {
				u.onNames(names)
			}
			unsyncedNames = nil
		case acknowledged:
		}
	}
	for _, u := range unsyncedNames {
		if f.keeps(random) {
			u.onNames(names)
		}
	}
	found := map[string][]byte{}
	for _, name := range sortedNames(names) {
		file := names[name]
		content := files[file]
		for _, u := range unsynced[file] {
			for _, part := range u.sectors() {
				if f.keeps(random) {
					content = part.on(content)
				}
			}
		}
		found[name] = content
	}
	return found
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// on gives a file as it is after a write or a change of its size.
func (e event) on(content []byte) []byte {
	size := e.at + int64(len(e.data))
	if grow := size - int64(len(content)); grow > 0 {
		content = append(content, make([]byte, grow)...)
	}
	if e.do == resized {
		return content[:size:size] // what is cut off does not come again
	}
	copy(content[e.at:], e.data)
	return content
}

func (e event) onNames(names map[string]int) {
	if e.do == nameMade {
		names[e.name] = e.file
	} else {
		delete(names, e.name)
	}
}

// sectors are the parts of a write that are on the disk or not, each by itself.
func (e event) sectors() (parts []event) {
	if e.do == resized {
		return []event{e}
	}
	for from := int64(0); from < int64(len(e.data)); {
		to := min(from+sector-(e.at+from)%sector, int64(len(e.data)))
		parts = append(parts, event{do: written, file: e.file, at: e.at + from, data: e.data[from:to]})
		from = to
	}
	return parts
}

// said is what the program had acknowledged by then, oldest first.
func (d *disk) said(events int) (lines []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.events[:events] {
		if e.do == acknowledged {
			lines = append(lines, strings.TrimSpace(string(e.data)))
		}
	}
	return lines
}

// shown is the folder as the kernel asks for it.
type shown struct {
	fs.Inode
	disk *disk
}

var (
	_ fs.NodeOnAdder  = (*shown)(nil)
	_ fs.NodeCreater  = (*shown)(nil)
	_ fs.NodeUnlinker = (*shown)(nil)
	_ fs.NodeFsyncer  = (*shown)(nil)
)

func (s *shown) OnAdd(ctx context.Context) {
	for i, name := range sortedNames(s.disk.base) {
		f := &shownFile{disk: s.disk, number: -i - 1, content: bytes.Clone(s.disk.base[name])}
		s.AddChild(name, s.NewPersistentInode(ctx, f, fs.StableAttr{Mode: syscall.S_IFREG}), false)
	}
}

func (s *shown) Create(ctx context.Context, name string, _, _ uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	f := &shownFile{disk: s.disk, speaks: name == acknowledgements}
	s.disk.mu.Lock()
	f.number = s.disk.files
	s.disk.files++
	if !f.speaks {
		s.disk.events = append(s.disk.events, event{do: nameMade, file: f.number, name: name})
	}
	s.disk.mu.Unlock()
	out.Mode = fuse.S_IFREG | 0o600
	return s.NewPersistentInode(ctx, f, fs.StableAttr{Mode: syscall.S_IFREG}), nil, 0, 0
}

func (s *shown) Unlink(_ context.Context, name string) syscall.Errno {
	s.disk.note(event{do: nameGone, name: name})
	return 0
}

func (s *shown) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	s.disk.note(event{do: folderSynced})
	return 0
}

// shownFile is a file as the kernel asks for it, with what is written to it.
type shownFile struct {
	fs.Inode
	disk    *disk
	number  int
	speaks  bool // what is written is an acknowledgement
	mu      sync.Mutex
	content []byte
}

var (
	_ fs.NodeOpener    = (*shownFile)(nil)
	_ fs.NodeReader    = (*shownFile)(nil)
	_ fs.NodeWriter    = (*shownFile)(nil)
	_ fs.NodeGetattrer = (*shownFile)(nil)
	_ fs.NodeSetattrer = (*shownFile)(nil)
	_ fs.NodeFsyncer   = (*shownFile)(nil)
)

func (f *shownFile) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, 0, 0
}

func (f *shownFile) Read(_ context.Context, _ fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	f.mu.Lock()
	defer f.mu.Unlock()
	from := min(off, int64(len(f.content)))
	return fuse.ReadResultData(bytes.Clone(f.content[from:min(from+int64(len(dest)), int64(len(f.content)))])), 0
}

func (f *shownFile) Write(_ context.Context, _ fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	e := event{do: written, file: f.number, at: off, data: bytes.Clone(data)}
	if f.speaks {
		e.do = acknowledged
	}
	f.did(e)
	return uint32(len(data)), 0
}

func (f *shownFile) did(e event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.content = e.on(f.content)
	f.disk.note(e)
}

func (f *shownFile) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	f.mu.Lock()
	defer f.mu.Unlock()
	out.Mode, out.Size = fuse.S_IFREG|0o600, uint64(len(f.content))
	return 0
}

func (f *shownFile) Setattr(ctx context.Context, h fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if size, ok := in.GetSize(); ok {
		f.did(event{do: resized, file: f.number, at: int64(size)})
	}
	return f.Getattr(ctx, h, out)
}

func (f *shownFile) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	f.disk.note(event{do: synced, file: f.number})
	return 0
}

// String says how much the disk was asked, for messages.
func (d *disk) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := map[deed]int{}
	for _, e := range d.events {
		n[e.do]++
	}
	return fmt.Sprintf("%d writes, %d changes of size, %d syncs of a file and %d of the folder, %d names made and %d removed, %d acknowledgements",
		n[written], n[resized], n[synced], n[folderSynced], n[nameMade], n[nameGone], n[acknowledged])
}
