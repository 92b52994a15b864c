use hexpeek::dump;
use hexpeek::options::Options;

#[test]
fn whole_rows() {
    let text = dump(b"Hello world\n\x00\x01\x02\x03", 0, 8);
    assert_eq!(
        text,
        "00000000  48 65 6c 6c 6f 20 77 6f  |Hello wo|\n00000008  72 6c 64 0a 00 01 02 03  |rld.....|\n"
    );
}

#[test]
fn repeated_rows_are_a_star() {
    let text = dump(
        &[[0; 4].as_slice(), &[0; 4], &[0; 4], b"abcd"].concat(),
        0x10,
        4,
    );
    assert_eq!(
        text,
        "00000010  00 00 00 00  |....|\n*\n0000001c  61 62 63 64  |abcd|\n"
    );
}

#[test]
fn nothing() {
    assert_eq!(dump(b"", 0, 16), "");
}

#[test]
fn the_command_line() {
    let parse = |line: &str| Options::parse(line.split(' ').map(String::from));
    let options = parse("-w 8 -s 0x20 a.bin").unwrap();
    assert_eq!((options.width, options.skip), (8, 32));
    assert!(parse("-w 0 a.bin").is_err());
    assert!(parse("-s ten a.bin").is_err());
    assert!(parse("-w 8").is_err());
}
