//! What AWS STS does with a role's trust policy and a token of GitHub's, as far as our policies go.
//! What the judge does not know is an error and never a guess.
//!
//! The rules: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>,
//! for missing and many values
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html>.

use serde_json::{Map, Value};

const ACTION: &str = "sts:AssumeRoleWithWebIdentity";

/// The claims that STS takes as condition keys and that we use.
const CLAIMS: [&str; 4] = ["aud", "sub", "repository_id", "job_workflow_ref"];

/// Why the judge cannot say.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unknown(pub(super) String);

type Claims = Map<String, Value>;

/// Whether the policy lets in who shows this token. Any statement that denies goes before all.
pub(super) fn admits(policy: &Value, token: &Claims) -> Result<bool, Unknown> {
    let mut admitted = false;
    for statement in list(&policy["Statement"]) {
        let fits = fits(&statement, token)?;
        match statement["Effect"].as_str() {
            Some("Allow") => admitted |= fits,
            Some("Deny") if fits => return Ok(false),
            Some("Deny") => {}
            other => return unknown("effect", &format!("{other:?}")),
        }
    }
    Ok(admitted)
}

fn fits(statement: &Value, token: &Claims) -> Result<bool, Unknown> {
    let known = ["Sid", "Effect", "Principal", "Action", "Condition"];
    for name in statement.as_object().into_iter().flat_map(Map::keys) {
        if !known.contains(&name.as_str()) {
            return unknown("element", name);
        }
    }
    if !list(&statement["Action"]).iter().any(|it| it == ACTION) {
        return Ok(false);
    }
    let Some(host) = issuer(&statement["Principal"], token)? else { return Ok(false) };
    let Some(conditions) = statement["Condition"].as_object() else { return Ok(true) };
    // Every claim that any operator asks for has to be right: no early end, so that what is unknown
    // is found also behind what does not match.
    let mut all = true;
    for (operator, keys) in conditions {
        for (key, wanted) in keys.as_object().into_iter().flatten() {
            all &= holds(operator, claim(key, &host)?, wanted, token)?;
        }
    }
    Ok(all)
}

/// The provider that the token comes from, if it is the one that the statement trusts.
fn issuer(principal: &Value, token: &Claims) -> Result<Option<String>, Unknown> {
    let Some(arn) = principal["Federated"].as_str() else {
        return unknown("principal", &principal.to_string());
    };
    let Some((_, host)) = arn.split_once(":oidc-provider/") else {
        return unknown("principal", arn);
    };
    let issuer = token.get("iss").and_then(Value::as_str).unwrap_or_default();
    Ok((issuer.strip_prefix("https://") == Some(host)).then(|| host.to_owned()))
}

fn claim<'a>(key: &'a str, host: &str) -> Result<&'a str, Unknown> {
    let name = key.strip_prefix(host).and_then(|rest| rest.strip_prefix(':'));
    match name.filter(|it| CLAIMS.contains(it)) {
        Some(name) => Ok(name),
        None => unknown("condition key", key),
    }
}

fn holds(operator: &str, claim: &str, wanted: &Value, token: &Claims) -> Result<bool, Unknown> {
    let wanted: Vec<String> =
        list(wanted).iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let values = token.get(claim).map(list).unwrap_or_default();
    if let Some(inner) = operator.strip_prefix("ForAllValues:") {
        // True of no value at all: what makes it dangerous.
        return each(inner, &values, &wanted, |results| results.iter().all(|it| *it));
    }
    if let Some(inner) = operator.strip_prefix("ForAnyValue:") {
        return each(inner, &values, &wanted, |results| results.iter().any(|it| *it));
    }
    let (inner, absent) = match operator.strip_suffix("IfExists") {
        Some(inner) => (inner, true),
        None => (operator, false),
    };
    match values.as_slice() {
        [] => compare(inner, "", &wanted).map(|_| absent),
        [one] => each(inner, std::slice::from_ref(one), &wanted, |results| results == [true]),
        // An operator for one value, and many of them.
        _ => compare(inner, "", &wanted).map(|_| false),
    }
}

fn each(
    operator: &str,
    values: &[Value],
    wanted: &[String],
    verdict: impl Fn(&[bool]) -> bool,
) -> Result<bool, Unknown> {
    compare(operator, "", wanted)?;
    let results: Result<Vec<bool>, Unknown> = values
        .iter()
        // What is no text is taken for nothing that a policy names.
        .map(|it| it.as_str().map_or(Ok(false), |text| compare(operator, text, wanted)))
        .collect();
    Ok(verdict(&results?))
}

