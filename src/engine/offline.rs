//! What a check says that wanted a network and had none, and which files would have told what to
//! bring in beforehand.

use crate::domain::verification::Verification;

/// What programs say when nothing can be reached, in small letters. Nothing here is said by a test
/// that merely speaks of networks.
const WORDS: &[&str] = &[
    // The system's own, as libraries pass them on.
    "getaddrinfo",
    "temporary failure in name resolution",
    "name or service not known",
    "nodename nor servname provided",
    "network is unreachable",
    "no route to host",
    "could not resolve host",
    "couldn't resolve host",
    "failed to lookup address information",
    "enetunreach",
    "ehostunreach",
    "enotfound",
    "eai_again",
    "dial tcp: lookup ",
    "java.net.unknownhostexception",
    "unable to access 'https://",
    // Those of programs that were told to do without.
    "but --offline was specified",
    "can't be accessed in offline mode",
    "you may have found a problem with cargo's offline",
    "enotcached",
    "err_pnpm_no_offline_",
    "couldn't find any versions for",
    "module lookup disabled by goproxy=off",
    "cannot query module due to -mod=",
    // What pip says last, whatever kept it from looking.
    "no matching distribution found for",
    "this system is offline",
];

/// Files by whose contents things are brought in, in small letters.
const FILES: &[&str] = &[
    "package.json",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "bun.lock",
    "bun.lockb",
    "cargo.toml",
    "cargo.lock",
    "go.mod",
    "go.sum",
    "pyproject.toml",
    "poetry.lock",
    "uv.lock",
    "pipfile",
    "pipfile.lock",
    "setup.py",
    "setup.cfg",
    "gemfile",
    "gemfile.lock",
    "composer.json",
    "composer.lock",
];

/// What to say about checks that ran without a network, when one that is red seems to have wanted
/// one: to a person, or to a model.
pub fn hint(verification: &Verification) -> Option<&'static str> {
    wants_network(verification).then_some(
        "The checks run without a network, and what failed seems to want one; \
         the operator can allow it with `trust.allow_network`.",
    )
}

/// Whether a red step says that something could not be reached.
pub fn wants_network(verification: &Verification) -> bool {
    let red = verification.steps.iter().filter(|it| !it.exit.is_success());
    red.map(|it| it.excerpt.to_lowercase()).any(|it| WORDS.iter().any(|word| it.contains(word)))
}

/// Whether what a project is built from is listed in this file: what a change adds there is not
/// brought in for the checks of that change.
pub fn lists_dependencies(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    FILES.contains(&name.as_str()) || (name.starts_with("requirements") && name.ends_with(".txt"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::verification::{Check, Exit, Step};

    fn said(exit: Exit, excerpt: &str) -> Verification {
        let step = Step {
            check: Check::Test,
            command: "npm test".to_owned(),
            exit,
            duration_ms: 1,
            tests: None,
            excerpt: excerpt.to_owned(),
        };
        Verification { steps: vec![step], ..Verification::default() }
    }

    #[test]
    fn what_programs_say_without_a_network_is_known() {
        for words in [
            "npm error code ENOTCACHED\nnpm error request to https://r/left-pad failed: cache mode is 'only-if-cached'",
            "npm error code EAI_AGAIN\nnpm error getaddrinfo EAI_AGAIN registry.example",
            "FetchError: request failed, reason: connect ENETUNREACH 93.184.216.34:443",
            "fatal: unable to access 'https://github.com/a/b/': Could not resolve host: github.com",
            "curl: (6) Could not resolve host: example.com",
            "socket.gaierror: [Errno -3] Temporary failure in name resolution",
            "OSError: [Errno 101] Network is unreachable",
            "ERROR: No matching distribution found for requests==2.32",
            "go: example.com/x@v1.0.0: module lookup disabled by GOPROXY=off",
            "dial tcp: lookup db.example on 127.0.0.11:53: server misbehaving",
            "error: attempting to make an HTTP request, but --offline was specified",
            "error: failed to download from `https://x`\n  can't be accessed in offline mode: --offline",
            " ERR_PNPM_NO_OFFLINE_TARBALL  A package is missing from the store",
            "Caused by: java.net.UnknownHostException: repo.example",
        ] {
            let red = said(Exit::Code(1), words);
            assert!(wants_network(&red) && hint(&red).is_some(), "{words}");
            // The same words in a check that passed are a test's own business.
            assert_eq!(hint(&said(Exit::Code(0), words)), None, "{words}");
        }
    }

    #[test]
    fn a_check_that_is_red_for_another_reason_wants_no_network() {
        for words in [
            "",
            "assertion failed: left == right",
            "test network::retries ... FAILED",
            "AssertionError: expected 'offline' to equal 'online'",
            "error[E0432]: unresolved import `rand`",
            "404 not found",
        ] {
            assert_eq!(hint(&said(Exit::Code(1), words)), None, "{words}");
        }
    }

    #[test]
    fn files_that_list_dependencies_are_known_wherever_they_lie() {
        for path in ["package.json", "web/pnpm-lock.yaml", "Cargo.toml", "a/requirements-dev.txt"] {
            assert!(lists_dependencies(path), "{path}");
        }
        for path in ["src/package.json.rs", "requirements.md", "docs/go.mod.md", "", "/"] {
            assert!(!lists_dependencies(path), "{path}");
        }
    }
}
