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
    assert_eq!(aims.missing, ["last_page"]);
    assert_eq!(aims.places[0].name, "total_pages");
}

#[test]
fn an_issue_about_nothing_has_no_place() {
    assert_eq!(aims("", &[]), Aims::default());
    assert!(names("zzz").is_empty());
}
