#![no_main]

#[path = "../../tests/fuzz/github.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::check(data));
