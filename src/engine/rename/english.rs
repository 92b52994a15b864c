//! Sentences in English that ask for a rename.

use super::Stated;
use super::issue::{Sense, Token};

/// What a name may be called.
const KINDS: &str = " function functions method methods class classes variable variables constant constants type \
types struct structs interface enum trait macro helper helpers symbol identifier component hook the our a its \
name names following new public private exported internal global static ";
/// Politeness before the verb.
const PLEASE: &str =
    " please kindly could can you we should let's lets let us i i'd would like want to need must ";
/// Words of sentences that ask for what a rename does anyway: "Update all callers and the tests."
const ALONG: &str = " update updated adjust adjusted change changed changes rename renamed replace replaced adapt adapted \
all every any each the its their of callers caller call calls called site sites usage usages uses use used \
references reference referring refer occurrences occurrence places place imports import imported tests test docs \
documentation readme comments comment accordingly too as well everywhere it them this these those where is are and or in to at \
code codebase whole entire project repository repo including mentions mention name names new match from with \
please also then must should need needs be have has no not behaviour behavior functional logic stay stays remain remains same \
intended definition definitions declaration declarations expected nothing else otherwise only just a pure refactoring refactor unchanged required everything \
throughout across consistently alias aliases shim shims for old that across do does functionality simple mechanical ";
/// How a sentence begins that only tells something.
const TELLING: &str = " the this that these those it its they a an our because since currently today there most other \
in right now as ";
/// Words of sentences about a name: what else is told may be what is to be built.
const WHY: &str = " naming abbreviation abbreviated abbreviates misleading misleads mislead \
confusing confuses unclear unreadable readable readability cryptic understand consistent consistently inconsistent \
consistency convention conventions typo misspelled misspelt spelling spelled meaning means suggests clearer ";
/// Words of sentences that may ask for something.
const ASKING: &str = " should must need needs needed please want wants shall ought add added adds remove removed delete \
deleted fix fixes fixed implement support supports ensure sure allow also except but unless only without still keep \
keeps kept both warn warning leave don't not never avoid however todo while make makes would could can instead have has \
either plus otherwise besides additionally ";

/// Words before "name" that make it the name of what is to be renamed: "The current name".
const WHICH: &str =
    " current old present existing function method class variable constant type helper ";

/// Words before "name" that say why it is to go.
const BAD: &str =
    " bad poor wrong odd strange ugly misleading confusing unclear terrible unfortunate ";

fn is_in(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|it| it == word)
}

/// What a sentence asks for.
pub(super) fn sense(tokens: &[Token], announced: bool, in_title: bool) -> Sense {
    if let Some(new) = repeated(tokens) {
        return Sense::Repeats(new);
    }
    let asked = renamed(tokens).or_else(|| called(tokens)).or_else(|| {
        let listed = pairs(tokens, true).filter(|_| announced);
        listed.and_then(|(found, rest)| with_tail(found, rest))
    });
    if let Some(asked) = asked {
        return Sense::Asks(asked);
    }
    let words: Vec<String> = tokens.iter().map(Token::lower).collect();
    let has = |list: &str| words.iter().any(|it| is_in(list, it));
    // "to `b`", but not "hard to read".
    let onto = |two: &[Token]| {
        let to = two.first().is_some_and(|it| matches!(it.lower().as_str(), "to" | "into"));
        to && two.get(1).is_some_and(|it| it.name(false).is_some())
    };
    let targets = tokens.contains(&Token::Arrow) || tokens.windows(2).any(onto);
    let bare = polite(tokens).iter().map(Token::lower).collect::<Vec<_>>();
    if bare.first().is_some_and(|it| matches!(it.as_str(), "rename" | "renaming")) && !targets {
        // "Rename these functions", or a title whose body says to what.
        const MORE: &str = " and with then or to ";
        let more = bare.iter().any(|it| is_in(MORE, it) || is_in(ASKING, it));
        return if more { Sense::Doubt } else { Sense::Announces };
    }
    if let Some(names) = along(tokens) {
        return Sense::Along(names);
    }
    if is_heading(&words) {
        return Sense::Tells;
    }
    let first = words.first().map(String::as_str).unwrap_or_default();
    let starts = is_in(TELLING, first) || matches!(tokens.first(), Some(Token::Quoted(_)));
    let named = words.iter().position(|it| it == "name" || it == "names").is_some_and(|at| {
        let before = at.checked_sub(1).and_then(|it| words.get(it));
        let bad = before.is_some_and(|it| is_in(BAD, it));
        bad || at == 1 || in_title || (at == 2 && words.get(1).is_some_and(|it| is_in(WHICH, it)))
    });
    match (starts || in_title) && (has(WHY) || named) && !targets && !has(ASKING) {
        true => Sense::Tells,
        false => Sense::Doubt,
    }
}

