//! What stands in `infra/` and `docs/` is what is served.

use std::collections::BTreeSet;
use std::path::Path;

use codingworker::telemetry::metrics::families;
use serde_json::Value;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn dashboard() -> Value {
    serde_json::from_str(&read("infra/grafana/codingworker.json")).unwrap()
}

/// All queries, with the names of their panels.
fn queries() -> Vec<(String, String)> {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap().clone();
    let of = |panel: &Value| {
        let title = panel["title"].as_str().unwrap().to_owned();
        let targets = panel["targets"].as_array().cloned().unwrap_or_default();
        let query = |it: &Value| (title.clone(), it["expr"].as_str().unwrap().to_owned());
        targets.iter().map(query).collect::<Vec<_>>()
    };
    let mut all = panels.iter().flat_map(of).collect::<Vec<_>>();
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        if let Some(query) = variable["definition"].as_str() {
            all.push((variable["name"].as_str().unwrap().to_owned(), query.to_owned()));
        }
    }
    all
}

/// The names of metrics in a query.
fn names(query: &str) -> BTreeSet<String> {
    let words = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let metric = |it: &&str| it.starts_with("codingworker_") || it.starts_with("process_");
    words.filter(metric).map(str::to_owned).collect()
}

#[test]
fn each_name_on_the_dashboard_is_one_that_is_served_and_each_family_is_shown() {
    let served = families().iter().flat_map(|it| it.samples()).collect::<BTreeSet<_>>();
    let mut shown = BTreeSet::new();
    for (title, query) in queries() {
        let names = names(&query);
        assert!(!names.is_empty(), "{title}: {query}");
        for name in names {
            assert!(served.contains(&name), "{title}: nobody serves {name}");
            shown.insert(name);
        }
    }
    for family in families() {
        let any = family.samples().iter().any(|it| shown.contains(it));
        assert!(any, "{} is nowhere on the dashboard", family.name);
    }
}

#[test]
fn the_dashboards_labels_are_those_that_the_families_have() {
    for (title, query) in queries() {
        for name in names(&query) {
            let family = families().into_iter().find(|it| it.samples().contains(&name)).unwrap();
            let known = |it: &str| {
                family.labels.contains(&it) || matches!(it, "job" | "instance" | "le" | "")
            };
            let grouped = query.split("by (").skip(1).filter_map(|it| it.split(')').next());
            let begin = format!("{name}{{");
            let selected = query.split(&begin).skip(1);
            let selected = selected.filter_map(|it| it.split('}').next());
            let selected =
                selected.flat_map(|it| it.split(',')).filter_map(|it| it.split(['=', '!']).next());
            for label in grouped.flat_map(|it| it.split(',')).chain(selected) {
                assert!(known(label.trim()), "{title}: {name} has no label `{label}`");
            }
        }
    }
}

#[test]
fn every_panel_asks_the_source_that_is_chosen_above() {
    let dashboard = dashboard();
    let (mut ids, mut places) = (BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        let at = &panel["gridPos"];
        assert!(places.insert((at["y"].as_u64().unwrap(), at["x"].as_u64().unwrap())), "{panel}");
        if panel["type"] != "row" {
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{panel}");
        }
    }
}
