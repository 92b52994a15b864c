use std::io::Read;
use std::process::ExitCode;
use verpick::Version;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if !matches!(
        words.as_slice(),
        ["sort"] | ["latest"] | ["latest", "--pre"]
    ) {
        eprintln!("usage: verpick sort | verpick latest [--pre]   (versions on standard input)");
        return ExitCode::from(2);
    }
    let mut text = String::new();
    if let Err(error) = std::io::stdin().read_to_string(&mut text) {
        eprintln!("verpick: {error}");
        return ExitCode::FAILURE;
    }
    let mut versions = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.parse::<Version>() {
            Ok(version) => versions.push(version),
            Err(error) => eprintln!("verpick: {error}"),
        }
    }
    if words[0] == "sort" {
        verpick::sort(&mut versions);
        for version in &versions {
            println!("{version}");
        }
        return ExitCode::SUCCESS;
    }
    match verpick::latest(&versions, words.len() == 2) {
        Some(version) => {
            println!("{version}");
            ExitCode::SUCCESS
        }
        None => ExitCode::FAILURE,
    }
}
