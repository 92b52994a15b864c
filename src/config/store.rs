//! `store`: where jobs are kept.

use super::reader::Reader;
use super::urls::{self, Distance};
use crate::postgres::{Address, SslMode};

/// `store`: where jobs are kept.
#[derive(Clone, Debug)]
pub struct Store {
    /// `None`: the SQLite file in `worker.state_dir`.
    pub address: Option<Address>,
}

pub(super) fn store(reader: &mut Reader<'_>) -> Store {
    let url = reader.secret("store.url");
    let origin = reader.settings.last().map(|it| it.origin.clone());
    let password = reader.secret("store.password");
    let (Some(url), Some(origin)) = (url, origin) else {
        if password.is_some() {
            reader.warnings.push("`store.password` has no say without `store.url`".to_owned());
        }
        return Store { address: None };
    };
    let address = Address::parse(secrecy::ExposeSecret::expose_secret(&url), password.as_ref());
    let address = address.and_then(|address| match judge(&address) {
        Ok(unwise) => {
            reader.warnings.extend(unwise);
            Ok(address)
        }
        Err(error) => Err(error),
    });
    match address {
        Ok(address) => {
            // What is shown of it holds no password.
            if let Some(at) = reader.settings.iter().position(|it| it.key == "store.url") {
                reader.settings[at].value = address.shown().into();
            }
            Store { address: Some(address) }
        }
        Err(error) => {
            reader.wrong("store.url", &origin, &error);
            Store { address: None }
        }
    }
}

/// A password, and all that jobs are about, go over the line: what anybody may read along is not
/// taken, and what only a network of one's own can is warned of.
fn judge(address: &Address) -> Result<Option<String>, String> {
    let mode = address.mode();
    let farthest = address.hosts().iter().map(|it| urls::distance_of(it)).max();
    let farthest = farthest.unwrap_or(Distance::Loopback);
    match (mode, farthest) {
        (SslMode::VerifyFull, _) | (_, Distance::Loopback) => Ok(None),
        (SslMode::Disable | SslMode::Prefer, Distance::Public) => Err(format!(
            "sslmode={} lets anybody on the way read the password: write sslmode=verify-full",
            mode.name()
        )),
        (SslMode::Disable | SslMode::Prefer, Distance::Private) => Ok(Some(format!(
            "store.url has sslmode={}: whoever is on that network can read along; write \
             sslmode=verify-full",
            mode.name()
        ))),
        (SslMode::Require, _) => Ok(Some(
            "store.url has sslmode=require, which does not ask who is at the other end: write \
             sslmode=verify-full, with sslrootcert=FILE for an authority of your own"
                .to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use crate::config::{Config, LoadOptions};

    fn load(text: &str, env: &[(&str, &str)]) -> Result<Config, String> {
        let mut options = LoadOptions::of_this_process(None);
        options.env = env.iter().map(|it| (it.0.to_owned(), it.1.to_owned())).collect();
        Config::parse(text, &options).map_err(|error| error.to_string())
    }

    #[test]
    fn without_a_url_jobs_are_in_the_file() {
        assert!(load("", &[]).unwrap().store.address.is_none());
    }

    #[test]
    fn a_password_is_a_secret_wherever_it_stands() {
        let text = "store: {url: \"postgres://ann:${PW}@db.example/jobs\"}";
        let config = load(text, &[("PW", "long-enough")]).unwrap();
        let secrets = config.secrets();
        assert!(secrets.iter().any(|it| it.expose_secret() == "long-enough"));
        let shown = config.origins().iter().find(|it| it.key == "store.url").unwrap();
        assert_eq!(shown.value, "postgres://ann@db.example:5432/jobs");
        assert!(!format!("{config:?}").contains("long-enough"));
        let beside = "store: {url: \"postgres://ann@db.example/jobs\", password: \"${PW}\"}";
        let config = load(beside, &[("PW", "long enough/@")]).unwrap();
        assert!(config.secrets().iter().any(|it| it.expose_secret() == "long enough/@"));
        assert!(!format!("{:?}", config.origins()).contains("long enough"));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for bad in [
            "mysql://ann:s3cretword@db/jobs",
            "postgres://ann:s3cretword@db/jobs?sslmode=maybe",
            "postgres://ann:s3cretword@db.example/jobs?sslmode=disable",
            "postgres://ann:s3cretword@db.example/jobs?sslmode=prefer",
            "postgres://ann:s3cretword@db.example/jobs?nonsense=1",
        ] {
            let said = load(&format!("store: {{url: \"{bad}\"}}"), &[]).unwrap_err();
            assert!(said.contains("store.url") && !said.contains("s3cretword"), "{said}");
        }
    }

    #[test]
    fn what_can_be_read_along_in_ones_own_network_is_warned_of() {
        for (url, warned) in [
            ("postgres://a@db/x", 0),
            ("postgres://a@localhost/x?sslmode=disable", 0),
            ("postgres://a@db/x?sslmode=disable", 1),
            ("postgres://a@10.1.2.3/x?sslmode=prefer", 1),
            ("postgres://a@db.example/x?sslmode=require", 1),
        ] {
            let config = load(&format!("store: {{url: \"{url}\"}}"), &[]).unwrap();
            let about = config.warnings.iter().filter(|it| it.contains("store.url")).count();
            assert_eq!(about, warned, "{url}: {:?}", config.warnings);
        }
    }
}
