use larder::aisle::Aisles;
use larder::book::{load, Book};
use larder::render::{render, source, Format};
use larder::scale::scale;
use larder::shopping::ShoppingList;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: larder list DIR [--tag TAG]
       larder show FILE [--serves N] [--format text|markdown|html]
       larder fmt FILE
       larder shop [--aisles FILE] [--serves N] FILE...
       larder tags DIR";

enum Failure {
    Usage(String),
    Run(String),
}

impl From<String> for Failure {
    fn from(message: String) -> Failure {
        Failure::Run(message)
    }
}

/// The words of the command line after the command.
#[derive(Default)]
struct Args {
    paths: Vec<PathBuf>,
    tag: Option<String>,
    serves: Option<u32>,
    format: Option<Format>,
    aisles: Option<PathBuf>,
}

fn parse_args(words: impl Iterator<Item = String>, allowed: &[&str]) -> Result<Args, Failure> {
    let mut args = Args::default();
    let mut words = words;
    while let Some(word) = words.next() {
        if !word.starts_with("--") {
            args.paths.push(PathBuf::from(word));
            continue;
        }
        if !allowed.contains(&word.as_str()) {
            return Err(Failure::Usage(format!("unknown option: {word}")));
        }
        let value = words
            .next()
            .ok_or_else(|| Failure::Usage(format!("{word} needs a value")))?;
        match word.as_str() {
            "--tag" => args.tag = Some(value),
            "--aisles" => args.aisles = Some(PathBuf::from(value)),
            "--serves" => {
                let serves = value.parse().ok().filter(|n| *n > 0);
                args.serves = Some(serves.ok_or_else(|| {
                    Failure::Usage(format!("--serves: not a positive number: {value}"))
                })?);
            }
            "--format" => {
                let format = Format::parse(&value);
                args.format = Some(
                    format.ok_or_else(|| Failure::Usage(format!("--format: unknown: {value}")))?,
                );
            }
            _ => unreachable!("option allowed but not handled"),
        }
    }
    Ok(args)
}

fn only_path(args: &Args) -> Result<&Path, Failure> {
    match args.paths.as_slice() {
        [path] => Ok(path),
        _ => Err(Failure::Usage("expected exactly one path".to_string())),
    }
}

fn list(args: &Args) -> Result<String, Failure> {
    let book = Book::open(only_path(args)?)?;
    let mut out = String::new();
    for (file, recipe) in book.with_tag(args.tag.as_deref()) {
        out.push_str(&format!("{} ({file})\n", recipe.title));
    }
    Ok(out)
}

fn show(args: &Args) -> Result<String, Failure> {
    let mut recipe = load(only_path(args)?)?;
    if let Some(serves) = args.serves {
        recipe = scale(&recipe, serves);
    }
    Ok(render(&recipe, args.format.unwrap_or(Format::Text)))
}

fn shop(args: &Args) -> Result<String, Failure> {
    if args.paths.is_empty() {
        return Err(Failure::Usage("shop needs at least one recipe".to_string()));
    }
    let mut shopping = ShoppingList::new();
    for path in &args.paths {
        let recipe = load(path)?;
        match args.serves {
            Some(serves) => shopping.add(&scale(&recipe, serves)),
            None => shopping.add(&recipe),
        }
    }
    let Some(path) = &args.aisles else {
        return Ok(shopping.to_text());
    };
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let aisles = Aisles::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(shopping.to_text_by_aisle(&aisles))
}

fn tags(args: &Args) -> Result<String, Failure> {
    let book = Book::open(only_path(args)?)?;
    let lines = book
        .tags()
        .into_iter()
        .map(|(tag, count)| format!("{count:>4} {tag}\n"));
    Ok(lines.collect())
}

fn run() -> Result<String, Failure> {
    let mut words = std::env::args().skip(1);
    let command = words
        .next()
        .ok_or_else(|| Failure::Usage("no command".to_string()))?;
    match command.as_str() {
        "list" => list(&parse_args(words, &["--tag"])?),
        "show" => show(&parse_args(words, &["--serves", "--format"])?),
        "fmt" => Ok(source(&load(only_path(&parse_args(words, &[])?)?)?)),
        "shop" => shop(&parse_args(words, &["--aisles", "--serves"])?),
        "tags" => tags(&parse_args(words, &[])?),
        _ => Err(Failure::Usage(format!("unknown command: {command}"))),
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(out) => {
            print!("{out}");
            ExitCode::SUCCESS
        }
        Err(Failure::Usage(message)) => {
            eprintln!("larder: {message}\n{USAGE}");
            ExitCode::from(2)
        }
        Err(Failure::Run(message)) => {
            eprintln!("larder: {message}");
            ExitCode::FAILURE
        }
    }
}
