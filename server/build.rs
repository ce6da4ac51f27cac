//! The web app is embedded from `web/dist`. Where it has not been built the folder is made empty, so
//! that the server compiles without it; its pages then answer 404.

fn main() {
    let dist = concat!(env!("CARGO_MANIFEST_DIR"), "/../web/dist");
    println!("cargo::rerun-if-changed={dist}");
    println!("cargo::rerun-if-changed=migrations");
    if let Err(error) = std::fs::create_dir_all(dist) {
        println!("cargo::warning=cannot make {dist}: {error}");
    }
}
