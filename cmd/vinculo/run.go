package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/kong"

	"github.com/vinculo/vinculo/internal/store/open"
	"github.com/vinculo/vinculo/internal/verify"
)

// Main is one run of the program. Tests use it as the program itself does.
type Main struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Listening, where set, is told the address that `serve` listens on.
	Listening func(net.Addr)
	// Leeway is how many bytes of garbage may pile up before they are collected,
	// beside as many as are in use.
	Leeway int

	closers []func() error
}

// New makes a Main of the process's own input and output.
func New() *Main {
	return &Main{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Leeway: 128 << 20}
}

// cli is the grammar of the command line.
type cli struct {
	Serve    serveCmd    `cmd:"" help:"Serve the graph over GraphQL, with a playground."`
	Import   importCmd   `cmd:"" help:"Write a native case file into a store."`
	Query    queryCmd    `cmd:"" help:"Ask one GraphQL question without a server."`
	Log      logCmd      `cmd:"" help:"List the revisions: who changed what, when and why."`
	Verify   verifyCmd   `cmd:"" help:"Compare everything stored with the log, and the log with its hashes."`
	Copy     copyCmd     `cmd:"" help:"Carry the log of one store into another."`
	Erase    eraseCmd    `cmd:"" help:"Destroy records for good, on a legal ground."`
	Capture  captureCmd  `cmd:"" help:"Keep what was captured of sources, and compare quotes with it."`
	Token    tokenCmd    `cmd:"" help:"Make, list and revoke the personal tokens of a server's readers."`
	Generate generateCmd `cmd:"" help:"Make a graph of any size for benchmarks."`
	Version  versionCmd  `cmd:"" help:"Say which version this is."`
}

const description = `Vínculo keeps a graph of documented links between people, units, groups and
bodies. No link stands without a citation of a source that a reader can open.

A STORE is sqlite:PATH, or the address of a Neo4j server: neo4j://HOST:PORT,
bolt://HOST:PORT, neo4j+s://HOST or bolt+s://HOST, with the credentials in
VINCULO_NEO4J_USERNAME and VINCULO_NEO4J_PASSWORD, or in files that these names
with _FILE tell of. A flag can also be given as the variable that its help
names: --listen is VINCULO_LISTEN. One whose help names none is never taken from
there, since it is for one run alone, such as --yes, --json and --follow.`

// usageError is a command line that does not make sense.
type usageError struct{ error }

// Unwrap gives the cause.
func (e usageError) Unwrap() error { return e.error }

// unfinishedError is work that is left to do. It is told also where the program was
// interrupted, about which it else says nothing.
type unfinishedError struct{ error }

// Unwrap gives the cause.
func (e unfinishedError) Unwrap() error { return e.error }

// exited carries an exit that the parser asks for, after --help, out of it.
type exited struct{ code int }

// Run runs one command.
func (m *Main) Run(ctx context.Context, args []string) (err error) {
	out := &output{to: m.Stdout}
	m.Stdout = out
	defer func() {
		m.Stdout = out.to
		if out.err != nil && !errors.Is(err, out.err) {
			err = errors.Join(err, fmt.Errorf("writing to the standard output: %w; what was to be read there is not whole", out.err))
		}
	}()
	defer func() {
		switch r := recover().(type) {
		case nil:
		case exited:
			if r.code != 0 {
				err = usageError{fmt.Errorf("exit status %d", r.code)}
			}
		default:
			panic(r)
		}
	}()
	parser, err := m.parser(ctx, &cli{})
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	for _, arg := range args {
		if !utf8.ValidString(arg) { // the parser would put other characters for it
			return usageError{fmt.Errorf("%q on the command line is not valid UTF-8; write it in UTF-8", arg)}
		}
	}
	if err := overlookEmpty(parser.Model); err != nil {
		return err
	}
	command, err := parser.Parse(args)
	if out.err != nil {
		return err // it was help that could not be written
	}
	if err != nil {
		return usageError{fmt.Errorf("%w; see vinculo --help", err)}
	}
	if err := refuseEmpty(command, args); err != nil {
		return err
	}
	if err := refuseVariables(command); err != nil {
		return err
	}
	return command.Run()
}

func (m *Main) parser(ctx context.Context, grammar *cli) (*kong.Kong, error) {
	return kong.New(grammar,
		kong.Name("vinculo"), kong.Description(description), kong.DefaultEnvars("VINCULO"),
		kong.Writers(m.Stdout, m.Stderr), kong.Exit(func(code int) { panic(exited{code}) }),
		kong.ValueFormatter(helpOf),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(m),
	)
}

// helpOf is the help of a flag or argument, with the default of a flag where a
// placeholder stands in its place.
func helpOf(value *kong.Value) string {
	help := kong.DefaultHelpValueFormatter(value)
	if value.Flag == nil || value.Flag.PlaceHolder == "" || !value.HasDefault {
		return help
	}
	return help + " Default: " + value.Default + "."
}

