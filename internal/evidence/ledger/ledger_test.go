package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// mth is the Merkle tree hash written straight from the recursive definition of
// RFC 9162, section 2.1.1: it shares nothing with the code under test.
func mth(d [][]byte) []byte {
	sum := func(parts ...[]byte) []byte {
		s := sha256.Sum256(slices.Concat(parts...))
		return s[:]
	}
	switch len(d) {
	case 0:
		return sum()
	case 1:
		return sum([]byte{0}, d[0])
	}
	k := 1
	for k*2 < len(d) {
		k *= 2
	}
	return sum([]byte{1}, mth(d[:k]), mth(d[k:]))
}

func commitments(leaves []Leaf) [][]byte {
	out := make([][]byte, len(leaves))
	for i := range leaves {
		out[i] = leaves[i].Commitment[:]
	}
	return out
}

func numbered(n int) []Leaf {
	out := make([]Leaf, n)
	for i := range out {
		var salt [16]byte
		binary.BigEndian.PutUint64(salt[:], uint64(i)+1)
		out[i] = NewLeaf(salt, []byte(fmt.Sprintf("change %d", i)))
	}
	return out
}

// TestTreeKnownAnswers holds the tree to the roots that the test data of
// Certificate Transparency fixes for its eight inputs.
func TestTreeKnownAnswers(t *testing.T) {
	inputs := []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}
	roots := []string{
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
	var tree Tree
	var data [][]byte
	for i, want := range roots {
		require.Equal(t, want, tree.Root().String(), "%d leaves", i)
		require.Equal(t, want, hex.EncodeToString(mth(data)), "the oracle, %d leaves", i)
		if i < len(inputs) {
			d, err := hex.DecodeString(inputs[i])
			require.NoError(t, err)
			data = append(data, d)
			tree.add(d)
		}
	}
}

func TestTreeAgainstTheDefinition(t *testing.T) {
	for n := range 70 {
		leaves := numbered(n)
		root := Root(leaves)
		require.Equal(t, mth(commitments(leaves)), root[:], "%d leaves", n)
	}
}

// revision is one stored revision of a test's log.
type revision struct {
	header Header
	hash   Hash
	leaves []Leaf
}

func (r revision) clone() revision {
	r.leaves = slices.Clone(r.leaves)
	for i := range r.leaves {
		r.leaves[i].Content = slices.Clone(r.leaves[i].Content)
	}
	return r
}

func cloneLog(log []revision) []revision {
	out := make([]revision, len(log))
	for i := range log {
		out[i] = log[i].clone()
	}
	return out
}

// next is the header that follows the last one.
func next(c *Chain, now time.Time, leaves []Leaf) Header {
	return Header{Sequence: c.sequence + 1, Previous: c.head, Time: now.UTC().Truncate(time.Microsecond), Leaves: uint32(len(leaves)), Root: Root(leaves)}
}

func drawLog(t *rapid.T) []revision {
	var c Chain
	var log []revision
	for range rapid.IntRange(1, 6).Draw(t, "revisions") {
		var leaves []Leaf
		for range rapid.IntRange(0, 6).Draw(t, "leaves") {
			salt := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "salt"))
			leaves = append(leaves, NewLeaf(salt, rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "content")))
		}
		now := time.Unix(rapid.Int64Range(-1e9, 4e9).Draw(t, "time"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
		h := next(&c, now, leaves)
		require.NoError(t, c.AppendRecorded(h, h.Hash(), leaves))
		log = append(log, revision{header: h, hash: c.Head(), leaves: leaves})
	}
	return log
}

// verify runs over a log as a verifier does.
func verify(log []revision) error {
	var c Chain
	for _, r := range log {
		if err := c.AppendRecorded(r.header, r.hash, r.leaves); err != nil {
			return err
		}
	}
	return nil
}

