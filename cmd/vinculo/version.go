package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
)

type versionCmd struct {
	JSON bool `name:"json" env:"-" help:"Write it as JSON."`
}

// buildVersion is the module's version, the commit it was built from and the
// release of Go.
func buildVersion() (version, commit, release string) {
	version, commit, release = "(devel)", "unknown", runtime.Version()
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version, commit, release
	}
	if info.Main.Version != "" {
		version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			commit = s.Value
		}
	}
	return version, commit, release
}

// Run prints the version.
func (c *versionCmd) Run(m *Main) error {
	version, commit, release := buildVersion()
	if c.JSON {
		return json.NewEncoder(m.Stdout).Encode(map[string]string{"version": version, "commit": commit, "go": release})
	}
	_, err := fmt.Fprintf(m.Stdout, "vinculo %s, commit %s, %s\n", version, commit, release)
	return err
}
