//! GitHub's own description of its API, made stricter: a request that it does not describe, with
//! a parameter, a header or a key that it does not know, is refused. Cut by
//! `tests/fixtures/github/cut.py`.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{LazyLock, OnceLock};

use axum::http::{HeaderMap, Method};
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

static PACKED: &[u8] = include_bytes!("../../fixtures/github/openapi-subset.json.gz");

pub(crate) static DESCRIPTION: LazyLock<Description> = LazyLock::new(Description::read);

pub(crate) struct Description {
    components: Value,
    pub(crate) operations: Vec<Operation>,
}

/// One operation, such as `pulls/create`.
pub(crate) struct Operation {
    pub(crate) id: String,
    method: Method,
    path: Vec<String>,
    /// Whether the last part of the path may have slashes in it.
    open_ended: bool,
    parameters: Vec<Parameter>,
    body: Option<(bool, Schema)>,
    /// By status; `None` for those without a body.
    replies: BTreeMap<u16, Option<Schema>>,
}

struct Parameter {
    name: String,
    place: String,
    required: bool,
    schema: Schema,
}

/// A schema that is compiled when it is first used.
struct Schema(Value, OnceLock<Validator>);

/// A request that conforms, taken apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    /// Parameters of the path and of the query.
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) body: Value,
    /// Whether a diff is wanted instead of JSON.
    pub(crate) diff: bool,
}

/// Where GitHub's own replies break its description: the repository of a fork that was deleted,
/// and the line of a comment that a later commit made outdated.
const KNOWN: [&str; 2] = ["/head/repo: null is not", "/line: null is not"];

const JSON: &str = "application/vnd.github+json";
const DIFF: &str = "application/vnd.github.diff";

impl Request {
    pub(crate) fn get(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    pub(crate) fn number(&self, name: &str, default: u64) -> u64 {
        self.get(name).parse().unwrap_or(default)
    }

    pub(crate) fn text(&self, key: &str) -> &str {
        self.body[key].as_str().unwrap_or_default()
    }
}

impl Description {
    fn read() -> Self {
        let mut text = String::new();
        flate2::read::GzDecoder::new(PACKED).read_to_string(&mut text).unwrap();
        let whole: Value = serde_json::from_str(&text).unwrap();
        let mut operations = Vec::new();
        for (path, methods) in whole["paths"].as_object().unwrap() {
            for (method, described) in methods.as_object().unwrap() {
                operations.push(Operation::read(&whole, path, method, described));
            }
        }
        Self { components: nullable(&whole["components"]), operations }
    }

    /// An example of GitHub's, by its name.
    pub(crate) fn example(&self, name: &str) -> Value {
        let example = &self.components["examples"][name]["value"];
        assert!(!example.is_null(), "GitHub's description has no example {name}");
        if let Some([first, ..]) = example.as_array().map(Vec::as_slice) {
            return first.clone();
        }
        example.clone()
    }

