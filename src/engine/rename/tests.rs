use proptest::prelude::*;

use super::*;

const USERS: &str = "\
\"\"\"Users. load_usr reads one.\"\"\"

__all__ = ['load_usr']


def load_usr(id):
    # load_usr is slow, and reload_usr is not it
    return {'load_usr': id}


class Users:
    def find_all(self):
        return [load_usr(1)]
";
const TEST: &str =
    "from app.users import load_usr\n\n\ndef test_load_usr():\n    assert load_usr(1)\n";

fn files() -> Vec<SourceFile<'static>> {
    let file = |path, text| SourceFile { path, text };
    vec![
        file("app/users.py", USERS),
        file("tests/test_users.py", TEST),
        file("README.md", "Call `load_usr`.\n"),
        file(
            "lib/shapes.js",
            "export const area = (r) => r * r;\nexport class Ring { pushAll(x) {} }\nexport class Box { pushAll(x) {} }\n",
        ),
        file(
            "src/ring.c",
            "#define RING_MAX 8\nint ring_put(int v);\nint ring_put(int v)\n{\n    return v;\n}\n",
        ),
    ]
}

/// What an issue states, as `old>new`.
fn of(issue: &str) -> Vec<String> {
    let found = stated(issue, &files());
    let show = |(old, new): (String, String)| format!("{old}>{new}");
    found.map(|it| it.names.into_iter().map(show).collect()).unwrap_or_default()
}

#[test]
fn a_rename_is_known_in_the_forms_that_people_write() {
    for issue in [
        "Rename `load_usr` to `load_user`",
        "Rename load_usr to load_user",
        "rename load_usr() -> load_user()",
        "Please rename the function `load_usr` to `load_user` everywhere.",
        "refactor: rename load_usr into load_user, and update all callers",
        "`load_usr` should be called `load_user`",
        "Misleading name\nThe helper `load_usr` should be renamed to `load_user`. The name is hard to read.",
        "Rename `load_usr`\n\n## Why\n\nThe abbreviation is hard to read.\n\nWe should rename `load_usr` to `load_user`. All callers and tests must be updated. No behaviour change.",
        "Naming of the user functions\nPlease rename:\n\n- `load_usr` → `load_user`\n",
        "Change the name of load_usr to load_user in users.py",
        "Rename load_usr to load_user\n`load_usr` is a bad name (it takes an id, so \"user\" fits better). No alias for the old name.",
        "Rename load_usr to load_user\nPlease rename it to `load_user` everywhere: definition, imports, calls and tests.",
        "Rename `load_usr` to `load_user`\nIt should be called `load_user` in all callers, too.",
        "`load_usr` を `load_user` にリネームしてください",
        "load_usr の名前を load_user に変更する",
        "関数 `load_usr` を `load_user` に改名\n\n名前が分かりにくいです。呼び出し元もすべて更新してください。動作は変えないでください。",
        "関数名のリネーム\n以下の関数をリネームしてください。\n- `load_usr` → `load_user`",
    ] {
        assert_eq!(of(issue), ["load_usr>load_user"], "{issue}");
    }
}

#[test]
fn several_names_may_be_stated_at_once() {
    let both = ["load_usr>load_user", "RING_MAX>RING_SIZE"];
    for issue in [
        "Rename `load_usr` to `load_user` and `RING_MAX` to `RING_SIZE`",
        "Rename these:\n1. `load_usr` to `load_user`\n2. `RING_MAX` -> `RING_SIZE`",
        "Better names\nRename `load_usr` to `load_user`. `RING_MAX` should be named `RING_SIZE`.",
        "`load_usr` を `load_user` に、`RING_MAX` を `RING_SIZE` にリネームしてください。",
    ] {
        assert_eq!(of(issue), both, "{issue}");
    }
}

