//! `codingworker init`: the shipped configuration file with a few answers filled in.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, BufRead, IsTerminal, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::config::{Config, LoadOptions, TEMPLATE};

use super::{CliError, Exit, Output};

/// Read before the user's own file, where it is.
const HERE: &str = "configs/config.yaml";
/// The model that the shipped file names.
const MODEL: &str = "ollama_chat/qwen2.5-coder:1.5b";

#[derive(Debug, Default, Args)]
pub(super) struct Arguments {
    /// Write here [default: --config, else the user's configuration folder]
    #[arg(long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
    /// Ask nothing: take the defaults for what is not given
    #[arg(long, short)]
    yes: bool,
    /// The model, by the name that Aider knows
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// The SQS queue; empty for the embedded one
    #[arg(long, value_name = "URL")]
    queue_url: Option<String>,
    /// The repositories that may be worked on; may be given more than once
    #[arg(long = "repository", value_name = "OWNER/NAME")]
    repositories: Vec<String>,
    /// Whether the worker asks GitHub itself what there is to do, without a cloud in between
    #[arg(long, value_name = "ANSWER", value_parser = ["yes", "no"])]
    poll: Option<String>,
    /// A file that holds the GitHub token and nothing else; empty for GITHUB_TOKEN in the
    /// environment, which a service does not have
    #[arg(long, value_name = "PATH")]
    token_file: Option<String>,
    /// Whether the worker's token is of the account that asks for the work
    #[arg(long, value_name = "ANSWER", value_parser = ["yes", "no"])]
    own_account: Option<String>,
    /// The language of what people read on GitHub
    #[arg(long, value_parser = ["en", "ja"])]
    language: Option<String>,
}

/// What goes into the file.
#[derive(Debug, Default, PartialEq)]
struct Answers {
    model: String,
    queue_url: String,
    repositories: Vec<String>,
    poll: bool,
    token_file: String,
    own_account: bool,
    language: String,
}

pub(super) fn run(
    arguments: &Arguments,
    options: &LoadOptions,
    output: &Output,
) -> Result<Exit, CliError> {
    let target = arguments.output.clone().or_else(|| options.explicit.clone());
    let target = target.map_or_else(|| options.user_file(), |it| options.cwd.join(it));
    // Before the questions: nobody wants to answer them in vain.
    if !arguments.force && target.symlink_metadata().is_ok() {
        return Err(occupied(&target));
    }
    let asks = !arguments.yes && io::stdin().is_terminal() && io::stderr().is_terminal();
    let mut ask = |question: &str, default: &str| -> Result<String, CliError> {
        if asks { prompt(question, default) } else { Ok(default.to_owned()) }
    };
    let mut answers = answers(arguments, &mut ask)?;
    if !answers.token_file.is_empty() {
        // The file may lie elsewhere than where the question was answered.
        let file = match answers.token_file.strip_prefix("~/") {
            Some(rest) => options.home.join(rest),
            None => options.cwd.join(&answers.token_file),
        };
        answers.token_file = file.display().to_string();
    }
    let text = filled(&answers);
    checked(&text, options)?;
    write(&target, &text, arguments.force)?;
    output.print(&target.display().to_string())?;
    output.note(&left_to_do(&answers, &target, options));
    Ok(Exit::Done)
}

fn answers(
    arguments: &Arguments,
    ask: &mut dyn FnMut(&str, &str) -> Result<String, CliError>,
) -> Result<Answers, CliError> {
    let mut answer = |given: Option<String>, question: &str, default: &str| match given {
        Some(given) => Ok(given),
        None => ask(question, default),
    };
    let repositories = Some(arguments.repositories.join(", ")).filter(|it| !it.is_empty());
    let model = answer(arguments.model.clone(), "Model, by the name that Aider knows", MODEL)?;
    let queue_url = answer(
        arguments.queue_url.clone(),
        "URL of the SQS queue (empty: a queue on this machine)",
        "",
    )?;
    let repositories = answer(
        repositories,
        "Repositories it may work on, as OWNER/NAME (empty: all that the token may push to)",
        "",
    )?;
    let list = repositories.split([',', ' ']).filter(|it| !it.is_empty());
    let repositories: Vec<_> = list.map(str::to_owned).collect();
    // There is nothing to look at without a name, and nothing to look for with a cloud's queue.
    let poll = match (queue_url.is_empty(), repositories.is_empty()) {
        (true, false) => yes(&answer(
            arguments.poll.clone(),
            "Shall it look there for labelled issues itself, every minute? (yes, no)",
            "yes",
        )?)?,
        _ => yes(arguments.poll.as_deref().unwrap_or("no"))?,
    };
    Ok(Answers {
        model,
        queue_url,
        repositories,
        poll,
        token_file: answer(
            arguments.token_file.clone(),
            "File that holds its GitHub token (empty: GITHUB_TOKEN in the environment)",
            "",
        )?,
        own_account: yes(&answer(
            arguments.own_account.clone(),
            "Is its GitHub token of your own account, and do you set the labels? (yes, no)",
            "no",
        )?)?,
        language: answer(
            arguments.language.clone(),
            "Language of comments and pull requests (en, ja)",
            "en",
        )?,
    })
}

