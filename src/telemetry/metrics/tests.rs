use super::*;
use crate::domain::job::{Event, Failure, Fault, Outcome};

fn record(event: Event) -> Record {
    Record { at: Timestamp(61_000), took_ms: 1_500, event }
}

fn all_readings() -> Readings {
    let mut readings = Readings::default();
    for it in FAMILIES.iter().filter(|it| it.kind == Kind::Gauge || it.name.starts_with("process_"))
    {
        match it.labels {
            [] => readings.set(it.name, 2.5),
            [label] => readings.set_of(it.name, (label, "some"), 1.0),
            more => panic!("{more:?}"),
        }
    }
    readings
}

/// Metrics in which every family has a sample.
fn full() -> String {
    let metrics = Metrics::default();
    for it in FAMILIES {
        let labels = it.labels.iter().map(|it| (*it, "x".to_owned())).collect();
        match it.kind {
            _ if it.name.starts_with("process_") => {}
            Kind::Counter => metrics.apply(Increment::Add { family: it.name, labels, by: 3 }),
            Kind::Histogram(_) => {
                metrics.apply(Increment::Observe { family: it.name, labels, value: 2.0 });
            }
            Kind::Gauge | Kind::Info => {}
        }
    }
    metrics.text(all_readings(), Format::OpenMetrics)
}

#[test]
fn every_family_of_the_table_is_served_with_help_type_and_unit_and_nothing_else_is() {
    let text = full();
    let told = |word: &str| -> Vec<&str> {
        text.lines().filter_map(|it| it.strip_prefix(word)?.split(' ').next()).collect()
    };
    let mut names = FAMILIES.iter().map(|it| it.name).collect::<Vec<_>>();
    let (mut typed, mut helped) = (told("# TYPE "), told("# HELP "));
    names.sort_unstable();
    typed.sort_unstable();
    helped.sort_unstable();
    assert_eq!(typed, names);
    assert_eq!(helped, names);
    for it in FAMILIES {
        let kind = format!("\n# TYPE {} {}\n", it.name, it.kind.name());
        assert!(text.contains(&kind), "no {kind}");
        if let Some(unit) = it.unit {
            assert!(text.contains(&format!("\n# UNIT {} {unit}\n", it.name)), "{}", it.name);
        }
        for sample in it.samples() {
            let there = |line: &str| {
                line.strip_prefix(&sample).is_some_and(|it| it.starts_with(['{', ' ']))
            };
            assert!(text.lines().any(there), "no {sample}");
        }
    }
    assert!(text.ends_with("\n# EOF\n"));
}

#[test]
fn names_follow_the_conventions() {
    let mut seen = BTreeSet::new();
    for it in FAMILIES {
        assert!(seen.insert(it.name), "{} twice", it.name);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(it.name.chars().all(plain) && !it.name.contains("__"), "{}", it.name);
        assert!(it.name.starts_with("codingworker_") || it.name.starts_with("process_"));
        for reserved in ["_total", "_bucket", "_sum", "_count", "_info", "_created"] {
            assert!(!it.name.ends_with(reserved), "{}", it.name);
        }
        // A unit stands at the end, and what ends like a unit has one.
        for unit in ["seconds", "bytes", "tokens"] {
            assert_eq!(
                it.name.ends_with(&format!("_{unit}")),
                it.unit == Some(unit),
                "{}",
                it.name
            );
        }
        assert!(!it.help.is_empty() && !it.help.ends_with('.') && !it.help.contains('\n'));
        assert!(!it.labels.contains(&"le"), "{}", it.name);
        if let Kind::Histogram(buckets) = it.kind {
            assert!(buckets.is_sorted() && it.unit == Some("seconds"), "{}", it.name);
        }
    }
}

