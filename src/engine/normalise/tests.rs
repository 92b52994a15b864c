use std::time::{Duration, Instant};

use super::*;

fn text(source: &str) -> String {
    markdown(source).text
}

/// Each hides `EVIL` from a reader of the page and shows `good`. What must be left of it stands
/// beside it. Sanitizers that replace by patterns, once, let most of these through.
const HIDDEN: &[(&str, &str)] = &[
    // Comments
    ("good <!-- EVIL --> end", "good  end"),
    ("good\n\n<!-- EVIL\nEVIL\n", "good"),
    ("good <!-- EVIL\nEVIL", "good"),
    ("good\n\n<!--\nEVIL -\u{200b}->\nEVIL\n-->\nend", "good\n\n\nend"),
    ("good <!<!-- x -->-- EVIL -->", "good"),
    ("good <<!-- x -->!-- EVIL -->", "good"),
    ("good <!--<!-- EVIL -->", "good"),
    ("good <!--> EVIL -->", "good"),
    ("good <!---> EVIL -->", "good"),
    ("good\n\n<!--> EVIL\nend", "good\n\nend"),
    ("good\n<div>\n<!-- EVIL\n\nEVIL\n\n<div>EVIL --></div>end", "good\n\nend"),
    ("good\n\n> <!-- EVIL\n> EVIL -->\n\nend", "good\n\n>\n\nend"),
    ("- good\n  <!-- EVIL -->\n- end", "- good\n\n- end"),
    ("| good |\n|--|\n| a <!-- EVIL --> b |", "| good |\n|--|\n| a  b |"),
    ("good <!-- EVIL --!> EVIL -->", "good"),
    // Tags and what is in them
    ("<a title=\"EVIL\">good</a>", "good"),
    ("<a title='x > EVIL' href=EVIL>good</a>", "good"),
    ("<div title=\"x > EVIL\">\ngood\n</div>", "good"),
    ("good\n\n<div title=\"EVIL\n\nEVIL\n\n<b id=\"x\">end</b>", "good\n\nend"),
    ("good <img alt=\"EVIL\" src=EVIL> end", "good (image) end"),
    ("<b EVIL=\"EVIL\" EVIL>good</b>", "good"),
    ("good <EVIL EVIL> end", "good  end"),
    ("good <script>EVIL</script> end", "good  end"),
    ("good <STYLE x='y'>EVIL</style> end", "good  end"),
    ("good\n\n<script>\nEVIL\n\nEVIL\n</script>\n\nend", "good\n\n\nend"),
    ("good\n\n<style>\n.x { EVIL }\n</style>\nend", "good\n\n\nend"),
    ("good <textarea>EVIL</textarea><title>EVIL</title> end", "good  end"),
    ("good <![CDATA[ EVIL ] ]]> end", "good"),
    ("good <?php EVIL ?> end", "good  end"),
    ("good <!DOCTYPE EVIL> end", "good  end"),
    ("<table><tr><td title='EVIL'>good</td><td>end</td></tr></table>", "good end"),
    (
        "<details title=\"EVIL\"><summary>good</summary>\n\nend\n\n</details>",
        "(folded part) good\n\nend\n\n(end of folded part)",
    ),
    // Links and images
    ("![EVIL](https://x/EVIL \"EVIL\") good", "(image) good"),
    ("![a [EVIL] (EVIL) b](https://x) good", "(image) good"),
    ("![EVIL][x] good\n\n[x]: https://x 'EVIL'", "(image) good"),
    ("[![EVIL](EVIL)](https://x/y) good", "[(image)](https://x/y) good"),
    ("[good](https://x \"EVIL\")", "[good](https://x)"),
    ("[good](https://x 'EVIL')", "[good](https://x)"),
    ("[good](https://x (EVIL))", "[good](https://x)"),
    ("[good](<EVIL and EVIL>)", "[good](link left out)"),
    ("[good](javascript:EVIL)", "[good](link left out)"),
    ("[good](https://EVIL:EVIL@x/y?EVIL#EVIL)", "[good](https://x/y)"),
    ("[](https://x/EVIL)good", "good"),
    ("[good][x]\n\n[x]: https://x/y \"EVIL\"", "[good](https://x/y)"),
    ("good\n\n[EVIL]: https://EVIL", "good"),
    ("[x]: <EVIL>\n[x]: <EVIL>\n[x]: <EVIL>\ngood", "good"),
    ("> [x]: y 'EVIL\n> EVIL'\n> good", ">\n> good"),
    ("- [//]: # (EVIL)\n\n  good", "-\n  good"),
    ("good\n\n[^EVIL]: EVIL", "good"),
    ("good[^1]\n\n[^1]: end\n\n[^1]: EVIL", "good(note 1)\n\n(note 1): end"),
    ("good![EVIL [^1]](https://x)\n\n[^1]: end", "good(image)\n\n(note 1): end"),
    // Blocks
    ("```rust EVIL EVIL\ngood\n```", "```rust\ngood\n```"),
    ("~~~ EVIL=EVIL\ngood\n~~~", "~~~\ngood\n~~~"),
    ("| a | b |\n|---|---|\n| 1 | good | EVIL |", "| a | b |\n|---|---|\n| 1 | good |"),
    ("[x]: EVIL\n===\ngood", "===\ngood"),
    // Where GitHub's parser does not see the code that others see
    ("good https://x`<!-- EVIL -->` end", "good https://x` end"),
    ("good https://x\\<!-- EVIL --> end", "good https://x end"),
    ("good ``x `a` `<!-- EVIL -->` end", "good ``x `a`  end"),
    ("a\n-|\n`good\n<!-- EVIL -->` end", "a\n-|\n`good\n` end"),
    ("- good\n<x>\n`<!-- EVIL -->`", "- good"),
    ("- good\n<x>\n<y EVIL", "- good"),
    ("good\n-|\n||EVIL", "good\n-|\n|"),
    ("good\n\n<div =\"><!--\">EVIL", "good"),
    ("good www.x`<` `<!-- EVIL -->`", "good www.x<` ``"),
    ("good\n-|\nend | EVIL", "good\n-|\nend"),
    ("good <!x<a t=\">EVIL\">", "good"),
    ("\u{feff}<td>good <x EVIL", "good"),
    ("- [ ]\n\n\t<!-- EVIL -->\n\n\tgood", "- [ ]\n\n\n\tgood"),
];

