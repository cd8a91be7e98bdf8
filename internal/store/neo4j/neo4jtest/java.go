package neo4jtest

import (
	"context"
	"crypto/sha256"
	_ "embed" // For the pom.
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

//go:embed pom.xml
var pom []byte

// manifestName is the file beside the cached jars that says what was fetched.
// Without it, or with a jar that does not fit it, the folder is not trusted.
const manifestName = "MANIFEST.txt"

// findJava returns the path of a java that the release runs on. 5.26 is
// supported on 17 and 21, the calendar-versioned line from 21 on.
func findJava(ctx context.Context, opts Options) (string, error) {
	fits, wanted := func(major int) bool { return major == 17 || major == 21 }, "Java 17 or 21"
	if opts.calendar() {
		fits, wanted = func(major int) bool { return major >= 21 }, "Java 21 or newer"
	}
	var candidates []string
	for _, home := range []string{os.Getenv("VINCULO_TEST_JAVA_HOME"), os.Getenv("JAVA_HOME")} {
		if home != "" {
			candidates = append(candidates, filepath.Join(home, "bin", "java"))
		}
	}
	if path, err := exec.LookPath("java"); err == nil {
		candidates = append(candidates, path)
	}
	installed, err := filepath.Glob("/usr/lib/jvm/*/bin/java")
	if err != nil {
		return "", fmt.Errorf("look for Java under /usr/lib/jvm: %w", err)
	}
	candidates = append(candidates, installed...)
	for _, java := range candidates {
		out, err := exec.CommandContext(ctx, java, "-version").CombinedOutput()
		if err == nil && fits(javaMajor(string(out))) {
			return java, nil
		}
	}
	return "", fmt.Errorf("%w: no Docker daemon answers and %s is not installed (Neo4j %s needs it)", ErrUnavailable, wanted, opts.Version)
}

var javaVersion = regexp.MustCompile(`version "(?:1\.)?(\d+)`)

// javaMajor reads the feature release out of what `java -version` prints, and
// answers 0 when it is not there.
func javaMajor(printed string) int {
	m := javaVersion.FindStringSubmatch(printed)
	if m == nil {
		return 0
	}
	major, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	return major
}

// ensureJars returns a folder with the jars of the release, fetching them with
// Maven when the user's cache folder does not hold them whole. Processes that
// ask at the same time take turns, and only the first one fetches.
func ensureJars(ctx context.Context, opts Options) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		// No home folder, as in some build services: fetch for this machine's uptime.
		cache = os.TempDir()
	}
	root := filepath.Join(cache, "vinculo")
	if err := os.MkdirAll(root, 0o700); err != nil {
		return "", fmt.Errorf("make the cache folder for the jars of Neo4j: %w", err)
	}
	dir := filepath.Join(root, "neo4j-"+opts.Version)
	unlock, err := lockFile(dir + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	pomSum := pomDigest(opts)
	if checkJars(dir, pomSum) == nil {
		return dir, nil
	}
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return "", fmt.Errorf("%w: no Docker daemon answers and Maven (mvn) is not installed, which fetches the jars of Neo4j %s", ErrUnavailable, opts.Version)
	}
	// Fetched beside its place and renamed at the end: an interrupted fetch
	// leaves no folder of the final name.
	tmp, err := os.MkdirTemp(root, "fetching-")
	if err != nil {
		return "", fmt.Errorf("make a folder to fetch the jars of Neo4j into: %w", err)
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	if err := fetchJars(ctx, mvn, tmp, opts, pomSum); err != nil {
		return "", err
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("remove damaged jars of Neo4j: %w", err)
	}
	if err := os.Rename(filepath.Join(tmp, "lib"), dir); err != nil {
		return "", fmt.Errorf("keep the jars of Neo4j: %w", err)
	}
	return dir, nil
}

func fetchJars(ctx context.Context, mvn, tmp string, opts Options, pomSum string) error {
	pomFile, lib := filepath.Join(tmp, "pom.xml"), filepath.Join(tmp, "lib")
	if err := os.WriteFile(pomFile, pom, 0o600); err != nil {
		return fmt.Errorf("write the pom for the jars of Neo4j: %w", err)
	}
	cmd := exec.CommandContext(ctx, mvn, "-q", "-B", "-f", pomFile,
		"dependency:copy-dependencies", "-DincludeScope=runtime",
		"-DoutputDirectory="+lib, "-Dneo4j.version="+opts.Version)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("fetch the jars of Neo4j %s with Maven: %w; it printed:\n%s", opts.Version, err, tail(out, 2000))
	}
	if err := writeManifest(lib, pomSum); err != nil {
		return err
	}
	return checkJars(lib, pomSum)
}

// pomDigest changes with anything that decides which jars are fetched.
func pomDigest(opts Options) string {
	sum := sha256.Sum256(append(slices.Clone(pom), opts.Version...))
	return hex.EncodeToString(sum[:])
}

func writeManifest(dir, pomSum string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("list the fetched jars of Neo4j: %w", err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "pom %s\n", pomSum)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return fmt.Errorf("list the fetched jars of Neo4j: %w", err)
		}
		fmt.Fprintf(&b, "%d %s\n", info.Size(), e.Name())
	}
	if err := os.WriteFile(filepath.Join(dir, manifestName), []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("write the list of the fetched jars of Neo4j: %w", err)
	}
	return nil
}

// checkJars reports why the folder cannot be used: it is not there, was made
// for another pom, or lacks a jar or part of one.
func checkJars(dir, pomSum string) error {
	manifest, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return fmt.Errorf("read the list of the jars of Neo4j: %w", err)
	}
	lines := strings.Split(strings.TrimSuffix(string(manifest), "\n"), "\n")
	if lines[0] != "pom "+pomSum {
		return fmt.Errorf("the jars in %s were fetched for another pom", dir)
	}
	if len(lines) < 2 {
		return errors.New("no jar of Neo4j was fetched")
	}
	for _, line := range lines[1:] {
		size, name, _ := strings.Cut(line, " ")
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			return fmt.Errorf("a jar of Neo4j is missing: %w", err)
		}
		if strconv.FormatInt(info.Size(), 10) != size {
			return fmt.Errorf("%s of Neo4j has %d bytes, not %s", name, info.Size(), size)
		}
	}
	return nil
}

func tail(b []byte, n int) string {
	if len(b) > n {
		b = b[len(b)-n:]
	}
	return string(b)
}
