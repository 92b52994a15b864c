//! Which part of the network an address belongs to, by IANA's registries of special addresses
//! (<https://www.iana.org/assignments/iana-ipv4-special-registry>, and its IPv6 sibling).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far an address reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Anybody's.
    Public,
    /// Of the operator's own network, or one that may lead into it.
    Private(&'static str),
    /// This machine.
    Loopback(&'static str),
    /// Where no service for people is, and metadata services may be.
    Never(&'static str),
}

/// Metadata services outside of the link-local networks: Alibaba, Azure, Oracle's older one.
const METADATA: [[u8; 4]; 3] = [[100, 100, 100, 200], [168, 63, 129, 16], [192, 0, 0, 192]];
/// The same, of AWS (the machine's and the pod's) and Google.
const METADATA_6: [[u16; 8]; 3] = [
    [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254],
    [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23],
    [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254],
];

pub(super) fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(it) => reach_4(it),
        IpAddr::V6(it) => reach_6(it),
    }
}

fn reach_4(address: Ipv4Addr) -> Reach {
    let octets = address.octets();
    if METADATA.contains(&octets) {
        return Reach::Never("a metadata service");
    }
    match octets {
        [127, ..] => Reach::Loopback("this machine itself"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Reach::Private("in a private network"),
        [100, 64..=127, ..] => Reach::Private("in a carrier's private network"),
        [169, 254, ..] => Reach::Never("link-local, where metadata services are"),
        [0, ..] => Reach::Never("no host's"),
        [192, 0, 0, _] => Reach::Never("for protocols alone"),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => {
            Reach::Never("for documentation alone")
        }
        [198, 18..=19, ..] => Reach::Never("for benchmarks alone"),
        [192, 88, 99, _] => Reach::Never("a relay's"),
        [224..=239, ..] => Reach::Never("for many hosts at once"),
        [240..=255, ..] => Reach::Never("reserved"),
        _ => Reach::Public,
    }
}

fn reach_6(address: Ipv6Addr) -> Reach {
    let it = address.segments();
    if METADATA_6.contains(&it) {
        return Reach::Never("a metadata service");
    }
    if address.is_loopback() {
        return Reach::Loopback("this machine itself");
    }
    match it {
        // Another way to write an IPv4 address, and no way to write a public one that is needed.
        [0, 0, 0, 0, 0, 0xffff, ..] | [0, 0, 0, 0, 0, 0, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => {
            within(last(it), "an IPv4 address in disguise")
        }
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => within(last(it), "a NAT64 address"),
        [0x64, 0xff9b, 1, ..] => within(last(it), "a NAT64 address"),
        [0x2002, high, low, ..] => within(join(high, low), "a 6to4 address"),
        // Teredo: the client's address, each bit turned.
        [0x2001, 0, .., high, low] => within(join(!high, !low), "a Teredo address"),
        [0xfc00..=0xfdff, ..] => Reach::Private("in a private network"),
        [0xfe80..=0xfebf, ..] => Reach::Never("link-local"),
        [0xfec0..=0xfeff, ..] => Reach::Never("site-local"),
        [0xff00..=0xffff, ..] => Reach::Never("for many hosts at once"),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Reach::Never("for documentation alone"),
        [0x2001, 0..=0x1ff, ..] => Reach::Never("for protocols alone"),
        [0x5f00, ..] => Reach::Never("for segment routing alone"),
        [0x2000..=0x3fff, ..] => Reach::Public,
        _ => Reach::Never("in no network that anybody was given"),
    }
}

/// An IPv6 address that leads to an IPv4 one: as far as that, and never public.
fn within(inner: Ipv4Addr, what: &'static str) -> Reach {
    match reach_4(inner) {
        Reach::Never(what) => Reach::Never(what),
        Reach::Loopback(_) => Reach::Loopback(what),
        Reach::Public | Reach::Private(_) => Reach::Private(what),
    }
}

fn last(segments: [u16; 8]) -> Ipv4Addr {
    join(segments[6], segments[7])
}

fn join(high: u16, low: u16) -> Ipv4Addr {
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Ipv4Addr::new(a, b, c, d)
}
