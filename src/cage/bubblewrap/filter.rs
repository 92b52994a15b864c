//! Calls that the kernel answers for nobody in the cage, because no namespace is around what they
//! reach: the keyring of the operator's login, which a child inherits; a virtual machine's line to
//! its host; namespaces of users, in which anybody is root to much of the kernel; and parts of the
//! kernel that no build needs and that have let out many. Docker's containers do without them too.
//!
//! It is a program of classic BPF, for the kernel's `seccomp`.

use std::collections::hash_map::RandomState;
use std::fs::OpenOptions;
use std::hash::BuildHasher;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The numbers that one architecture has for the calls.
struct Calls {
    /// As `audit` calls the architecture.
    architecture: u32,
    add_key: u32,
    request_key: u32,
    keyctl: u32,
    bpf: u32,
    perf_event_open: u32,
    userfaultfd: u32,
    unshare: u32,
    clone: u32,
    socket: u32,
}

/// What runs on this machine's kernel: its own architecture, and the older one with 32 bits.
#[cfg(target_arch = "x86_64")]
const CALLS: &[Calls] = &[
    Calls {
        architecture: 0xc000_003e,
        add_key: 248,
        request_key: 249,
        keyctl: 250,
        bpf: 321,
        perf_event_open: 298,
        userfaultfd: 323,
        unshare: 272,
        clone: 56,
        socket: 41,
    },
    Calls {
        architecture: 0x4000_0003,
        add_key: 286,
        request_key: 287,
        keyctl: 288,
        bpf: 357,
        perf_event_open: 336,
        userfaultfd: 374,
        unshare: 310,
        clone: 120,
        socket: 359,
    },
];

#[cfg(target_arch = "aarch64")]
const CALLS: &[Calls] = &[
    Calls {
        architecture: 0xc000_00b7,
        add_key: 217,
        request_key: 218,
        keyctl: 219,
        bpf: 280,
        perf_event_open: 241,
        userfaultfd: 282,
        unshare: 97,
        clone: 220,
        socket: 198,
    },
    Calls {
        architecture: 0x4000_0028,
        add_key: 309,
        request_key: 310,
        keyctl: 311,
        bpf: 386,
        perf_event_open: 364,
        userfaultfd: 388,
        unshare: 337,
        clone: 120,
        socket: 281,
    },
];

/// Elsewhere the namespaces have to do.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const CALLS: &[Calls] = &[];

/// The same on all architectures.
const IO_URING_SETUP: u32 = 425;
/// Its flags lie in memory, where a filter cannot look. Who is told that there is no such call
/// takes `clone`.
const CLONE3: u32 = 435;
const CLONE_NEWUSER: u32 = 0x1000_0000;
const AF_VSOCK: u32 = 40;
/// Numbers from here on are those of x86-64 with short addresses, which hardly a kernel has.
const SHORT_ADDRESSES: u32 = 0x4000_0000;

/// Where `struct seccomp_data` has what.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
#[cfg(target_endian = "little")]
const FIRST_ARGUMENT: u32 = 16;
#[cfg(target_endian = "big")]
const FIRST_ARGUMENT: u32 = 20;

const LOAD: u16 = 0x20;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_NOT_BELOW: u16 = 0x35;
const JUMP_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;

const ALLOW: u32 = 0x7fff_0000;
const NOT_PERMITTED: u32 = 0x0005_0000 | 1;
const NO_SUCH_CALL: u32 = 0x0005_0000 | 38;

/// Operation, how many to skip if so and if not, and a number.
type Step = (u16, u8, u8, u32);

/// The filter; `None` on an architecture that we have no numbers for.
fn program() -> Option<Vec<u8>> {
    let mut steps: Vec<Step> = vec![(LOAD, 0, 0, ARCHITECTURE)];
    for calls in CALLS {
        let section = section(calls);
        steps.push((JUMP_EQUAL, 0, u8::try_from(section.len()).ok()?, calls.architecture));
        steps.extend(section);
    }
    // A program for another architecture than those does not run on this kernel.
    steps.push((RETURN, 0, 0, NO_SUCH_CALL));
    let bytes = |(code, yes, no, value): &Step| {
        let [a, b] = code.to_ne_bytes();
        let [c, d, e, f] = value.to_ne_bytes();
        [a, b, *yes, *no, c, d, e, f]
    };
    (!CALLS.is_empty()).then(|| steps.iter().flat_map(bytes).collect())
}

