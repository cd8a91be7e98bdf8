package neo4jtest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJavaMajor(t *testing.T) {
	for printed, want := range map[string]int{
		"openjdk version \"17.0.15\" 2025-04-15\nOpenJDK Runtime": 17,
		"java version \"1.8.0_411\"":                              8,
		"openjdk version \"25\" 2025-09-16 LTS":                   25,
		"openjdk version \"21-ea\" 2023-09-19":                    21,
		"The operation couldn't be completed":                     0,
	} {
		require.Equal(t, want, javaMajor(printed), printed)
	}
}

func TestDamagedJarsAreNotTrusted(t *testing.T) {
	fresh := func(t *testing.T) string {
		t.Helper()
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "a.jar"), []byte("whole"), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "b.jar"), []byte("whole too"), 0o600))
		require.NoError(t, writeManifest(dir, "sum"))
		require.NoError(t, checkJars(dir, "sum"))
		return dir
	}
	t.Run("another pom", func(t *testing.T) {
		require.ErrorContains(t, checkJars(fresh(t), "other"), "another pom")
	})
	t.Run("a jar is gone", func(t *testing.T) {
		dir := fresh(t)
		require.NoError(t, os.Remove(filepath.Join(dir, "b.jar")))
		require.ErrorIs(t, checkJars(dir, "sum"), os.ErrNotExist)
	})
	t.Run("a jar is cut short", func(t *testing.T) {
		dir := fresh(t)
		require.NoError(t, os.Truncate(filepath.Join(dir, "a.jar"), 3))
		require.ErrorContains(t, checkJars(dir, "sum"), "a.jar")
	})
	t.Run("the manifest is gone", func(t *testing.T) {
		dir := fresh(t)
		require.NoError(t, os.Remove(filepath.Join(dir, manifestName)))
		require.ErrorIs(t, checkJars(dir, "sum"), os.ErrNotExist)
	})
	t.Run("nothing was fetched", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, writeManifest(dir, "sum"))
		require.Error(t, checkJars(dir, "sum"))
	})
}

func TestVersionsDecideTheJava(t *testing.T) {
	require.False(t, Options{Version: "5.26.5"}.calendar())
	require.True(t, Options{Version: "2026.08.1"}.calendar())
	require.NotEqual(t, pomDigest(Options{Version: "5.26.5"}), pomDigest(Options{Version: "2026.08.1"}))
}
