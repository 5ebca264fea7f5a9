//! Looks whether the system's PC/SC library can be linked with, and tells the crate by `cfg(pcsc_library)`.
//!
//! A cargo feature cannot depend on what lies on a machine. So the feature `pcsc` only asks for readers; they are built
//! in where the library is, and where it is not the build says so and goes on without them.

fn main() {
    println!("cargo:rustc-check-cfg=cfg(pcsc_library)");
    println!("cargo:rerun-if-changed=build.rs");
    if is_there() {
        println!("cargo:rustc-cfg=pcsc_library");
    }
}

#[cfg(feature = "pcsc")]
fn is_there() -> bool {
    let system = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    // A part of these systems.
    if ["windows", "macos"].contains(&system.as_str()) {
        return true;
    }
    match pkg_config::Config::new().atleast_version("1").probe("libpcsclite") {
        Ok(_) => true,
        Err(pkg_config::Error::Command { .. }) => without("pkg-config is not installed"),
        Err(_) => without("libpcsclite is not installed"),
    }
}

#[cfg(feature = "pcsc")]
fn without(why: &str) -> bool {
    println!(
        "cargo:warning=built without real card readers, because {why}; simulated cards work all the same. For readers: \
         apt-get install pkg-config libpcsclite-dev, and build again"
    );
    false
}

#[cfg(not(feature = "pcsc"))]
fn is_there() -> bool {
    false
}
