//! A release is put together from stand-ins for the binaries, offered by a server on this machine,
//! and installed from there by the shipped script.

use std::collections::BTreeMap;
use std::path::Path;

mod shop;

use shop::{PLATFORMS, PROGRAM, Shop, VERSION, digest, executable, package, root, run, words};

#[test]
fn a_release_is_installed_where_the_old_one_was() {
    let shop = Shop::open();
    shop.has_an_older_one();
    let (ok, said) = shop.install();
    assert!(ok, "{said}");
    assert!(said.contains(&format!("Installed codingworker {VERSION} as")), "{said}");
    assert_eq!(
        std::fs::read_to_string(shop.program()).unwrap(),
        PROGRAM.replace("VERSION", VERSION)
    );
    assert!(said.contains("is not on your PATH"), "{said}");
    assert!(shop.install_with(&["--version", &format!("v{VERSION}")], &[]).0);
    let (ok, said) = shop.install_with(&["--version", "9.9.9"], &[]);
    assert!(
        !ok && said.contains("names no tarball") && said.contains("of version 9.9.9"),
        "{said}"
    );
    let here = std::fs::read_dir(shop.program().parent().unwrap()).unwrap().count();
    assert_eq!(here, 1, "something was left behind");
}

#[test]
fn what_is_not_what_was_released_is_not_installed() {
    let shop = Shop::open();
    let tarball = shop.tarball.clone();
    shop.change(&tarball, |it| *it.last_mut().unwrap() ^= 1);
    shop.refuses("is not what was released: its SHA-256 is");

    let shop = Shop::open();
    shop.change("SHA256SUMS", |it| {
        let text = String::from_utf8(it.clone()).unwrap();
        *it =
            text.lines().filter(|it| !it.contains("-linux-")).collect::<Vec<_>>().join("\n").into();
    });
    shop.refuses("names no tarball for linux-");

    // A name that leads out of the folder is no name.
    let shop = Shop::open();
    shop.change("SHA256SUMS", |it| {
        *it = String::from_utf8(it.clone())
            .unwrap()
            .replace("codingworker-", "../codingworker-")
            .into();
    });
    shop.refuses("names no tarball");

    let shop = Shop::open();
    *shop.broken.lock().unwrap() = shop.tarball.clone();
    shop.refuses("could not be downloaded");

    let shop = Shop::open();
    shop.files.lock().unwrap().remove("SHA256SUMS");
    shop.refuses("SHA256SUMS could not be downloaded");
}

#[test]
fn a_program_that_does_not_run_here_replaces_none_that_does() {
    let shop = Shop::open();
    let built = shop.home.path().join("other/codingworker-x");
    let name = shop.tarball.trim_end_matches(".tar.gz").to_owned();
    executable(&built.join(&name).join("codingworker"), "#!/bin/sh\necho GLIBC_2.99 >&2; exit 1\n");
    let packed = run(
        &["tar", "-C", built.to_str().unwrap(), "-czf", built.join("t").to_str().unwrap(), &name],
        &[],
    );
    assert!(packed.status.success(), "{}", words(&packed));
    let bytes = std::fs::read(built.join("t")).unwrap();
    let (tarball, new) = (shop.tarball.clone(), digest(&bytes));
    shop.change(&tarball, |it| *it = bytes);
    shop.change("SHA256SUMS", |it| *it = format!("{new}  {tarball}\n").into());
    shop.refuses("does not run on this machine");
}

#[test]
fn a_machine_that_no_release_is_for_learns_that() {
    let shop = Shop::open();
    shop.instead_of("uname", "#!/bin/sh\n[ \"$1\" = -m ] && echo riscv64 || echo Linux\n");
    let (ok, said) = shop.install();
    assert!(!ok && said.contains("no release for riscv64"), "{said}");
    shop.instead_of("uname", "#!/bin/sh\n[ \"$1\" = -m ] && echo x86_64 || echo FreeBSD\n");
    let (ok, said) = shop.install();
    assert!(!ok && said.contains("no release for FreeBSD"), "{said}");
    assert!(!shop.program().exists());
}

#[test]
fn an_attestation_is_verified_where_it_can_be() {
    let shop = Shop::open();
    let gh = "#!/bin/sh\nprintf '%s\\n' \"$*\" >>\"$HOME/asked\"\n[ \"$1\" = auth ] || exit CODE\n";
    shop.instead_of("gh", &gh.replace("CODE", "1"));
    shop.refuses("has no valid attestation of octo-org/codingworker");
    shop.instead_of("gh", &gh.replace("CODE", "0"));
    let (ok, said) = shop.install();
    assert!(ok && said.contains("The attestation is right"), "{said}");
    let asked = std::fs::read_to_string(shop.home.path().join("asked")).unwrap();
    assert!(
        asked.contains("attestation verify ") && asked.contains("--repo octo-org/codingworker")
    );
}

#[test]
fn nothing_comes_over_a_line_that_others_could_write_to() {
    let shop = Shop::open();
    for weak in [
        "http://example.com/x",
        "http://127.0.0.1.example.com",
        "ftp://127.0.0.1",
        "x",
        "file://host/x",
    ] {
        let (ok, said) = shop.install_with(&[], &[("CODINGWORKER_DOWNLOAD", weak)]);
        assert!(!ok && said.contains("CODINGWORKER_DOWNLOAD is"), "{weak}: {said}");
    }
    let folder = format!("file://{}", shop.home.path().join("dist/release").display());
    let (ok, said) = shop.install_with(&[], &[("CODINGWORKER_DOWNLOAD", &folder)]);
    assert!(ok, "{said}");
}

