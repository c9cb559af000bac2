//! Starting again where one stopped, on either database.

use std::sync::Arc;

use kernel::Time;
use kouan::clock::DayClock;
use kouan::config::Config;
use kouan::demo::DAY;
use kouan::platform::Platform;

fn starts(config: &Config) {
    let clock = Arc::new(DayClock::at(Time::of(DAY.at(9, 0, 0, 0)).unwrap()));
    let platform = Platform::open(config.clone(), clock).unwrap_or_else(|e| panic!("{e}"));
    platform.intake.stop();
}

#[test]
fn a_platform_starts_again_where_it_stopped() {
    let home = tempfile::tempdir().unwrap();
    let embedded = Config {
        database: home.path().join("kouan.db").display().to_string(),
        ..Config::default()
    };
    starts(&embedded);
    starts(&embedded);
    let Some(schema) = db::test::Schema::new() else {
        eprintln!("PostgreSQL skipped: KOUAN_TEST_DATABASE_URL names none");
        return;
    };
    let served = Config {
        database: schema.url(),
        master_key_file: Some(home.path().join("served.key")),
        ..Config::default()
    };
    starts(&served);
    starts(&served);
}