#[test]
fn whatever_else_is_asked_for_is_the_models() {
    for issue in [
        "Rename `load_usr` to `load_user` and keep the old name as an alias",
        "Rename `load_usr` to `load_user`\nThe old name must still work.",
        "Rename `load_usr` to `load_user`\nAn alias for the old name.",
        "Rename `load_usr` to `load_user`, and not without an alias, please: alias the old name",
        "Rename `load_usr` to `load_user`\nIt should also return None for an unknown id.",
        "Rename `load_usr` to `load_user`\nAdd a test.",
        "Rename `load_usr` to `load_user`\nPrint a warning when the id is negative.",
        "Rename `load_usr` to `load_user`\nIt raises ValueError for an unknown id.",
        "Rename `load_usr` to `load_user`\nThe result is sorted.",
        "Rename `load_usr` to `load_user`\nIt returns the name.",
        "`load_usr` を `load_user` にリネーム\n不明な ID では例外になります。",
        "Rename `load_usr` to `load_user` and make it async",
        "Rename `load_usr` to `load_user`, but not in the tests",
        "Rename `load_usr` to `load_user`\nDo not change the tests.",
        "Rename `load_usr` to `load_user`\nAlso replace `find_all` with `every`.",
        "Rename `load_usr` to `load_user`\nChange `find_all` too.",
        "Rename `load_usr` to `load_user`\nUpdate the callers of `find_all`.",
        "Rename `load_usr` to `load_user`\nChange the behaviour too.",
        "Rename `load_usr` to `load_user`?",
        "Should we rename `load_usr` to `load_user`?",
        "Rename `load_usr` to `load_user`\n```python\nload_user(1)\n```",
        "Rename `load_usr` to something clearer",
        "`load_usr` is slow\nPlease rename it to `load_user`.",
        "Rename `load_usr` to `load_user`\nPlease rename it to `fetch_user` everywhere.",
        "Rename `load_usr` to `load_user` and `RING_MAX` to `RING_SIZE`\nRename it to `RING_SIZE`.",
        "Rename `load_usr` to `load_user`\nRename it to `load_user` and make it async.",
        "Rename `load_usr` to `load_user`\nIt should be called `load_user` once only.",
        "Rename the option --usr to --user",
        "load_usr fails for id 0\nIt should be 1.",
        "Replace `load_usr` by `load_user`",
        "`load_usr` を `load_user` にリネームし、テストを追加してください",
        "`load_usr` を `load_user` にリネームしてください。旧名も残してください。",
        "`load_usr` を `load_user` に変更",
        "",
    ] {
        assert_eq!(of(issue), [""; 0], "{issue}");
    }
}

#[test]
fn a_name_must_be_one_thing_and_the_new_one_free() {
    for issue in [
        "Rename `unknown_fn` to `known_fn`",     // nothing defines it
        "Rename `load_usr` to `ring_put`",       // taken
        "Rename `load_usr` to `load-user`",      // no name
        "Rename `load_usr` to `class`",          // a word of the language
        "Rename `pushAll` to `pushEach`",        // two classes have it
        "Rename `users` to `people_of`",         // a module
        "Rename `Ring.load_usr` to `load_user`", // not there
        "Rename `load_usr` in ring.c to `load_user`", // not there either
        "Rename `load_usr` to `load$user`",
        "Rename `load_usr` to `load_usr`",
        "Rename `load_usr` to `RING_MAX` and `RING_MAX` to `RING_SIZE`",
    ] {
        assert_eq!(of(issue), [""; 0], "{issue}");
    }
    assert_eq!(of("Rename `Users.find_all` to `find_every`"), ["find_all>find_every"]);
    assert_eq!(
        of("Rename `ring_put` to `ring_add`"),
        ["ring_put>ring_add"],
        "a prototype is no second one"
    );
    assert_eq!(of("Rename `area` to `surface`"), ["area>surface"]);
    let rename = "Rename `load_usr` to `load_user`";
    for (path, text) in [
        ("a.rb", "load_usr 1\n"),                 // a language that we cannot read
        ("a.py", "load_usr(\n"),                  // does not parse
        ("b/users.py", "def load_usr(): pass\n"), // which one?
        ("vendor/b.py", "load_usr(1)\n"),         // not ours to change
        ("load_usr.py", "x = 1\n"),               // a module
        ("a.py", "load_user = 1\n"),              // taken
    ] {
        let mut files = files();
        files.push(SourceFile { path, text });
        assert_eq!(stated(rename, &files), None, "{path}: {text}");
    }
}

