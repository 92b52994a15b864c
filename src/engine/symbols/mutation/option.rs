//! An option of a command line that has no value unless somebody gives it one. A small model gives a
//! new option a default value, and what came without the option changes.
//!
//! For Python's `argparse`, and for click: <https://docs.python.org/3/library/argparse.html#default>.

use std::ops::Range;

use tree_sitter::Node;

use super::super::language::Language;
use super::super::outline;
use super::Mutant;

/// Whose functions are these: `argparse`'s parsers, and click's decorator.
const ARGPARSE: &str = "add_argument";
const CLICK: &str = "option";
/// What compares by size, which nothing does with `None`.
const SIZES: [&str; 4] = ["<", "<=", ">", ">="];
/// The most options of one text.
const MOST: usize = 8;

/// A value that an option is not to have, by what the issue shows: this one and all below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// As it is written: `--top`, `-k`.
    pub option: String,
    /// The largest.
    pub most: i64,
}

/// What an issue says of options.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// All that it says: a default value that stands there is one that somebody wants.
    pub issue: &'a str,
    /// What it wants refused.
    pub refused: &'a [Refused],
}

/// For each option of the functions of these names the changes, to be made together, with which it has
/// no value of its own, and is looked at only where it has one. Then the same, with what is refused
/// refused in `argparse`'s own way, which ends the program with exit status 2.
pub fn undefaulted(path: &str, text: &str, names: &[&str], said: Said<'_>) -> Vec<Vec<Mutant>> {
    let language = Language::of(path, text).filter(|it| *it == Language::Python);
    let tree = language.and_then(|it| it.parse(text));
    let (Some(outline), Some(tree)) = (outline(path, text), tree) else { return Vec::new() };
    let own = outline.definitions.iter().filter(|it| names.contains(&it.name.as_str()));
    let ranges: Vec<Range<usize>> = own.map(|it| it.bytes.clone()).collect();
    let is_own = |it: &Node<'_>| ranges.iter().any(|own| own.contains(&it.start_byte()));
    let mut nodes = Vec::new();
    super::walk(tree.root_node(), &|_| true, &mut |it| nodes.extend(is_own(&it).then_some(it)));
    let source = Source { text, nodes };
    let mut found = Vec::new();
    let is_free =
        |it: &Made| !it.default.as_ref().is_some_and(|value| it.is_said(value, said.issue));
    for option in source.options().into_iter().filter(is_free).take(MOST) {
        let none = |it: &Range<usize>| Mutant { bytes: it.clone(), new: "None".to_owned() };
        let mut plain: Vec<Mutant> = option.default.iter().map(|(bytes, _)| none(bytes)).collect();
        plain.extend(source.sizes(&option));
        let refused = said.refused.iter().find(|it| option.names.contains(&it.option));
        let refusal = refused.and_then(|it| source.refusal(&option, it));
        if !plain.is_empty() {
            found.push(plain.clone());
        }
        if let Some(refusal) = refusal {
            plain.push(refusal);
            found.push(plain);
        }
    }
    found
}

/// One option, where it is made.
struct Made {
    /// As it is typed.
    names: Vec<String>,
    /// What its value is called.
    value: String,
    /// Whether that is a name of its own, as click gives it to the function.
    is_argument: bool,
    /// Its default value, and where that stands.
    default: Option<(Range<usize>, String)>,
}

impl Made {
    /// Whether the issue has the value, but for where it shows the option with it.
    fn is_said(&self, (_, value): &(Range<usize>, String), issue: &str) -> bool {
        let value = value.trim_matches(['"', '\'']);
        let is_part = |it: char| it.is_alphanumeric() || it == '_';
        issue.match_indices(value).any(|(at, _)| {
            let (before, behind) = (&issue[..at], &issue[at + value.len()..]);
            let is_whole = !before.ends_with(is_part) && !behind.starts_with(is_part);
            let typed = before.trim_end_matches([' ', '=']);
            is_whole && !self.names.iter().any(|it| typed.ends_with(it.as_str()))
        })
    }
}

struct Source<'a> {
    text: &'a str,
    /// Those of the functions.
    nodes: Vec<Node<'a>>,
}