#[test]
fn what_a_page_does_not_show_is_left_out_and_the_rest_is_left() {
    for (source, left) in HIDDEN {
        let normal = markdown(source);
        assert_eq!(&normal.text, left, "of {source:?}");
        assert!(!normal.text.contains("EVIL") && normal.removed >= 4, "{source:?}");
    }
    // The control: taking comments out and characters away, once, leaves most of it.
    let leaks = HIDDEN.iter().filter(|(source, _)| by_patterns(source).contains("EVIL")).count();
    assert!(leaks * 3 > HIDDEN.len() * 2, "{leaks} of {}", HIDDEN.len());
}

/// What a sanitizer does that replaces by patterns.
fn by_patterns(source: &str) -> String {
    let mut text = source.to_owned();
    while let Some((before, rest)) = text.split_once("<!--")
        && let Some((_, after)) = rest.split_once("-->")
    {
        text = format!("{before}{after}");
    }
    text.retain(|it| !('\u{200b}'..='\u{200f}').contains(&it));
    text.replace("&lt;", "<").replace("&gt;", ">")
}

/// What a page shows although it looks hidden, or was spelled to look so.
const SHOWN: &[(&str, &str)] = &[
    ("&lt;!-- shown --&gt;", "&lt;!-- shown -->"),
    ("\\<!-- shown -->", "&lt;!-- shown -->"),
    ("&lt;b&gt; and a &lt; b &amp;&amp; c", "&lt;b> and a < b && c"),
    ("&amp;lt;b&amp;gt;", "&amp;lt;b&amp;gt;"),
    ("&#105;&#x67;nore &quot;it&quot;", "ignore \"it\""),
    ("&#91;a](b \"t\")", "\\[a](b \"t\")"),
    ("a&#x200b;b&#8238;c&shy;d&#xe0041;e", "abcde"),
    ("a &#96;b&#96; &vert; c&#10;d&nbsp;e", "a \\`b\\` \\| c d\u{a0}e"),
    ("set the <title> of <script> tags", "set the &lt;title> of &lt;script> tags"),
    ("press <kbd>Ctrl</kbd>+<kbd>C</kbd>", "press Ctrl+C"),
    ("a<br>b", "a b"),
    ("<p align=\"center\">\n  <b>Title</b>\n</p>\n\nText", "\nTitle\n\n\nText"),
    ("<pre>\n  a\n    b\n</pre>", "  a\n    b"),
    (
        "[l](https://github.com/o/r/blob/main/a.rs#L3-L9)",
        "[l](https://github.com/o/r/blob/main/a.rs#L3-L9)",
    ),
    ("[l](https://x/a_(b)?q=1#readme)", "[l](https://x/a_%28b%29)"),
    ("a\r\n\r\nb\rc", "a\n\nb\nc"),
    ("a\n\n\n\n\n\nb   \n", "a\n\n\nb"),
];

