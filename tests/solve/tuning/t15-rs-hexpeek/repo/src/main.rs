use hexpeek::options::{Options, USAGE};
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("hexpeek: {message}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match std::fs::read(&options.file) {
        Ok(data) => {
            let skip = options.skip.min(data.len());
            print!("{}", hexpeek::dump(&data[skip..], skip, options.width));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("hexpeek: {}: {error}", options.file);
            ExitCode::FAILURE
        }
    }
}