fn yes(answer: &str) -> Result<bool, CliError> {
    match answer.to_lowercase().as_str() {
        "yes" | "y" => Ok(true),
        "no" | "n" => Ok(false),
        other => Err(CliError::usage(format!("nothing written: `{other}` is neither yes nor no"))),
    }
}

fn prompt(question: &str, default: &str) -> Result<String, CliError> {
    let shown = if default.is_empty() { String::new() } else { format!(" [{default}]") };
    let mut err = io::stderr().lock();
    let failed = |error: io::Error| CliError::failed(format!("cannot ask: {error}"));
    write!(err, "{question}{shown}: ").and_then(|()| err.flush()).map_err(failed)?;
    let mut line = String::new();
    if io::stdin().lock().read_line(&mut line).map_err(failed)? == 0 {
        return Err(CliError::Said { exit: Exit::Interrupted, message: "nothing written".into() });
    }
    let line = line.trim();
    Ok(if line.is_empty() { default } else { line }.to_owned())
}

/// The shipped file with each answer in its place. Quoted as JSON, which YAML reads.
fn filled(answers: &Answers) -> String {
    let token = match answers.token_file.as_str() {
        "" => "token: ${GITHUB_TOKEN}".to_owned(),
        file => format!("token: {{file: {}}}", serde_json::Value::from(file)),
    };
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let list: Vec<String> = answers.repositories.iter().map(|it| quoted(it)).collect();
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "/_.-:".contains(c));
    let model = if plain(&answers.model) { answers.model.clone() } else { quoted(&answers.model) };
    TEMPLATE
        .replace("# The configuration of CodingWorker: every key, at its default.", HEAD)
        .replacen(&format!("name: {MODEL}"), &format!("name: {model}"), 1)
        .replacen("queue_url: \"\"", &format!("queue_url: {}", quoted(&answers.queue_url)), 1)
        .replacen("repositories: []", &format!("repositories: [{}]", list.join(", ")), 1)
        .replacen("token: ${GITHUB_TOKEN}", &token, 1)
        .replacen("github: false", &format!("github: {}", answers.poll), 1)
        .replacen("own_account: false", &format!("own_account: {}", answers.own_account), 1)
        .replacen("language: en", &format!("language: {}", quoted(&answers.language)), 1)
}

const HEAD: &str = "# The configuration of this CodingWorker, written by `codingworker init`.\n\
                    # Every key is here; what was not asked for is at its default.";

/// An answer that the worker would refuse is refused now.
fn checked(text: &str, options: &LoadOptions) -> Result<(), CliError> {
    Config::parse(text, options).map(drop).map_err(|error| {
        let lines: Vec<String> = error
            .to_string()
            .lines()
            .map(|line| line.split_once(": ").map_or(line, |(_, what)| what).to_owned())
            .collect();
        CliError::usage(format!("nothing written: {}", lines.join("; ")))
    })
}

fn write(target: &Path, text: &str, force: bool) -> Result<(), CliError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => occupied(target),
        _ => CliError::failed(format!("cannot write {}: {error}", target.display())),
    };
    if let Some(folder) = target.parent().filter(|it| !it.exists()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    }
    if force {
        // A new file, so that an old one's looser mode does not stay, nor a link be followed.
        match fs::remove_file(target) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(target);
    opened.and_then(|mut file| file.write_all(text.as_bytes())).map_err(failed)
}

fn occupied(target: &Path) -> CliError {
    let target = target.display();
    CliError::usage(format!(
        "{target} is there already: --force replaces it, --output says where else"
    ))
}

