use super::*;

#[test]
fn the_commit_message_says_where_the_commit_came_from() {
    insta::assert_snapshot!(commit_message(&green()), @r"
    Count the words of # 12 for @ everybody

    For issue #3.

    Codingworker-Job: 0123456789ab
    Generated-by: aider 0.86.2 (ollama_chat/qwen2.5-coder:1.5b)
    Co-authored-by: octocat <583231+octocat@users.noreply.github.com>
    ");
}

#[test]
fn what_was_done_without_a_model_says_so_everywhere() {
    let mut story = green();
    story.records.retain(|it| !matches!(it.event, Event::Attempted(_)));
    let Event::Attempted(turn) = turn(Request::Implement) else { unreachable!("it is a turn") };
    let (model, agent) = (String::new(), "codingworker 0.1.0".to_owned());
    let own = Turn { model, agent, calls: 0, tokens: Tokens::default(), ..turn };
    let own = record(Event::Attempted(own));
    assert_eq!(lines(&own), ["worker        implement:  (without a model)  [1.0 s]"]);
    story.records.insert(3, own);
    let message = commit_message(&story);
    assert!(
        message.contains("\nGenerated-by: codingworker 0.1.0 (without a model)\n"),
        "{message}"
    );
    let said = body(&story, &head(Language::En), Standing::Ready);
    assert!(said.contains("| model | without a model: a rename that is stated in full"), "{said}");
    assert!(said.contains("| model calls | 0 (0 + 0 tokens) |"), "{said}");
    assert!(body(&story, &head(Language::Ja), Standing::Ready).contains("| モデル | モデルなし"));
}

#[test]
fn a_commit_for_a_pull_request_names_all_who_asked_once() {
    insta::assert_snapshot!(commit_message(&done()), @"
    rename calc to calcTotal

    For pull request #45.

    Codingworker-Job: 0123456789ab
    Generated-by: aider 0.86.2 (ollama_chat/qwen2.5-coder:1.5b)
    Co-authored-by: alice <8+alice@users.noreply.github.com>
    ");
    let mut story = done();
    let requests = &mut conversation(&mut story).requests;
    requests.push(asked(9, "bob", "\n\nFixes #1: start at 1 @all\nCo-authored-by: x <y>"));
    requests.push(asked(9, "bob-renamed", &"long ".repeat(50)));
    insta::assert_snapshot!(commit_message(&story), @"
    rename calc to calcTotal

    - rename calc to calcTotal
    - Fixes # 1: start at 1 @ all
    - long long long long long long long long long long long long long long…

    For pull request #45.

    Codingworker-Job: 0123456789ab
    Generated-by: aider 0.86.2 (ollama_chat/qwen2.5-coder:1.5b)
    Co-authored-by: alice <8+alice@users.noreply.github.com>
    Co-authored-by: bob <9+bob@users.noreply.github.com>
    ");
    conversation(&mut story).requests.clear();
    assert!(
        commit_message(&story).starts_with("rename calc to calcTotal\n\nFor pull request #45.")
    );
    story.records.clear();
    assert!(commit_message(&story).starts_with("Work on pull request 45\n"));
}
