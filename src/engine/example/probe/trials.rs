//! One small change of a file after the other, in one run, until the examples hold with it.

use super::one;
use crate::domain::example::Example;
use crate::engine::example::command::quoted;
use crate::engine::example::place::Places;
use crate::engine::source::SourceFile;
use crate::engine::symbols::mutation::Mutant;

/// No call takes longer with a change, in seconds: many a change makes a loop that never ends.
const LIMIT: u32 = 3;
/// All of them together, in seconds.
const BUDGET: u32 = 60;
/// The longest script, in bytes. One argument of a program has at most 128 kB on Linux
/// (`MAX_ARG_STRLEN`, execve(2)).
const LONGEST: usize = 100_000;

/// The script that tries `mutants` of the file at `path`, which is on disk as it is before them. The
/// examples that are likely to fail come first: after one that does the next change is tried.
pub fn script(
    examples: &[Example],
    sources: &[SourceFile<'_>],
    path: &str,
    mutants: &[Mutant],
) -> String {
    let (places, path) = (Places::of(sources), quoted(&format!("./{path}")));
    let mut out = format!(
        "d=$(mktemp -d \"${{TMPDIR:-/tmp}}/probe.XXXXXX\") || exit 1\nroot=$PWD\n\
         t='timeout -s KILL {LIMIT}'\n\
         command -v timeout >/dev/null 2>&1 || {{ # as on macOS\n\
         command -v perl >/dev/null 2>&1 || exit 0\n\
         printf '%s' 'alarm shift; exec @ARGV' > \"$d/limit\"\nt=\"perl $d/limit {LIMIT}\"\n}}\n\
         cp {path} \"$d/old\" || exit 1\nend=$(( $(date +%s) + {BUDGET} ))\nhit=none\nhold() {{\n"
    );
    for (nth, example) in examples.iter().enumerate() {
        out.push_str(&one(nth, example, &places, sources));
        out.push_str(&format!("case \"$r{nth}\" in holds*) ;; *) return 1 ;; esac\n"));
    }
    out.push_str(&format!(
        "}}\nattempt() {{\n[ $hit = none ] && [ \"$(date +%s)\" -lt $end ] || return 0\n\
         {{ head -c \"$2\" \"$d/old\"; printf '%s' \"$4\"; tail -c \"+$3\" \"$d/old\"; }} > {path}\n\
         hold && hit=$1\n}}\n"
    ));
    for (nth, Mutant { bytes, new }) in mutants.iter().enumerate() {
        let line = format!("attempt {nth} {} {} {}\n", bytes.start, bytes.end + 1, quoted(new));
        if out.len() + line.len() > LONGEST {
            break;
        }
        out.push_str(&line);
    }
    out.push_str(&format!(
        "cp \"$d/old\" {path}\nrm -rf \"$d\"\nIFS= read -r nonce || exit 1\n\
         printf '%s %s\\n' \"$nonce\" \"$hit\"\n"
    ));
    out
}

/// The change with which all examples held, by its number; of what the output says with `nonce`
/// before it.
pub fn hit(output: &str, nonce: &str) -> Option<usize> {
    let mut told = output.lines().filter_map(|it| it.strip_prefix(nonce)?.strip_prefix(' '));
    told.next()?.parse().ok().filter(|_| !nonce.is_empty() && told.next().is_none())
}
