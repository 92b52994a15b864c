use super::*;

const STORE: &str = "import json\n\n\ndef load(path):\n    with open(path) as f:\n        return json.load(f)\n\n\ndef total_pages(entries, size):\n    return len(entries) // size\n\n\nclass Book:\n    def add(self, entry):\n        if not entry:\n            raise ValueError(\"empty entry\")\n        self.entries.append(entry)\n\n    def page(self, number):\n        return self.entries[number]\n";

fn names(issue: &str) -> Vec<String> {
    let sources = [
        SourceFile { path: "book/store.py", text: STORE },
        SourceFile { path: "tests/test_store.py", text: "def test_total_pages():\n    pass\n" },
        SourceFile { path: "README.md", text: "total_pages" },
    ];
    aims(issue, &sources).places.into_iter().map(|it| it.name).collect()
}

#[test]
fn a_name_in_the_issue_is_the_place() {
    assert_eq!(names("`total_pages` is wrong for 21 entries")[0], "total_pages");
    assert_eq!(names("Book.page fails\n\n`page(3)` raises")[0], "page");
}

#[test]
fn without_a_name_the_words_of_a_name_count_and_then_those_of_the_body() {
    assert_eq!(names("The number of pages in total is one too small")[0], "total_pages");
    assert_eq!(names("Wrong message\n\nIt says \"empty entry\" for blanks")[0], "add");
}

#[test]
fn a_word_that_comes_again_tells_more_and_a_long_definition_less() {
    let found = |one: &str, other: &str| {
        let text = format!("def one():\n{one}\n\ndef other():\n{other}\n");
        aims("Wrong harbour", &[SourceFile { path: "a.py", text: &text }]).places[0].name.clone()
    };
    let (once, thrice) = ("    harbour = 1\n", "    harbour = harbour + harbour\n");
    assert_eq!(found(once, thrice), "other");
    assert_eq!(found(&format!("{once}{}", "    x = 1\n".repeat(30)), once), "other");
}

#[test]
fn a_file_is_as_telling_as_the_best_of_what_is_in_it() {
    let ranked = |sources: &[(&str, &str)]| -> Vec<String> {
        let sources = sources.iter().map(|(path, text)| SourceFile { path, text });
        let ranked = files("Wrong fee for a berth", &sources.collect::<Vec<_>>()).into_iter();
        ranked.map(|it| it.1.path.to_owned()).collect()
    };
    let scattered = "def one():\n    return fee\n\ndef two():\n    return berth\n";
    let together = "def one():\n    return fee * berth\n\ndef two():\n    return 0\n";
    assert_eq!(ranked(&[("a.py", scattered), ("b.py", together)]), ["b.py", "a.py"]);
    // One in a language that has no outline here is seen as a whole.
    let page = "<p>The fee of your berth</p>\n";
    assert_eq!(ranked(&[("a.py", "def one():\n    return 0\n"), ("p.html", page)])[0], "p.html");
    // A test has the words of what it tests, and comes after it.
    assert_eq!(ranked(&[("a.py", together), ("test_a.py", together)]), ["a.py", "test_a.py"]);
}

#[test]
fn what_is_shown_as_an_example_is_not_what_the_program_does() {
    let text = "def moor(harbour):\n    return harbour\n";
    let sources = ["examples/a.py", "src/b.py"].map(|path| SourceFile { path, text });
    assert_eq!(aims("Wrong harbour", &sources).places[0].path, "src/b.py");
    // And the words of a path count, those of a link do not.
    let sources = ["one.py", "ships/two.py"].map(|path| SourceFile { path, text });
    assert_eq!(aims("Wrong harbour of ships", &sources).places[0].path, "ships/two.py");
    let linked = "Wrong harbour, see https://example.org/ships/1";
    assert_eq!(aims(linked, &sources).places[0].path, "one.py");
}

#[test]
fn where_a_traceback_ends_says_more_than_what_it_goes_through() {
    let text = "def outer(x):\n    return inner(x)\n\n\ndef inner(x):\n    return x[1]\n";
    let found = |path: &str, text: &str, issue: &str| {
        aims(issue, &[SourceFile { path, text }]).places[0].name.clone()
    };
    let issue = "outer fails\n\n  File \"a.py\", line 2, in outer\n  File \"a.py\", line 6, in inner\n  File \"/usr/lib/b.py\", line 1, in c";
    assert_eq!(found("a.py", text, issue), "inner");
    let text =
        "fn outer(x: &[u8]) -> u8 {\n    inner(x)\n}\n\nfn inner(x: &[u8]) -> u8 {\n    x[1]\n}\n";
    let issue = "it panics\n\nat /rustc/core.rs:1:1\nat src/a.rs:6:5\nat src/a.rs:2:5";
    assert_eq!(found("src/a.rs", text, issue), "inner");
}