impl<'a> Source<'a> {
    fn written(&self, node: Node<'_>) -> &'a str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    fn options(&self) -> Vec<Made> {
        self.nodes.iter().filter_map(|it| self.option(*it)).collect()
    }

    fn option(&self, call: Node<'a>) -> Option<Made> {
        let function = call.child_by_field_name("function").filter(|_| call.kind() == "call")?;
        let called = self.written(function).rsplit('.').next()?;
        let arguments = call.child_by_field_name("arguments")?;
        if called != ARGPARSE && called != CLICK {
            return None;
        }
        let (mut names, mut given, mut default) = (Vec::new(), None, None);
        let mut cursor = arguments.walk();
        for it in arguments.named_children(&mut cursor) {
            let plain = |it: Node<'_>| {
                let text = self.written(it).trim_matches(['"', '\'']);
                (it.kind() == "string").then(|| text.to_owned())
            };
            let named = |field| it.child_by_field_name(field);
            match named("name").map(|it| self.written(it)) {
                Some("dest") => given = named("value").and_then(plain),
                Some("default") => default = named("value"),
                // A switch has a value of its own, and it is right.
                Some("action" | "is_flag" | "required" | "nargs" | "multiple" | "count") => {
                    return None;
                }
                Some(_) => {}
                None => names.extend(plain(it)),
            }
        }
        // It comes to stand in a text of ours, and may end none.
        let is_plain = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
        names.retain(|it| it.starts_with('-') && it.chars().all(is_plain));
        let long = names.iter().find(|it| it.starts_with("--")).or_else(|| names.first())?;
        let value = given.unwrap_or_else(|| long.trim_start_matches('-').replace('-', "_"));
        let default = default.map(|it| (it.byte_range(), self.written(it).to_owned()));
        let default = default.filter(|(_, it)| it != "None");
        Some(Made { names, value, is_argument: called == CLICK, default })
    }

    /// Where its value is compared by size: only where it has one.
    fn sizes(&self, option: &Made) -> Vec<Mutant> {
        let compares = self.nodes.iter().filter(|it| it.kind() == "comparison_operator");
        compares.filter_map(|it| self.size(*it, option)).collect()
    }