#[test]
fn what_has_happened_is_counted() {
    let metrics = Metrics::default();
    let about = About { repository: "acme/calc".to_owned(), ..About::default() };
    metrics.count(&record(Event::Ended(Outcome::GaveUp)), &about);
    metrics.count(&record(Event::Ended(Outcome::GaveUp)), &about);
    metrics.count(&record(Event::Failed(Failure::new(Fault::ModelAway, "x"))), &about);
    metrics.count_buried();
    metrics.count_missed(7);
    metrics.count_trace("failed");
    metrics.reloaded(false, Timestamp(1_500));
    let text = metrics.text(Readings::default(), Format::OpenMetrics);
    for line in [
        "codingworker_jobs_total{kind=\"issue\",outcome=\"gave_up\"} 2",
        "codingworker_jobs_total{kind=\"issue\",outcome=\"ready\"} 0",
        "codingworker_repository_jobs_total{repository=\"acme/calc\",outcome=\"gave_up\"} 2",
        "codingworker_job_duration_seconds_count{kind=\"issue\",outcome=\"gave_up\"} 2",
        "codingworker_failures_total{fault=\"model_away\"} 1",
        "codingworker_messages_buried_total 1",
        "codingworker_missed_records_total 7",
        "codingworker_traces_total{result=\"failed\"} 1",
        "codingworker_config_reloads_total{result=\"refused\"} 1",
        "codingworker_config_last_reload_successful 0.0",
        "codingworker_config_last_reload_timestamp_seconds 1.5",
    ] {
        assert!(text.lines().any(|it| it == line), "no {line} in {text}");
    }
}

#[test]
fn a_thousand_repositories_are_fifty_series_and_one_for_the_others() {
    let metrics = Metrics::default();
    for number in 0..1_000 {
        let about = About { repository: format!("acme/r{number}"), ..About::default() };
        metrics.count(&record(Event::Ended(Outcome::GaveUp)), &about);
    }
    let text = metrics.text(Readings::default(), Format::OpenMetrics);
    let series = text.lines().filter(|it| it.starts_with("codingworker_repository_jobs_total"));
    assert_eq!(series.count(), 51);
    let others = "codingworker_repository_jobs_total{repository=\"other\",outcome=\"gave_up\"} 950";
    assert!(text.contains(others), "{text}");
}

#[test]
fn who_likes_text_better_gets_prometheus_own_format() {
    use Format::{OpenMetrics, Prometheus};
    let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,\
                      application/openmetrics-text;version=0.0.1;q=0.4,\
                      text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    for (accept, format) in [
        (None, OpenMetrics),
        (Some("*/*"), OpenMetrics),
        (Some(prometheus), OpenMetrics),
        (Some("application/openmetrics-text"), OpenMetrics),
        (Some("text/plain"), Prometheus),
        (Some("text/plain;version=0.0.4;q=0.5,*/*;q=0.1"), Prometheus),
        (Some("application/openmetrics-text; version=2.0.0, text/plain"), Prometheus),
        (Some("application/openmetrics-text; version=1.0.0; q=0, text/plain; q=0.1"), Prometheus),
        (Some("text/html,application/xhtml+xml,*/*;q=0.8"), Prometheus),
        (Some("nonsense;;q=,"), OpenMetrics),
    ] {
        assert_eq!(Format::accepted(accept), format, "{accept:?}");
    }
}

#[test]
fn prometheus_own_format_names_a_counter_as_its_samples_are_and_has_no_units() {
    let open = full();
    let plain = format::written(open.clone(), Format::Prometheus);
    assert!(plain.contains("# TYPE codingworker_jobs_total counter\n"));
    assert!(plain.contains("# TYPE codingworker_build_info gauge\n"));
    assert!(plain.contains("# TYPE process_cpu_seconds_total counter\n"));
    assert!(plain.contains("# TYPE codingworker_check_duration_seconds histogram\n"));
    assert!(!plain.contains("# UNIT") && !plain.contains("# EOF"));
    let samples = |it: &str| it.lines().filter(|it| !it.starts_with('#')).count();
    assert_eq!(samples(&plain), samples(&open));
}
