// go run check-log.go VKEY FILE.tlog-proof
// go run check-log.go VKEY FOLDER [OLD-CHECKPOINT ...]
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("usage: check-log VKEY FILE.tlog-proof | VKEY FOLDER [OLD-CHECKPOINT ...]")
	}
	vkey, path := os.Args[1], os.Args[2]
	var err error
	if strings.HasSuffix(path, ".tlog-proof") {
		err = checkProof(path, vkey)
	} else {
		err = checkLog(path, vkey, os.Args[3:])
	}
	if err != nil {
		log.Fatal(err)
	}
}

// openCheckpoint takes a checkpoint that is signed by the key in vkey and whose origin is that key's name.
func openCheckpoint(message []byte, vkey string) (size int64, root tlog.Hash, err error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return 0, root, err
	}
	opened, err := note.Open(message, note.VerifierList(verifier))
	if err != nil {
		return 0, root, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return 0, root, fmt.Errorf("not a checkpoint of %s", verifier.Name())
	}
	if size, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return 0, root, err
	}
	root, err = tlog.ParseHash(lines[2])
	return size, root, err
}

// checkProof checks that the entry in a proof file is in the tree that was signed.
func checkProof(path, vkey string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, checkpoint, _ := strings.Cut(string(content), "\n\n")
	size, root, err := openCheckpoint([]byte(checkpoint), vkey)
	if err != nil {
		return err
	}
	lines := strings.Split(head, "\n")
	if len(lines) < 3 || !strings.HasPrefix(lines[1], "extra ") || !strings.HasPrefix(lines[2], "index ") {
		return fmt.Errorf("%s is not a proof file", path)
	}
	extra, err := base64.StdEncoding.DecodeString(lines[1][len("extra "):])
	if err != nil {
		return err
	}
	var shown struct{ Entry []byte }
	if err := json.Unmarshal(extra, &shown); err != nil {
		return err
	}
	index, err := strconv.ParseInt(lines[2][len("index "):], 10, 64)
	if err != nil {
		return err
	}
	proof := make(tlog.RecordProof, 0, len(lines)-3)
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	if err := tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(shown.Entry)); err != nil {
		return err
	}
	fmt.Printf("entry %d is among the %d that were signed\n", index, size)
	return nil
}

// memory holds the hashes of a tree as tlog numbers them, about 64 bytes per entry.
type memory []tlog.Hash

func (m memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hashes[i] = m[index]
	}
	return hashes, nil
}

// checkLog hashes every entry of an exported log again and compares with what was signed, now and earlier.
func checkLog(folder, vkey string, older []string) error {
	message, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return err
	}
	size, root, err := openCheckpoint(message, vkey)
	if err != nil {
		return err
	}
	var tree memory
	for n := int64(0); n < size; {
		width := size - n
		if width > 256 {
			width = 256
		}
		path := bundlePath(n/256, width)
		bundle, err := os.ReadFile(filepath.Join(folder, path))
		if err != nil {
			return err
		}
		for end := n + width; n < end; n++ {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return fmt.Errorf("%s ends before entry %d does", path, n)
			}
			length := int(binary.BigEndian.Uint16(bundle))
			hashes, err := tlog.StoredHashes(n, bundle[2:2+length], tree)
			if err != nil {
				return err
			}
			tree, bundle = append(tree, hashes...), bundle[2+length:]
		}
		if len(bundle) != 0 {
			return fmt.Errorf("%s holds more than %d entries", path, width)
		}
	}
	computed, err := tlog.TreeHash(size, tree)
	if err != nil {
		return err
	}
	if computed != root {
		return fmt.Errorf("the entries are not those that were signed: their root is %v, signed was %v", computed, root)
	}
	fmt.Printf("%d entries are those that were signed\n", size)

	for _, path := range older {
		message, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		oldSize, oldRoot, err := openCheckpoint(message, vkey)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if oldSize > size {
			return fmt.Errorf("%s was signed at %d entries: the log has been cut", path, oldSize)
		}
		proof, err := tlog.ProveTree(size, oldSize, tree)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, size, root, oldSize, oldRoot); err != nil {
			return fmt.Errorf("%s, signed at %d entries, is of another history: %w", path, oldSize, err)
		}
		fmt.Printf("%s: its %d entries are the first of this log\n", path, oldSize)
	}
	return nil
}

// bundlePath is where 256 entries lie, or fewer at the end of the log.
func bundlePath(index, width int64) string {
	path := fmt.Sprintf("%03d", index%1000)
	for index /= 1000; index > 0; index /= 1000 {
		path = fmt.Sprintf("x%03d/%s", index%1000, path)
	}
	if width < 256 {
		path += fmt.Sprintf(".p/%d", width)
	}
	return "tile/entries/" + path
}
