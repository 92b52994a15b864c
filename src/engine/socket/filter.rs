//! The `filters` of lists: a client sees what is its own.

use serde_json::{Map, Value};

use super::query::Query;
use super::{Policy, json};

/// Filters that tell nothing about what is somebody else's.
const KNOWN: [&str; 25] = [
    "label",
    "name",
    "id",
    "status",
    "ancestor",
    "network",
    "volume",
    "exited",
    "health",
    "reference",
    "dangling",
    "driver",
    "type",
    "scope",
    "event",
    "container",
    "image",
    "until",
    "publish",
    "expose",
    "is-task",
    "isolation",
    "action",
    "daemon",
    "plugin",
];

/// The filters of a query, with our labels among them.
pub(super) fn own_only(policy: &Policy, query: &mut Query) -> Result<String, String> {
    let given = json::parse(query.take("filters")?.as_bytes())?;
    let mut filters = Map::new();
    let given = match given {
        Value::Null => Map::new(),
        Value::Object(given) => given,
        _ => return Err("`filters` is not an object".into()),
    };
    for (key, values) in given {
        if !KNOWN.contains(&key.as_str()) {
            return Err(format!(
                "the filter `{}` is not allowed; filter by label or name",
                key.escape_debug()
            ));
        }
        filters.insert(key, Value::Array(listed(values)?));
    }
    let labels = filters.entry("label").or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(labels) = labels {
        for (key, value) in &policy.labels {
            labels.push(match value.as_str() {
                "" => key.clone().into(),
                value => format!("{key}={value}").into(),
            });
        }
    }
    Ok(Value::Object(filters).to_string())
}

/// `["a"]`, or `{"a": true}` as newer clients say.
fn listed(values: Value) -> Result<Vec<Value>, String> {
    let wrong = || "a filter is not a list of texts".to_owned();
    let list: Vec<Value> = match values {
        Value::Array(list) => list,
        Value::Object(map) if map.values().all(|it| it == &Value::Bool(true)) => {
            map.into_iter().map(|(key, _)| key.into()).collect()
        }
        _ => return Err(wrong()),
    };
    list.iter().all(Value::is_string).then_some(list).ok_or_else(wrong)
}