func flipBit(t *rapid.T, b []byte) {
	b[rapid.IntRange(0, len(b)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
}

// TestEveryChangeIsFoundAndNamed flips one bit anywhere in a log and expects the
// revision, and the leaf where it is in a leaf, to be named.
func TestEveryChangeIsFoundAndNamed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := drawLog(t)
		require.NoError(t, verify(log))

		// Some leaves were lawfully erased before.
		for _, r := range log {
			for i := range r.leaves {
				if rapid.IntRange(0, 4).Draw(t, "erase") == 0 {
					r.leaves[i] = r.leaves[i].Erase()
				}
			}
		}
		require.NoError(t, verify(log))

		at := rapid.IntRange(0, len(log)-1).Draw(t, "revision")
		bad := cloneLog(log)
		r := &bad[at]
		wantLeaf := -1
		var wantReason Reason
		places := []string{"sequence", "previous", "time", "leaves", "root", "hash"}
		if len(r.leaves) > 0 {
			places = append(places, "content", "salt", "commitment", "erased", "content", "salt", "commitment")
		}
		flipInt := func(v uint64, width int) uint64 { return v ^ 1<<rapid.IntRange(0, width-1).Draw(t, "bit") }
		switch place := rapid.SampledFrom(places).Draw(t, "place"); place {
		case "sequence":
			r.header.Sequence = flipInt(r.header.Sequence, 64)
			wantReason = ErrSequenceBroken
		case "previous":
			flipBit(t, r.header.Previous[:])
			wantReason = ErrPreviousChanged
		case "time":
			r.header.Time = time.UnixMicro(int64(flipInt(uint64(r.header.Time.UnixMicro()), 64)))
			wantReason = ErrHashChanged
		case "leaves":
			r.header.Leaves = uint32(flipInt(uint64(r.header.Leaves), 32))
			wantReason = ErrLeafCountChanged
		case "root":
			flipBit(t, r.header.Root[:])
			wantReason = ErrRootChanged
		case "hash":
			flipBit(t, r.hash[:])
			wantReason = ErrHashChanged
		default:
			i := rapid.IntRange(0, len(r.leaves)-1).Draw(t, "leaf")
			l := &r.leaves[i]
			wantLeaf, wantReason = i, ErrLeafChanged
			wasErased := l.Erased
			switch place {
			case "content":
				if len(l.Content) == 0 {
					l.Content = []byte{0}
				} else {
					flipBit(t, l.Content)
				}
			case "salt":
				flipBit(t, l.Salt[:])
			case "commitment":
				flipBit(t, l.Commitment[:])
				if wasErased { // Nothing is left that could tell which leaf it was.
					wantLeaf, wantReason = -1, ErrRootChanged
				}
			case "erased":
				l.Erased = !l.Erased
				if !wasErased && len(l.Content) == 0 && l.Salt == [16]byte{} {
					t.Skip("an empty leaf without salt has nothing to leave behind")
				}
				if !wasErased {
					wantReason = ErrErasureIncomplete
				}
			}
			if wasErased && (place == "content" || place == "salt") {
				wantReason = ErrErasureIncomplete
			}
		}

		var fault *Fault
		err := verify(bad)
		require.ErrorAs(t, err, &fault)
		require.Equal(t, uint64(at)+1, fault.Sequence, fault)
		require.Equal(t, wantLeaf, fault.Leaf, fault)
		require.Equal(t, wantReason, fault.Reason, fault)
		require.ErrorIs(t, err, wantReason)
		require.Contains(t, err.Error(), fmt.Sprintf("revision %d", at+1))
	})
}

// TestLeavesAndRevisionsCannotBeMoved takes out, repeats and swaps whole pieces.
func TestLeavesAndRevisionsCannotBeMoved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := drawLog(t)
		at := rapid.IntRange(0, len(log)-1).Draw(t, "revision")

		var fault *Fault
		if cut := slices.Delete(cloneLog(log), at, at+1); at < len(log)-1 { // that the last one is gone, the head tells
			require.ErrorAs(t, verify(cut), &fault)
			require.Equal(t, ErrSequenceBroken, fault.Reason)
			require.Equal(t, uint64(at)+1, fault.Sequence)
		}
		twice := slices.Insert(cloneLog(log), at, log[at])
		require.ErrorAs(t, verify(twice), &fault)
		require.Equal(t, uint64(at)+2, fault.Sequence)

		n := len(log[at].leaves)
		if n == 0 {
			return
		}
		i := rapid.IntRange(0, n-1).Draw(t, "leaf")
		less := cloneLog(log)
		less[at].leaves = slices.Delete(less[at].leaves, i, i+1)
		require.ErrorIs(t, verify(less), ErrLeafCountChanged)
		if j := rapid.IntRange(0, n-1).Draw(t, "other"); log[at].leaves[i].Commitment != log[at].leaves[j].Commitment {
			swapped := cloneLog(log)
			l := swapped[at].leaves
			l[i], l[j] = l[j], l[i]
			require.ErrorIs(t, verify(swapped), ErrRootChanged)
		}
	})
}

func TestErasureKeepsTheChain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := drawLog(t)
		for _, r := range log {
			for i := range r.leaves {
				r.leaves[i] = r.leaves[i].Erase()
				require.NoError(t, r.leaves[i].Verify())
				require.Empty(t, r.leaves[i].Content)
				require.Zero(t, r.leaves[i].Salt)
			}
		}
		require.NoError(t, verify(log))
	})
}

