//! The difference of two short texts, as people read it.

/// Lines that stand around a change.
const CONTEXT: usize = 3;

/// The lines of a unified diff, without its head; empty when the texts are equal. Time and memory
/// grow with the product of their lengths: for files of some hundred lines.
pub fn diff(old: &str, new: &str) -> String {
    let (old, new) = (old.lines().collect::<Vec<_>>(), new.lines().collect::<Vec<_>>());
    let marked = marked(&old, &new);
    let changed = |at: usize| marked[at].0 != ' ';
    let shown = |at: usize| {
        let (from, to) = (at.saturating_sub(CONTEXT), (at + CONTEXT + 1).min(marked.len()));
        (from..to).any(changed)
    };
    let mut text = String::new();
    let mut left_out = false;
    for (at, (mark, line)) in marked.iter().enumerate() {
        if shown(at) {
            if left_out && !text.is_empty() {
                text.push_str("@@\n");
            }
            text.push_str(&format!("{mark}{line}\n"));
        }
        left_out = !shown(at);
    }
    text
}

/// Every line of both, with what became of it, by their longest common subsequence.
fn marked<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    // common[a][b]: how many lines old[a..] and new[b..] have in common, in order.
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for a in (0..old.len()).rev() {
        for b in (0..new.len()).rev() {
            common[a][b] = match old[a] == new[b] {
                true => common[a + 1][b + 1] + 1,
                false => common[a + 1][b].max(common[a][b + 1]),
            };
        }
    }
    let (mut a, mut b, mut marked) = (0, 0, Vec::new());
    while a < old.len() || b < new.len() {
        if a < old.len() && b < new.len() && old[a] == new[b] {
            marked.push((' ', old[a]));
            (a, b) = (a + 1, b + 1);
        } else if b == new.len() || (a < old.len() && common[a + 1][b] >= common[a][b + 1]) {
            marked.push(('-', old[a]));
            a += 1;
        } else {
            marked.push(('+', new[b]));
            b += 1;
        }
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_is_all_additions_and_an_equal_one_is_nothing() {
        assert_eq!(diff("", "a\nb\n"), "+a\n+b\n");
        assert_eq!(diff("a\nb\n", "a\nb\n"), "");
        assert_eq!(diff("a\n", ""), "-a\n");
    }

    #[test]
    fn a_change_is_shown_with_the_lines_around_it() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n";
        let new = old.replace("2\n3", "2\nthree").replace("12\n", "twelve\n");
        insta::assert_snapshot!(diff(old, &new), @r"
         1
         2
        -3
        +three
         4
         5
         6
        @@
         9
         10
         11
        -12
        +twelve
        ");
    }
}
