//! The house is tidy.

#[test]
fn the_house_is_tidy() {
    let faults = xtask::tidy(&xtask::root()).unwrap();
    let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(list.is_empty(), "{} to mend:\n{}", list.len(), list.join("\n"));
}
