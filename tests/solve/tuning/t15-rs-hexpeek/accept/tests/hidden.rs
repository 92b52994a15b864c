use hexpeek::dump;

#[test]
fn a_short_last_row() {
    let expected =
        "00000000  48 65 6c 6c 6f 20 77 6f  |Hello wo|\n00000008  72 6c 64                 |rld|\n";
    assert_eq!(dump(b"Hello world", 0, 8), expected);
}

#[test]
fn every_length() {
    for width in 1..=20usize {
        for length in 0..=45usize {
            let data: Vec<u8> = (0..length as u8).map(|n| b'0' + n).collect();
            let text = dump(&data, 0, width);
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(lines.len(), length.div_ceil(width), "{text}");
            for (row, line) in data.chunks(width).zip(&lines) {
                let column = 8 + 2 + 3 * width + 1;
                let printable = String::from_utf8(row.to_vec()).unwrap();
                assert_eq!(line[column..], format!("|{printable}|"), "{text}");
                let hex: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
                assert_eq!(line[10..column].trim_end(), hex.join(" "), "{text}");
            }
        }
    }
}

#[test]
fn the_default_width_and_a_star_before() {
    let text = dump(&[0u8; 37], 0x100, 16);
    let zeros = "00 ".repeat(16);
    assert_eq!(
        text,
        format!(
            "00000100  {zeros} |................|\n*\n00000120  {:48} |.....|\n",
            "00 00 00 00 00"
        )
    );
}
