#![no_main]

#[path = "../../tests/fuzz/project_file.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::check(data));
