use super::*;
use proptest::prelude::*;

fn change(text: &str) -> Option<Request> {
    Some(Request::Change(text.to_owned()))
}

fn question(text: &str) -> Option<Request> {
    Some(Request::Question(text.to_owned()))
}

fn unknown(word: &str) -> Option<Request> {
    Some(Request::Unknown(word.to_owned()))
}

fn model(name: &str, text: Option<&str>) -> Option<Request> {
    Some(Request::Model { name: name.to_owned(), text: text.map(str::to_owned) })
}

fn all_are(cases: &[(&str, Option<Request>)]) {
    for (body, request) in cases {
        assert_eq!(read(body), *request, "{body:?}");
    }
}

#[test]
fn what_is_said_to_us_is_a_request_for_a_change() {
    all_are(&[
        ("@ai-fix rename calc to calcTotal", change("rename calc to calcTotal")),
        ("@AI-Fix Rename it", change("Rename it")),
        ("@ai-fix: rename it", change("rename it")),
        ("@ai-fix, rename it", change("rename it")),
        ("@ai-fix : rename it", change("rename it")),
        ("@ai-fix\trename it", change("rename it")),
        ("  @ai-fix rename it", change("rename it")),
        ("\n\n   @ai-fix rename it  \n\n", change("rename it")),
        ("@ai-fix\r\nrename it\r\nand that", change("rename it\nand that")),
        ("@ai-fix\n\nrename it", change("rename it")),
        (
            "@ai-fix\n- handle the empty file\n- and a test",
            change("- handle the empty file\n- and a test"),
        ),
        ("@ai-fix rename it @ai-fix stop", change("rename it @ai-fix stop")),
        ("<!-- written by hand -->\n@ai-fix rename it", change("rename it")),
        ("<!-- a --> <!-- b -->@ai-fix rename it", change("rename it")),
        ("@ai-fix rename it<!-- and push to main -->", change("rename it")),
        ("@ai-fix\u{3000}空のファイルを直して", change("空のファイルを直して")),
        ("@ai-fix、空のファイルを直して", change("空のファイルを直して")),
        ("@ai-fix：空のファイルを直して", change("空のファイルを直して")),
        ("@ai-fix空のファイルを直して", change("空のファイルを直して")),
    ]);
}

#[test]
fn what_is_not_said_to_us_is_none_of_our_business() {
    for body in [
        "",
        " \n\t\n ",
        "rename it",
        "Hi @ai-fix rename it",
        "Looks good.\n@ai-fix rename it",
        "> @ai-fix rename it",
        ">@ai-fix rename it\n\nI did that.",
        "> > @ai-fix rename it",
        "`@ai-fix rename it`",
        "``@ai-fix`` rename it",
        "```\n@ai-fix rename it\n```",
        "~~~\n@ai-fix rename it\n~~~",
        "    @ai-fix rename it",
        "\t@ai-fix rename it",
        "\n \t@ai-fix rename it",
        "<!-- x -->\n    @ai-fix rename it",
        "<!-- @ai-fix rename it -->",
        "<!-- @ai-fix rename it",
        "<!--\n-->\n<!-- @ai-fix rename it -->\nHello",
        "<blockquote>@ai-fix rename it</blockquote>",
        "<pre>@ai-fix rename it</pre>",
        "<code>@ai-fix</code> rename it",
        "<!-- @ai-fix --><pre>\n@ai-fix rename it\n</pre>",
        "<!-- @ai-fix -->\n> @ai-fix rename it",
        "![@ai-fix rename it](https://example.com/x.png)",
        "[@ai-fix]: https://example.com",
        "@ai-fixer rename it",
        "@ai-fix-bot rename it",
        "@ai-fix/team rename it",
        "@ai-fix2 rename it",
        "@ai-fix_ rename it",
        "@ai-fix.example rename it",
        "@ai fix rename it",
        "ai-fix rename it",
        "@@ai-fix rename it",
        "me@ai-fix.example rename it",
        "\\@ai-fix rename it",
        "**@ai-fix** rename it",
        "- @ai-fix rename it",
        "# @ai-fix rename it",
        // A reader sees the name; a sender's filter and a search of the page do not.
        "@ai\u{200b}-fix rename it",
        "@ai-fix\u{200b}er rename it",
        "&#64;ai-fix rename it",
        "＠ai-fix rename it",
    ] {
        assert_eq!(read(body), None, "{body:?}");
    }
}

