use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Vec<Reach> {
    reaches(text, &[("GIVEN".to_owned(), "given:1".to_owned())])
}

#[test]
fn every_form_tells_what_it_reaches_for() {
    let image = |it: &str| vec![Reach::Image(it.to_owned())];
    let nothing = Vec::new;
    let table: Vec<(&str, Vec<Reach>)> = vec![
        ("FROM debian:12", image("debian:12")),
        ("from debian:12", image("debian:12")),
        ("  \tFrom\tdebian:12 \r\n", image("debian:12")),
        ("\u{feff}FROM debian", image("debian")),
        ("FROM scratch", nothing()),
        ("FROM a AS b\nFROM b", image("a")),
        ("FROM a AS B\nFROM b", image("a")),
        ("FROM a as b\nCOPY --from=b /x /x", image("a")),
        ("FROM a\nCOPY --from=0 /x /x", image("a")),
        ("FROM scratch\nCOPY --from=nginx:1 /x /x", image("nginx:1")),
        ("FROM scratch\nCOPY --chown=1 --from=nginx /x /x", image("nginx")),
        ("FROM scratch\nCOPY --from=later /x /x\nFROM scratch AS later", image("later")),
        ("ARG V=12\nFROM debian:$V", image("debian:12")),
        ("ARG V=12\nFROM debian:${V}", image("debian:12")),
        ("ARG V=\"12\"\nFROM debian:${V}", image("debian:12")),
        ("ARG V\nFROM debian:${V:-12}", image("debian:12")),
        ("ARG A=x\nARG B=${A}y\nFROM $B", image("xy")),
        ("ARG GIVEN=other\nFROM $GIVEN", image("given:1")),
        ("FROM \"debian\"", image("debian")),
        ("FR\\\nOM debian", image("debian")),
        ("FROM \\\n# a comment\n\n debian", image("debian")),
        ("# escape=`\nFROM `\n debian", image("debian")),
        ("# FROM no", nothing()),
        ("FROM scratch\nADD file /x", nothing()),
        ("FROM scratch\nADD a b.tar.gz c/* /x/", nothing()),
        ("FROM scratch\nARG JAR=target/app.jar\nADD $JAR /x", nothing()),
        ("FROM scratch\nADD dir/$ANY /x", nothing()),
        ("FROM scratch\nRUN echo FROM x", nothing()),
        ("FROM scratch\nRUN [\"sh\", \"-c\", \"cat <<x\"]", nothing()),
        ("FROM scratch\nRUN echo $((1 << 2))", nothing()),
        ("# syntax=docker/dockerfile:1\nFROM scratch", nothing()),
        ("FROM scratch\nCOPY a \\\n  b /x\nRUN true \\\n && true", nothing()),
        ("", nothing()),
    ];
    for (text, wanted) in table {
        assert_eq!(read(text), wanted, "{text:?}");
    }
}

#[test]
fn addresses_are_seen_however_they_are_written() {
    for add in [
        "ADD https://x/y /y",
        "add http://x/y /y",
        "ADD a https://x/y /y",
        "ADD [\"https://x/y\", \"/y\"]",
        "ADD \"https://x/y\" /y",
        "ADD ht\\\ntps://x/y /y",
        "ADD git@x:y.git /y",
        "ADD --chown=1 ftp://x/y /y",
        "ADD $UNKNOWN /y",
        "ADD ${UNKNOWN}/a /y",
        "ADD ht${UNKNOWN} /y",
        "ARG A=https://x\nADD $A /y",
        "ENV A https://x\nADD $A /y",
        "ENV A=b C=d:e\nADD $C /y",
        "ADD ${U:-https://x} /y",
        "ARG A=ht\nARG B=tp://x\nADD $A$B /y",
        "ONBUILD ADD https://x /y",
        "ADD 'https'://x /y",
        "ADD https:\\//x/y /y",
    ] {
        let found = read(&format!("FROM scratch\n{add}\n"));
        assert!(matches!(found.as_slice(), [Reach::Address(_), ..]), "{add}: {found:?}");
    }
    for from in ["FROM $UNKNOWN", "FROM ${A", "FROM a\\\"b", "ARG A=\nFROM $A"] {
        assert!(matches!(read(from).as_slice(), [Reach::Address(_), ..]), "{from}");
    }
    let env = [("A".to_owned(), "https://x".to_owned())];
    let found = reaches("FROM scratch\nARG A=safe\nADD $A /y", &env);
    assert!(matches!(found.as_slice(), [Reach::Address(_)]), "{found:?}");
}

#[test]
fn what_only_buildkit_knows_is_named() {
    for line in [
        "RUN --mount=type=cache,target=/x true",
        "RUN --network=host true",
        "RUN --security=insecure x",
        "RUN <<EOF\ntrue\nEOF",
        "COPY <<EOF /x\ny\nEOF",
        "RUN <<-\"EOF\" sh\nEOF",
        "RUN cat 3<<A",
        "COPY --link a b",
        "COPY --chmod=1 a b",
        "ADD --checksum=x a b",
    ] {
        let found = read(&format!("FROM scratch\n{line}\n"));
        assert!(found.iter().any(|it| matches!(it, Reach::BuildKit(_))), "{line}: {found:?}");
    }
    let found = read("FROM --platform=$BUILDPLATFORM a");
    assert!(matches!(found[0], Reach::BuildKit(_)), "{found:?}");
    assert_eq!(read("FROM --platform=linux/arm64 a")[0], Reach::Platform("linux/arm64".into()));
}

#[test]
fn where_builders_differ_every_reading_counts() {
    let found = read("FROM a\nRUN echo \\\\\nFROM b");
    assert!(found.contains(&Reach::Image("b".into())), "{found:?}");
    let found = read("# syntax=x\n# escape=`\nFROM a\nRUN x `\nADD https://y /y");
    assert!(matches!(found.as_slice(), [.., Reach::Address(_)]), "{found:?}");
}

proptest! {
    #[test]
    fn no_text_is_too_odd(text in "(FROM|ADD|COPY|RUN|ARG|ENV|#|\\\\|`|\\$|\\{|\\}|\"|\n|[ -~]|\\PC){0,80}") {
        let _ = reaches(&text, &[]);
    }

    #[test]
    fn no_address_is_missed(pad in "[ \t]{1,4}", path in "[a-z/]{0,12}") {
        let found = reaches(&format!("FROM scratch\nADD{pad}https://{path}{pad}/x"), &[]);
        prop_assert!(matches!(found.as_slice(), [Reach::Address(_)]));
    }
}