#[test]
fn what_a_page_shows_is_left_however_it_is_spelled() {
    for (source, left) in SHOWN {
        assert_eq!(text(source), left.trim_start_matches('\n'), "of {source:?}");
    }
}

#[test]
fn what_people_write_comes_out_as_it_was() {
    let issue = "\
# Sum is wrong for `Vec<u8>`

Calling `total()` with **two** items returns *one*; a < b && c > d, 3 > 2, x <y, AT&T, C:\\dir.
See [the docs](https://example.com/a/b.html), <https://example.com/?q=1&r=2>, me@example.com,
https://example.com/?q=1&r=2#top and #12, @someone. It's ~~not~~ 100% \"fine\"...

Setext
------

1. first
2. second
   - nested `Option<&str>`
     more of it
   - [ ] to do
   - [x] done

> quoted
> - in a list

| case | `got` | want |
|------|:-----:|-----:|
| 1    | `<a>` | b    |

```rust
fn main() {
    let x: Vec<u8> = vec![1];


    // <!-- kept --> &lt; [a](b \"t\")
    println!(\"{}\", x[0] & 1);
}
```

    indented <b>code</b>

***

```diff
-a
+b
```";
    assert_eq!(
        markdown(issue),
        Normal { text: issue.to_owned(), removed: 0, invisible: 0, tags: 0 }
    );
}

#[test]
fn japanese_is_untouched() {
    let it = "　合計が間違っています。`total()` を直してください。\n\n- 一つ目（が）\n- 二つ目\n\n\
              ＜注意＞「全角」ｶﾀｶﾅ、…〜 ①㍿";
    assert_eq!(text(it), it);
    assert_eq!(line("合計　が間違い"), "合計　が間違い");
    // Decomposed, as macOS writes it, it is composed.
    assert_eq!(text("か\u{3099}"), "が");
}

#[test]
fn invisible_characters_are_left_out_and_counted() {
    let it = markdown("a\u{e0069}\u{e0067}b\u{200b}c\u{202e}d\u{feff}e\u{ad}f\u{3164}g\u{fe01}h");
    assert_eq!((it.text.as_str(), it.removed, it.invisible, it.tags), ("abcdefgh", 8, 8, 2));
    let it = markdown("\u{1b}[31mred\u{7}\u{e0b0}\u{378}\u{85}");
    assert_eq!((it.text.as_str(), it.removed, it.invisible, it.tags), ("[31mred", 5, 0, 0));
    let zalgo = format!("e{}", "\u{316}".repeat(40));
    assert_eq!(text(&zalgo).chars().count(), 7);
    assert_eq!(text(&format!("a{}b", " ".repeat(500))).len(), 66);
}

#[test]
fn joiners_stay_where_a_script_is_spelled_with_them() {
    for it in ["می\u{200c}خواهم", "क\u{94d}\u{200d}ष", "ශ\u{dca}\u{200d}රී"] {
        assert_eq!(text(it), it);
        assert_eq!(line(it), it);
    }
    assert_eq!(text("a\u{200d}b\u{200c}日\u{200d}本 م\u{200c}a"), "ab日本 مa");
    assert_eq!(text("م\u{200c}\u{200c}م\u{200c}"), "م\u{200c}م");
}

#[test]
fn a_few_soft_hyphens_and_emoji_are_no_reason_to_stop_but_tags_are() {
    assert!(!markdown(&"a\u{ad}b".repeat(8)).is_suspicious());
    assert!(markdown(&"a\u{ad}b".repeat(9)).is_suspicious());
    assert!(markdown("a\u{e0041}").is_suspicious());
    assert!(markdown("a&#xe0041;").is_suspicious());
    let emoji = markdown(&"⚠️ ❤️ 1️⃣ 👨‍👩‍👧 ".repeat(10));
    assert_eq!((emoji.is_suspicious(), emoji.removed), (false, 0));
    let log = "\u{1b}[1mbold\u{1b}[0m ".repeat(50);
    assert!(!markdown(&log).is_suspicious());
    // But one after another they are a code.
    assert!(markdown(&format!("❤{}", "\u{fe0f}\u{fe0e}".repeat(8))).is_suspicious());
}

#[test]
fn a_long_text_is_cut_and_says_so_once() {
    for long in ["あ".repeat(40_000), "a\n".repeat(3_000), "`<b>` ".repeat(50_000)] {
        let normal = markdown(&long);
        assert!(normal.text.len() <= MOST_BYTES && normal.text.lines().count() <= MOST_LINES);
        assert!(normal.text.ends_with("too long]"), "{}", &normal.text[normal.text.len() - 80..]);
        assert_eq!(markdown(&normal.text).text, normal.text);
        assert_eq!(normal.text.matches("too long]").count(), 1);
    }
    let just = "a".repeat(MOST_BYTES);
    assert_eq!(text(&just), just);
}

#[test]
fn a_text_built_to_outlast_the_passes_is_disarmed() {
    let nested = |depth| (0..depth).fold(String::from("x"), |it, _| format!("<<b>b{it}>"));
    let deep = (0..40).fold("<!-- EVIL -->".to_owned(), |it, _| it.replacen('<', "<<b>", 1));
    for it in [nested(40), deep, "<".repeat(60) + &"b>".repeat(60)] {
        let once = markdown(&it);
        assert!(!once.text.contains("<b>") && !once.text.contains("<!--"), "{}", once.text);
        assert_eq!(markdown(&once.text).text, once.text);
    }
    assert_eq!(text(DROPPED), DROPPED);
    assert_eq!(text(CUT.trim()), CUT.trim());
}

#[test]
fn the_longest_body_takes_a_bounded_time_whatever_it_is_made_of() {
    let units = [
        "<",
        "[",
        "*",
        "`",
        "![",
        "<!--",
        "<a ",
        "&",
        "> ",
        "- ",
        "[a](",
        "[a]: b\n",
        "[^a]: ",
        "[^a]",
        "<b>",
        "<div>\n",
        "| a |\n|-|\n",
        "&lt;",
        "\u{200b}",
        "\u{301}",
        "<script>",
        "<a title=\"",
        "`` ` ",
        "http://x`a` ",
        "[[",
        "~~a",
        "<![CDATA[",
        "*a_ ",
        "e\u{301}",
    ];
    for unit in units {
        let source = unit.repeat(256 * 1024 / unit.len());
        let start = Instant::now();
        let normal = markdown(&source);
        // A tenth of a second in truth. What is quadratic takes minutes.
        assert!(start.elapsed() < Duration::from_secs(10), "{unit:?} took {:?}", start.elapsed());
        assert_eq!(markdown(&normal.text).text, normal.text, "of many {unit:?}");
    }
}

#[test]
fn a_title_is_one_line_of_visible_characters() {
    assert_eq!(line("a\u{1b}[31m\nb\u{0}  c"), "a[31m b c");
    assert_eq!(line(" a\u{200b} \u{200b}b\t\r\nc \u{e0041}"), "a b c");
    assert_eq!(line("Fix `Vec<u8>` & <b>"), "Fix `Vec<u8>` & <b>");
    let long = line(&"م\u{200c}".repeat(300));
    assert!(long.chars().count() <= MOST_TITLE);
    assert_eq!(line(&long), long);
}

#[test]
fn an_approval_is_bound_to_what_is_shown() {
    // printf 'Fix it\nThe sum is wrong.' | sha256sum
    assert_eq!(digest("Fix it", "The sum is wrong."), "74c66663f0e2");
    let shown = digest("Fix it", "The sum is wrong.");
    assert_eq!(digest(" Fix\u{200b} it", "The sum is wrong.<!-- x -->\r\n"), shown);
    assert_ne!(digest("Fix it", "The sum is right."), shown);
    assert_ne!(digest("Fix", "it\nThe sum is wrong."), shown);
}