// refuseEmpty refuses a flag that is given and empty, as "$VARIABLE" is in a script
// where there is none of it: taken as not given, it would have the command do
// another thing than was asked for. The arguments are read and not what became of
// them, since the parser makes a list of nothing of an empty text.
func refuseEmpty(line *kong.Context, args []string) error {
	flags := map[string]*kong.Flag{}
	for _, f := range line.Flags() {
		flags[f.Name] = f
	}
	for i := 0; i < len(args) && args[i] != "--"; i++ {
		name, value, joined := strings.Cut(strings.TrimPrefix(args[i], "--"), "=")
		f := flags[name]
		if f == nil || !strings.HasPrefix(args[i], "--") || f.IsBool() && !joined {
			continue
		}
		if !joined {
			if i++; i == len(args) {
				break
			}
			value = args[i]
		}
		if isEmpty(f, value) {
			return usageError{fmt.Errorf("--%s is empty; give it a value, or leave it out", name)}
		}
	}
	return nil
}

// refuseVariables refuses what a flag is given by a variable where it is empty, or
// would be written with other characters.
func refuseVariables(line *kong.Context) error {
	given := flagsOf(line)
	for _, f := range line.Flags() {
		for _, name := range f.Tag.Envs {
			switch value, is := os.LookupEnv(name); {
			case !is || given[f.Name]:
			case value == "":
				return usageError{fmt.Errorf("%s is empty; give it a value, or unset it", name)}
			case !utf8.ValidString(value):
				return usageError{fmt.Errorf("%s is not valid UTF-8; write it in UTF-8, or unset it", name)}
			}
		}
	}
	return nil
}

// isEmpty says whether what is given to a flag, or a part of it where it takes a
// list, is empty.
func isEmpty(f *kong.Flag, value string) bool {
	if !f.IsSlice() || f.Tag.Sep == -1 {
		return value == ""
	}
	return slices.Contains(strings.Split(value, string(f.Tag.Sep)), "")
}

// overlookEmpty takes an empty variable as none, but for the flags whose tag is
// guards, which keep something from being shown or passed over.
func overlookEmpty(grammar kong.Visitable) error {
	return kong.Visit(grammar, func(n kong.Visitable, next kong.Next) error {
		if f, ok := n.(*kong.Flag); ok && !f.Tag.Has("guards") {
			f.Tag.Envs = slices.DeleteFunc(f.Tag.Envs, func(name string) bool {
				value, is := os.LookupEnv(name)
				return is && value == ""
			})
		}
		return next(nil)
	})
}

// Close ends what the command left open, the last first.
func (m *Main) Close() error {
	var err error
	for i := len(m.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, m.closers[i]())
	}
	m.closers = nil
	return err
}

func (m *Main) closeLater(c io.Closer) { m.closers = append(m.closers, c.Close) }

// Report writes an error for the user: one line, or one for each fault.
func (m *Main) Report(err error) {
	var left unfinishedError
	var cut *open.CutShortError
	switch {
	case err == nil:
		return
	case !errors.Is(err, context.Canceled), errors.As(err, &left):
	case errors.As(err, &cut):
		err = cut
	default:
		return
	}
	var told *foundFaults
	if errors.As(err, &told) {
		for _, line := range told.lines {
			fmt.Fprintln(m.Stderr, oneLine(line))
		}
	}
	fmt.Fprintf(m.Stderr, "vinculo: %s\n", oneLine(err.Error()))
}

// oneLine writes a text for a terminal: on one line, and without what would steer
// the terminal or turn the order of its characters.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.ValidString(s) && strings.IndexFunc(s, steers) < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch _, size := utf8.DecodeRuneInString(s[i:]); {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case steers(r):
			quoted := strconv.QuoteToASCII(string(r))
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// steers says whether a character is one of control, or turns the direction of
// the text after it.
func steers(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// foundFaults is an error with a line for each thing that is wrong.
type foundFaults struct { //nolint:errname // "faults" is the word of the domain
	lines   []string
	summary string
}

// faultsIn has a line for each of the errors that were joined into one.
func faultsIn(err error) *foundFaults {
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // the joined error itself, not one that it wraps
		all = joined.Unwrap()
	}
	told := &foundFaults{}
	for _, fault := range all {
		told.lines = append(told.lines, fault.Error())
	}
	return told
}

// Error is the summary; Report writes the lines before it.
func (f *foundFaults) Error() string { return f.summary }

// ExitCode is 0 for success, 2 for a wrong command line, 130 for a run that was
// interrupted, 3 for a verification that others did not let come to an end, 1 for
// all else.
func ExitCode(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		return 2
	case errors.Is(err, context.Canceled):
		return 130
	case errors.Is(err, verify.ErrWritten):
		return 3
	default:
		return 1
	}
}
