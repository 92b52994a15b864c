use cronwhen::crontab::parse;

const TEXT: &str = "# mail
SHELL = /bin/sh

*/15 * * * *  poll-mail --quiet
@daily backup A=1
0 8 1 * *   rent
";

#[test]
fn entries_of_a_file() {
    let entries = parse(TEXT).unwrap();
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[0].when, "*/15 * * * *");
    assert_eq!(entries[0].command, "poll-mail --quiet");
    assert_eq!(entries[1].command, "backup A=1");
    assert_eq!(entries[2].line, 6);
}

#[test]
fn errors_say_which_line() {
    let error = parse("\n0 25 * * * late").unwrap_err();
    assert_eq!(error.to_string(), "line 2: hour: 25: out of range");
    assert_eq!(
        parse("0 1 * * *").unwrap_err().to_string(),
        "line 1: no command"
    );
}