fn compare(operator: &str, value: &str, wanted: &[String]) -> Result<bool, Unknown> {
    match operator {
        "StringEquals" => Ok(wanted.iter().any(|it| it == value)),
        "StringEqualsIgnoreCase" => Ok(wanted.iter().any(|it| it.eq_ignore_ascii_case(value))),
        "StringLike" => Ok(wanted.iter().any(|it| like(it.as_bytes(), value.as_bytes()))),
        other => unknown("operator", other),
    }
}

/// `*` is any text, `?` any one character.
fn like(pattern: &[u8], value: &[u8]) -> bool {
    match (pattern.split_first(), value.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=value.len()).any(|n| like(rest, &value[n..])),
        (Some((b'?', rest)), Some((_, behind))) => like(rest, behind),
        (Some((one, rest)), Some((other, behind))) => one == other && like(rest, behind),
        _ => false,
    }
}

/// IAM takes one thing for a list of one.
fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(many) => many.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

fn unknown<T>(what: &str, name: &str) -> Result<T, Unknown> {
    Err(Unknown(format!("the judge does not know the {what} {name}")))
}

mod tests {
    use serde_json::json;

    use super::*;

    const HOST: &str = "token.actions.githubusercontent.com";

    fn asked(condition: &Value, claims: &Value) -> Result<bool, Unknown> {
        let policy = json!({"Statement": [{
            "Effect": "Allow",
            "Principal": {"Federated": format!("arn:aws:iam::1:oidc-provider/{HOST}")},
            "Action": ACTION,
            "Condition": condition,
        }]});
        let mut token = claims.as_object().unwrap().clone();
        token.insert("iss".to_owned(), format!("https://{HOST}").into());
        admits(&policy, &token)
    }

    fn sub(operator: &str, wanted: Value, claims: Value) -> bool {
        asked(&json!({operator: {format!("{HOST}:sub"): wanted}}), &claims).unwrap()
    }

    #[test]
    fn a_missing_claim_matches_only_operators_that_let_it() {
        assert!(!sub("StringEquals", json!("a"), json!({})));
        assert!(!sub("StringLike", json!("*"), json!({})));
        assert!(!sub("ForAnyValue:StringEquals", json!("a"), json!({})));
        assert!(sub("StringEqualsIfExists", json!("a"), json!({})));
        assert!(sub("ForAllValues:StringEquals", json!("a"), json!({})));
    }

    #[test]
    fn values_are_alternatives_and_keys_are_not() {
        assert!(sub("StringEquals", json!(["a", "b"]), json!({"sub": "b"})));
        let both =
            json!({"StringEquals": {format!("{HOST}:sub"): "a", format!("{HOST}:aud"): "b"}});
        assert!(asked(&both, &json!({"sub": "a", "aud": "b"})).unwrap());
        assert!(!asked(&both, &json!({"sub": "a", "aud": "c"})).unwrap());
    }

    #[test]
    fn a_pattern_is_one_only_where_the_operator_says_so() {
        assert!(sub("StringLike", json!("repo:a/?:*"), json!({"sub": "repo:a/b:x:y"})));
        assert!(!sub("StringLike", json!("repo:a/?:*"), json!({"sub": "repo:a/bc:x"})));
        assert!(!sub("StringEquals", json!("repo:*"), json!({"sub": "repo:a"})));
    }

    #[test]
    fn who_denies_goes_before_who_allows() {
        let principal = json!({"Federated": format!("arn:aws:iam::1:oidc-provider/{HOST}")});
        let policy = json!({"Statement": [
            {"Effect": "Allow", "Principal": principal, "Action": ACTION},
            {"Effect": "Deny", "Principal": principal, "Action": [ACTION]},
        ]});
        let token = json!({"iss": format!("https://{HOST}")});
        assert_eq!(admits(&policy, token.as_object().unwrap()), Ok(false));
    }

    #[test]
    fn what_the_judge_does_not_know_is_an_error_also_behind_what_does_not_match() {
        let key = format!("{HOST}:sub");
        for condition in [
            json!({"StringEquals": {"aws:SourceIp": "x"}}),
            json!({"StringEquals": {format!("{HOST}:respository_id"): "1"}}),
            json!({"StringMatches": {key.as_str(): "a"}}),
            json!({"StringEquals": {key.as_str(): "b"}, "ArnLike": {key.as_str(): "a"}}),
            json!({"ForAllValues:Bool": {key.as_str(): "a"}}),
        ] {
            assert!(asked(&condition, &json!({"sub": "a"})).is_err(), "{condition}");
            assert!(asked(&condition, &json!({})).is_err(), "{condition}");
        }
    }
}
