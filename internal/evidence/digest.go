package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"
)

// Digest identifies the content of a change set, whatever ids are made for it: the
// SHA-256 of its JSON.
func (cs *ChangeSet) Digest() (string, error) {
	if cs.digest != "" {
		return cs.digest, nil
	}
	var digest string
	err := cs.encoded(func(changes []byte) (err error) {
		digest, err = cs.digestWith(changes)
		return err
	})
	return digest, err
}

// KeyByContent gives a change set a key that is made of its content: a prefix, and the
// first 32 digits of the digest that it has without a key. It may not be changed
// afterwards.
func (cs *ChangeSet) KeyByContent(prefix string) error {
	cs.IdempotencyKey, cs.digest = "", ""
	return cs.encoded(func(changes []byte) error {
		keyless, err := cs.digestWith(changes)
		if err != nil {
			return err
		}
		cs.IdempotencyKey = prefix + keyless[:32]
		cs.digest, err = cs.digestWith(changes)
		return err
	})
}

// digestWith is the digest, where the changes are encoded.
func (cs *ChangeSet) digestWith(changes []byte) (string, error) {
	head, err := json.Marshal(&ChangeSet{Reason: cs.Reason, IdempotencyKey: cs.IdempotencyKey, ExpectedRevision: cs.ExpectedRevision})
	if err != nil {
		return "", err
	}
	h := sha256.New()
	h.Write(bytes.TrimSuffix(head, []byte("null}"))) // in whose place the changes stand
	h.Write(changes)
	h.Write([]byte("}"))
	return hex.EncodeToString(h.Sum(nil)), nil
}

// encodings are pieces of memory that change sets were encoded in.
var encodings = sync.Pool{New: func() any { return new([]byte) }}

// encoded does something with the JSON of the changes, which it may not keep.
func (cs *ChangeSet) encoded(do func(changes []byte) error) error {
	memory := encodings.Get().(*[]byte) //nolint:forcetypeassert // nothing else is put there
	defer encodings.Put(memory)
	b := (*memory)[:0]
	for i := range cs.Changes {
		c := &cs.Changes[i]
		b = append(b, "[,"[min(i, 1)])
		appended, ok := appendChange(b, c)
		if !ok {
			text, err := json.Marshal(c)
			if err != nil {
				return err
			}
			appended = append(b, text...)
		}
		b = appended
	}
	switch {
	case cs.Changes == nil:
		b = append(b, "null"...)
	case len(cs.Changes) == 0:
		b = append(b, "[]"...)
	default:
		b = append(b, ']')
	}
	*memory = b
	return do(b)
}
