//! Keys that the Go worker of this name had and this one does not: its file still loads, and
//! says what became of each. `docs/migration.md` has the whole of it.

use std::path::Path;

use serde_yaml::{Mapping, Value};

use super::file::Leaves;
use super::reader::text;

/// All of them, over the whole of its history.
pub(super) const RETIRED: [&str; 3] = ["sqs.use_mock", "aider.model", "aider.timeout_seconds"];

/// The Go worker's model where `aider.model` was left out.
const ONE_MODEL: &str = "ollama_chat/qwen2.5-coder:1.5b";
/// What it gave that one model, in seconds.
const ONE_MODEL_TIMEOUT: u64 = 3_600;

/// Gives each retired key the meaning that it had, where there still is one, and says so.
pub(super) fn settle(leaves: &mut Leaves, file: &Path) {
    if let Some((value, line)) = leaves.retired.remove("sqs.use_mock") {
        let what = mock(leaves, &value);
        leaves.warnings.push(format!("{}:{line}: {what}", file.display()));
    }
    let model = leaves.retired.remove("aider.model");
    let timeout = leaves.retired.remove("aider.timeout_seconds");
    let Some(line) = model.iter().chain(&timeout).map(|it| it.1).min() else { return };
    let names: Vec<_> = [(&model, "`aider.model`"), (&timeout, "`aider.timeout_seconds`")]
        .iter()
        .filter_map(|(it, name)| it.is_some().then_some(*name))
        .collect();
    let names = names.join(" and ");
    let what = if leaves.values.contains_key("aider.models") {
        format!("{names} of the Go worker has no meaning beside `aider.models`: take it out")
    } else {
        let models = one_model(model.map(|it| it.0), timeout.map(|it| it.0));
        let shown = serde_json::to_string(&models).unwrap_or_default();
        leaves.values.insert("aider.models", (models, line));
        format!("{names} of the Go worker is read as `aider.models: {shown}`: write that")
    };
    leaves.warnings.push(format!("{}:{line}: {what}", file.display()));
}

/// Whoever had his worker play with a queue in memory must not find it at the real one.
fn mock(leaves: &mut Leaves, value: &Value) -> &'static str {
    let is_set = |it: &(Value, usize)| text(&it.0).is_ok_and(|it| !it.is_empty());
    let queue = leaves.values.get("sqs.queue_url").is_some_and(is_set);
    if text(value).as_deref() == Ok("true") && queue {
        leaves.values.remove("sqs.queue_url");
        return "`sqs.use_mock` of the Go worker is true, so the embedded queue is used and \
                `sqs.queue_url` is not: take `use_mock` out to work on that queue";
    }
    "`sqs.use_mock` of the Go worker has no meaning any more: an empty `sqs.queue_url` is the \
     embedded queue; take it out"
}

fn one_model(name: Option<Value>, timeout: Option<Value>) -> Value {
    let name = name.filter(|it| text(it).is_ok_and(|it| !it.is_empty()));
    let name = name.unwrap_or_else(|| Value::from(ONE_MODEL));
    let timeout = timeout.filter(|it| it.as_u64() != Some(0));
    let timeout = timeout.unwrap_or_else(|| Value::from(ONE_MODEL_TIMEOUT));
    let pairs = [(Value::from("name"), name), (Value::from("timeout_seconds"), timeout)];
    Value::Sequence(vec![Value::Mapping(Mapping::from_iter(pairs))])
}
