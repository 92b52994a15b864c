//! The command line.

#[derive(Debug, PartialEq)]
pub struct Options {
    pub width: usize,
    pub skip: usize,
    pub file: String,
}

pub const USAGE: &str = "usage: hexpeek [-w WIDTH] [-s SKIP] FILE";

impl Options {
    pub fn parse(args: impl Iterator<Item = String>) -> Result<Options, String> {
        let mut args = args;
        let (mut width, mut skip, mut file) = (16, 0, None);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "-w" => {
                    width = number(&arg, args.next())?;
                    if !(1..=64).contains(&width) {
                        return Err(format!("-w: expected 1 to 64, not {width}"));
                    }
                }
                "-s" => skip = number(&arg, args.next())?,
                _ if arg.starts_with('-') => return Err(format!("unknown option {arg}")),
                _ if file.is_some() => return Err("only one file, please".to_string()),
                _ => file = Some(arg),
            }
        }
        Ok(Options {
            width,
            skip,
            file: file.ok_or("no file")?,
        })
    }
}

/// Decimal, or hexadecimal with 0x.
fn number(option: &str, value: Option<String>) -> Result<usize, String> {
    let value = value.ok_or(format!("{option} needs a number"))?;
    let parsed = match value.strip_prefix("0x") {
        Some(hex) => usize::from_str_radix(hex, 16),
        None => value.parse(),
    };
    parsed.map_err(|_| format!("{option}: not a number: {value}"))
}
