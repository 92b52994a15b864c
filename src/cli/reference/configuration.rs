//! Every key of the configuration.

use super::{GENERATED, cell};
use crate::config::{KEYS, Key, Kind, MODEL_KEYS, variable};

pub(super) fn page() -> String {
    let mut page = format!(
        "# Configuration\n\n{GENERATED}\n\n`codingworker config` shows what is in force, and where \
         each value comes from; it leaves with 2 when something is wrong, and says all of it.\nThe \
         file is looked for in this order: `--config PATH`, `$CODINGWORKER_CONFIG`, \
         `./configs/config.yaml`, `~/.config/codingworker/config.yaml` (`$XDG_CONFIG_HOME` is \
         honoured), `/etc/codingworker/config.yaml`.\nThe shipped `configs/config.yaml` has every \
         key at its default.\n\nIn the file, `${{NAME}}` and `${{NAME:-default}}` are taken from \
         the environment, and a secret may also be `{{file: PATH}}`. Any key can be set by a \
         variable, which wins over the file: `{}` for `worker.slots`.\n\nA *reload* (SIGHUP, \
         `systemctl reload`) reads the file again; a bad one is refused and the old one stays in \
         force. Keys that say *next start* are read once.\n",
        variable("worker.slots")
    );
    let mut section = "";
    for key in KEYS {
        let (own, name) = key.name.split_once('.').unwrap_or(("", key.name));
        if own != section {
            section = own;
            page.push_str(&format!("\n## {section}\n\n{HEAD}"));
        }
        page.push_str(&row(key, name, if key.reloadable { "reload" } else { "next start" }));
    }
    page.push_str(&format!("\n## What a model of `aider.models` says\n\n{HEAD}"));
    MODEL_KEYS.iter().for_each(|it| page.push_str(&row(it, it.name, "reload")));
    page
}

const HEAD: &str = "| key | takes | default | in force at | |\n|---|---|---|---|---|\n";

fn row(key: &Key, name: &str, when: &str) -> String {
    let default = match key.default {
        "''" => "empty".to_owned(),
        it => format!("`{}`", cell(it)),
    };
    let (takes, about) = (cell(&takes(&key.kind)), cell(key.about));
    format!("| `{name}` | {takes} | {default} | {when} | {about} |\n")
}

fn takes(kind: &Kind) -> String {
    match kind {
        Kind::Integer { range: (low, high), unit } => format!("{unit}, {low} to {high}"),
        Kind::Flag => "`true` or `false`".to_owned(),
        Kind::Choice(words) => {
            words.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")
        }
        Kind::Text(what) => (*what).to_owned(),
        Kind::Path => "a path".to_owned(),
        Kind::Secret => "a secret, or `{file: PATH}`".to_owned(),
        Kind::Secrets => "names with secrets".to_owned(),
        Kind::List(of) => format!("a list: {of}"),
    }
}