/// From the number of the call to an answer.
fn section(calls: &Calls) -> Vec<Step> {
    let refused = [
        calls.add_key,
        calls.request_key,
        calls.keyctl,
        calls.bpf,
        calls.perf_event_open,
        calls.userfaultfd,
        IO_URING_SETUP,
    ];
    let answer = |value: u32| (RETURN, 0, 0, value);
    let mut steps = vec![
        (LOAD, 0, 0, NUMBER),
        (JUMP_NOT_BELOW, 0, 1, SHORT_ADDRESSES),
        answer(NO_SUCH_CALL),
        (JUMP_EQUAL, 0, 1, CLONE3),
        answer(NO_SUCH_CALL),
    ];
    for number in refused {
        steps.extend([(JUMP_EQUAL, 0, 1, number), answer(NOT_PERMITTED)]);
    }
    let by_argument = [
        (calls.unshare, JUMP_ANY_BIT, CLONE_NEWUSER),
        (calls.clone, JUMP_ANY_BIT, CLONE_NEWUSER),
        (calls.socket, JUMP_EQUAL, AF_VSOCK),
    ];
    for (number, jump, argument) in by_argument {
        steps.extend([
            (JUMP_EQUAL, 0, 4, number),
            (LOAD, 0, 0, FIRST_ARGUMENT),
            (jump, 0, 1, argument),
            answer(NOT_PERMITTED),
            answer(ALLOW),
        ]);
    }
    steps.push(answer(ALLOW));
    steps
}

/// The filter as a file for `bwrap` to read, for as long as this is kept: a shell has no other way
/// to hand on bytes that are no text.
#[derive(Debug, Default)]
pub(super) struct Filter(Option<PathBuf>);

impl Filter {
    pub(super) fn write() -> std::io::Result<Self> {
        let Some(program) = program() else { return Ok(Self(None)) };
        let unique = RandomState::new().hash_one(std::process::id());
        let path = std::env::temp_dir().join(format!("codingworker-{unique:016x}.bpf"));
        // Whoever put something there before us does not get us to write to it.
        let named = |error: std::io::Error| {
            std::io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        };
        let open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let filter = Self(Some(path.clone()));
        open.and_then(|mut file| file.write_all(&program)).map_err(named)?;
        Ok(filter)
    }

    pub(super) fn path(&self) -> Option<&Path> {
        self.0.as_deref()
    }
}

impl Drop for Filter {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel would answer.
    fn answer(architecture: u32, number: u32, argument: u32) -> u32 {
        let program = program().unwrap();
        let steps: Vec<Step> = program
            .chunks(8)
            .map(|it| {
                let code = u16::from_ne_bytes([it[0], it[1]]);
                (code, it[2], it[3], u32::from_ne_bytes([it[4], it[5], it[6], it[7]]))
            })
            .collect();
        let (mut at, mut held) = (0, 0);
        loop {
            let (code, yes, no, value) = steps[at];
            at += 1;
            let holds = match code {
                RETURN => return value,
                LOAD => {
                    held = match value {
                        NUMBER => number,
                        ARCHITECTURE => architecture,
                        _ => argument,
                    };
                    continue;
                }
                JUMP_EQUAL => held == value,
                JUMP_NOT_BELOW => held >= value,
                _ => held & value != 0,
            };
            at += usize::from(if holds { yes } else { no });
        }
    }

    #[test]
    fn what_no_namespace_is_around_is_refused_on_each_architecture() {
        for calls in CALLS {
            let ask = |number, argument| answer(calls.architecture, number, argument);
            for number in [calls.keyctl, calls.add_key, calls.request_key, IO_URING_SETUP] {
                assert_eq!(ask(number, 0), NOT_PERMITTED, "{number}");
            }
            for number in [calls.clone, calls.unshare] {
                assert_eq!(ask(number, CLONE_NEWUSER | 17), NOT_PERMITTED);
                assert_eq!(ask(number, 0x0002_0011), ALLOW);
            }
            assert_eq!((ask(calls.socket, AF_VSOCK), ask(calls.socket, 2)), (NOT_PERMITTED, ALLOW));
            assert_eq!((ask(CLONE3, 0), ask(SHORT_ADDRESSES, 0)), (NO_SUCH_CALL, NO_SUCH_CALL));
            assert_eq!((ask(0, 0), ask(3, CLONE_NEWUSER)), (ALLOW, ALLOW));
        }
        assert_eq!(answer(1, 0, 0), NO_SUCH_CALL);
    }

    #[test]
    fn the_file_goes_when_it_is_needed_no_more() {
        let filter = Filter::write().unwrap();
        let path = filter.path().unwrap().to_owned();
        assert!(path.metadata().unwrap().len().is_multiple_of(8));
        drop(filter);
        assert!(!path.exists());
    }
}
