use cronwhen::crontab;
use cronwhen::date::Moment;
use cronwhen::schedule::Schedule;
use std::process::ExitCode;

const USAGE: &str = "usage: cronwhen next [-n COUNT] --from TIME SCHEDULE
       cronwhen check FILE
       cronwhen upcoming --from TIME FILE";

#[derive(Default)]
struct Args {
    count: Option<usize>,
    from: Option<Moment>,
    operand: Option<String>,
}

fn parse_args(words: impl Iterator<Item = String>) -> Result<Args, String> {
    let mut args = Args::default();
    let mut words = words;
    while let Some(word) = words.next() {
        match word.as_str() {
            "-n" => {
                let value = words.next().and_then(|text| text.parse().ok());
                args.count = Some(value.ok_or("-n needs a number")?);
            }
            "--from" => {
                let value = words.next().and_then(|text| Moment::parse(&text));
                args.from = Some(value.ok_or("--from needs a time like \"2024-05-01 12:00\"")?);
            }
            _ if args.operand.is_some() => return Err(format!("one word too many: {word}")),
            _ => args.operand = Some(word),
        }
    }
    Ok(args)
}

fn next(args: &Args, schedule: &str) -> Result<String, String> {
    let schedule = Schedule::parse(schedule).map_err(|error| error.to_string())?;
    let mut moment = args.from.ok_or("--from is missing")?;
    let mut out = String::new();
    for _ in 0..args.count.unwrap_or(1) {
        match schedule.next(moment) {
            Some(next) => moment = next,
            None => break,
        }
        out.push_str(&format!("{moment}\n"));
    }
    if out.is_empty() {
        out.push_str("never\n");
    }
    Ok(out)
}

fn read(path: &str) -> Result<Vec<crontab::Entry>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    crontab::parse(&text).map_err(|error| format!("{path}: {error}"))
}

fn upcoming(args: &Args, path: &str) -> Result<String, String> {
    let from = args.from.ok_or("--from is missing")?;
    let mut runs: Vec<(Moment, crontab::Entry)> = read(path)?
        .into_iter()
        .filter_map(|entry| Some((entry.schedule.next(from)?, entry)))
        .collect();
    runs.sort_by_key(|(moment, entry)| (*moment, entry.line));
    let lines = runs.iter().map(|(moment, entry)| {
        let time = moment.to_string();
        format!("{} {}  {}\n", &time[..16], entry.when, entry.command)
    });
    Ok(lines.collect())
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    let args = match parse_args(words) {
        Ok(args) => args,
        Err(message) => {
            eprintln!("cronwhen: {message}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let result = match (command.as_str(), args.operand.as_deref()) {
        ("next", Some(schedule)) => next(&args, schedule),
        ("check", Some(path)) => {
            read(path).map(|entries| format!("{path}: {} entries\n", entries.len()))
        }
        ("upcoming", Some(path)) => upcoming(&args, path),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(out) => {
            print!("{out}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("cronwhen: {message}");
            ExitCode::FAILURE
        }
    }
}