    /// Which operation a request is, and what it says; or every law that it breaks.
    pub(crate) fn request(
        &self,
        method: &Method,
        path: &str,
        query: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(&Operation, Request), Vec<String>> {
        let found = self.operations.iter().filter(|it| it.method == *method).find_map(|it| {
            let parameters = it.matched(path)?;
            Some((it, parameters))
        });
        let Some((operation, in_path)) = found else {
            return Err(vec![format!("{method} {path} is not described")]);
        };
        // GitHub's description tells of this form in words only.
        let diff =
            operation.id == "pulls/get" && headers.get("accept").is_some_and(|it| it == DIFF);
        let mut wrong = strange_headers(headers, if diff { DIFF } else { JSON });
        let in_query = pairs(query, &mut wrong);
        operation.judge_parameters("path", &in_path, &mut wrong);
        operation.judge_parameters("query", &in_query, &mut wrong);
        let body = operation.judge_body(headers, body, &mut wrong);
        if !wrong.is_empty() {
            return Err(wrong.into_iter().map(|it| format!("{}: {it}", operation.id)).collect());
        }
        let parameters = in_path.into_iter().chain(in_query).collect();
        Ok((operation, Request { parameters, body, diff }))
    }
}

/// The body of a request to the GraphQL API, which is not described here, and every law of all
/// requests that it breaks.
pub(crate) fn graphql_body(headers: &HeaderMap, body: &[u8]) -> (Value, Vec<String>) {
    let mut wrong = strange_headers(headers, JSON);
    let body = serde_json::from_slice(body).unwrap_or_else(|e| {
        wrong.push(format!("graphql: the body is no JSON: {e}"));
        Value::Null
    });
    (body, wrong)
}

impl Operation {
    fn read(whole: &Value, path: &str, method: &str, described: &Value) -> Self {
        let resolved = |it: &Value| match it["$ref"].as_str() {
            Some(name) => whole.pointer(name.trim_start_matches('#')).unwrap().clone(),
            None => it.clone(),
        };
        let json_schema = |it: &Value| it["content"]["application/json"]["schema"].clone();
        let parameters = described["parameters"].as_array().into_iter().flatten();
        let parameters: Vec<Value> = parameters.map(resolved).collect();
        let open_ended = parameters.iter().any(|it| it["x-multi-segment"] == json!(true));
        let parameters = parameters.into_iter().map(|it| Parameter {
            name: it["name"].as_str().unwrap().to_owned(),
            place: it["in"].as_str().unwrap().to_owned(),
            required: it["required"].as_bool().unwrap_or(false),
            schema: Schema::new(&it["schema"]),
        });
        let body = described.get("requestBody").map(|it| {
            let required = it["required"].as_bool().unwrap_or(false);
            (required, Schema::new(&closed(&json_schema(it))))
        });
        let replies = described["responses"].as_object().unwrap().iter();
        let replies = replies.map(|(status, it)| {
            let schema = json_schema(&resolved(it));
            (status.parse().unwrap(), (!schema.is_null()).then(|| Schema::new(&schema)))
        });
        Self {
            id: described["operationId"].as_str().unwrap().to_owned(),
            method: method.to_uppercase().parse().unwrap(),
            path: path.split('/').map(str::to_owned).collect(),
            open_ended,
            parameters: parameters.collect(),
            body,
            replies: replies.collect(),
        }
    }

    /// Whether it changes anything.
    pub(crate) fn changes(&self) -> bool {
        self.method != Method::GET
    }

    /// The parameters in the path, if it is this operation's.
    fn matched(&self, path: &str) -> Option<BTreeMap<String, String>> {
        let parts: Vec<&str> = match self.open_ended {
            true => path.splitn(self.path.len(), '/').collect(),
            false => path.split('/').collect(),
        };
        let mut parameters = BTreeMap::new();
        if parts.len() != self.path.len() {
            return None;
        }
        for (part, wanted) in parts.iter().zip(&self.path) {
            match wanted.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
                Some(name) if !part.is_empty() => {
                    parameters.insert(name.to_owned(), decoded(part)?);
                }
                _ if wanted == part => {}
                _ => return None,
            }
        }
        Some(parameters)
    }

    fn judge_parameters(
        &self,
        place: &str,
        given: &BTreeMap<String, String>,
        wrong: &mut Vec<String>,
    ) {
        let known: Vec<&Parameter> =
            self.parameters.iter().filter(|it| it.place == place).collect();
        for (name, value) in given {
            let Some(parameter) = known.iter().find(|it| it.name == *name) else {
                wrong.push(format!("unknown {place} parameter {name}={value}"));
                continue;
            };
            let number: Option<u64> = value.parse().ok();
            let typed = match parameter.schema.0["type"].as_str() {
                Some("integer") => number.map_or_else(|| json!(value), |it| json!(it)),
                _ => json!(value),
            };
            let errors = parameter.schema.errors(&typed);
            wrong.extend(errors.iter().map(|it| format!("{place} parameter {name}: {it}")));
            if name == "per_page" && number.is_some_and(|it| it > 100) {
                wrong.push("per_page above 100".to_owned());
            }
        }
        let missing = known.iter().filter(|it| it.required && !given.contains_key(&it.name));
        wrong.extend(missing.map(|it| format!("{place} parameter {} is missing", it.name)));
    }

