//! The door as a caller sees it, in this process, on every engine at hand.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "it/doors.rs"]
mod doors;
#[path = "it/idempotency.rs"]
mod idempotency;
#[path = "it/keys.rs"]
mod keys;
#[path = "it/notices.rs"]
mod notices;
#[path = "it/paging.rs"]
mod paging;
#[path = "it/serving.rs"]
mod serving;
#[path = "it/shop.rs"]
mod shop;
#[path = "it/webhooks.rs"]
mod webhooks;

use std::future::Future;

use db::Db;
use web::test::Site;

/// Runs a test against a platform with the shop room, once on each engine.
fn check<F, T>(test: F)
where
    F: Fn(Site) -> T,
    T: Future<Output = ()>,
{
    check_with(web::Settings::default(), test);
}

fn check_with<F, T>(settings: web::Settings, test: F)
where
    F: Fn(Site) -> T,
    T: Future<Output = ()>,
{
    db::test::both(|db: &Db| {
        let site = web::test::site_with(db, &[shop::module()], settings.clone()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(test(site));
    });
}
