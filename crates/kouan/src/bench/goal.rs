//! What is asked of the platform on two cores, beside what runs came to.

use super::figures::Figures;
use crate::exact::{Exact, millis, whole};

/// One figure beside its target.
pub(super) struct Goal {
    pub(super) zh: &'static str,
    pub(super) en: &'static str,
    pub(super) unit: &'static str,
    pub(super) ours: Exact,
    pub(super) target: Exact,
    /// Whether more is better; otherwise less.
    pub(super) more: bool,
}

impl Goal {
    pub(super) fn is_met(&self) -> bool {
        let (ours, target) = (self.ours.thousandths(), self.target.thousandths());
        if self.more { ours >= target } else { ours <= target }
    }
}

/// Parcels a second of the batch profile.
const BATCH: u64 = 5_000;
/// The highest published peak of the whole country, inventories a second.
const PEAK: u64 = 1_417;
/// Longest that 99 of 100 acknowledgements may take at a steady peak, milliseconds.
const ACK_P99_MS: u64 = 1_000;
const MEMORY_MB: u64 = 1_024;
/// PostgreSQL against the embedded database, per cent.
const POSTGRES_PERCENT: u64 = 60;

/// Every target that one of these runs says something about.
pub(super) fn goals(runs: &[Figures]) -> Vec<Goal> {
    let find = |engine: &str, profile: &str, signature: Option<&str>| {
        runs.iter().find(|run| {
            run.engine == engine
                && run.profile == profile
                && signature.is_none_or(|signature| run.signature == signature)
        })
    };
    let batch = find("sqlite", "batch", None);
    let mut goals = Vec::new();
    let mut speed = |run: Option<&Figures>, zh, en, target| {
        goals.extend(run.map(|run| Goal {
            zh,
            en,
            unit: "parcels/s",
            ours: run.parcels_per_s.clone(),
            target,
            more: true,
        }));
    };
    speed(batch, "批量，内嵌库", "batch, embedded", whole(BATCH));
    let rsa = find("sqlite", "single", Some("rsa"));
    speed(rsa, "单票 RSA，内嵌库", "single RSA, embedded", whole(PEAK));
    let sm2 = find("sqlite", "single", Some("sm2"));
    speed(sm2, "单票 SM2，内嵌库", "single SM2, embedded", whole(PEAK));
    if let Some(batch) = batch {
        let share = millis(batch.parcels_per_s.thousandths() * POSTGRES_PERCENT / 100);
        let postgres = find("postgres", "batch", None);
        speed(
            postgres,
            "批量，PostgreSQL（内嵌库的六成）",
            "batch, PostgreSQL, 60 % of embedded",
            share,
        );
    }
    if let Some(mix) = find("sqlite", "mix", None) {
        goals.push(Goal {
            zh: "平稳峰值回执 p99",
            en: "p99 acknowledgement at a steady rate",
            unit: "ms",
            ours: mix.ack_p99_ms.clone(),
            target: whole(ACK_P99_MS),
            more: false,
        });
    }
    if let Some(most) = runs.iter().map(|run| run.peak_memory_mb).max() {
        goals.push(Goal {
            zh: "内存峰值，各次最高",
            en: "peak memory of the server, highest of all runs",
            unit: "MiB",
            ours: whole(most),
            target: whole(MEMORY_MB),
            more: false,
        });
    }
    if let Some(run) = batch {
        ratios(run, &mut goals);
    }
    goals
}

fn ratios(run: &Figures, goals: &mut Vec<Goal>) {
    let ratios = &run.ratios;
    let all = [
        (&ratios.bare_engine, "对裸数据库引擎", "speed against the bare engine", 500),
        (&ratios.libxml2, "对 libxml2 解析加校验", "ceb against libxml2 with schema", 5_000),
        (&ratios.openssl_sm2, "SM2 验签对 OpenSSL", "SM2 verification against OpenSSL", 2_000),
        (&ratios.openssl_rsa, "RSA 验签对 OpenSSL", "RSA verification against OpenSSL", 1_000),
    ];
    for (ratio, zh, en, target) in all {
        goals.extend(ratio.clone().map(|ours| Goal {
            zh,
            en,
            unit: "×",
            ours,
            target: millis(target),
            more: true,
        }));
    }
}
