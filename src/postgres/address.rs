//! Where a database is: a URL as libpq takes it, and what we make of its `sslmode`.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::config::Host;
use tokio_postgres_rustls::MakeRustlsConnect;
use url::form_urlencoded;

use super::tls::{self, Roots};
use super::{CONNECT, PostgresError};

/// The schema that everything of ours is in.
const SCHEMA: &str = "codingworker";
/// After how long of silence the other end is asked whether it is there, and how long what was
/// sent may stay unacknowledged.
const KEEPALIVE: Duration = Duration::from_secs(15);
const UNACKNOWLEDGED: Duration = Duration::from_secs(15);

/// What is around a connection, in libpq's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// Nothing.
    Disable,
    /// TLS where the server has it, whoever it is.
    Prefer,
    /// TLS, whoever it is.
    Require,
    /// TLS, and the server is who it says.
    VerifyFull,
}

impl SslMode {
    const NAMES: [(&str, Self); 4] = [
        ("disable", Self::Disable),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-full", Self::VerifyFull),
    ];

    /// As libpq writes it.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|it| it.1 == self).map_or("", |it| it.0)
    }
}

/// Where a database is, and as whom we go there. What it shows of itself holds no password.
#[derive(Clone)]
pub struct Address {
    config: tokio_postgres::Config,
    mode: SslMode,
    roots: Roots,
    schema: String,
    shown: String,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Address {
    /// Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=MODE`. A password that is not in
    /// the URL may come beside it.
    ///
    /// Without `sslmode`, a server on this machine is spoken to as `prefer` says, and any other as
    /// `verify-full` does: libpq's own default, `prefer`, would hand the password to whoever
    /// answers.
    ///
    /// # Errors
    /// What is wrong with it, without the URL itself, which may hold a password.
    pub fn parse(url: &str, password: Option<&SecretString>) -> Result<Self, String> {
        if !["postgres://", "postgresql://"].iter().any(|it| url.starts_with(it)) {
            return Err("expected postgres://USER@HOST:PORT/DATABASE".to_owned());
        }
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut roots) = (None, None);
        let mut rest = form_urlencoded::Serializer::new(String::new());
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "sslmode" => mode = Some(named(&value)?),
                "sslrootcert" => roots = Some(value.into_owned()),
                _ => {
                    rest.append_pair(&key, &value);
                }
            }
        }
        // Spaces are written as `+` by a form, and as `%20` by libpq.
        let rest = rest.finish().replace('+', "%20");
        let url = if rest.is_empty() { base.to_owned() } else { format!("{base}?{rest}") };
        let mut config = tokio_postgres::Config::from_str(&url).map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            format!("this is no address of a database: {}", cause.unwrap_or(error.to_string()))
        })?;
        if let Some(password) = password {
            if config.get_password().is_some() {
                return Err("there is a password in it, and another in `store.password`: leave \
                            one out"
                    .to_owned());
            }
            config.password(password.expose_secret());
        }
        if config.get_hosts().is_empty() {
            return Err("it names no host: postgres://USER@HOST:PORT/DATABASE".to_owned());
        }
        let near = is_near(&config);
        let mode = mode.unwrap_or(if near { SslMode::Prefer } else { SslMode::VerifyFull });
        let roots = match roots.as_deref() {
            Some("system") | None => Roots::System,
            Some(_) if mode != SslMode::VerifyFull => {
                return Err(format!(
                    "sslrootcert has no say with sslmode={}: write sslmode=verify-full",
                    mode.name()
                ));
            }
            Some(file) => Roots::File(PathBuf::from(file)),
        };
        config.ssl_mode(match mode {
            SslMode::Disable => tokio_postgres::config::SslMode::Disable,
            SslMode::Prefer => tokio_postgres::config::SslMode::Prefer,
            SslMode::Require | SslMode::VerifyFull => tokio_postgres::config::SslMode::Require,
        });
        config.connect_timeout(config.get_connect_timeout().copied().unwrap_or(CONNECT));
        config.keepalives_idle(KEEPALIVE).tcp_user_timeout(UNACKNOWLEDGED);
        if config.get_application_name().is_none() {
            config.application_name("codingworker");
        }
        let shown = shown(&config);
        Ok(Self { config, mode, roots, schema: SCHEMA.to_owned(), shown })
    }

    /// The same database with our tables in another schema: several fleets in one database.
    ///
    /// # Errors
    /// When it is no plain name.
    pub fn in_schema(mut self, schema: &str) -> Result<Self, String> {
        let plain = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_';
        let first = schema.bytes().next().is_some_and(|it| it.is_ascii_lowercase());
        if !first || schema.len() > 60 || !schema.bytes().all(plain) {
            return Err(format!("`{schema}` is no name of a schema: expected a to z, 0 to 9, _"));
        }
        self.schema = schema.to_owned();
        Ok(self)
    }

    /// For people: who, where and which database, without the password.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The schema that our tables are in.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// What is around the connections.
    pub fn mode(&self) -> SslMode {
        self.mode
    }

    /// The names and numbers of the hosts that are reached over a network, as they were written.
    pub fn hosts(&self) -> Vec<String> {
        hosts(&self.config)
    }

    /// The password, for the redactor.
    pub fn password(&self) -> Option<SecretString> {
        let password = self.config.get_password()?;
        Some(String::from_utf8_lossy(password).into_owned().into())
    }

    pub(super) fn config(&self) -> &tokio_postgres::Config {
        &self.config
    }

    pub(super) fn tls(&self) -> Result<MakeRustlsConnect, PostgresError> {
        tls::connector(self.mode, &self.roots).map_err(|reason| self.refused(reason))
    }
}

