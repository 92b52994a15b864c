//! The Prometheus project's own parser judges what is served: strict for OpenMetrics.
#![expect(clippy::disallowed_methods, reason = "the judge is a child of the test")]

use std::io::Write;
use std::process::{Command, Stdio};

use crate::setup::prometheus_python;

const JUDGE: &str = "
import sys
text = sys.stdin.read()
if sys.argv[1] == 'openmetrics':
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
else:
    from prometheus_client.parser import text_string_to_metric_families as parse
# The parser lets a series pass that is there twice with the same time, or none.
series = [it.rsplit(' ', 1)[0] for it in text.splitlines() if not it.startswith('#')]
assert len(series) == len(set(series)), 'a series is there twice'
for family in parse(text):
    assert family.documentation, family.name + ' has no help'
    print(family.name, family.type, len(family.samples))
";

/// The families that the text holds, each as `NAME TYPE SAMPLES`; or what is wrong with it.
pub(super) fn parsed(text: &str, format: &str) -> Result<Vec<String>, String> {
    let mut judge = Command::new(prometheus_python());
    judge.args(["-c", JUDGE, format]);
    judge.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut judge = judge.spawn().unwrap();
    judge.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = judge.wait_with_output().unwrap();
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

#[test]
fn the_judge_is_strict() {
    let good = "# HELP a_seconds x\n# TYPE a_seconds gauge\n# UNIT a_seconds seconds\na_seconds 1\n# EOF\n";
    assert_eq!(parsed(good, "openmetrics").unwrap(), ["a_seconds gauge 1"]);
    for (from, to) in [
        ("# EOF\n", ""),
        ("UNIT a_seconds seconds", "UNIT a_seconds bytes"),
        ("gauge", "counter"),
        ("a_seconds 1", "a_seconds one"),
        ("a_seconds 1\n", "a_seconds 1\na_seconds 2\n"),
        ("# HELP a_seconds x\n", ""),
    ] {
        let bad = good.replace(from, to);
        assert!(parsed(&bad, "openmetrics").is_err(), "{bad}");
    }
}