    fn judge_body(&self, headers: &HeaderMap, body: &[u8], wrong: &mut Vec<String>) -> Value {
        let Some((required, schema)) = &self.body else {
            if !body.is_empty() {
                wrong.push("a body where none is described".to_owned());
            }
            return Value::Null;
        };
        if body.is_empty() {
            if *required {
                wrong.push("the body is missing".to_owned());
            }
            return Value::Null;
        }
        if headers.get("content-type").is_none_or(|it| it != "application/json") {
            wrong.push("the body is not announced as application/json".to_owned());
        }
        let body: Value = match serde_json::from_slice(body) {
            Ok(body) => body,
            Err(error) => {
                wrong.push(format!("the body is no JSON: {error}"));
                return Value::Null;
            }
        };
        wrong.extend(schema.errors(&body).iter().map(|it| format!("body: {it}")));
        body
    }

    /// What is wrong with a reply of the double itself, by the same description.
    pub(crate) fn judge_reply(&self, status: u16, body: &Value) -> Vec<String> {
        if !(200..300).contains(&status) {
            return Vec::new();
        }
        let known = |it: &String| KNOWN.iter().any(|known| it.contains(known));
        match self.replies.get(&status) {
            Some(Some(schema)) => schema.errors(body).into_iter().filter(|it| !known(it)).collect(),
            Some(None) if body.is_null() => Vec::new(),
            Some(None) => vec![format!("{status} has no body")],
            None => vec![format!("{status} is not described")],
        }
    }
}

impl Schema {
    fn new(schema: &Value) -> Self {
        Self(nullable(schema), OnceLock::new())
    }

    fn errors(&self, value: &Value) -> Vec<String> {
        let validator = self.1.get_or_init(|| {
            let components = &DESCRIPTION.components;
            let schema = json!({"allOf": [self.0], "components": components});
            let options = jsonschema::options().with_draft(Draft::Draft7);
            options.should_validate_formats(false).build(&schema).unwrap()
        });
        let errors = validator.iter_errors(value);
        errors
            .map(|it| format!("{}: {it}", it.instance_path()).chars().take(300).collect())
            .collect()
    }
}

/// OpenAPI 3.0 says `nullable: true` where JSON Schema says `anyOf [.., null]`.
fn nullable(node: &Value) -> Value {
    match node {
        Value::Object(map) => {
            let mut map: Map<String, Value> =
                map.iter().map(|(key, value)| (key.clone(), nullable(value))).collect();
            if map.get("nullable") == Some(&Value::Bool(true)) {
                map.remove("nullable");
                return json!({"anyOf": [map, {"type": "null"}]});
            }
            Value::Object(map)
        }
        Value::Array(items) => items.iter().map(nullable).collect(),
        other => other.clone(),
    }
}

/// A schema of a request with every object closed, so that a misspelt key is an error.
fn closed(node: &Value) -> Value {
    match node {
        Value::Object(map) => {
            let mut map: Map<String, Value> =
                map.iter().map(|(key, value)| (key.clone(), closed(value))).collect();
            if map.get("type") == Some(&json!("object")) && map.contains_key("properties") {
                map.entry("additionalProperties").or_insert(json!(false));
            }
            Value::Object(map)
        }
        Value::Array(items) => items.iter().map(closed).collect(),
        other => other.clone(),
    }
}

/// What GitHub asks of every request, and what its own client library sends.
fn strange_headers(headers: &HeaderMap, form: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, wanted) in [("accept", form), ("x-github-api-version", "2022-11-28")] {
        let given: Vec<&str> =
            headers.get_all(name).iter().filter_map(|it| it.to_str().ok()).collect();
        if given != [wanted] {
            wrong.push(format!("header {name} is {given:?} and not {wanted}"));
        }
    }
    for name in ["user-agent", "authorization"] {
        let count = headers.get_all(name).iter().count();
        if count != 1 {
            wrong.push(format!("header {name} is there {count} times"));
        }
    }
    wrong
}

fn pairs(query: &str, wrong: &mut Vec<String>) -> BTreeMap<String, String> {
    let mut pairs = BTreeMap::new();
    for pair in query.split('&').filter(|it| !it.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Some((name, value)) = decoded(name).zip(decoded(value)) else {
            wrong.push(format!("{pair} in the query is not well encoded"));
            continue;
        };
        if pairs.insert(name, value).is_some() {
            wrong.push(format!("{pair} is in the query twice"));
        }
    }
    pairs
}

/// Undoes percent-encoding; `None` when it is none.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        (bytes, rest) = if *first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            (bytes, after.get(2..)?)
        } else {
            bytes.push(*first);
            (bytes, after)
        };
    }
    String::from_utf8(bytes).ok()
}
