//! The program carries the shipped scenarios inside: it is built again when one of them comes, goes or changes.

fn main() {
    println!("cargo::rerun-if-changed=scenarios");
    println!("cargo::rerun-if-changed=build.rs");
}