    fn size(&self, compares: Node<'_>, option: &Made) -> Option<Mutant> {
        let mut cursor = compares.walk();
        let parts: Vec<Node<'_>> = compares.children(&mut cursor).collect();
        let by_size = parts.iter().any(|it| SIZES.contains(&it.kind()));
        let is_value = |it: &&Node<'_>| match it.kind() {
            "attribute" => {
                let last = it.child_by_field_name("attribute");
                !option.is_argument && last.is_some_and(|it| self.written(it) == option.value)
            }
            "identifier" => option.is_argument && self.written(**it) == option.value,
            _ => false,
        };
        let value = parts.iter().find(is_value).filter(|_| by_size)?;
        let given = format!("{} is not None", self.written(*value));
        let around = compares.parent()?;
        if self.written(around).contains(&given) && around.kind() == "boolean_operator" {
            return None;
        }
        let new = format!("{given} and {}", self.written(compares));
        let is_alone = ["if_statement", "elif_clause", "while_statement"].contains(&around.kind());
        let new = if is_alone { new } else { format!("({new})") };
        Some(Mutant { bytes: compares.byte_range(), new })
    }

    /// Behind `args = parser.parse_args(…)`.
    fn refusal(&self, option: &Made, refused: &Refused) -> Option<Mutant> {
        let read = self.nodes.iter().find_map(|it| {
            let field = |name| it.child_by_field_name(name);
            let (left, right) = (field("left")?, field("right").filter(|it| it.kind() == "call")?);
            let function = right.child_by_field_name("function")?;
            let called = function.child_by_field_name("attribute")?;
            let is_read = it.kind() == "assignment" && self.written(called) == "parse_args";
            let parser = function.child_by_field_name("object")?;
            is_read.then_some((*it, self.written(left), self.written(parser)))
        });
        let (statement, args, parser) = read.filter(|_| !option.is_argument)?;
        let before = self.text.get(..statement.start_byte())?;
        let indent = before.rsplit('\n').next().filter(|it| it.trim().is_empty())?;
        let value = format!("{args}.{}", option.value);
        let (limit, words) = match refused.most < 0 {
            true => ("< 0", "must not be negative"),
            false => ("<= 0", "must be more than 0"),
        };
        let (name, own) = (&refused.option, self.written(statement));
        let new = format!(
            "{own}\n{indent}if {value} is not None and {value} {limit}:\n\
             {indent}    {parser}.error(\"argument {name}: {words}\")"
        );
        Some(Mutant { bytes: statement.byte_range(), new })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOL: &str = "import argparse\n\n\ndef build():\n    parser = argparse.ArgumentParser()\n    parser.add_argument(\"file\")\n    parser.add_argument(\"--all\", action=\"store_true\", default=False)\n    parser.add_argument(\"-t\", \"--top-most\", type=int, default=10)\n    return parser\n\n\ndef main(argv=None):\n    args = build().parse_args(argv)\n    if args.top_most <= 0:\n        return 2\n    for line in open(args.file):\n        print(line[:args.top_most])\n\n\nMOST = main.top_most < 3\n";

    fn changed(text: &str, refused: &[Refused]) -> Vec<String> {
        changed_for("Show less: --top-most 10, or -t 10.", text, refused)
    }

    fn changed_for(issue: &str, text: &str, refused: &[Refused]) -> Vec<String> {
        let all = undefaulted("tool.py", text, &["build", "main"], Said { issue, refused });
        all.iter().map(|it| Mutant::together(it, text).unwrap().of(text)).collect()
    }

    fn at_most(most: i64) -> [Refused; 1] {
        [Refused { option: "--top-most".to_owned(), most }]
    }

    #[test]
    fn a_default_goes_and_what_compares_the_value_looks_whether_there_is_one() {
        let [plain] = changed(TOOL, &[]).try_into().unwrap();
        let right = TOOL.replace("default=10", "default=None").replace(
            "if args.top_most <= 0",
            "if args.top_most is not None and args.top_most <= 0",
        );
        assert_eq!(plain, right);
        assert!(changed(&right, &[]).is_empty(), "that is all");
        let other = TOOL.replace("args.top_most <= 0", "args.all or 0 >= args.top_most");
        let [plain] = changed(&other, &[]).try_into().unwrap();
        let guarded = "if args.all or (args.top_most is not None and 0 >= args.top_most):";
        assert!(plain.contains(guarded), "{plain}");
    }

    #[test]
    fn what_is_to_be_refused_is_refused_by_the_parser() {
        let text = TOOL.replace("    if args.top_most <= 0:\n        return 2\n", "");
        let [_, refusing] = changed(&text, &at_most(0)).try_into().unwrap();
        let guard = "    args = build().parse_args(argv)\n    if args.top_most is not None and args.top_most <= 0:\n        build().error(\"argument --top-most: must be more than 0\")\n    for line";
        assert!(refusing.contains(guard), "{refusing}");
        let [_, refusing] = changed(&text, &at_most(-1)).try_into().unwrap();
        assert!(refusing.contains("args.top_most < 0:"), "{refusing}");
        let other = Refused { option: "--all".to_owned(), most: 0 };
        assert_eq!(changed(&text, &[other]).len(), 1);
    }

    #[test]
    fn an_option_of_click_is_an_argument_of_its_function() {
        let text = "import click\n\n\n@click.command()\n@click.option('--top', default=3, type=int)\ndef main(top):\n    if top < 1 and main.top < 1:\n        raise click.BadParameter('top')\n";
        let [plain] = changed(text, &at_most(0)).try_into().unwrap();
        let right = text.replace("default=3", "default=None");
        assert_eq!(plain, right.replace("top < 1 and", "(top is not None and top < 1) and"));
    }

    #[test]
    fn a_default_that_the_issue_has_stays() {
        for issue in ["The default is `10`.", "--top-most N: 10 without it", "10 lines, please"] {
            assert!(changed_for(issue, TOOL, &at_most(0)).is_empty(), "{issue}");
        }
        for issue in ["Not 100 or x10.", "--top-most=10"] {
            assert_eq!(changed_for(issue, TOOL, &[]).len(), 1, "{issue}");
        }
    }

    #[test]
    fn what_is_no_option_with_a_value_stays() {
        for text in [
            TOOL.replace("type=int, default=10", "type=int, nargs=2, default=10"),
            TOOL.replace("add_argument", "add_group"),
            TOOL.replace("\"-t\", \"--top-most\"", "\"top\""),
            TOOL.replace("\"-t\", \"--top-most\"", "'--top\")or(\"most'"),
        ] {
            assert!(changed(&text, &at_most(0)).is_empty(), "{text}");
        }
        let said = Said { issue: "", refused: &[] };
        assert!(undefaulted("tool.js", TOOL, &["build"], said).is_empty());
        assert!(undefaulted("tool.py", TOOL, &["other"], said).is_empty());
    }
}
