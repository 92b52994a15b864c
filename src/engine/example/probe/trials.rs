//! One small change of a file after the other, in one run, until the examples hold with it. Where
//! none does it, what each gave says which came nearest.

use super::{END, one, read};
use crate::domain::example::{Example, Expected, Verdict};
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

/// The longest result of one that is told, in characters.
const TOLD: usize = 60;
/// Stands for the file as it is, in place of a change's number.
const AS_IT_IS: &str = "as-it-is";

/// The script that tries `mutants` of the file at `path`, which is on disk as it is before them. The
/// first `failing` examples do not hold yet: what they give is told. After one of the others that
/// does not hold the next change is tried.
pub fn script(
    examples: &[Example],
    failing: usize,
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
         cp {path} \"$d/old\" || exit 1\nend=$(( $(date +%s) + {BUDGET} ))\nhit=none\nnear=\n\
         hold() {{\nall=yes\nmore=\n"
    );
    for (nth, example) in examples.iter().enumerate() {
        out.push_str(&one(nth, example, &places, sources));
        out.push_str(&match nth < failing {
            true => format!(
                "case \"$r{nth}\" in holds*) ;; *) all=no ;; esac\n\
                 more=\"$more$1 {nth} $(printf '%s' \"$r{nth}\" | cut -c1-{TOLD} | tr '\\n' ' ')\n\"\n"
            ),
            false => format!("case \"$r{nth}\" in holds*) ;; *) return 1 ;; esac\n"),
        });
        // Most changes are an error, or change nothing: the first that fails shows it.
        if nth == 0 && failing > 0 {
            out.push_str(&format!(
                "if [ \"$1\" = {AS_IT_IS} ]; then was=$r0; else\n\
                 case \"$r0\" in holds*) ;; *' raises '*|*' throws '*|unknown*|\"$was\") return 1 ;; esac; fi\n"
            ));
        }
    }
    // One that breaks what held is not near.
    out.push_str(&format!(
        "[ $all = yes ] || {{ near=\"$near$more\"; return 1; }}\n}}\nattempt() {{\n[ $hit = none ] && [ \"$(date +%s)\" -lt $end ] || return 0\n\
         {{ head -c \"$2\" \"$d/old\"; printf '%s' \"$4\"; tail -c \"+$3\" \"$d/old\"; }} > {path}\n\
         hold \"$1\" && hit=$1\n}}\nhold {AS_IT_IS}\n"
    ));
    for (nth, Mutant { bytes, new }) in mutants.iter().enumerate() {
        let line = format!("attempt {nth} {} {} {}\n", bytes.start, bytes.end + 1, quoted(new));
        if out.len() + line.len() > LONGEST {
            break;
        }
        out.push_str(&line);
    }
    // By what the shell does itself: the command line of a program could be read by those it ran.
    out.push_str(&format!(
        "cp \"$d/old\" {path}\nrm -rf \"$d\"\nIFS= read -r nonce || exit 1\n\
         printf '%s %s\\n' \"$nonce\" \"$hit\"\n[ $hit = none ] || exit 0\n\
         while IFS= read -r line; do\n[ -z \"$line\" ] || printf '%s near %s\\n' \"$nonce\" \"$line\"\n\
         done <<{END}\n$near\n{END}\n"
    ));
    out
}

/// What came of the changes.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With the change of this number all examples held.
    Hit(usize),
    /// With none. This one came nearer than the file as it is, and none came nearer than it.
    Near(usize),
    /// Nothing came nearer.
    Nothing,
}

/// Reads what the output says with `nonce` before it.
pub fn outcome(output: &str, nonce: &str, examples: &[Example]) -> Outcome {
    let told = output.lines().filter_map(|it| it.strip_prefix(nonce)?.strip_prefix(' '));
    let told: Vec<&str> = told.filter(|_| !nonce.is_empty()).collect();
    let (near, hits): (Vec<&str>, Vec<&str>) =
        told.into_iter().partition(|it| it.starts_with("near "));
    let [hit] = hits.as_slice() else { return Outcome::Nothing };
    if let Ok(hit) = hit.parse() {
        return Outcome::Hit(hit);
    }
    let mut all: Vec<(&str, Option<usize>)> = Vec::new();
    for line in near {
        let mut words = line.splitn(4, ' ').skip(1);
        let (Some(who), Some(nth), Some(said)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        let example = nth.parse::<usize>().ok().and_then(|it| examples.get(it));
        let far = example.and_then(|it| distance(it, &read(said)));
        match all.last_mut().filter(|it| it.0 == who) {
            Some((_, sum)) => *sum = sum.zip(far).map(|(one, two)| one + two),
            None => all.push((who, far)),
        }
    }
    let Some((AS_IT_IS, Some(now))) = all.first().copied() else { return Outcome::Nothing };
    let known = all.iter().filter_map(|(who, far)| Some((who.parse().ok()?, (*far)?)));
    match known.min_by_key(|(_, far): &(usize, usize)| *far).filter(|(_, far)| *far < now) {
        Some((nearest, _)) => Outcome::Near(nearest),
        None => Outcome::Nothing,
    }
}

/// How far a result is from what is wanted: the letters by which they differ. `None`: it is an
/// error, or nothing is known of it.
fn distance(example: &Example, verdict: &Verdict) -> Option<usize> {
    let plain = |it: &str| it.replace('\'', "\"").chars().take(TOLD).collect::<String>();
    match (verdict, &example.expected) {
        (Verdict::Holds, _) => Some(0),
        (Verdict::Gives { what, .. }, Expected::Value(wanted)) => {
            let is_error = ["raises ", "throws "].iter().any(|it| what.starts_with(it));
            let far = strsim::levenshtein(&plain(wanted), &plain(what)).max(1);
            (!is_error).then_some(far)
        }
        _ => None,
    }
}
