//! Rows of a hex dump.

pub mod options;

/// The dump of `data`, whose first byte is at `start`, with `width` bytes in a row.
pub fn dump(data: &[u8], start: usize, width: usize) -> String {
    let mut out = String::new();
    let mut before: Option<&[u8]> = None;
    let mut starred = false;
    for offset in (0..data.len()).step_by(width) {
        let row = &data[offset..offset + width];
        if before == Some(row) {
            if !starred {
                out.push_str("*\n");
                starred = true;
            }
            continue;
        }
        out.push_str(&format_row(row, start + offset));
        before = Some(row);
        starred = false;
    }
    out
}

fn format_row(row: &[u8], address: usize) -> String {
    let mut hex = String::new();
    for byte in row {
        hex.push_str(&format!("{byte:02x} "));
    }
    format!("{address:08x}  {hex} |{}|\n", printable(row))
}

fn printable(row: &[u8]) -> String {
    row.iter()
        .map(|byte| match byte {
            b' '..=b'~' => *byte as char,
            _ => '.',
        })
        .collect()
}
