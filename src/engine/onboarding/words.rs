//! What the pull request with the workflow files says.

use super::WORKFLOWS;
use crate::engine::report::Language;

/// Its title, and the message of its commit.
pub fn title(language: Language) -> &'static str {
    match language {
        Language::En => "Add the CodingWorker workflows",
        Language::Ja => "CodingWorker のワークフローを追加",
    }
}

/// What it says, as Markdown.
pub fn body(language: Language) -> String {
    let files: String = WORKFLOWS.iter().map(|(path, _)| format!("- `{path}`\n")).collect();
    match language {
        Language::En => format!(
            "Connects this repository with a CodingWorker: once this is merged, the label \
             `ai-task` on an issue, and `@ai-fix` in a comment in the conversation of a pull \
             request, put a task on its queue.\n\n{files}\nThe workflows check nothing out, have no permission in this \
             repository, and hold no secret: they may send a message to one queue, by the \
             environment `codingworker` and the repository's variables `CW_ROLE_ARN`, \
             `CW_REGION` and `CW_QUEUE_URL`.\n\nMade by `codingworker setup-repo`, which also \
             brings a later version here.\n"
        ),
        Language::Ja => format!(
            "このリポジトリを CodingWorker に接続します。マージすると、Issue の `ai-task` ラベルと、\
             プルリクエストの会話への `@ai-fix` コメントがキューに登録されます。\n\n{files}\n\
             ワークフローはチェックアウトをせず、このリポジトリへの権限もシークレットも持ちません。\
             環境 `codingworker` と変数 `CW_ROLE_ARN`、`CW_REGION`、`CW_QUEUE_URL` を使い、\
             一つのキューへメッセージを送るだけです。\n\n`codingworker setup-repo` が作成しました。\
             更新も同じコマンドで届きます。\n"
        ),
    }
}
