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