#[test]
fn wget_does_where_there_is_no_curl() {
    let shop = Shop::open();
    let wget = "#!/bin/sh\nfor it; do case $it in --output-document=*) to=${it#*=} ;; esac; done\n\
                exec /usr/bin/env PATH=/usr/local/bin:/usr/bin:/bin curl -fsS -o \"$to\" \"$it\"\n";
    shop.instead_of("wget", wget);
    for tool in [
        "sh",
        "awk",
        "cat",
        "chmod",
        "cp",
        "cut",
        "gzip",
        "mkdir",
        "mktemp",
        "mv",
        "rm",
        "sed",
        "sha256sum",
        "tail",
        "tar",
        "uname",
    ] {
        let real = ["/usr/bin", "/bin"].map(|it| Path::new(it).join(tool));
        let real = real.iter().find(|it| it.exists()).unwrap_or_else(|| panic!("no {tool} here"));
        std::os::unix::fs::symlink(real, shop.home.path().join("fakes").join(tool)).unwrap();
    }
    let fakes = shop.home.path().join("fakes");
    let (ok, said) = shop.install_with(&[], &[("PATH", fakes.to_str().unwrap())]);
    assert!(ok, "{said}");
    std::fs::remove_file(fakes.join("wget")).unwrap();
    let (ok, said) = shop.install_with(&[], &[("PATH", fakes.to_str().unwrap())]);
    assert!(!ok && said.contains("neither curl nor wget"), "{said}");
}

#[test]
fn the_installer_of_the_sources_asks_where_releases_are() {
    let home = tempfile::tempdir().unwrap();
    let script = root().join("scripts/install.sh");
    let with = [("HOME", home.path().to_str().unwrap())];
    let output = run(&["sh", script.to_str().unwrap()], &with);
    assert_eq!(output.status.code(), Some(2));
    assert!(words(&output).contains("CODINGWORKER_REPOSITORY=OWNER/NAME"), "{}", words(&output));
    let help = run(&["sh", script.to_str().unwrap(), "--help"], &with);
    assert!(help.status.success() && words(&help).contains("--prefix DIR"), "{}", words(&help));
    assert!(!words(&help).contains("set -eu"), "{}", words(&help));
    let odd = run(&["sh", script.to_str().unwrap(), "--force"], &with);
    assert_eq!(odd.status.code(), Some(2));
}

#[test]
fn a_release_holds_what_it_says_and_is_the_same_when_made_again() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let files = package(one.path());
    assert_eq!(files, package(two.path()), "the same input gives other bytes");

    let sums = String::from_utf8(files["SHA256SUMS"].clone()).unwrap();
    let listed: BTreeMap<_, _> = sums
        .lines()
        .map(|it| it.split_once("  ").unwrap())
        .map(|(sum, name)| (name, sum))
        .collect();
    for (name, bytes) in files.iter().filter(|(name, _)| *name != "SHA256SUMS") {
        assert_eq!(listed[name.as_str()], digest(bytes), "{name}");
    }
    assert_eq!(listed.len() + 1, files.len());

    let formula = String::from_utf8(files["codingworker.rb"].clone()).unwrap();
    for platform in PLATFORMS {
        let tarball = format!("codingworker-{VERSION}-{platform}.tar.gz");
        let url = format!("octo-org/codingworker/releases/download/v{VERSION}/{tarball}\"\n");
        let (_, behind) = formula.split_once(&url).unwrap_or_else(|| panic!("{url}: {formula}"));
        let next = behind.lines().next().unwrap().trim();
        assert_eq!(next, format!("sha256 \"{}\"", listed[tarball.as_str()]), "{platform}");
        let listing =
            run(&["tar", "-tzf", one.path().join("release").join(&tarball).to_str().unwrap()], &[]);
        let mut inside: Vec<_> = String::from_utf8(listing.stdout)
            .unwrap()
            .lines()
            .filter(|it| !it.ends_with('/'))
            .map(|it| it.split_once('/').unwrap().1.to_owned())
            .collect();
        inside.sort();
        let expected = [
            "LICENSE",
            "README.md",
            "codingworker",
            "completions/_codingworker",
            "completions/codingworker.bash",
            "completions/codingworker.fish",
        ];
        assert_eq!(inside, expected, "{platform}");
    }
    assert!(!formula.contains('@'), "{formula}");
    let opened = formula
        .lines()
        .filter(|it| {
            it.ends_with(" do")
                || it.trim_start().starts_with("def ")
                || it.trim_start().starts_with("class ")
        })
        .count();
    assert_eq!(opened, formula.lines().filter(|it| it.trim() == "end").count(), "{formula}");

    let sbom: serde_json::Value =
        serde_json::from_slice(&files[&format!("codingworker-{VERSION}.cdx.json")]).unwrap();
    assert_eq!((&sbom["bomFormat"], &sbom["specVersion"]), (&"CycloneDX".into(), &"1.5".into()));
    let parts = sbom["components"].as_array().unwrap();
    assert!(
        parts.len() > 100
            && parts.iter().all(|it| it["purl"].as_str().unwrap().starts_with("pkg:cargo/"))
    );
}