// TestCommitmentKnownAnswer pins the encodings: a change of either would break
// every log that exists.
func TestCommitmentKnownAnswer(t *testing.T) {
	salt := [16]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	content := []byte("José Pérez")
	// HMAC from its definition in RFC 2104: the key is padded to one block of 64.
	var inner, outer [64]byte
	copy(inner[:], salt[:])
	copy(outer[:], salt[:])
	for i := range 64 {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	in := sha256.Sum256(slices.Concat(inner[:], []byte("vinculo/leaf/1\x00"), content))
	want := Hash(sha256.Sum256(slices.Concat(outer[:], in[:])))
	leaf := NewLeaf(salt, content)
	require.Equal(t, want, leaf.Commitment)
	require.Equal(t, "36accba51719229a21d8e0d771ea9457673a6ab9ffa687189619e1fc95ac7735", leaf.Commitment.String())

	at := time.Date(2014, 9, 26, 21, 30, 0, 123456000, time.FixedZone("Iguala", -5*3600))
	h := Header{Sequence: 258, Previous: want, Time: at, Leaves: 3, Root: Root([]Leaf{leaf})}
	enc := []byte("vinculo/header/1\x00")
	enc = append(enc, 0, 0, 0, 0, 0, 0, 1, 2)
	enc = append(enc, want[:]...)
	enc = binary.BigEndian.AppendUint64(enc, 1411785000123456)
	enc = append(enc, 0, 0, 0, 3)
	enc = append(enc, h.Root[:]...)
	require.Equal(t, Hash(sha256.Sum256(enc)), h.Hash())
	require.Equal(t, "7268e142756a2b3a170d2b0dc037448abf083b46746710bbafe28f0259fb2885", h.Hash().String())
	h.Time = at.UTC()
	require.Equal(t, Hash(sha256.Sum256(enc)), h.Hash(), "the location is not covered")
}

// TestSaltHidesTheContent: with another salt the same content has another
// commitment, so a list of names does not find an erased one.
func TestSaltHidesTheContent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		content := rapid.SliceOf(rapid.Byte()).Draw(t, "content")
		a := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "a"))
		b := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "b"))
		require.Equal(t, a == b, NewLeaf(a, content).Commitment == NewLeaf(b, content).Commitment)
	})
}

func TestTimesThatNoHashCovers(t *testing.T) {
	var c Chain
	leaves := numbered(2)
	h := next(&c, time.Date(2026, 11, 23, 10, 0, 0, 1234567, time.Local), leaves)
	require.NoError(t, c.AppendRecorded(h, h.Hash(), leaves))
	after := next(&c, h.Time, nil)
	for _, inexact := range []time.Time{h.Time.Add(1), time.Date(400000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		bad := after
		bad.Time = inexact
		require.ErrorIs(t, c.AppendRecorded(bad, bad.Hash(), nil), ErrTimeInexact)
	}
	require.Equal(t, h.Hash(), c.Head(), "a fault leaves the chain as it was")
	require.NoError(t, c.AppendRecorded(after, after.Hash(), nil))
}

func TestChainsThatAreResumed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := drawLog(t)
		at := rapid.IntRange(0, len(log)-1).Draw(t, "revision")
		c := Resume(log[at].header)
		for _, r := range log[at+1:] {
			require.NoError(t, c.AppendRecorded(r.header, r.hash, r.leaves))
		}
		require.Equal(t, log[len(log)-1].hash, c.Head())
	})
}

func TestHashText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := Hash(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "h"))
		back, err := ParseHash(h.String())
		require.NoError(t, err)
		require.Equal(t, h, back)
		b, err := json.Marshal(map[Hash]Hash{h: h})
		require.NoError(t, err)
		var m map[Hash]Hash
		require.NoError(t, json.Unmarshal(b, &m))
		require.Equal(t, map[Hash]Hash{h: h}, m)
		require.Equal(t, h == Hash{}, h.IsZero())
	})
	for _, s := range []string{"", "ab", (Hash{}).String() + "0", (Hash{}).String()[1:], "g" + (Hash{}).String()[1:]} {
		h, err := ParseHash(s)
		require.Error(t, err, s)
		require.True(t, h.IsZero())
	}
	h := Hash{1}
	require.Error(t, h.UnmarshalText([]byte("xyz")))
	require.Equal(t, Hash{1}, h, "a bad text changes nothing")
	_, err := ParseHash("ABCDEF" + (Hash{}).String()[6:])
	require.NoError(t, err)
}

func FuzzParseHash(f *testing.F) {
	f.Add((Hash{1, 2, 3}).String())
	f.Add("zz")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := ParseHash(s)
		if err == nil {
			back, err := ParseHash(h.String())
			require.NoError(t, err)
			require.Equal(t, h, back)
		} else {
			require.True(t, h.IsZero())
		}
	})
}

func BenchmarkNewLeaf(b *testing.B) {
	content := make([]byte, 300)
	b.ReportAllocs()
	for b.Loop() {
		NewLeaf([16]byte{1}, content)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 1000} {
		leaves := numbered(n)
		var first Chain
		h := next(&first, time.Unix(1, 0), leaves)
		b.Run(fmt.Sprintf("leaves=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var c Chain
				if err := c.AppendRecorded(h, h.Hash(), leaves); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