#[test]
fn words_are_replaced_where_they_are_the_name() {
    let rename = Rename { names: vec![("load_usr".to_owned(), "load_user".to_owned())] };
    let new = apply(&rename, "app/users.py", USERS).unwrap();
    assert_eq!(new, USERS.replace("load_usr", "load_user").replace("reload_user", "reload_usr"));
    let new = apply(&rename, "tests/test_users.py", TEST).unwrap();
    assert!(new.contains("import load_user\n") && new.contains("assert load_user(1)"), "{new}");
    assert!(new.contains("def test_load_usr():"), "another name: {new}");
    assert_eq!(
        apply(&rename, "README.md", "Call `load_usr`, see docs/load_usr.md.\n").unwrap(),
        "Call `load_user`, see docs/load_usr.md.\n"
    );
    for (path, text) in [
        ("CHANGELOG.md", "load_usr"),
        ("vendor/a.py", "load_usr()"),
        ("a.rb", "load_usr"),
        ("a.py", "x = 1"),
    ] {
        assert_eq!(apply(&rename, path, text), None, "{path}");
    }
}

#[test]
fn a_word_of_prose_is_not_taken_for_a_name() {
    let rename = Rename { names: vec![("area".to_owned(), "surface".to_owned())] };
    let old = "// The area of it: `area` or area(1).\nexport const area = (r) => r; // area\nlog('area', 'area(1)', `${area(2)}`, x.area);\n";
    let new = "// The area of it: `surface` or surface(1).\nexport const surface = (r) => r; // area\nlog('area', 'surface(1)', `${surface(2)}`, x.surface);\n";
    assert_eq!(apply(&rename, "a.js", old).unwrap(), new);
    let old = "The area. Use `area(1)`:\n\n```js\narea(2)\n```\nsee area-map\n";
    let new = "The area. Use `surface(1)`:\n\n```js\nsurface(2)\n```\nsee area-map\n";
    assert_eq!(apply(&rename, "README.md", old).unwrap(), new);
    // A string that is the word and nothing else may be the name, or data.
    let mut files = files();
    files.push(SourceFile { path: "a.js", text: "const kinds = ['area'];\n" });
    assert_eq!(stated("Rename `area` to `surface`", &files), None);
}

#[test]
fn a_shells_words_with_a_hyphen_are_other_names() {
    let rename = Rename { names: vec![("say_it".to_owned(), "tell_it".to_owned())] };
    let old = "say_it() { :; }\nsay_it --say_it re-say_it \"$(say_it)\"\n";
    let new = "tell_it() { :; }\ntell_it --say_it re-say_it \"$(tell_it)\"\n";
    assert_eq!(apply(&rename, "a.sh", old).unwrap(), new);
}

proptest! {
    #[test]
    fn nothing_panics_on_arbitrary_text(
        issue in "(Rename |`load_usr`| to |を|に|リネーム|\n|- |→|->|, |and |[a-z_.`é]{0,6}|\\PC{0,6}){0,12}",
        text in "(load_usr|area|`|\"|#|/|\n|```|[ .()-]|\\PC{0,5}){0,20}",
    ) {
        let mut all = files();
        all.push(SourceFile { path: "z.md", text: &text });
        stated(&issue, &all);
        let rename = Rename { names: vec![("area".to_owned(), "b".to_owned())] };
        for path in ["a.py", "a.md", "a.sh", "a.ts", "a.rs"] {
            if let Some(new) = apply(&rename, path, &text) {
                prop_assert!(new.len() < text.len());
            }
        }
    }
}