fn named(mode: &str) -> Result<SslMode, String> {
    let found = SslMode::NAMES.iter().find(|it| it.0 == mode).map(|it| it.1);
    found.ok_or_else(|| {
        let instead = match mode {
            "allow" => ": write prefer",
            "verify-ca" => ": write verify-full, which looks at the host's name too",
            _ => "",
        };
        format!("sslmode=`{mode}` is none of disable, prefer, require, verify-full{instead}")
    })
}

fn hosts(config: &tokio_postgres::Config) -> Vec<String> {
    let named = config.get_hosts().iter().filter_map(|it| match it {
        Host::Tcp(name) => Some(name.trim_matches(['[', ']']).to_owned()),
        Host::Unix(_) => None,
    });
    // Where there are numbers, they are what is called.
    match config.get_hostaddrs() {
        [] => named.collect(),
        numbers => numbers.iter().map(ToString::to_string).collect(),
    }
}

fn is_near(config: &tokio_postgres::Config) -> bool {
    hosts(config).iter().all(|host| {
        host == "localhost"
            || host.parse::<std::net::IpAddr>().is_ok_and(|it| it.to_canonical().is_loopback())
    })
}

fn shown(config: &tokio_postgres::Config) -> String {
    let user = config.get_user().map_or(String::new(), |it| format!("{it}@"));
    let ports = config.get_ports();
    let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(5432);
    let hosts = config.get_hosts().iter().enumerate().map(|(at, host)| match host {
        Host::Tcp(name) => format!("{name}:{}", port(at)),
        Host::Unix(path) => format!("{}:{}", path.display(), port(at)),
    });
    let hosts = hosts.collect::<Vec<_>>().join(",");
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("postgres://{user}{hosts}/{database}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Address, String> {
        Address::parse(url, None)
    }

    #[test]
    fn what_it_shows_of_itself_holds_no_password() {
        let address = parse("postgres://ann:s3cret%21@db.example:6000/jobs?sslmode=require");
        let address = address.unwrap();
        assert_eq!(address.shown(), "postgres://ann@db.example:6000/jobs");
        assert_eq!(format!("{address:?}"), address.shown());
        assert_eq!(address.password().unwrap().expose_secret(), "s3cret!");
        for bad in ["postgres://ann:s3cret@db:x/y", "postgres://ann:s3cret@/y?sslmode=s", "x"] {
            let said = parse(bad).unwrap_err();
            assert!(!said.contains("s3cret"), "{said}");
        }
    }

    #[test]
    fn without_sslmode_only_this_machine_is_spoken_to_unverified() {
        for (url, mode) in [
            ("postgres://a@localhost/x", SslMode::Prefer),
            ("postgres://a@127.0.0.1:5433/x", SslMode::Prefer),
            ("postgresql://a@%2Frun%2Fpostgresql/x", SslMode::Prefer),
            ("postgres://a@db/x", SslMode::VerifyFull),
            ("postgres://a@10.0.0.7/x", SslMode::VerifyFull),
            ("postgres://a@localhost,db.example/x", SslMode::VerifyFull),
            ("postgres://a@localhost/x?hostaddr=10.0.0.7", SslMode::VerifyFull),
            ("postgres://a@db.example/x?sslmode=disable", SslMode::Disable),
            ("postgres://a@db.example/x?sslmode=require", SslMode::Require),
        ] {
            assert_eq!(parse(url).unwrap().mode(), mode, "{url}");
        }
    }

    #[test]
    fn what_we_would_do_otherwise_than_libpq_is_refused() {
        for bad in [
            "mysql://a@b/c",
            "postgres://a@b/c?sslmode=verify-ca",
            "postgres://a@b/c?sslmode=allow",
            "postgres://a@b/c?sslcert=x",
            "postgres://a@b/c?sslmode=require&sslrootcert=/x",
            "postgres:///c",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        let both = Address::parse("postgres://a:b@c/d", Some(&"e".to_owned().into()));
        assert!(both.unwrap_err().contains("store.password"));
    }

    #[test]
    fn what_libpq_takes_besides_goes_through() {
        let url = "postgres://a@b,c:1/d?target_session_attrs=read-write&options=-c%20x.y%3D1";
        let address = parse(url).unwrap();
        assert_eq!(address.config().get_options(), Some("-c x.y=1"));
        assert_eq!(address.hosts(), ["b", "c"]);
    }

    #[test]
    fn a_schema_is_a_plain_name() {
        let address = parse("postgres://a@localhost/x").unwrap();
        assert_eq!(address.clone().in_schema("fleet_2").unwrap().schema(), "fleet_2");
        for bad in ["", "2", "A", "a;b", "a\"b", "a b"] {
            assert!(address.clone().in_schema(bad).is_err(), "{bad}");
        }
    }
}