/// `Rename a to b and c to d …`, `Change the name of a to b …`.
fn renamed(tokens: &[Token]) -> Option<Vec<Stated>> {
    let tokens = polite(tokens);
    let lower: Vec<String> = tokens.iter().take(4).map(Token::lower).collect();
    let begins = |words: &[&str]| {
        lower.iter().map(String::as_str).take(words.len()).eq(words.iter().copied())
    };
    let rest = if begins(&["rename"]) || begins(&["renaming"]) {
        tokens.get(1..)?
    } else if begins(&["change", "the", "name", "of"]) {
        tokens.get(4..)?
    } else {
        return None;
    };
    let (found, rest) = pairs(rest, false)?;
    with_tail(found, rest)
}

/// `Rename it to b …`, `It should be called b …`: the new name.
fn repeated(tokens: &[Token]) -> Option<String> {
    const PRONOUNS: &str = " it this that ";
    const FORMS: [&[&str]; 5] = [
        &["to"],
        &["into"],
        &["should", "be", "called"],
        &["should", "be", "named"],
        &["should", "be", "renamed", "to"],
    ];
    let tokens = polite(tokens);
    let verb = tokens.first().is_some_and(|it| it.lower() == "rename");
    let rest = tokens.get(usize::from(verb)..)?;
    if !is_in(PRONOUNS, &rest.first()?.lower()) {
        return None;
    }
    let rest = rest.get(1..)?;
    let words: Vec<String> = rest.iter().take(4).map(Token::lower).collect();
    let begins = |form: &&&[&str]| {
        words.iter().map(String::as_str).take(form.len()).eq(form.iter().copied())
    };
    let form = FORMS.iter().filter(|it| verb == (it.len() == 1)).find(begins)?;
    let rest = after_kinds(rest.get(form.len()..)?);
    let new = rest.first()?.name(false)?;
    // Of a member another name is meant than the one that was asked for.
    let plain = new.container.is_none().then(|| new.name.clone())?;
    let told = Stated { old: new.clone(), new, file: None };
    with_tail(vec![told], rest.get(1..)?).filter(|it| it.iter().all(|it| it.file.is_none()))?;
    Some(plain)
}

/// `a should be called b …`.
fn called(tokens: &[Token]) -> Option<Vec<Stated>> {
    const FORMS: [&[&str]; 10] = [
        &["should", "be", "called"],
        &["should", "be", "named"],
        &["should", "be", "renamed", "to"],
        &["should", "be", "renamed", "into"],
        &["must", "be", "called"],
        &["must", "be", "named"],
        &["must", "be", "renamed", "to"],
        &["needs", "to", "be", "called"],
        &["needs", "to", "be", "renamed", "to"],
        &["ought", "to", "be", "called"],
    ];
    let rest = after_kinds(tokens);
    let old = rest.first()?.name(false)?;
    let rest = after_kinds(rest.get(1..)?);
    let words: Vec<String> = rest.iter().take(5).map(Token::lower).collect();
    let form = FORMS
        .iter()
        .find(|form| words.iter().map(String::as_str).take(form.len()).eq(form.iter().copied()))?;
    let rest = after_kinds(rest.get(form.len()..)?);
    let new = rest.first()?.name(false)?;
    with_tail(vec![Stated { old, new, file: None }], after_kinds(rest.get(1..)?))
}

/// The tokens after "Could you please".
fn polite(tokens: &[Token]) -> &[Token] {
    let count = tokens.iter().take_while(|it| is_in(PLEASE, &it.lower())).count();
    tokens.get(count..).unwrap_or_default()
}

fn after_kinds(tokens: &[Token]) -> &[Token] {
    let kinds = tokens.iter().take_while(|it| is_in(KINDS, &it.lower())).count();
    tokens.get(kinds..).unwrap_or_default()
}