#[test]
fn a_command_is_the_whole_of_what_is_said() {
    all_are(&[
        ("@ai-fix retry", Some(Request::Retry)),
        ("@ai-fix stop", Some(Request::Stop)),
        ("@ai-fix status", Some(Request::Status)),
        ("@AI-FIX STOP", Some(Request::Stop)),
        ("@ai-fix Retry.", Some(Request::Retry)),
        ("@ai-fix stop!", Some(Request::Stop)),
        ("@ai-fix: stop", Some(Request::Stop)),
        ("@ai-fix   stop  \n\n", Some(Request::Stop)),
        ("@ai-fix\nstop", Some(Request::Stop)),
        ("@ai-fix stop <!-- thanks -->", Some(Request::Stop)),
        ("@ai-fix stop using globals", change("stop using globals")),
        (
            "@ai-fix retry the request when it times out",
            change("retry the request when it times out"),
        ),
        ("@ai-fix status codes should be u16", change("status codes should be u16")),
        ("@ai-fix retry\nwith smaller steps", change("retry\nwith smaller steps")),
        ("@ai-fix stop, it is wrong", change("stop, it is wrong")),
        ("@ai-fix\nstop\n\nusing globals", change("stop\n\nusing globals")),
    ]);
}

#[test]
fn a_model_may_be_followed_by_what_it_is_to_do() {
    let name = "ollama_chat/qwen2.5-coder:1.5b";
    all_are(&[
        ("@ai-fix model ollama_chat/qwen2.5-coder:1.5b", model(name, None)),
        ("@ai-fix Model ollama_chat/qwen2.5-coder:1.5b.", model(name, None)),
        ("@ai-fix model `ollama_chat/qwen2.5-coder:1.5b`", model(name, None)),
        ("@ai-fix, model ollama_chat/qwen2.5-coder:1.5b\n", model(name, None)),
        (
            "@ai-fix model ollama_chat/qwen2.5-coder:1.5b  \n\nrename calc\nand that",
            model(name, Some("rename calc\nand that")),
        ),
        ("@ai-fix model", unknown("model")),
        ("@ai-fix model <NAME>", unknown("model")),
        ("@ai-fix model the data as a tree", change("model the data as a tree")),
        ("@ai-fix\nmodel validation", change("model validation")),
        ("@ai-fix model\nvalidation", change("model\nvalidation")),
    ]);
}

#[test]
fn a_word_that_is_no_command_is_not_understood() {
    all_are(&[
        ("@ai-fix", unknown("")),
        ("@ai-fix\n", unknown("")),
        ("@ai-fix:", unknown("")),
        ("@ai-fix <!-- rename it -->", unknown("")),
        ("@ai-fix restart", unknown("restart")),
        ("@ai-fix help!", unknown("help")),
        ("@ai-fix help?", unknown("help")),
        ("@ai-fix `retry`", unknown("retry")),
        ("@ai-fix 👍", unknown("")),
        ("@ai-fix arrêter", unknown("arrêter")),
        ("@ai-fix 停止", unknown("停止")),
        ("@ai-fix やり直し。", unknown("やり直し")),
    ]);
    let long = read(&format!("@ai-fix {}", "x".repeat(10_000)));
    assert_eq!(long, unknown(&"x".repeat(40)));
}

#[test]
fn a_question_wants_to_know_and_asks_for_nothing_to_be_done() {
    for text in [
        "why did you rename calc?",
        "Why?",
        "What's this for?",
        "How does this work in main.rs and lib.rs?",
        "Where is it called? And who", // The second is no whole sentence: see below.
        "Which of the two is faster?",
        "Is this safe when the file is empty?",
        "Does it close the file?",
        "Did you run the tests? Why are there none for the empty file?",
        "why did you rename calc\nto calcTotal?",
        "Why this?\n\nWhat does it return?",
        "なぜ変数名を変えたのですか？",
        "なぜ変数名を変えたのですか。",
        "どうしてこの関数を消したのでしょうか",
        "何を返しますか?",
        "どこで呼ばれていますか？いつ閉じられますか？",
        "誰がこれを使いますか？",
        "どの関数が遅いですか？",
    ] {
        let whole = !text.ends_with("who");
        let wanted = if whole { question(text) } else { change(text) };
        assert_eq!(read(&format!("@ai-fix {text}")), wanted, "{text:?}");
    }
}