#[test]
fn a_traceback_points_at_the_function_of_its_frame() {
    let issue = "Crash\n\n  File \"/srv/app/book/store.py\", line 6, in x\n    return json";
    assert_eq!(names(issue)[0], "load");
    assert_eq!(names("Crash\n\nat book/store.py:6:3")[0], "load");
}

#[test]
fn tests_and_prose_are_no_places_and_methods_stand_for_their_class() {
    let all = names("total_pages load add page Book entry");
    assert!(
        !all.contains(&"test_total_pages".to_owned()) && !all.contains(&"Book".to_owned()),
        "{all:?}"
    );
    assert_eq!(all.len(), 4);
}

#[test]
fn a_call_of_what_is_not_there_is_to_be_made() {
    let sources = [SourceFile { path: "a.py", text: STORE }];
    let aims = aims("Add `last_page(entries)` beside `total_pages(entries, 3)`", &sources);
    assert_eq!(aims.missing.len(), 1);
    assert_eq!(aims.missing[0].name, "last_page");
    assert_eq!(aims.missing[0].head, "last_page(entries)");
    assert_eq!(aims.missing[0].beside.name, "total_pages");
    assert_eq!(aims.places[0].name, "total_pages");
}

#[test]
fn what_is_to_be_made_goes_where_the_issue_says_with_the_head_that_it_gives() {
    let other = "def one(a):\n    return a\n\n\ndef two(a):\n    return a\n";
    let sources = [
        SourceFile { path: "book/store.py", text: STORE },
        SourceFile { path: "book/words.py", text: other },
    ];
    let issue = "total_pages is too long\n\nPut `pad(text, width=3)` into `words.py`: \
                 `pad(\"a\", 3)` is `\"  a\"`. `fill(1)` calls it, `len(2)` does not.";
    let made = aims(issue, &sources).missing;
    let made: Vec<_> = made.iter().map(|it| (&*it.name, &*it.head, &*it.beside.name)).collect();
    assert_eq!(made[..2], [("pad", "pad(text, width=3)", "one"), ("fill", "", "one")]);
}

#[test]
fn an_option_is_read_at_one_place_and_who_calls_it_acts_on_it() {
    let text = "import argparse\n\n\ndef parser():\n    p = argparse.ArgumentParser()\n    p.add_argument(\"--all\")\n    return p\n\n\ndef rank(words):\n    return sorted(words)\n\n\ndef main(argv):\n    args = parser().parse_args(argv)\n    print(rank(args.all))\n";
    let sources = [SourceFile { path: "cli.py", text }];
    let aims = aims("Add --top to print the first words of the ranking alone", &sources);
    assert_eq!(aims.places[0].name, "parser");
    assert_eq!(aims.acts.unwrap().name, "main");
    let all: Vec<_> = callers("rank", &sources).into_iter().map(|it| it.name).collect();
    assert_eq!(all, ["main"]);
    assert!(callers("argparse", &[]).is_empty());
}

#[test]
fn an_entry_is_not_the_place_for_the_words_that_it_has() {
    let text = "def read(text):\n    return [line.split(\",\") for line in text]\n\n\ndef main(argv):\n    print(read(open(argv[0]).read()))\n";
    let sources = [SourceFile { path: "bank.py", text }];
    let found = |issue: &str| aims(issue, &sources).places[0].name.clone();
    assert_eq!(found("It fails on lines with a text in them"), "read");
    assert_eq!(found("`main` fails to read and print"), "main");
}

#[test]
fn an_issue_about_nothing_has_no_place() {
    assert_eq!(aims("", &[]), Aims::default());
    assert!(names("zzz").is_empty());
}

#[test]
fn an_issue_in_japanese_points_at_what_speaks_of_the_same() {
    let text = "def load(path):\n    \"\"\"設定を読む。\"\"\"\n    return path\n\n\ndef take(stock, count):\n    \"\"\"在庫から出庫する。\"\"\"\n    return stock - count\n";
    let sources = [SourceFile { path: "zaiko.py", text }];
    let places =
        aims("出庫すると在庫が合わない\n在庫が足りないときに減っています。", &sources).places;
    assert_eq!(places[0].name, "take");
}

#[test]
fn a_short_script_is_a_place_as_a_whole_where_its_work_is_outside_of_functions() {
    let text = "#!/bin/sh\nusage() {\n    echo \"usage: rotate.sh FILE\"\n}\nfile=$1\ncount=3\nwhile [ $count -gt 0 ]; do\n    mv \"$file.$count\" old\ndone\n";
    let whole = |text: &str| {
        let sources = [SourceFile { path: "rotate.sh", text }];
        let places = aims("rotate.sh: the count of old files is fixed", &sources).places;
        places.iter().any(Place::is_whole)
    };
    assert!(whole(text));
    assert!(!whole(&format!("{text}{}", "# more\n".repeat(900))), "too long");
    assert!(!whole("usage() {\n    echo count\n}\nusage\n"), "all of it is in functions");
}