/// One or more of `a to b`, and what is left. A word that is no name by its form counts as one
/// where both sides are given (`Rename spam to eggs`); the sources decide whether it is one.
fn pairs(tokens: &[Token], arrows_only: bool) -> Option<(Vec<Stated>, &[Token])> {
    let mut found = Vec::new();
    let mut rest = tokens;
    loop {
        let Some((one, left)) = pair(rest, arrows_only) else {
            return if found.is_empty() { None } else { Some((found, rest)) };
        };
        found.push(one);
        let joints =
            left.iter().take_while(|it| **it == Token::Comma || it.lower() == "and").count();
        match left.get(joints..).filter(|it| joints > 0 && pair(it, arrows_only).is_some()) {
            Some(more) => rest = more,
            None => return Some((found, left)),
        }
    }
}

fn pair(tokens: &[Token], arrows_only: bool) -> Option<(Stated, &[Token])> {
    let rest = after_kinds(tokens);
    let old = rest.first()?.name(!arrows_only)?;
    let mut rest = after_kinds(rest.get(1..)?);
    let mut file = None;
    if rest.first().is_some_and(|it| it.lower() == "in") {
        file = Some(path(rest.get(1)?)?);
        rest = rest.get(2..)?;
    }
    let joint = rest.first()?;
    let to = matches!(joint.lower().as_str(), "to" | "into" | "as")
        && !(arrows_only && joint.lower() == "as");
    if !to && *joint != Token::Arrow {
        return None;
    }
    let rest = after_kinds(rest.get(1..)?);
    let quoted = matches!(tokens.iter().find(|it| it.name(true).is_some()), Some(Token::Quoted(_)));
    let new = rest.first()?.name(!arrows_only && !quoted)?;
    Some((Stated { old, new, file }, after_kinds(rest.get(1..)?)))
}

/// A file's name or path.
fn path(token: &Token) -> Option<String> {
    match token {
        Token::Quoted(it) | Token::Word(it) if it.contains('.') && !it.contains(' ') => {
            Some(it.clone())
        }
        _ => None,
    }
}

/// What may follow a rename: where, why, and what goes along with it.
fn with_tail(mut found: Vec<Stated>, tail: &[Token]) -> Option<Vec<Stated>> {
    let joints = tail.iter().take_while(|it| **it == Token::Comma || it.lower() == "and").count();
    let rest = tail.get(joints..)?;
    let Some(first) = rest.first() else { return Some(found) };
    let named = rest.get(1).and_then(path).filter(|_| first.lower() == "in");
    if let Some(file) = named {
        for one in &mut found {
            one.file.get_or_insert_with(|| file.clone());
        }
        return with_tail(found, rest.get(2..)?);
    }
    let why = matches!(
        first.lower().as_str(),
        "for" | "because" | "since" | "as" | "so" | "which" | "to"
    );
    let demands = rest.iter().any(|it| is_in(ASKING, &it.lower()) || it.lower() == "and");
    let does = along(rest).is_some_and(|names| names.is_empty());
    (does || (why && !demands)).then_some(found)
}

/// The names and files that a sentence speaks of which asks for what a rename does anyway: all
/// of its words are of that. `None`: it may ask for more.
fn along(tokens: &[Token]) -> Option<Vec<String>> {
    const NO: &str = " no not nothing same stay stays remain remains unchanged ";
    const HOW: &str =
        " behaviour behavior functional logic functionality alias aliases shim shims ";
    const REST: &str = " else otherwise only everything ";
    const WHERE: &str = " callers caller call calls site sites usage usages uses references reference occurrences imports \
definition definitions declaration declarations tests test docs documentation readme comments mentions ";
    let words: Vec<String> = tokens.iter().map(Token::lower).collect();
    let has = |list: &str| words.iter().any(|it| is_in(list, it));
    let known = tokens.iter().all(|it| match it {
        Token::Word(_) => is_in(ALONG, &it.lower()),
        Token::Quoted(_) | Token::Comma => true,
        Token::Arrow => false,
    });
    let quoted: Vec<String> = tokens.iter().filter_map(Token::quoted).collect();
    // "Do not change the tests", "Change the logic", "Rename the tests", "Change `x`" ask for more.
    let denied = has(NO) && (has(WHERE) || !(has(HOW) || has(REST)));
    let more = (has(HOW) && !has(NO)) || (has(" rename renamed ") && has(" test tests docs "));
    let bare = !quoted.is_empty() && !has(WHERE);
    (known && !denied && !more && !bare).then_some(quoted)
}

fn is_heading(words: &[String]) -> bool {
    const HEADINGS: &str = " description summary why background motivation context details what problem reason task rationale ";
    words.len() == 1 && words.iter().all(|it| is_in(HEADINGS, it))
}
