//! Test cases by name: those that were there and are gone, or switched off.

use std::collections::BTreeMap;

use super::definitions::after;
use super::language::identifier;

/// The names of the test cases that are in `old` and no more in `new`, in the order of `old`. A
/// case that is skipped now counts as gone, and so does a renamed one: ask `may_go` about it.
pub fn lost_tests(old: &str, new: &str) -> Vec<String> {
    let mut there: BTreeMap<String, usize> = BTreeMap::new();
    for name in cases(new) {
        *there.entry(name).or_default() += 1;
    }
    let mut lost = Vec::new();
    for name in cases(old) {
        match there.get_mut(&name) {
            Some(count) if *count > 0 => *count -= 1,
            _ => lost.push(name),
        }
    }
    lost
}

/// The names of all live test cases, whatever the language.
fn cases(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut marked, mut skipped) = (false, false);
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[") || line.starts_with('@') {
            let lower = line.to_lowercase();
            marked |= is_mark(line);
            skipped |= ["ignore", "skip", "disabled"].iter().any(|it| lower.contains(it));
            if !line.starts_with("@test ") && !lower.contains(" fn ") {
                continue;
            }
        }
        if line.is_empty() {
            continue;
        }
        let name = function(line, marked).or_else(|| called(line));
        if let Some(name) = name.filter(|_| !skipped) {
            found.push(name.to_owned());
        }
        (marked, skipped) = (false, false);
    }
    found
}

/// `#[test]`, `#[tokio::test(…)]`, `@Test`.
fn is_mark(line: &str) -> bool {
    let name = line.trim_start_matches(['#', '[', '@']);
    let end = name.find(|c: char| !c.is_alphanumeric() && c != ':' && c != '_');
    let name = &name[..end.unwrap_or(name.len())];
    let last = name.rsplit(':').next().unwrap_or(name);
    matches!(last, "test" | "Test" | "rstest" | "ParameterizedTest" | "test_case" | "proptest")
}

/// A function that is a test by its name, or by the mark above it.
fn function(line: &str, marked: bool) -> Option<&str> {
    const WORDS: [&str; 14] = [
        "pub", "async", "static", "public", "private", "void", "int", "fun", "fn", "def", "func",
        "function", "final", "unsafe",
    ];
    let line = line.rsplit("] ").next().filter(|_| line.starts_with("#[")).unwrap_or(line);
    let mut rest = line;
    let mut keyword = false;
    while let Some((word, tail)) = WORDS.iter().find_map(|word| Some((word, after(rest, word)?))) {
        keyword |= *word != "async";
        rest = tail;
    }
    let name = identifier(rest);
    let shell = rest[name.len()..].starts_with("()") && rest.trim_end().ends_with('{');
    if !rest[name.len()..].trim_start().starts_with(['(', '<']) || name.is_empty() {
        return None;
    }
    let declared = line.ends_with(';');
    let go = ["Test", "Benchmark", "Fuzz", "Example"].iter().any(|it| name.starts_with(it));
    let by_name = name.starts_with("test") || (line.starts_with("func ") && go);
    ((keyword && !declared && (marked || by_name)) || (shell && name.starts_with("test_")))
        .then_some(name)
}

/// `test("name", …)`, `it('name', …)`, `TEST(suite, name)`, `@test "name" {`.
fn called(line: &str) -> Option<&str> {
    for word in ["TEST(", "TEST_F(", "TEST_P("] {
        if let Some(rest) = line.strip_prefix(word) {
            return Some(rest.split(')').next().unwrap_or(rest));
        }
    }
    let words = ["@test", "test.only", "it.only", "Deno.test", "test", "it", "specify"];
    let rest = words.iter().find_map(|word| line.strip_prefix(word))?;
    let rest = rest.trim_start().strip_prefix('(').unwrap_or(rest.trim_start()).trim_start();
    let quote = rest.chars().next().filter(|c| "\"'`".contains(*c))?;
    let rest = &rest[1..];
    rest.find(quote).map(|end| &rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_found_in_every_language() {
        let all = |text: &str| cases(text).join("|");
        assert_eq!(
            all(
                "class A:\n    def test_a(self):\n        test_b()\n    async def test_c(self): pass\n"
            ),
            "test_a|test_c"
        );
        assert_eq!(
            all(
                "test(\"a b\", () => {\n});\n  it('c', async () => {});\nit.only(`d`, f);\ndescribe('e');"
            ),
            "a b|c|d"
        );
        assert_eq!(
            all(
                "#[test]\nfn a() {}\n#[tokio::test(start_paused = true)]\n#[should_panic]\nasync fn b() {}\nfn c() {}"
            ),
            "a|b"
        );
        assert_eq!(all("func TestA(t *testing.T) {\n}\nfunc helper() {}"), "TestA");
        assert_eq!(
            all("static void test_wrap(void)\n{\n}\ntest_wrap();\nTEST(Suite, Name) {"),
            "test_wrap|Suite, Name"
        );
        assert_eq!(all("@test \"rotates\" {\n}\ntest_it() {\n}"), "rotates|test_it");
        assert_eq!(all("@Test\npublic void adds() {\n"), "adds");
    }

    #[test]
    fn a_test_that_is_gone_or_switched_off_is_lost() {
        let old = "def test_a(): pass\ndef test_b(): pass\n";
        assert_eq!(lost_tests(old, "def test_b(): pass\ndef test_c(): pass\n"), ["test_a"]);
        assert_eq!(lost_tests("#[test]\nfn a() {}", "#[test]\n#[ignore]\nfn a() {}"), ["a"]);
        assert_eq!(lost_tests("test('a', f)", "test.skip('a', f)"), ["a"]);
        assert_eq!(lost_tests(old, "# def test_a(): pass\ndef test_b(): pass"), ["test_a"]);
        assert!(lost_tests(old, old).is_empty());
    }
}