#[test]
fn when_in_doubt_it_is_a_request_for_a_change() {
    for text in [
        "could you rename calc?",
        "can you handle the empty file?",
        "would you rename it, please?",
        "please rename it?",
        "Is it possible to rename calc?",
        "Why don't you use a map?",
        "Why don’t we use a map?",
        "Why not use a map?",
        "How about a map?",
        "What about the empty file?",
        "Isn't this wrong?",
        "Should this be public?",
        "rename calc, ok?",
        "Why is this public? Make it private.",
        "Why is this public",
        "The file can be empty. Why is that not handled?",
        "Why is this public?\n\n- make it private",
        "Why is this public? if there is no reason, fix it",
        "変数名を直してください",
        "変数名を直してください？",
        "なぜ遅いのですか？直してください。",
        "どこかで閉じてもらえますか？",
        "何とか速くできませんか？",
        "いつ直してくれますか？",
        "この名前はどうですか？",
    ] {
        assert_eq!(read(&format!("@ai-fix {text}")), change(text), "{text:?}");
    }
}

#[test]
fn what_we_wrote_ourselves_never_asks_for_anything() {
    let ours = "@ai-fix done.\n<!-- codingworker:job=0123456789ab -->";
    let echoes = [
        ours.to_owned(),
        format!("@ai-fix rename it\n\n> {}", ours.replace('\n', "\n> ")),
        format!("@ai-fix rename it\n```\n{ours}\n```"),
        ours.replace('<', "&lt;").replace('>', "&gt;"),
        ours.to_uppercase(),
    ];
    for body in echoes {
        assert!(is_ours(&body), "{body}");
        assert_eq!(read(&body), None, "{body}");
        assert_eq!(approval(&format!("/ai-approve 0123456789ab\n{body}")), None);
    }
    assert!(!is_ours("@ai-fix rename the codingworker job"));
    // The control: without the marker each would have been a request.
    assert_eq!(read("@ai-fix rename it\n\n> done."), change("rename it\n\n> done."));
}

#[test]
fn an_approval_names_the_whole_short_digest_and_stands_first() {
    let digest = Some("0123456789ab".to_owned());
    for body in [
        "/ai-approve 0123456789ab",
        "/ai-approve 0123456789AB",
        "/AI-Approve  0123456789ab  ",
        "/ai-approve `0123456789ab`",
        "\n/ai-approve 0123456789ab\n\nI read it.",
        "<!-- x -->\n/ai-approve 0123456789ab",
    ] {
        assert_eq!(approval(body), digest, "{body:?}");
    }
    for body in [
        "",
        "/ai-approve",
        "/ai-approve\n0123456789ab",
        "/ai-approve 0123456789a",
        "/ai-approve 0123456789abc",
        "/ai-approve 0123456789ag",
        "/ai-approve 0123456789ab and more",
        "/ai-approve not 0123456789ab",
        "/ai-approve0123456789ab",
        "/ai-approved 0123456789ab",
        "ai-approve 0123456789ab",
        "I say /ai-approve 0123456789ab",
        "Fine.\n/ai-approve 0123456789ab",
        "> /ai-approve 0123456789ab",
        "`/ai-approve 0123456789ab`",
        "```\n/ai-approve 0123456789ab\n```",
        "    /ai-approve 0123456789ab",
        "<!-- /ai-approve 0123456789ab -->",
        "<blockquote>/ai-approve 0123456789ab</blockquote>",
        "@ai-fix /ai-approve 0123456789ab",
    ] {
        assert_eq!(approval(body), None, "{body:?}");
    }
}

#[test]
fn the_list_of_commands_can_be_typed_as_it_stands() {
    for (command, does) in commands() {
        assert!(!matches!(read(command), None | Some(Request::Unknown(_))), "{command}");
        assert!(!does.is_empty() && !does.contains('\n'));
    }
}

proptest! {
    #[test]
    fn no_comment_makes_it_panic(body in ".{0,120}", more in "[<>!` \\-\n\t@/a-fix:,.?なぜか。]{0,80}") {
        for body in [body.clone(), more.clone(), format!("@ai-fix{body}"), format!("@ai-fix {more}")] {
            let _ = (read(&body), approval(&body), is_ours(&body));
        }
    }

    #[test]
    fn nothing_that_is_read_is_hidden_or_without_bound(body in ".{0,200}") {
        let text = match read(&format!("@ai-fix {body}")) {
            Some(Request::Change(it) | Request::Question(it) | Request::Unknown(it)) => it,
            Some(Request::Model { name, text }) => name + &text.unwrap_or_default(),
            _ => String::new(),
        };
        prop_assert!(!text.contains(|it: char| it.is_control() && it != '\n' && it != '\t'));
    }
}
