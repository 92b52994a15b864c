//! What systemd's own tools say about the units.

use super::*;

const REMEDY: &str = "systemd-analyze is not there: scripts/systemd installs it";

/// The unit as a file, and what `systemd-analyze` says about it.
fn analyze(words: &[&str], unit: &str) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("codingworker.service");
    fs::write(&file, unit).unwrap();
    let mut analyze = program("systemd-analyze");
    analyze.args(words).arg(&file).current_dir(dir.path()).env("SYSTEMD_COLORS", "0");
    analyze.env("XDG_RUNTIME_DIR", dir.path()).env("HOME", dir.path());
    analyze.output().expect(REMEDY)
}

/// In tenths.
fn exposure(unit: &str) -> u32 {
    let said = text(&analyze(&["security", "--offline=true", "--no-pager"], unit));
    let line = said.lines().find(|it| it.contains("Overall exposure level")).expect(&said);
    let level = line.split_once(": ").unwrap().1.split(' ').next().unwrap();
    level.replace('.', "").parse().unwrap()
}

#[test]
fn the_machines_service_is_hardly_exposed() {
    let unit = systemd::unit(&definition(Scope::System)).unwrap();
    let tenths = exposure(&unit);
    assert!(tenths <= 25, "{tenths}");
    // The measure measures: without its sandbox the same unit is wide open.
    let start = unit.find("NoNewPrivileges=").unwrap();
    let end = unit.find("\n[Install]").unwrap();
    let open = [&unit[..start], &unit[end..]].concat().replace("User=daemon\n", "");
    let tenths = exposure(&open);
    assert!(tenths > 90, "{tenths}");
}

#[test]
fn systemd_has_nothing_to_say_against_the_units() {
    let verify = |unit: &str, words: &[&str]| {
        let output = analyze(words, unit);
        (output.status.success(), text(&output))
    };
    let mut machine = definition(Scope::System);
    machine.credentials = vec![("aws".to_owned(), "/etc/codingworker/100%/a b".into())];
    machine.writable = vec!["/srv/a b%c\"d\\e".into()];
    machine.environment.push(("LANG".to_owned(), "a b%n \"c\" $d \\".to_owned()));
    machine.config = "/srv/it's %n $HOME \"q\"/x".into();
    let machine = systemd::unit(&machine).unwrap();
    assert_eq!(verify(&machine, &["verify"]), (true, String::new()), "{machine}");
    let user = systemd::unit(&definition(Scope::User)).unwrap();
    assert_eq!(verify(&user, &["--user", "verify"]), (true, String::new()), "{user}");
    // It would have.
    let (_, said) = verify(&machine.replace("KillMode=mixed", "KillMode=gently"), &["verify"]);
    assert!(said.contains("gently"), "{said}");
}

#[test]
fn systemd_finds_the_program_whatever_its_path_is() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a b", "100%h", "$HOME", ";x #y", "日本"] {
        let folder = dir.path().join(name);
        fs::create_dir(&folder).unwrap();
        let file = folder.join("codingworker");
        fs::copy("/bin/true", &file).unwrap();
        let it = Definition { program: file.clone(), ..definition(Scope::System) };
        let unit = systemd::unit(&it).unwrap();
        let output = analyze(&["verify"], &unit);
        assert!(output.status.success(), "{}\n{unit}", text(&output));
        assert_eq!(text(&output), "", "{unit}");
        // It looks.
        fs::remove_file(&file).unwrap();
        assert!(text(&analyze(&["verify"], &unit)).contains("is not executable"), "{name}");
    }
}
