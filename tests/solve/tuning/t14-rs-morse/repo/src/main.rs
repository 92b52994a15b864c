use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["-d", signal] => println!("{}", morse::decode(signal)),
        [text] if !text.starts_with('-') => println!("{}", morse::encode(text)),
        _ => {
            eprintln!("usage: morse TEXT | morse -d SIGNAL");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