fn left_to_do(answers: &Answers, target: &Path, options: &LoadOptions) -> String {
    let mut steps = Vec::new();
    // As in a clone of this project, whose shipped file it is.
    if options.cwd.join(HERE).is_file() && *target == options.user_file() {
        steps.push(format!("cd    in this folder, {HERE} is read and the new file is not"));
    }
    if !answers.token_file.is_empty() {
        steps.push(format!("chmod 600 {}    nobody else may read the token", answers.token_file));
    } else if options.env.get("GITHUB_TOKEN").is_none_or(String::is_empty) {
        steps.push(
            "export GITHUB_TOKEN=…    a fine-grained token: contents, issues and pull requests, \
             read and write"
                .to_owned(),
        );
    }
    steps.push("uv tool install aider-chat==0.86.2    unless it is there".to_owned());
    let model = answers.model.split_once('/').filter(|it| it.0.starts_with("ollama"));
    if let Some((_, name)) = model {
        steps.push(format!("ollama pull {name}    unless it is there"));
    }
    if !answers.queue_url.is_empty() {
        steps.push("aws sso login, or AWS_PROFILE, or keys: the AWS SDK's own chain".to_owned());
    }
    steps.push("codingworker doctor    says what is still missing".to_owned());
    steps.push("codingworker serve    or, for good: codingworker service install".to_owned());
    let numbered = steps.iter().enumerate().map(|(at, it)| format!("  {}. {it}", at + 1));
    format!("Left to do:\n{}", numbered.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn options(root: &Path) -> LoadOptions {
        LoadOptions {
            explicit: None,
            env: BTreeMap::new(),
            cwd: root.to_owned(),
            home: root.to_owned(),
            etc: root.to_owned(),
            host_name: "box".to_owned(),
        }
    }

    #[test]
    fn the_answers_stand_in_the_file_and_the_worker_reads_them() {
        let root = tempfile::tempdir().unwrap();
        let mut asked = Vec::new();
        let token = root.path().join("token");
        fs::write(&token, "a-token").unwrap();
        let given = [
            "ollama_chat/x:7b",
            "https://sqs.eu-west-1.amazonaws.com/1/q",
            "a/b, c/d",
            token.to_str().unwrap(),
            "yes",
            "ja",
        ];
        let mut ask = |question: &str, _: &str| {
            asked.push(question.to_owned());
            Ok(given[asked.len() - 1].to_owned())
        };
        let answers = answers(&Arguments::default(), &mut ask).unwrap();
        let config = Config::parse(&filled(&answers), &options(root.path())).unwrap();
        assert_eq!(config.aider.models[0].name, given[0]);
        assert_eq!(config.sqs.queue_url.as_deref(), Some(given[1]));
        assert_eq!(config.trust.repositories.len(), 2);
        assert!(config.trust.own_account && !config.poll.github);
        assert!(config.github.token.is_some());
        assert_eq!(config.worker.language, crate::config::Language::Japanese);
    }

    #[test]
    fn without_a_queue_it_offers_to_look_at_the_repositories_itself() {
        let root = tempfile::tempdir().unwrap();
        let mut ask = |question: &str, default: &str| match question.starts_with("Repositories") {
            true => Ok("a/b".to_owned()),
            false => Ok(default.to_owned()),
        };
        let answers = answers(&Arguments::default(), &mut ask).unwrap();
        let config = Config::parse(&filled(&answers), &options(root.path())).unwrap();
        assert!(config.poll.github && config.sqs.queue_url.is_none());
    }

    #[test]
    fn who_stands_where_another_file_is_read_is_told_to_leave() {
        let root = tempfile::tempdir().unwrap();
        let (options, answers) = (options(root.path()), Answers::default());
        let told = || left_to_do(&answers, &options.user_file(), &options);
        assert!(!told().contains("is read and the new file is not"));
        fs::create_dir(root.path().join("configs")).unwrap();
        fs::write(root.path().join(HERE), "").unwrap();
        assert!(told().contains("1. cd "), "{}", told());
    }

    #[test]
    fn a_file_that_is_there_is_replaced_only_when_asked_and_nobody_else_may_read_it() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("deep/config.yaml");
        write(&target, "one", false).unwrap();
        assert_eq!(write(&target, "two", false).unwrap_err().exit(), Exit::Usage);
        assert_eq!(fs::read_to_string(&target).unwrap(), "one");
        fs::set_permissions(&target, fs::Permissions::from_mode(0o644)).unwrap();
        write(&target, "two", true).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "two");
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn an_answer_that_the_worker_would_refuse_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let answers = Answers { language: "de".to_owned(), ..Answers::default() };
        let error = checked(&filled(&answers), &options(root.path())).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
        assert!(error.to_string().contains("`de` is none of en, ja"), "{error}");
    }
}
